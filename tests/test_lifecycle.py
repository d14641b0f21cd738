"""Update and uninstall the whole suite in a database with data: no complaint in the log, nothing left behind.

Invariant 5: uninstalling leaves a database that Odoo's own update accepts.
"""

import pytest
import redis
from odoo_process import Database, complaints, databases, run_odoo, servers

#: extensions stay: another addon or the administrator may use them by now, and they hold no data
CATALOG = """
SELECT 'relation ' || relkind::text || ' ' || relname::text FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND NOT EXISTS (
   SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
UNION SELECT 'column ' || c.relname::text || '.' || a.attname
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
   AND a.attnum > 0 AND NOT a.attisdropped
UNION SELECT 'function ' || p.oid::regprocedure::text FROM pg_proc p
 WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (
   SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')
UNION SELECT 'trigger ' || tgname::text || ' on ' || tgrelid::regclass::text
  FROM pg_trigger WHERE NOT tgisinternal
UNION SELECT 'constraint ' || conname::text FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION SELECT 'schema ' || nspname::text FROM pg_namespace WHERE nspname !~ '^pg_'
"""
RECORDS = r"""
SELECT 'model ' || model FROM ir_model
UNION SELECT 'field ' || model || '.' || name FROM ir_model_fields
UNION SELECT 'parameter ' || key FROM ir_config_parameter
UNION SELECT 'cron ' || cron_name FROM ir_cron
UNION SELECT 'menu ' || id FROM ir_ui_menu
UNION SELECT 'group ' || id FROM res_groups
UNION SELECT 'data ' || module || '.' || name FROM ir_model_data
       WHERE module LIKE 'smart\_dairy%' OR module LIKE 'method\_cache%' OR module LIKE 'database\_%'
"""
#: a user looks at the herd, twice: the second time it comes from the cache
DASHBOARDS = """
for _ in range(2):
    env["farm.animal"].get_herd_summary_optimized()
    env.cr.commit()
"""
#: what Odoo itself writes while it runs, whoever is installed
OWN = ("parameter database.", "parameter smart_dairy_demo.")


@pytest.fixture
def database(dairy):
    with Database(dairy.name, "smart_dairy_lifecycle") as clone:
        yield clone


def test_update_then_uninstall_with_data(database):
    assert int(database.value("SELECT count(*) FROM farm_milk_record")) > 1000

    code, log = run_odoo("index deploy", "-d", database.name)
    assert code == 0, log[-3000:]
    deployed = "SELECT name FROM database_index WHERE deployed AND state = 'valid'"
    indexes = database.rows(deployed)
    assert len(indexes) > 15

    code, log = run_odoo(
        "server",
        "-d",
        database.name,
        "-u",
        ",".join(databases.suite_addons()),
        "--stop-after-init",
        "--no-http",
    )
    assert code == 0
    assert not complaints(log)
    assert database.rows(deployed) == indexes

    code, log = run_odoo("shell", "-d", database.name, "--no-http", given=DASHBOARDS)
    assert code == 0 and not complaints(log), log[-3000:]

    installed = database.rows("SELECT name FROM ir_module_module WHERE state = 'installed'")
    own = sorted({"smart_dairy", *databases.suite_addons()} & installed)
    assert len(own) >= 3
    cached = redis.Redis.from_url(servers.redis_url())
    mine = f"{{mc:{database.value('SELECT uuid FROM method_cache_life')}*"
    assert list(cached.scan_iter(mine)), "nothing was cached"
    database.value("INSERT INTO ir_config_parameter (key, value) VALUES ('method_cache.local_mb', '16')")
    code, log = run_odoo("module uninstall", "-d", database.name, *own)
    assert code == 0, log[-3000:]
    assert not complaints(log)
    assert not list(cached.scan_iter(mine)), "cached values are left"

    with Database(databases.BASE, "smart_dairy_untouched") as untouched:
        for inventory in (CATALOG, RECORDS):
            left = database.rows(inventory) - untouched.rows(inventory)
            assert not {line for line in left if not line.startswith(OWN)}
            assert not untouched.rows(inventory) - database.rows(inventory)

    code, log = run_odoo("server", "-d", database.name, "-u", "sale,stock", "--stop-after-init", "--no-http")
    assert code == 0
    assert not complaints(log)
