"""Every addon is complete and pip-installable, and every version is pinned."""

import ast
import re
import sys
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest
import tomllib

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from devtools import wheels  # noqa: E402
from devtools.lint import addons  # noqa: E402

ADDONS = {wheels.ROOT_NAME if path == ROOT else path.name: path for path in addons()}
PIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[^\s;,*]+")
LISTS = ("requirements.txt", "requirements-dev.txt")


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def manifest(path):
    return ast.literal_eval((path / "__manifest__.py").read_text())


def pins(name):
    """{package: the whole line} of a list, without comments and includes."""
    lines = [line.strip() for line in (ROOT / name).read_text().splitlines()]
    return {
        normal(line.partition("==")[0]): line for line in lines if line and not line.startswith(("#", "-r "))
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """{addon: its wheel}"""
    files = wheels.build(tmp_path_factory.mktemp("wheels"))
    return {file.name.split("-")[0].removeprefix("odoo_addon_"): file for file in files}


def test_the_suite_is_found():
    assert {"smart_dairy", "smart_dairy_performance", "smart_dairy_farm"} <= set(ADDONS)


@pytest.mark.parametrize("name", ADDONS)
def test_an_addon_is_complete(name):
    path = ADDONS[name]
    for file in ("__init__.py", "README.md", "pyproject.toml"):
        assert (path / file).is_file(), f"{name} has no {file}"
    project = tomllib.loads((path / "pyproject.toml").read_text())
    assert project["build-system"] == {"requires": ["whool"], "build-backend": "whool.buildapi"}
    about = manifest(path)
    assert re.fullmatch(r"19\.0\.\d+\.\d+\.\d+", about["version"])
    assert about["license"] == "LGPL-3"
    assert about["author"] == "Smart Dairy"
    assert about["summary"]


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, folder in ADDONS.items()
        if (folder / "models").is_dir() and not name.startswith("test_")
    ],
)
def test_an_addon_is_translated(name):
    """What shows something of its own speaks English, Bangla and French; umbrella, demo and sample models of
    tests show none."""
    folder = ADDONS[name] / "i18n"
    assert {f"{name}.pot", "bn.po", "fr.po"} <= {path.name for path in folder.glob("*.po*")}


def test_every_addon_becomes_a_wheel(built):
    assert set(built) == set(ADDONS)


@pytest.mark.parametrize("name", ADDONS)
def test_a_wheel_holds_its_addon_only(built, name):
    with zipfile.ZipFile(built[name]) as wheel:
        files = wheel.namelist()
        description = next(file for file in files if file.endswith(".dist-info/METADATA"))
        metadata = HeaderParser().parsestr(wheel.read(description).decode())
    inside = [file for file in files if ".dist-info/" not in file]
    assert all(file.startswith(f"odoo/addons/{name}/") for file in inside)
    assert f"odoo/addons/{name}/__manifest__.py" in inside
    foreign = (
        "tests/test_packaging.py",
        "docker-compose.yml",
        "odoo.conf",
        "smart_dairy_farm/__manifest__.py",
    )
    assert not [
        file for file in inside if file.endswith(foreign) and file != f"odoo/addons/{name}/__manifest__.py"
    ]
    about = manifest(ADDONS[name])
    shipped = {f"odoo/addons/{name}/{file}" for file in (*about.get("data", ()), *about.get("demo", ()))}
    assert shipped <= set(inside)
    needed = {re.split(r"[ =<>!;~]", line)[0] for line in metadata.get_all("Requires-Dist", [])}
    ours = {f"odoo-addon-{module}" for module in about["depends"] if module in ADDONS}
    assert {normal(package) for package in ours} <= {normal(package) for package in needed}


@pytest.mark.parametrize("name", LISTS)
def test_every_requirement_is_pinned(name):
    listed = pins(name)
    assert listed
    assert not [line for line in listed.values() if not PIN.fullmatch(line)]


def test_no_package_is_listed_twice():
    serve, develop = (pins(name) for name in LISTS)
    assert not set(serve) & set(develop)
    assert "-r requirements.txt" in (ROOT / "requirements-dev.txt").read_text().splitlines()


def test_what_an_addon_imports_is_pinned_and_in_the_image():
    """`external_dependencies` of the manifests, requirements.txt and the Docker image say the same."""
    dockerfile = (ROOT / "deploy/odoo/Dockerfile").read_text()
    installed = re.search(r"--constraint /tmp/requirements.txt (.+)", dockerfile)[1].split()
    needed = {
        normal(package)
        for path in ADDONS.values()
        for package in manifest(path).get("external_dependencies", {}).get("python", ())
    }
    assert needed <= {normal(package) for package in installed}
    assert {normal(package) for package in installed} <= set(pins("requirements.txt"))
