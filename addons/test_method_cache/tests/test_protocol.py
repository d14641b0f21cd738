"""The protocol's interleavings: each is fresh, and stale as soon as its rule is broken."""

import concurrent.futures
import threading
import time

import psycopg2
from odoo.addons.method_cache.engine.protocol import RULES
from odoo.addons.method_cache.engine.store_memory import MemoryStore
from odoo.addons.method_cache.engine.store_redis import RedisStore
from odoo.addons.method_cache.testing import scenarios
from odoo.sql_db import connection_info_for
from odoo.tests import get_db_name, tagged
from psycopg2 import sql

from .common import LabCase


@tagged("post_install", "-at_install")
class TestProtocol(LabCase):
    def test_every_interleaving_is_fresh(self):
        for scenario in scenarios.RULE_OF:
            with self.subTest(scenario.__name__):
                self.assertFalse(self.run_scenario(scenario, RULES))

    def test_every_broken_rule_is_noticed(self):
        """Others on the server may hide what a broken rule does, never the reverse: three tries."""
        for scenario, broken in scenarios.RULE_OF.items():
            for rule in broken:
                with self.subTest(scenario.__name__, rule=rule):
                    self.assertTrue(any(self.run_scenario(scenario, RULES - {rule}) for _ in range(3)))

    def test_no_rule_without_an_interleaving(self):
        self.assertEqual(RULES, {rule for broken in scenarios.RULE_OF.values() for rule in broken})

    def test_lagging_standby(self):
        store = RedisStore(self.server.url, timeout=1.0)
        self.addCleanup(store.close)
        for each in (store, MemoryStore()):
            self.assertFalse(scenarios.lagging(each))

    def test_a_copy_of_the_database_shares_nothing(self):
        """Both count on from the same generation, on the same Redis."""
        self.server.command("FLUSHALL")
        lab = scenarios.Lab(self.dsn, self.server)
        name = psycopg2.extensions.make_dsn(**self.dsn).partition("dbname=")[2].split()[0]
        copy = f"{name}_copy"
        lab.warm(lab.session())
        lab.close(keep=True)
        with self.admin(connection_info_for(get_db_name())[1]) as cursor:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(copy)))
            cursor.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(copy), sql.Identifier(name))
            )
        self.addCleanup(self.drop, connection_info_for(get_db_name())[1], copy)
        spaces = set()
        for database in (name, copy):
            other = scenarios.Lab({**self.dsn, "database": database}, self.server, fresh=False)
            session = other.session()
            other.warm(session)
            session.begin()
            spaces.add(session.txn._open().ns)
            session.rollback()
            other.close(keep=database == name)
        self.assertEqual(len(spaces), 2)

    def test_a_crowd_computes_once(self):
        """Threads of two processes want one value at once."""
        lab = scenarios.Lab(self.dsn, self.server)
        self.addCleanup(lab.close)
        caches = lab.cache(), lab.cache()
        for cache in caches:
            lab.warm(lab.session(cache))
        lab.lose("e")
        for cache in caches:
            cache.tier.clear()
        sessions = [lab.session(cache) for cache in caches for _ in range(15)]
        gate, computed = threading.Barrier(len(sessions)), []

        def ask(session):
            def slow():
                computed.append(True)
                time.sleep(0.3)
                return session.truth()

            gate.wait(10)
            return session.read(slow, wait=10)

        with concurrent.futures.ThreadPoolExecutor(len(sessions)) as pool:
            self.assertEqual(list(pool.map(ask, sessions)), [0] * len(sessions))
        self.assertEqual(len(computed), 1)
        self.assertFalse(len(caches[0].flights) + len(caches[1].flights))
