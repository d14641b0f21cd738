"""A wheel of every addon: ``python -m devtools.wheels FOLDER``.

whool takes an addon's name from its folder, and what goes into the wheel from git. Neither fits the root of
the repository, which is the addon `smart_dairy` under whatever name it was checked out and which holds the
other addons besides. So each addon is copied to a folder of its own name first, and of the root only what
Odoo reads from an addon.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .lint import ROOT, addons

ROOT_NAME = "smart_dairy"
ROOT_FILES = ("__init__.py", "__manifest__.py", "LICENSE", "README.md", "pyproject.toml")
ROOT_FOLDERS = ("data", "demo", "i18n", "migrations", "models", "report", "security", "static", "views")
NOT_SHIPPED = shutil.ignore_patterns("__pycache__", "*.pyc", "build", "*.egg-info", ".*")


def copy(addon: Path, target: Path) -> Path:
    """Copy one addon below `target`, under its own name; returns the copy."""
    if addon != ROOT:
        return Path(shutil.copytree(addon, target / addon.name, ignore=NOT_SHIPPED))
    folder = target / ROOT_NAME
    folder.mkdir(parents=True)
    for name in ROOT_FILES:
        shutil.copy2(ROOT / name, folder)
    for name in ROOT_FOLDERS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=NOT_SHIPPED)
    return folder


def build(target: Path) -> list[Path]:
    """Build all wheels into `target`, offline (whool is pinned in requirements-dev.txt); returns them sorted.

    Raises RuntimeError with pip's own words when an addon cannot be built.
    """
    with tempfile.TemporaryDirectory() as folder:
        copies = [str(copy(addon, Path(folder))) for addon in addons()]
        options = [
            "--no-deps",
            "--no-build-isolation",
            "--no-index",
            "--disable-pip-version-check",
            "--wheel-dir",
        ]
        command = [sys.executable, "-m", "pip", "wheel", *options, str(target), *copies]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"pip wheel failed:\n{done.stdout}{done.stderr}")
    return sorted(target.glob("*.whl"))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python -m devtools.wheels FOLDER")
    for wheel in build(Path(sys.argv[1]).resolve()):
        print(wheel)
