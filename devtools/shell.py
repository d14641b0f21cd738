"""Running other programs: output to a log file, the last lines shown when one fails."""

import os
import subprocess
import tempfile

from .console import Failure
from .paths import LOG, ROOT


def tail(path, lines=12):
    text = path.read_text(errors="replace").splitlines() if path.exists() else []
    return "\n".join(text[-lines:])


def run(what, command, *, log, remedy, env=None, cwd=ROOT, on_line=None, user=None, text=None):
    """Run `command`, its output in `.local/log/<log>.log`; raise Failure with the last lines when it fails.

    `on_line` sees each line as it comes (for progress bars); `text` is its standard input.
    """
    path = LOG / f"{log}.log"
    with path.open("ab") as out, tempfile.TemporaryFile() as given:
        given.write((text or "").encode())
        given.seek(0)
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=given,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            user=user,
        )
        for line in process.stdout:
            out.write(line)
            if on_line:
                on_line(line.decode(errors="replace"))
        code = process.wait()
    if code:
        raise Failure(what, f"exit status {code}; the end of {path.relative_to(ROOT)}:\n{tail(path)}", remedy)


def output(command, **options):
    """Standard output of a short command, stripped; raises CalledProcessError when it fails."""
    command = [str(part) for part in command]
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout.strip()
