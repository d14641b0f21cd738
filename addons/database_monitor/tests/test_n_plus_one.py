import inspect
import logging

from odoo import sql_db
from odoo.addons.database_monitor import NPlusOneError, detect_n_plus_one, runtime
from odoo.addons.database_monitor.engine.n_plus_one import Watch, cure
from odoo.addons.database_monitor.engine.recorder import RECORDER
from odoo.addons.database_monitor.testing import corpus
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, get_db_name, new_test_user, tagged

_logger = logging.getLogger(__name__)


class Undo(Exception):
    """Ends a savepoint, so that the next case begins on the same data."""


@tagged("post_install", "-at_install")
class TestCorpus(TransactionCase):
    def watched(self, case, world):
        """Findings of a case that runs from an empty memory; what it writes is undone."""
        try:
            with self.env.cr.savepoint():
                self.env.invalidate_all()
                with detect_n_plus_one(fail=False) as found:
                    case.run(world)
                raise Undo
        except Undo:
            self.env.invalidate_all()
        return found

    def test_precision_and_recall(self):
        """At least 60 labelled cases, both at least 0.95; each found place is a line of the case.

        Where Odoo's own code has the loop, the place is there.
        """
        world = corpus.World(self.env)
        right, false, missed, wrong_place = 0, [], [], []
        for case in corpus.CASES:
            found = self.watched(case, world)
            if found and not case.repeats:
                false.append(f"{case.name}: {found[0]}")
            if not found and case.repeats:
                missed.append(case.name)
            if found and case.repeats:
                right += 1
                lines, start = inspect.getsourcelines(case.run)
                span = range(start, start + len(lines))
                if not any(self.inside(one.place, span) for one in found) and "odoo" not in case.name:
                    wrong_place.append(f"{case.name}: {found[0].place}")
        precision, recall = right / (right + len(false)), right / (right + len(missed))
        _logger.info("%s cases: precision %.3f, recall %.3f", len(corpus.CASES), precision, recall)
        told = "\n".join(["false:", *false, "missed:", *missed, "elsewhere:", *wrong_place])
        self.assertGreaterEqual(len(corpus.CASES), 60)
        self.assertGreaterEqual(precision, 0.95, told)
        self.assertGreaterEqual(recall, 0.95, told)
        self.assertFalse(wrong_place, told)

    def inside(self, place, span):
        name, _sep, rest = place.partition(":")
        return name.endswith("corpus.py") and int(rest.split()[0]) in span


@tagged("post_install", "-at_install")
class TestDetector(TransactionCase):
    def test_fails_a_test_with_place_and_cure(self):
        ids = self.env["res.country"].search([], limit=6).ids
        with self.assertRaises(NPlusOneError) as caught, detect_n_plus_one():
            for id_ in ids:
                self.env["res.country.state"].search_count([("country_id", "=", id_)])
        text = str(caught.exception)
        self.assertIn("test_n_plus_one.py", text)
        self.assertIn("6 times SELECT", text)
        self.assertIn("['country_id'], ['__count']", text)

    def test_an_error_in_the_block_stays(self):
        with self.assertRaisesRegex(ValueError, "of the block"), detect_n_plus_one():
            raise ValueError("of the block")

    def test_threshold(self):
        with detect_n_plus_one(threshold=9):
            for number in range(8):
                self.env.cr.execute("SELECT name FROM res_country WHERE id = %s", [number])

        with self.assertRaisesRegex(ValueError, "threshold is 1"), detect_n_plus_one(threshold=1):
            pass

    def test_cures(self):
        for shape, words in (
            ('SELECT "a"."id", "a"."name" FROM "res_partner" AS "a" WHERE "a"."id" IN (?)', "browse(ids)"),
            ("SELECT COUNT(*) FROM res_partner WHERE parent_id = ?", "['parent_id'], ['__count']"),
            ("SELECT SUM(a) FROM sale_order WHERE partner_id IN (?)", "env['sale.order']._read_group"),
            ("SELECT id FROM sale_order WHERE partner_id = ? ORDER BY id DESC LIMIT ?", "DISTINCT ON"),
            ("SELECT id FROM res_partner WHERE ref = ?", "('ref', 'in', values)"),
            ("INSERT INTO a (b) VALUES (?)", "create all at once"),
            ("UPDATE a SET b = ? WHERE id IN (?)", "after the loop"),
            ("DELETE FROM a WHERE id IN (?)", "unlink"),
        ):
            self.assertIn(words, cure(shape, False))
        self.assertIn("before the loop", cure("SELECT id FROM a WHERE b = ?", True))

    def test_memory_is_bounded(self):
        watch = Watch()
        for number in range(30000):
            watch.see(f"SELECT {number}", [number], 1)
        self.assertLessEqual(len(watch.groups), 2000)


@tagged("post_install", "-at_install")
class TestSampled(TransactionCase):
    def test_sampled_request_reaches_the_page(self):
        """With every request watched, a loop in one is written with its place; with none, nothing is."""
        database = get_db_name()
        self.addCleanup(RECORDER.every.pop, database, None)
        RECORDER.drain_repeated(database)
        for every in (0, 1):
            RECORDER.every[database] = every
            with sql_db.db_connect(database).cursor() as cr:
                for number in range(7):
                    cr.execute("SELECT name FROM res_country WHERE id = %s", [number])
            self.assertEqual(bool(RECORDER.repeated.get(database)), bool(every))
        runtime.KEEPER.flush(database)
        with sql_db.db_connect(database).cursor() as cr:
            model = self.env["database.monitor.n.plus.one"].with_env(self.env(cr=cr))
            found = model.search([("text", "=", "SELECT name FROM res_country WHERE id = ?")], limit=1)
            self.assertIn("test_n_plus_one.py", found.place)
            self.assertEqual(found.most, 7)
        self.assertEqual(RECORDER.every[database], 100)

    def test_a_broken_watch_is_not_the_requests(self):
        """What goes wrong in the monitor is logged; the statement, and the request, go on."""

        class Broken(Watch):
            def see(self, *_arguments):
                raise RuntimeError("of the watch")

        with sql_db.db_connect(get_db_name()).cursor() as cr:
            cr._monitor_watch = Broken()
            with self.assertLogs("odoo.addons.database_monitor.cursor", logging.ERROR):
                cr.execute("SELECT 17")
            self.assertEqual(cr.fetchone(), (17,))
            self.assertIsNone(cr._monitor_watch)

    def test_parameter(self):
        for value, every in (("7", 7), ("0", 0), ("often", 0), (False, 100)):
            self.env["ir.config_parameter"].set_param(runtime.SAMPLE, value)
            self.env.flush_all()
            self.assertEqual(runtime.sample_every(self.env.cr), every)

    def test_for_administrators_only(self):
        for group in ("base.group_user", "base.group_portal"):
            user = new_test_user(self.env, f"places_{group[-6:]}", groups=group)
            with self.assertRaises(AccessError):
                self.env["database.monitor.n.plus.one"].with_user(user).search_read([])
