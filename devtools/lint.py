"""Every lint check of the project, one line each: ``python -m devtools.lint [step …]``.

Without arguments all steps run, also after one failed, so that one run shows everything. The exit status is 1
when any step found something. ``make lint``, ``.ci/run`` and ``.pre-commit-config.yaml`` all come here.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from lxml import etree

ROOT = Path(__file__).resolve().parent.parent
# A virtual environment's programs lie beside its interpreter, on PATH or not.
PROGRAMS = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
NOT_OURS = {"__pycache__", "node_modules", "build", "dist"}

# Parses each file as an ECMAScript module and runs none of it. `node --check` takes `.js` for CommonJS and
# would refuse every `import`, and starting it once a file is slow: it is asked only where a mistake stands.
PARSE_JAVASCRIPT = """
const { SourceTextModule } = require("node:vm"), { readFileSync } = require("node:fs");
const { spawnSync } = require("node:child_process");
for (const file of process.argv.slice(1)) {
    const input = readFileSync(file, "utf8");
    try { new SourceTextModule(input); }
    catch {
        process.exitCode = 1;
        const { stderr } = spawnSync(process.execPath, ["--input-type=module", "--check"], { input });
        console.error(String(stderr).replace("[stdin]", file).split("\\n").slice(0, 5).join("\\n"));
    }
}
"""

# Pylint follows imports: with Odoo in sight it parses Odoo, for minutes, and no rule that is on needs it.
PYLINT_WITHOUT_ODOO = """
import os, sys
sys.path[:] = [p for p in sys.path if p.startswith(sys.prefix) or not os.path.exists(p + "/odoo/release.py")]
import pylint
pylint.run_pylint()
"""


def files(suffix: str, below: Path = ROOT) -> Iterator[Path]:
    """The project's own files with that suffix, sorted; nothing hidden, generated or installed."""
    for folder, folders, names in os.walk(below):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in NOT_OURS)
        yield from (Path(folder, name) for name in sorted(names) if name.endswith(suffix))


def addons() -> list[Path]:
    """Folders of installable addons; the repository root, itself an addon, comes first."""
    manifests = [path for path in files("__manifest__.py") if '"installable": False' not in path.read_text()]
    return sorted(path.parent for path in manifests)


def addon_sources() -> tuple[list[str], list[str]]:
    """Python files of the addons and those of their tests; of the root only what Odoo loads from it."""
    below = {path for addon in addons() if addon != ROOT for path in files(".py", addon)}
    tests = {path for path in below if "tests" in path.relative_to(ROOT).parts}
    return sorted(map(str, below - tests | set(ROOT.glob("__*__.py")))), sorted(map(str, tests))


def run(*command: str, remedy: str = "pip install -r requirements-dev.txt") -> str | None:
    """Run a program of the environment; None when it is content, else what it said."""
    program = shutil.which(command[0], path=PROGRAMS)
    if not program:
        return f"{command[0]} is not installed. Remedy: {remedy}"
    done = subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True)
    if done.returncode == 0:
        return None
    return (done.stdout + done.stderr).strip() or f"exit status {done.returncode}"


def ruff_check() -> str | None:
    return run("ruff", "check", "--quiet", "--output-format=concise", ".")


def ruff_format() -> str | None:
    return run("ruff", "format", "--check", "--quiet", "--diff", ".")


def pylint_odoo() -> str | None:
    """In tests, errors are raised for nobody to read and methods are replaced on purpose."""
    sources, tests = addon_sources()
    pylint = (sys.executable, "-c", PYLINT_WITHOUT_ODOO, "--rcfile=.pylintrc")
    said = [run(*pylint, *sources)]
    if tests:
        said.append(
            run(*pylint, "--disable=translation-required,method-required-super,invalid-commit", *tests)
        )
    return "\n".join(filter(None, said)) or None


def oca_modules() -> str | None:
    return run("oca-checks-odoo-module", *map(str, addons()))


def oca_translations() -> str | None:
    found = [str(path) for suffix in (".po", ".pot") for path in files(suffix)]
    return run("oca-checks-po", *found) if found else None


def xml() -> str | None:
    """Templates under static/ are read by the browser only: nothing else would notice before a user does."""
    wrong = []
    for path in files(".xml"):
        try:
            etree.parse(path)
        except etree.XMLSyntaxError as error:
            wrong.append(f"{path.relative_to(ROOT)}: {error}")
    return "\n".join(wrong) or None


def javascript() -> str | None:
    found = [str(path) for path in files(".js")]
    if not found:
        return None
    options = ("--experimental-vm-modules", "--no-warnings", "--eval", PARSE_JAVASCRIPT, "--")
    return run("node", *options, *found, remedy="apt-get install nodejs")


STEPS: dict[str, tuple[str, Callable[[], str | None]]] = {
    "ruff": ("ruff check", ruff_check),
    "format": ("ruff format --check", ruff_format),
    "pylint": ("pylint with pylint-odoo", pylint_odoo),
    "oca": ("oca-checks-odoo-module", oca_modules),
    "po": ("oca-checks-po", oca_translations),
    "xml": ("XML is well formed", xml),
    "js": ("JavaScript parses", javascript),
}


def main(arguments: list[str]) -> int:
    unknown = set(arguments) - set(STEPS)
    if unknown:
        print(f"No such step: {', '.join(sorted(unknown))}. Steps: {', '.join(STEPS)}.", file=sys.stderr)
        return 2
    failed = []
    for name in arguments or STEPS:
        title, check = STEPS[name]
        started = time.monotonic()
        complaint = check()
        seconds = time.monotonic() - started
        print(f"{title:<26} {'FAILED' if complaint else 'ok':<6} {seconds:5.1f} s", flush=True)
        if complaint:
            failed.append(title)
            print("    " + complaint.replace("\n", "\n    "), flush=True)
    if failed:
        print(f"{len(failed)} of {len(arguments or STEPS)} checks failed: {', '.join(failed)}.")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
