import os
from unittest.mock import patch

from freezegun import freeze_time
from odoo import api
from odoo.addons.method_cache import Unrepresentable, cached_method, invalidate_cache
from odoo.addons.method_cache.runtime import URL_VARIABLE, cache_of
from odoo.addons.method_cache.testing.trap import trap_cache
from odoo.exceptions import AccessError
from odoo.tests import get_db_name

from .common import CacheCase

HERD = "test.method.cache.herd"
TOTALS = f"{HERD}.get_totals"


class TestCachedMethod(CacheCase):
    """With Redis where the environment names one, as `make test` does."""

    def setUp(self):
        super().setUp()
        self.clean()
        with self.transaction() as env:
            self.herd_id = (
                env[HERD]
                .create(
                    {"name": "North", "cow_ids": [(0, 0, {"name": "Bella", "milk": 20}), (0, 0, {"milk": 5})]}
                )
                .id
            )
        with self.transaction() as env:  # opens logs that no earlier test has opened
            for method in ("get_totals", "get_tags", "get_cows", "get_types"):
                getattr(env[HERD], method)()

    def totals(self, **context):
        with self.transaction(**context) as env:
            return env[HERD].get_totals()

    def test_hit_and_every_kind_of_write(self):
        self.totals()
        with trap_cache() as trap:
            self.assertEqual(self.totals(), [("North", 25)])
            self.assertEqual((trap.hits(TOTALS), trap.computed(TOTALS)), (1, 0))

        def change(env):
            env["test.method.cache.cow"].search([("name", "=", "Bella")]).milk = 30  # a stored computed field

        def create(env):
            env[HERD].create({"name": "South"})

        def translate(env):
            env[HERD].browse(self.herd_id).update_field_translations("name", {"en_US": "Far north"})

        def delete(env):
            env[HERD].search([("name", "=", "South")]).unlink()

        def load(env):
            env[HERD].load(["name"], [["Imported"]])

        for act, expected in (
            (change, [("North", 35)]),
            (create, [("North", 35), ("South", 0)]),
            (translate, [("Far north", 35), ("South", 0)]),
            (delete, [("Far north", 35)]),
            (load, [("Far north", 35), ("Imported", 0)]),
        ):
            with self.subTest(act.__name__), self.transaction() as env:
                act(env)
                env.cr.commit()
                self.assertEqual(self.totals(), expected)
                self.assertEqual(self.totals(), expected)

    def test_own_writes_are_seen_and_not_shared(self):
        with self.transaction() as env:
            env[HERD].get_totals()
            env[HERD].browse(self.herd_id).name = "Pending"  # in the ORM's memory only
            with trap_cache() as trap:
                self.assertEqual(env[HERD].get_totals(), [("Pending", 25)])
                self.assertEqual(trap.computed(TOTALS), 1)
            self.assertEqual(self.totals(), [("North", 25)])
            env.cr.rollback()
        with trap_cache() as trap:
            self.assertEqual(self.totals(), [("North", 25)])
            self.assertEqual(trap.hits(TOTALS), 1, "a rollback invalidates nothing")

    def test_who_has_not_heard_of_cleared_caches_shares_with_nobody_who_has(self):
        self.totals()
        for name in ("default", "stable", "groups"):
            with self.subTest(name):
                self.registry.clear_cache(name)
                self.registry.signal_changes()
                with trap_cache() as trap:
                    self.totals()
                    self.totals()
                self.assertEqual((trap.computed(TOTALS), trap.hits(TOTALS)), (1, 1))
        self.registry.clear_cache("assets")
        self.registry.signal_changes()
        with trap_cache() as trap:
            self.totals()
        self.assertEqual(trap.computed(TOTALS), 0, "scripts are no matter of rights")

    def test_another_time_limit_holds_at_once(self):
        """In the running process, for connections kept and new."""
        self.totals()
        (store,) = [store for store in self.cache._by_id.values() if store.name == "redis"]
        self.assertEqual(store.timeout, 2)
        self.set_time_limit("3000")
        self.totals()
        with trap_cache() as trap:
            self.totals()
        self.assertEqual((store.timeout, trap.hits(TOTALS)), (3, 1))
        self.assertEqual({connection._sock.gettimeout() for connection, *_rest in store._idle}, {3})
        self.set_time_limit("2000")

    def test_savepoint_rolled_back_keeps_earlier_writes_known(self):
        """cr.precommit is emptied by a savepoint's rollback: the log must not be."""
        self.totals()
        with self.transaction() as env:
            env[HERD].browse(self.herd_id).name = "Kept"
            env.flush_all()
            with self.assertRaises(ZeroDivisionError), env.cr.savepoint():
                env[HERD].browse(self.herd_id).name = "Undone"
                _never = 1 / 0
        self.assertEqual(self.totals(), [("Kept", 25)])

    def test_delete_reaches_what_the_database_cascades_to(self):
        with self.transaction() as env:
            self.assertEqual(env[HERD].get_cows(), 2)
        with self.transaction() as env:
            self.assertEqual(env[HERD].get_cows(), 2)
            env[HERD].browse(self.herd_id).unlink()
        with self.transaction() as env:
            self.assertEqual(env[HERD].get_cows(), 0)

    def test_many2many_from_the_other_side(self):
        with self.transaction() as env:
            env[HERD].get_tags()
            tag = env["test.method.cache.tag"].create({"name": "organic"})
        with self.transaction() as env:
            self.assertEqual(env[HERD].get_tags(), {self.herd_id: []})
        with self.transaction() as env:
            env["test.method.cache.tag"].browse(tag.id).herd_ids = [(4, self.herd_id)]
        with self.transaction() as env:
            self.assertEqual(env[HERD].get_tags(), {self.herd_id: ["organic"]})

    def test_raw_sql(self):
        self.totals()
        with self.transaction() as env:
            env.cr.execute("UPDATE test_method_cache_herd SET total = 1")
            invalidate_cache(HERD, env=env)
            self.assertEqual(env[HERD].get_totals(), [("North", 1)])
        self.assertEqual(self.totals(), [("North", 1)])

    def test_one_method_invalidated(self):
        with self.transaction() as env:
            env["method.cache"].invalidate_cache(HERD, "get_totals")
        with trap_cache() as trap, self.transaction() as env:
            env[HERD].get_types()
            env[HERD].get_totals()
        self.assertEqual(trap.calls, [(f"{HERD}.get_types", False), (TOTALS, True)])
        with self.assertRaises(ValueError), self.transaction() as env:
            env["method.cache"].invalidate_cache(HERD, "get_nothing")
        with self.assertRaises(TypeError):
            invalidate_cache(HERD)

    def test_statement_trigger(self):
        with self.transaction() as env:
            env["method.cache"].watch_table(HERD)
        try:
            self.totals()
            self.totals()
            other = self.registry.cursor()
            with other:
                other.execute("UPDATE test_method_cache_herd SET total = 2")
                env = api.Environment(other, 1, {})
                self.assertEqual(env[HERD].get_totals(), [("North", 2)], "its own raw SQL")
            self.assertEqual(self.totals(), [("North", 2)])
            self.cache.clear_ledger()
            with self.registry.cursor() as cr:
                cr.execute("SELECT count(*) FROM method_cache_owed")
                self.assertEqual(cr.fetchone()[0], 0)
            self.assertEqual(self.totals(), [("North", 2)])
        finally:
            with self.transaction() as env:
                env["method.cache"].unwatch_table(HERD)
                env["method.cache"]._settings_changed()

    def test_values_come_back_as_they_were(self):
        with self.transaction() as env:
            first = env[HERD].get_types()
        with trap_cache() as trap, self.transaction() as env:
            again = env[HERD].get_types()
            self.assertEqual(trap.hits(), 1)
        self.assertEqual(first, again)
        self.assertEqual([type(v) for v in first.values()], [type(v) for v in again.values()])
        again[7]["nested"].append("mine")
        with self.transaction() as env:
            self.assertEqual(env[HERD].get_types(), first, "a caller's copy is its own")

    def test_a_day_ends_at_midnight_whatever_the_time_zone(self):
        with self.transaction() as env, trap_cache() as trap:
            for before, after in (
                ("2026-03-31 23:59:59", "2026-04-01 00:00:00"),  # London in winter
                ("2026-03-31 17:59:59", "2026-03-31 18:00:00"),  # Dhaka
                ("2026-03-31 18:14:59", "2026-03-31 18:15:00"),  # Kathmandu
            ):
                trap.clear()
                for moment in (before, before, after):
                    with freeze_time(moment):
                        env[HERD].get_today()
                self.assertEqual([computed for _method, computed in trap.calls][1:], [False, True], after)

    def test_refused(self):
        with self.transaction() as env:
            for bad in (env.user, (x for x in ()), object(), lambda: 1):
                with self.assertRaises(Unrepresentable):
                    env[HERD].get_totals(kinds=bad)
            with self.assertRaises(Unrepresentable):
                env[HERD].get_records()
        for options in (
            {"depends": "res.partner"},
            {},
            {"depends": ("x",), "scope": "all"},
            {"depends": ("x",), "ttl": 0},
        ):
            with self.assertRaises((TypeError, ValueError)):
                cached_method(**options)

    def test_arguments(self):
        with self.transaction() as env, trap_cache() as trap:
            env[HERD].get_totals(10)
            env[HERD].get_totals(minimum=10)
            env[HERD].get_totals(minimum=10, kinds=())
            self.assertEqual(trap.computed(), 1)
            env[HERD].get_totals(10.0)
            env[HERD].get_totals(True)
            self.assertEqual(trap.computed(), 3)
            one = env[HERD].browse(self.herd_id)
            self.assertEqual(one.get_one()["ids"], [self.herd_id])
            self.assertEqual(one.browse().get_one()["ids"], [])

    def test_context_is_part_of_the_key_or_not_seen(self):
        with self.transaction(active_test=False, colour="red") as env:
            seen = env[HERD].browse(self.herd_id).get_one()["seen"]
        self.assertEqual(seen, ["allowed_company_ids", "lang", "tz"])

    def test_two_users(self):
        one, two = self.make_user("one"), self.make_user("two")
        boss = self.make_user("boss", "base.group_system")
        with self.transaction() as env:
            env[HERD].create([{"name": "Of one", "user_id": one}, {"name": "Of two", "user_id": two}])
        for _ in range(3):
            names = [[name for name, _total in self.totals(user=user)] for user in (one, two, boss)]
            self.assertEqual(names, [["North", "Of one"], ["North", "Of two"], ["North", "Of one", "Of two"]])
            with self.transaction(user=one) as env:  # scope "groups", but a rule looks at the user
                tags = env[HERD].get_tags()
            with self.transaction(user=two) as env:
                self.assertNotEqual(env[HERD].get_tags(), tags)
        with self.transaction() as env:  # a right is taken away
            env["res.users"].browse(boss).group_ids = [(3, env.ref("base.group_system").id)]
        self.assertEqual(self.totals(user=boss), [("North", 25)])

    def test_two_companies(self):
        with self.transaction() as env:
            first = env.company.id
            second = env["res.company"].search([("name", "=", "Cache Two")], limit=1).id
            second = second or env["res.company"].create({"name": "Cache Two"}).id
            env[HERD].create([{"name": "A", "company_id": first}, {"name": "B", "company_id": second}])
        user = self.make_user("both", companies=[first, second])
        for _ in range(3):
            seen = [
                [name for name, _t in self.totals(user=user, allowed_company_ids=ids)]
                for ids in ([first], [second], [first, second])
            ]
            self.assertEqual(seen, [["North", "A"], ["North", "B"], ["North", "A", "B"]])
        alone = self.make_user("alone", companies=[first])
        with self.assertRaises(AccessError):
            self.totals(user=alone, allowed_company_ids=[second])

    def test_two_languages(self):
        with self.transaction() as env:
            env["res.lang"]._activate_lang("fr_FR")
            env[HERD].browse(self.herd_id).with_context(lang="fr_FR").name = "Nord"
        for _ in range(3):
            self.assertEqual(self.totals(lang="fr_FR")[0][0], "Nord")
            self.assertEqual(self.totals(lang="en_US")[0][0], "North")

    def test_old_snapshot_neither_sees_the_future_nor_spoils_it(self):
        with self.registry.cursor() as cr:
            old = api.Environment(cr, 1, {})
            cr.execute("SELECT 1")
            with self.transaction() as env:
                env[HERD].browse(self.herd_id).name = "New"
            self.assertEqual(self.totals(), [("New", 25)])
            self.assertEqual(old[HERD].get_totals(), [("North", 25)])
        self.assertEqual(self.totals(), [("New", 25)])


class TestEmbedded(TestCachedMethod):
    """The same without Redis, in the store inside Odoo."""

    @classmethod
    def setUpClass(cls):
        # Runs last: whoever comes next finds the usual store again.
        cls.addClassCleanup(lambda: cache_of(get_db_name()).claim())
        without = {name: value for name, value in os.environ.items() if name != URL_VARIABLE}
        cls.enterClassContext(patch.dict(os.environ, without, clear=True))
        super().setUpClass()

    test_another_time_limit_holds_at_once = None  # nobody is waited for

    def test_which_store(self):
        with self.transaction() as env:
            env.cr.execute("SELECT store FROM method_cache_life")
            self.assertRegex(env.cr.fetchone()[0], "^memory:")
