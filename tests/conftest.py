"""What the tests of the suite as a whole share: a small dairy in a database of its own."""

import pytest
from odoo_process import Database, complaints, databases, run_odoo


@pytest.fixture(scope="session")
def dairy():
    """Every addon and three months of a 60-animal dairy, made by the command that users run."""
    with Database(databases.TESTS, "smart_dairy_small") as database:
        code, log = run_odoo("dairy_demo", "-d", database.name, "--scale", "0.075", "--months", "3")
        assert code == 0, log[-3000:]
        assert not complaints(log)
        yield database
