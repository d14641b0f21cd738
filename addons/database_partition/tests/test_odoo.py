import json
from datetime import timedelta

from odoo import fields, models
from odoo.addons.database_partition import runtime
from odoo.addons.database_partition.engine import clock, create, maintain
from odoo.addons.database_partition.engine.connection import Patience
from odoo.addons.database_partition.engine.declaration import DeclarationError, PartitionSet, declare, forget
from odoo.addons.database_partition.engine.findings import findings
from odoo.addons.database_partition.tests.common import command
from odoo.exceptions import AccessError, UserError
from odoo.orm.model_classes import add_to_registry
from odoo.tests import HttpCase, TransactionCase, get_db_name, new_test_user, tagged
from psycopg2 import sql

TOUR = PartitionSet(
    table="tour_reading",
    key="at",
    columns="id bigserial, at timestamp NOT NULL, value double precision, PRIMARY KEY (id, at)",
    premake=1,
    retention=12,
    title="Readings of the tour",
)


def deploy():
    """A set whose last maintenance was two months ago, committed: the engine has connections of its own."""
    with runtime.session(get_db_name()) as work:
        before = clock.now() - timedelta(days=62)
        create.deploy(work, TOUR, before, Patience())
        maintain.maintain(work, TOUR, before, runtime.archive_folder(work, get_db_name()))


def remove():
    with runtime.session(get_db_name()) as work, work.transaction() as cursor:
        create.undeploy(cursor, TOUR)


class SetCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        deploy()
        cls.addClassCleanup(remove)
        super().setUpClass()
        cls.set = cls.env["database.partition.set"].search([("name", "=", "tour_reading")])


@tagged("post_install", "-at_install")
class TestModels(SetCase):
    def test_lists(self):
        self.assertEqual(self.set.interval, "month")
        self.assertEqual(self.set.partition_count, 3)
        self.assertEqual(self.set.state, "error")
        self.assertIn("no partition for now", self.set.findings)
        states = self.set.partition_ids.mapped("state")
        self.assertEqual(sorted(states), ["attached", "attached", "default"])
        for one in self.set.partition_ids.filtered("lower"):
            self.assertRegex(f"{one.lower} {one.upper}", r"^[0-9]{4}-[0-9]{2}-01 [0-9]{4}-[0-9]{2}-01$")
        groups = self.env["database.partition"]._read_group([], ["set_id"], ["size_mb:sum"])
        self.assertIn(self.set, [row[0] for row in groups])

    def test_bloat(self):
        """A table from which nine tenths of the rows went is said to be mostly empty; a fresh one is not."""
        with runtime.session(get_db_name()) as work, work.connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO tour_reading (at) SELECT date_trunc('month', now()) - interval '40 days'"
                " FROM generate_series(1, 20000) RETURNING tableoid::regclass::text"
            )
            name = cursor.fetchone()[0]

            def bloat():
                cursor.execute(sql.SQL("VACUUM (ANALYZE, TRUNCATE false) {}").format(sql.Identifier(name)))
                cursor.execute(
                    "SELECT rows_estimate, bloat_estimate FROM database_partition WHERE name = %s", [name]
                )
                return cursor.fetchone()

            rows, share = bloat()
            self.assertEqual(rows, 20000)
            self.assertLess(share, 10)
            cursor.execute("DELETE FROM tour_reading WHERE id % 10 <> 0")
            rows, share = bloat()
            self.assertEqual(rows, 2000)
            self.assertTrue(80 < share <= 95, share)

    def test_for_administrators_only(self):
        user = new_test_user(self.env, "partition_plain", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.set.with_user(user).read(["name"])
        for method, arguments in (("_perform", ["create"]), ("_preview", ["create"]), ("action_operate", [])):
            with self.assertRaises(AccessError):
                getattr(self.set.with_user(user), method)(*arguments)

    def test_wizard(self):
        wizard = self.env["database.partition.action"].create({"set_id": self.set.id, "operation": "drain"})
        self.assertFalse(wizard.statements)
        wizard.operation = "create"
        self.assertIn('ALTER TABLE "public"."tour_reading" ATTACH PARTITION', wizard.statements)
        wizard.action_run()
        self.assertIn("created tour_reading_p", wizard.result)
        wizard.action_run()
        self.assertIn("nothing to do", wizard.result)
        wizard.write({"operation": "detach", "partition": "nonsense"})
        self.assertIn("nonsense", wizard.statements)
        with self.assertRaisesRegex(UserError, "confirm it"):
            wizard.action_run()
        wizard.confirmed = True
        with self.assertRaisesRegex(UserError, "'nonsense' is no attached partition"):
            wizard.action_run()


@tagged("post_install", "-at_install")
class TestWords(SetCase):
    def test_everything_is_said_in_the_users_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        french = self.set.with_context(lang="fr_FR")
        self.assertIn("pas de partition pour maintenant", french.findings)
        self.assertIn("no partition for now", self.set.with_context(lang="en_US").findings)
        wizard = self.env["database.partition.action"].with_context(lang="fr_FR")
        wizard = wizard.create({"set_id": self.set.id, "operation": "create"})
        wizard.action_run()
        self.assertIn("tour_reading_p", wizard.result)
        self.assertIn("créée", wizard.result)
        wizard = wizard.create({"set_id": self.set.id, "operation": "detach", "partition": "nonsense"})
        self.assertIn("n’est pas une partition attachée", wizard.statements)
        with self.assertRaisesRegex(UserError, "confirmez"):
            wizard.action_run()


@tagged("post_install", "-at_install")
class TestRuns(SetCase):
    def test_command(self):
        code, out, _err = command("list", "--json", "--set", "tour_reading")
        self.assertEqual(code, 0)
        self.assertIn("tour_reading_default", [row["partition"] for row in json.loads(out)])
        code, out, _err = command("create", "--dry-run", "--set", "tour_reading", "--json")
        self.assertEqual(code, 0)
        for arguments, words in (
            (("list", "--set", "nothing"), "unknown"),
            (("detach", "--set", "tour_reading"), "--partition"),
            (("confirm_drop",), "--set"),
            (("dance",), "invalid choice"),
        ):
            code, _out, err = command(*arguments)
            self.assertEqual(code, 2, err)
            self.assertIn(words, err[-1])
            self.assertTrue(err[-1].startswith("partition: "))
        code, out, _err = command("detach", "--set", "tour_reading", "--partition", "nonsense", "--yes")
        self.assertEqual(code, 1)

    def test_scheduled_action(self):
        with self.enter_registry_test_mode():
            self.env.ref("database_partition.cron_maintain").method_direct_trigger()
        with runtime.session(get_db_name()) as work, work.transaction() as cursor:
            self.assertEqual(findings(cursor, TOUR, clock.now()), [])

    def test_table_as_a_model(self):
        """Through the view: create, search, group, write, unlink, and a row of any time."""

        class TourReading(models.Model):
            _module = "database_partition"
            _name = _description = "tour.reading.model"
            _inherit = ["database.partition.view"]
            _auto = False
            _log_access = False
            _partition_set = TOUR

            at = fields.Datetime()
            value = fields.Float()

        add_to_registry(self.registry, TourReading)
        self.addCleanup(self.registry.__delitem__, "tour.reading.model")
        self.registry._setup_models__(self.env.cr, ["tour.reading.model"])
        model = self.env["tour.reading.model"]
        model.init()
        rows = model.create([{"at": "1999-01-01", "value": 1}, {"at": "2025-01-01", "value": 2}])
        self.assertEqual(model.search([("at", "<", "2000-01-01")]), rows[0])
        rows[0].value = 5
        self.env.flush_all()
        groups = model._read_group([("id", "in", rows.ids)], [], ["value:sum", "__count"])
        self.assertEqual(groups, [(7.0, 2)])
        rows.unlink()
        self.assertFalse(model.search([]))

    def test_declarations(self):
        self.addCleanup(forget, "twice")
        one = PartitionSet(table="twice", key="at")
        self.assertIs(declare(one, "addon_a"), one)
        declare(one, "addon_a")
        with self.assertRaisesRegex(DeclarationError, "addon_a and by addon_b"):
            declare(one, "addon_b")


@tagged("post_install", "-at_install")
class TestScreens(HttpCase):
    @classmethod
    def setUpClass(cls):
        deploy()
        cls.addClassCleanup(remove)
        super().setUpClass()

    def test_tour(self):
        self.start_tour("/odoo", "database_partition", login="admin")
