"""Odoo 19 itself: one pointed at or importable, else Debian's package unpacked under `.local/odoo`."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .console import Failure, step
from .paths import LOCAL
from .shell import output, run

UNPACKED = LOCAL / "odoo"
#: the scripts and fonts that Odoo's package links to must lie in the same folder
FROM_SID = [
    "odoo-19",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-glyphicons-halflings",
]
#: sid's Font Awesome is a later major version with other file names; Inconsolata is only in stable
FROM_STABLE = ["fonts-font-awesome", "fonts-inconsolata"]
REMEDY = "check that this machine reaches its Debian mirror, or set ODOO_HOME to an Odoo 19 you have"


@dataclass(frozen=True)
class Odoo:
    """A usable Odoo 19: the folder to import from, the program to run, its own addons folders."""

    python_path: Path
    program: Path
    addons: tuple

    @property
    def release(self):
        text = (self.python_path / "odoo" / "release.py").read_text()
        return re.search(r"^version_info\s*=\s*\((\d+)", text, re.MULTILINE).group(1)


def inspect(home):
    """The Odoo under `home` (a checkout, an unpacked package, or a folder holding `odoo/`), or None."""
    home = Path(home).expanduser().resolve()
    layouts = [
        (home, home / "odoo-bin"),
        (home / "usr/lib/python3/dist-packages", home / "usr/bin/odoo"),
        (home, Path("/usr/bin/odoo")),
    ]
    for python_path, program in layouts:
        if (python_path / "odoo" / "release.py").exists() and program.exists():
            addons = [python_path / "odoo" / "addons"]
            if (home / "odoo-bin").exists():
                addons.append(home / "addons")
            return Odoo(python_path, program, tuple(addons))
    return None


def find():
    """An Odoo 19 that is already there, or None. ODOO_HOME wins; then an importable one; then ours."""
    told = os.environ.get("ODOO_HOME")
    if told:
        odoo = inspect(told)
        if not odoo or odoo.release != "19":
            seen = f"Odoo {odoo.release} is there" if odoo else "no Odoo is there"
            raise Failure(f"ODOO_HOME={told} is not an Odoo 19", seen, "point it at an Odoo 19, or unset it")
        return odoo
    probe = subprocess.run(
        [
            "/usr/bin/python3",
            "-c",
            "import odoo.release as r, os; print(os.path.dirname(os.path.dirname(r.__file__)))",
        ],
        capture_output=True,
        text=True,
        cwd="/",
    )
    for home in [probe.stdout.strip(), UNPACKED]:
        odoo = inspect(home) if home else None
        if odoo and odoo.release == "19" and (home != UNPACKED or (UNPACKED / ".complete").exists()):
            return odoo
    return None


def ensure():
    """An Odoo 19, downloaded and unpacked when there is none."""
    odoo = find()
    if odoo:
        return odoo
    with step("Odoo 19 from Debian's package (123 MB)"):
        download()
    return inspect(UNPACKED)


def mirror():
    """The Debian mirror this machine's own apt uses (its address is nowhere in this repository)."""
    files = [
        *Path("/etc/apt").glob("sources.list"),
        *sorted(Path("/etc/apt/sources.list.d").glob("*.sources")),
    ]
    for path in [*files, *sorted(Path("/etc/apt/sources.list.d").glob("*.list"))]:
        found = re.search(
            r"^(?:URIs:|deb(?:\s+\[[^\]]*\])?)\s+(\S+/debian)/?\s", path.read_text(), re.MULTILINE
        )
        if found:
            return found.group(1)
    raise Failure("the Debian mirror is unknown", "no Debian source under /etc/apt", REMEDY)


def download():
    """Fetch and unpack the packages through a private apt list; the machine's own stays as it is."""
    work = LOCAL / "apt"
    shutil.rmtree(UNPACKED, ignore_errors=True)
    shutil.rmtree(work, ignore_errors=True)
    (work / "lists" / "partial").mkdir(parents=True)
    (work / "debs").mkdir()
    keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
    for suite, packages in (("sid", FROM_SID), ("bookworm", FROM_STABLE)):
        (work / "sources.list").write_text(f"deb [signed-by={keys}] {mirror()} {suite} main\n")
        options = [
            "-o", f"Dir::Etc::sourcelist={work}/sources.list",
            "-o", "Dir::Etc::sourceparts=-",
            "-o", f"Dir::State::Lists={work}/lists",
            "-o", f"Dir::Cache={work}",
            "-o", "APT::Sandbox::User=root",
        ]  # fmt: skip
        run(
            f"reading the list of {suite}",
            ["apt-get", "-q", *options, "update"],
            log="odoo-source",
            remedy=REMEDY,
        )
        command = ["apt-get", "-q", *options, "download", *packages]
        run("downloading Odoo", command, log="odoo-source", remedy=REMEDY, cwd=work / "debs")
    for package in sorted((work / "debs").glob("*.deb")):
        run(
            "unpacking Odoo",
            ["dpkg", "-x", package, UNPACKED],
            log="odoo-source",
            remedy="free some disk space",
        )
    add_selfie_script()
    dangling = [path for path in UNPACKED.rglob("*") if path.is_symlink() and not path.exists()]
    if dangling:
        raise Failure(
            "Odoo's package has dangling links", dangling[0], "run `make clean`, then the same command again"
        )
    shutil.rmtree(work)
    (UNPACKED / ".complete").touch()


def add_selfie_script():
    """Put back the one script that Debian leaves out; without it the web client logs an error at each start.

    It blurs the camera's background in calls. npm has it; where there is no npm the file is empty: no blur.
    """
    folder = UNPACKED / "usr/lib/python3/dist-packages/odoo/addons/mail/static/lib/selfie_segmentation"
    target = folder / "selfie_segmentation.js"
    if target.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    target.write_text("/* left out by the Debian package: no background blur in calls */\n")
    if shutil.which("npm"):
        work = LOCAL / "apt"
        try:
            archive = output(
                ["npm", "pack", "--silent", "@mediapipe/selfie_segmentation@0.1.1675465747"], cwd=work
            )
        except subprocess.CalledProcessError:
            return  # no npm registry within reach: the empty file stays, which costs only the blur
        shutil.unpack_archive(work / archive.splitlines()[-1], work)
        shutil.copy(work / "package" / target.name, target)
