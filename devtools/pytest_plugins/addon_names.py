"""Pytest plugin: every test file gets the module name `odoo.addons.<addon>.tests.<file>`.

pytest-odoo derives that name from the outermost Python package; here the repository root is itself an addon
(`smart_dairy`, whatever the checkout is called), so it would take the root for every addon directly below it.
"""

from pathlib import Path

import _pytest.pathlib

ROOT = Path(__file__).resolve().parents[2]


def pytest_sessionstart(session):
    original = _pytest.pathlib.resolve_pkg_root_and_module_name

    def resolve(path, **options):
        path = Path(path)
        for parent in path.parents:
            if (parent / "__manifest__.py").is_file():
                addon = "smart_dairy" if parent == ROOT else parent.name
                inside = path.relative_to(parent).with_suffix("").parts
                return parent.parent, ".".join(["odoo.addons", addon, *inside]).removesuffix(".__init__")
        return original(path, **options)

    _pytest.pathlib.resolve_pkg_root_and_module_name = resolve
