"""From a slow statement to its index and back, by command line and update.

At first the monitor is alone: advice is given without `database_index`, and declared with it.
"""

import pytest
from odoo_process import Database, complaints, databases, run_odoo

NAME = "smart_dairy_advised"
TABLE = """
CREATE TABLE advised (id serial PRIMARY KEY, farm int, at timestamp, note text);
INSERT INTO advised (farm, at, note) SELECT i % 4000, timestamp '2025-01-01' + i * interval '1 minute',
       repeat('n', 50) FROM generate_series(1, 50000) i;
"""
QUERY = "SELECT id, note FROM advised WHERE farm = {} ORDER BY at DESC LIMIT 5"
SLOW = f"""
for farm in range(30):
    env.cr.execute("{QUERY.format("%s")}", [farm])
env["database.monitor.advice"].action_analyze()
env.cr.commit()
advice = env["database.monitor.advice"].search([("table", "=", "advised")])
print("declarable", [one.declarable for one in advice])
try:
    advice.action_declare()
except Exception as error:
    print("refused", error)
"""


@pytest.fixture
def database():
    with Database(databases.BASE, NAME) as clone:
        clone.value(TABLE)
        clone.value("ANALYZE advised")
        yield clone


def test_advised_declared_deployed_updated_and_gone(database):
    def odoo(*arguments, given=None, code=0):
        found, log = run_odoo(*arguments, given=given)
        assert found == code, log[-3000:]
        return log

    def plan():
        return database.value("EXPLAIN " + QUERY.format(7))

    relations = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    schemas = "SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'"
    before = database.rows(relations), database.rows(schemas)
    odoo("module install", "-d", NAME, "database_monitor")
    log = odoo("shell", "-d", NAME, "--no-http", given=SLOW)
    assert "declarable [False]" in log
    assert "refused Install the addon database_index" in log

    odoo("module install", "-d", NAME, "database_index")
    facts = database.value("SELECT declaration FROM database_monitor.advice WHERE \"table\" = 'advised'")
    odoo("index declare", "-d", NAME, "--declaration", "-", given=facts)
    name = database.value("SELECT name FROM database_index WHERE stored")
    assert "Seq Scan" in plan()
    odoo("index deploy", "-d", NAME)
    assert name in plan()

    log = odoo(
        "server", "-d", NAME, "-u", "database_index,database_monitor", "--stop-after-init", "--no-http"
    )
    assert not complaints(log)
    odoo("index verify", "-d", NAME)  # all as it should be, or its exit status is not 0
    assert name in plan()

    odoo("index withdraw", "-d", NAME, "--index", name)
    assert "Seq Scan" in plan() and not database.value("SELECT name FROM database_index")
    odoo("index declare", "-d", NAME, "--declaration", facts)
    odoo("index deploy", "-d", NAME)
    assert name in plan()
    log = odoo("module uninstall", "-d", NAME, "database_index", "database_monitor")
    assert not complaints(log)
    assert (database.rows(relations), database.rows(schemas)) == before
