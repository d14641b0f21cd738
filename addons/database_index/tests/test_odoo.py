import contextlib
import json
import subprocess
import sys

from odoo import api, models
from odoo.addons.database_index import runtime
from odoo.addons.database_index.engine import catalogue, deploy, stored, tasks
from odoo.addons.database_index.engine.connection import Patience
from odoo.addons.database_index.engine.declaration import Index, Query, declare, declared, forget
from odoo.addons.database_index.engine.errors import DeclarationError
from odoo.exceptions import AccessError, UserError
from odoo.orm.registry import Registry
from odoo.tests import BaseCase, HttpCase, TransactionCase, get_db_name, new_test_user, tagged
from odoo.tools import SQL, config

QUERY = Query("res.currency.rate", "search", ([],))
RATES = Index(
    name="tour_rate_name_idx",
    table="res_currency_rate",
    keys=("name DESC", "rate"),
    purpose="Rates by day",
    query=QUERY,
)
CONDEMNED = Index(
    name="tour_rate_rate_idx", table="res_currency_rate", keys=("rate",), purpose="Rates by value",
    rejected="nobody asks for it",
)  # fmt: skip
#: other tests' transactions are old, and harmless here
PATIENT = Patience(old_s=1e6)


def state_of(name):
    with runtime.session(get_db_name()) as session:
        rows = session.do(
            SQL("SELECT state, body IS NOT NULL FROM database_index.index WHERE name = %s", name)
        )
    return rows[0] if rows else None


class DeclaredCase(BaseCase):
    """Two declarations of this addon, for the database of the tests; nothing of them is left behind.

    No transaction stays open from step to step: a build would wait for it.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        declare("database_index", RATES, CONDEMNED)
        cls.addClassCleanup(remove)

    @contextlib.contextmanager
    def environment(self):
        with Registry(get_db_name()).cursor() as cr:
            yield api.Environment(cr, api.SUPERUSER_ID, {})
            cr.rollback()

    def deploy(self, addon="database_index"):
        with runtime.session(get_db_name()) as session:
            done = deploy.deploy(session, {RATES.name: (RATES, addon)}, PATIENT, {RATES.name})
        self.assertEqual([one.state for one in done], ["valid"], done)


def remove():
    for index in (RATES, CONDEMNED):
        forget(index.name)
    with runtime.session(get_db_name()) as session:
        deploy.rollback(session, PATIENT, {RATES.name})
        with session.transaction() as cursor:
            catalogue.forget(cursor, RATES.name)
            catalogue.forget(cursor, CONDEMNED.name)
        session.do(SQL("DELETE FROM database_index.task WHERE name = %s OR name IS NULL", RATES.name))


@tagged("post_install", "-at_install")
class TestPage(DeclaredCase):
    def test_deploy_in_the_background(self):
        with self.environment() as env:
            env["database.index"].action_verify_all()
        # what others commit shows in the next transaction
        with self.environment() as env:
            page = env["database.index"]
            record = page.search([("name", "=", RATES.name)])
            self.assertEqual((record.state, record.deployed), ("missing", False))
            self.assertEqual(page.search([("name", "=", CONDEMNED.name)]).rejected, CONDEMNED.rejected)
            action = record.with_context(index_operation="deploy").action_operate()
            wizard = env[action["res_model"]].with_context(**action["context"]).create({})
            self.assertIn('CREATE INDEX CONCURRENTLY "tour_rate_name_idx"', wizard.statements)
            wizard.action_run()
        with self.environment() as env:
            task = env["database.index.task"].search([], limit=1)
            self.assertEqual((task.name, task.operation, task.state), (RATES.name, "deploy", "waiting"))
        with runtime.session(get_db_name()) as session:
            tasks.work(session, {RATES.name: (RATES, "database_index")}, PATIENT)
        self.assertEqual(state_of(RATES.name), ("valid", True))
        with self.environment() as env:
            record = env["database.index"].search([("name", "=", RATES.name)])
            self.assertTrue(record.deployed)
            self.assertGreater(record.size_mb, 0)
            task = env["database.index.task"].search([], limit=1)
            self.assertEqual((task.state, task.progress), ("done", 100))
            for operation, statement in (
                ("reindex", 'REINDEX INDEX CONCURRENTLY "public"."tour_rate_name_idx"'),
                ("rollback", 'DROP INDEX CONCURRENTLY IF EXISTS "public"."tour_rate_name_idx"'),
            ):
                wizard = env["database.index.action"].create({"name": RATES.name, "operation": operation})
                self.assertEqual(wizard.statements, statement)

    def test_uninstalling_the_addon_that_declares(self):
        self.deploy("tour_addon")
        with Registry(get_db_name()).cursor() as cr:
            deploy.drop_here(cr, {"another_addon"})
            self.assertTrue(catalogue.find(cr, RATES.name))
            deploy.drop_here(cr, {"tour_addon"})
            self.assertFalse(catalogue.find(cr, RATES.name))
        self.assertIsNone(state_of(RATES.name))

    def test_odoo_leaves_it_alone(self):
        """What ``-u`` does to a model's table and indexes."""
        self.deploy()
        with self.environment() as env:
            env.registry.init_models(env.cr, ["res.currency.rate"], {"module": "base"}, install=False)
            env.registry.check_indexes(env.cr, ["res.currency.rate"])
            self.assertTrue(catalogue.find(env.cr, RATES.name).valid)

    def test_names_belong_to_one_addon(self):
        self.assertEqual(declared({"database_index"})[RATES.name], (RATES, "database_index"))
        with self.assertRaisesRegex(DeclarationError, "database_index and by another"):
            declare("another", RATES)


@tagged("post_install", "-at_install")
class TestRights(TransactionCase):
    def test_rebuild_wants_one(self):
        wizard = self.env["database.index.action"].create({"operation": "reindex"})
        with self.assertRaisesRegex(UserError, "Open one index first"):
            wizard.action_run()

    def test_dropping_wants_a_word(self):
        guard, plain = (
            self.env["database.index.present"].search([("name", "=", name)])
            for name in ("res_partner_pkey", "res_partner__parent_id_index")
        )
        self.assertEqual((guard.state, guard.droppable, plain.droppable), ("guard", False, True))
        states = set(self.env["database.index.present"].search([]).mapped("state"))
        self.assertNotIn("unused", states)  # counted for some minutes only
        self.assertIn("unread", states)
        action = plain.with_context(index_operation="drop").action_operate()
        wizard = self.env[action["res_model"]].with_context(**action["context"]).create({})
        self.assertEqual(wizard.statements, f'DROP INDEX CONCURRENTLY IF EXISTS "public"."{plain.name}"')
        with self.assertRaisesRegex(UserError, "confirm"):
            wizard.action_run()
        action = guard.with_context(index_operation="drop").action_operate()
        with self.assertRaisesRegex(UserError, "guards what rows res_partner may hold"):
            wizard = self.env[action["res_model"]].with_context(**action["context"]).create({})
            self.fail(wizard.statements)

    def test_ordinary_users_get_nothing(self):
        for groups in ("base.group_user", "base.group_portal"):
            user = new_test_user(self.env, f"index_{groups.split('_')[-1]}", groups=groups)
            page = self.env["database.index"].with_user(user)
            for call in (
                lambda page=page: page.search([]).mapped("name"),
                page.action_verify_all,
                page.action_stop,
                page.action_operate,
                lambda page=page: page._ask("rollback"),
                lambda user=user: self.env["database.index.action"].with_user(user).create({}),
                lambda user=user: self.env["database.index.task"].with_user(user).search([]),
                lambda user=user: self.env["database.index.present"].with_user(user).search([]),
                lambda user=user: self.env["database.index.present"].with_user(user).new({}).action_operate(),
                lambda user=user: self.env["database.index.task"].with_user(user).action_stop(),
            ):
                with self.assertRaises(AccessError):
                    call()


@tagged("post_install", "-at_install")
class TestScheduled(TransactionCase):
    def test_the_work_begins_after_the_job(self):
        """Nothing is built inside the job's transaction, for a build would wait for it."""
        cron = self.env.ref("database_index.cron_maintain")
        self.assertEqual(cron.interval_type, "days")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        waiting = [repr(found) for found in self.env.cr.postcommit._funcs]
        self.assertTrue(any("_work" in found for found in waiting), waiting)
        self.env.cr.postcommit.clear()
        self.assertIsInstance(self.env["database.index"], models.Model)


@tagged("post_install", "-at_install")
class TestCommand(TransactionCase):
    def ask(self, *arguments, database=None):
        path = ",".join(config["addons_path"])
        command = [sys.executable, "-m", "odoo", f"--addons-path={path}", "index", *arguments]
        if config["config"]:
            command += ["-c", config["config"]]
        command += ["-d", database or get_db_name()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout, done.stderr.strip().splitlines()

    def test_asked_wrongly(self):
        for arguments, words in (
            (("dance",), "invalid choice"),
            (("reindex",), "needs one --index"),
            (("deploy", "--index", "nonsense"), "nonsense is not declared"),
            (("prove",), "--yes"),
            (("drop", "--index", "res_partner_pkey"), "--dry-run"),
            (("declare",), "needs --declaration"),
            (("list", "--declaration", "{}"), "needs --declaration"),
            (("declare", "--declaration", "no"), "is no JSON"),
            (("declare", "--declaration", "{}"), "table None will not do"),
        ):
            code, _out, err = self.ask(*arguments)
            self.assertEqual(code, 2, err)
            self.assertIn(words, err[-1])
            self.assertTrue(err[-1].startswith("index: "))
        code, _out, err = self.ask("verify", database="no_such_database")
        self.assertEqual(code, 2)
        self.assertIn("cannot be reached", err[-1])

    def test_declare_and_withdraw(self):
        facts = {
            "name": "tour_by_hand_idx",
            "table": "res_currency_rate",
            "keys": ["company_id", "name DESC"],
            "purpose": "tried by hand",
            "query": "SELECT id FROM res_currency_rate",
        }
        self.addCleanup(self.withdraw, facts["name"])
        code, out, err = self.ask("declare", "--declaration", json.dumps(facts), "--json")
        self.assertEqual(
            (code, json.loads(out)), (0, [{"name": facts["name"], "table": facts["table"]}]), err
        )
        code, out, err = self.ask("deploy", "--dry-run", "--index", facts["name"])
        self.assertEqual(code, 0, err)
        self.assertTrue(out.startswith('CREATE INDEX CONCURRENTLY "tour_by_hand_idx"'), out)
        code, _out, err = self.ask("prove", "--index", facts["name"], "--yes")
        self.assertEqual(code, 2)
        self.assertIn("odoo monitor analyze", err[-1])
        code, _out, err = self.ask("withdraw", "--index", facts["name"])
        self.assertEqual(code, 0, err)
        code, _out, err = self.ask("withdraw", "--index", facts["name"])
        self.assertEqual(code, 1)
        self.assertIn("not declared by an administrator", err[-1])

    def withdraw(self, name):
        with runtime.session(get_db_name()) as session, session.transaction() as cursor:
            stored.forget(cursor, name)
            catalogue.forget(cursor, name)

    def test_answers(self):
        code, out, err = self.ask("list", "--json")
        self.assertEqual(code, 0, err)
        self.assertIsInstance(json.loads(out), list)
        code, out, err = self.ask("health", "--json")
        self.assertEqual(code, int(any(row["severity"] == "error" for row in json.loads(out))), err)
        code, out, _err = self.ask("progress", "--json")
        self.assertEqual((code, json.loads(out)), (0, []))
        code, _out, err = self.ask("reindex", "--index", "nonsense")
        self.assertEqual(code, 1)
        self.assertIn("'nonsense' is not in the schema", err[-1])
        code, _out, err = self.ask("drop", "--index", "res_partner_pkey", "--yes")
        self.assertEqual(code, 1)
        self.assertIn("guards what rows res_partner may hold", err[-1])
        code, out, _err = self.ask("reindex", "--index", "res_partner_pkey", "--dry-run")
        self.assertEqual((code, out.strip()), (0, 'REINDEX INDEX CONCURRENTLY "public"."res_partner_pkey"'))


@tagged("post_install", "-at_install")
class TestScreens(HttpCase):
    @classmethod
    def setUpClass(cls):
        declare("database_index", RATES, CONDEMNED)
        cls.addClassCleanup(remove)
        declarations = {one.name: (one, "database_index") for one in (RATES, CONDEMNED)}
        with runtime.session(get_db_name()) as session:
            deploy.remember(session, declarations, deploy.verify(session, declarations))
            session.do(SQL("CREATE INDEX tour_rate_plain ON res_currency_rate (rate, id)"))
        cls.addClassCleanup(cls._forget_plain)
        super().setUpClass()  # from now on the screens see what was there before

    def test_tour(self):
        self.start_tour("/odoo/database-indexes", "database_index", login="admin")

    def test_all_indexes(self):
        self.start_tour("/odoo/all-indexes", "database_index_all", login="admin")
        with runtime.session(get_db_name()) as session:
            asked = SQL("SELECT operation, login FROM database_index.task WHERE name = 'tour_rate_plain'")
            self.assertEqual(session.do(asked), [("drop", "admin")])

    @staticmethod
    def _forget_plain():
        with runtime.session(get_db_name()) as session:
            session.do(SQL("DROP INDEX IF EXISTS tour_rate_plain"))
            session.do(SQL("DELETE FROM database_index.task WHERE name = 'tour_rate_plain'"))
