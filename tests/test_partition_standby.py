"""Draining beside a standby: one that tells of its snapshots is waited for."""

import contextlib
import sys
import types

import psycopg2
import pytest
from scratch_servers import ROOT, until

sys.path.insert(0, str(ROOT / "benchmarks"))

from _cache_world import World

_package = types.ModuleType("database_partition")
_package.__path__ = [str(ROOT / "addons" / "database_partition")]
sys.modules.setdefault("database_partition", _package)

from database_partition.engine import drain  # noqa: E402
from database_partition.engine.connection import Patience  # noqa: E402
from database_partition.engine.errors import BusyError  # noqa: E402
from database_partition.testing.lab import NOW, READINGS, Lab  # noqa: E402

QUICK = Patience(grace_s=1.5)


def test_older_snapshot_on_the_standby():
    with World(standby=0) as world:
        with contextlib.closing(world.connect(autocommit=True, standby=True)) as cnx, cnx.cursor() as cursor:
            cursor.execute("ALTER SYSTEM SET hot_standby_feedback = on")
            cursor.execute("ALTER SYSTEM SET wal_receiver_status_interval = '1s'")
            cursor.execute("SELECT pg_reload_conf()")
        lab = Lab(world.dsn(), "partition_lab").create()
        lab.deploy()
        lab.insert("2025-06-10")

        def reader():
            cnx = Lab(world.dsn(standby=True), lab.name).connect()
            with cnx.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM reading")
                return cnx if cursor.fetchone()[0] == 1 else cnx.close()

        def can_read():
            with contextlib.suppress(psycopg2.Error):
                found = reader()
                if found:
                    found.close()
                return bool(found)

        assert until(can_read)
        with contextlib.closing(reader()) as older, lab.session() as session:
            with pytest.raises(BusyError, match="standby"):
                drain.drain(session, READINGS, NOW, QUICK)
            with older.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM reading WHERE at >= '2025-06-01'")
                assert cursor.fetchone()[0] == 1, "what it saw it goes on seeing"
        with lab.session() as session:
            done = drain.drain(session, READINGS, NOW, Patience(grace_s=30))
        assert "reading_p202506" in done
        assert lab.do("SELECT tableoid::regclass::text FROM reading") == [("reading_p202506",)]
