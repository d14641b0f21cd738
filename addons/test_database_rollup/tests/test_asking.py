"""Questions through the ORM: rights, companies, rules, domains; own writes; the way back to base tables."""

from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import SQL

from .common import close

FIRST, LAST = date(2025, 1, 1), date(2025, 12, 31)
#: what every cut of the rollup with all its dimensions has
MEASURES = ("lines", "amount", "average", "partners")


@tagged("post_install", "-at_install")
class TestAsking(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["database.rollup"]._deploy_here()
        cls.other = cls.env["res.company"].create({"name": "Other dairy"})
        cls.other.partner_id.tz = "Asia/Dhaka"
        companies = [(6, 0, [cls.env.company.id, cls.other.id])]
        group = "base.group_user"
        cls.mary = new_test_user(cls.env, "rollup_mary", group, company_ids=companies)
        cls.john = new_test_user(cls.env, "rollup_john", group, company_ids=companies)
        cls.odd = new_test_user(cls.env, "rollup_odd", f"{group},test_database_rollup.group_odd")
        cls.partners = cls.env["res.partner"].create([{"name": f"Shop {n}"} for n in range(3)])
        number = 0
        for company in (cls.env.company, cls.other):
            for user in (cls.mary, cls.john, cls.env["res.users"]):
                for month in (1, 2, 3, 7):
                    number += 1
                    cls.env["test.rollup.order"].create(
                        {
                            "company_id": company.id,
                            "user_id": user.id,
                            "partner_id": cls.partners[number % 3].id,
                            "date_order": f"2025-{month:02}-28 20:00:00",
                            "state": "draft" if month == 7 else "sale",
                            "line_ids": [
                                (0, 0, {"kind": "milk", "amount": number, "note": "x"}),
                                (0, 0, {"kind": number % 2 and "cheese", "amount": 100 * number}),
                            ],
                        }
                    )

    def ask(self, user=None, companies=None, **question):
        model = self.env["test.rollup.line"].with_user(user or self.env.ref("base.user_root"))
        if companies:
            model = model.with_context(allowed_company_ids=companies.ids)
        return model._rollup_ask("test_trade", FIRST, LAST, **question)

    def assert_same(self, source="rollup", **question):
        """The rollup, the source tables and a loop over the records agree; return the number of lines."""
        question.setdefault("measures", MEASURES)
        answer = self.ask(**question)
        self.assertEqual(answer.source, source, answer.reason)
        really = self.ask(**question, use_rollup=False)
        self.assertEqual(really.source, "base")
        self.assertEqual(sorted(answer.rows, key=repr), sorted(really.rows, key=repr))
        model = self.env["test.rollup.line"].with_user(question.get("user") or self.env.ref("base.user_root"))
        if question.get("companies"):
            model = model.with_context(allowed_company_ids=question["companies"].ids)
        domain = Domain(question.get("domain", ())) & Domain("order_id.state", "=", "sale")
        lines = model.search(domain)
        if not question.get("by") and not question.get("grain"):
            self.assertEqual(answer.dicts()[0]["lines"], len(lines))
            self.assertAlmostEqual(answer.dicts()[0]["amount"] or 0, sum(lines.mapped("amount")))
            self.assertEqual(answer.dicts()[0]["partners"], len(lines.order_id.partner_id))
        return len(lines)

    def test_best_of_all(self):
        for order in ((("amount", "desc"),), (("lines", "asc"), ("partner", "desc")), ()):
            for limit in (1, 2, 50):
                with self.subTest(order=order, limit=limit):
                    question = {"by": ("partner",), "order": order, "limit": limit, "measures": MEASURES}
                    best, really = self.ask(**question), self.ask(**question, use_rollup=False)
                    self.assertEqual((best.source, best.columns), ("rollup", ("partner", *MEASURES)))
                    self.assertEqual((best.rows, best.groups), (really.rows, really.groups))
                    self.assertEqual((best.groups, len(best.rows)), (3, min(limit, 3)))
        self.assertEqual(self.ask(by=("partner",), measures=MEASURES).groups, 3)
        nobody = self.ask(by=("partner",), measures=MEASURES, domain=[("kind", "=", "butter")], limit=3)
        self.assertEqual((nobody.rows, nobody.groups), ([], 0))
        amounts = self.ask(by=("seller",), measures=("amount",), order=(("amount", "asc"),)).rows
        self.assertEqual(amounts, sorted(amounts, key=lambda row: row[1]))

    def test_several_periods_in_one_statement(self):
        """Each with its own rows, whatever they share."""
        months = [(date(2025, month, 1), date(2025, month, 28)) for month in (1, 3, 6)]
        periods = [*months, (FIRST, LAST)]
        for question in ({}, {"by": ("seller",)}, {"by": ("kind",), "grain": "month"}):
            with self.subTest(question):
                found = self.ask(periods=periods, measures=MEASURES, **question)
                really = self.ask(periods=periods, measures=MEASURES, use_rollup=False, **question)
                self.assertEqual((found.source, found.columns[0]), ("rollup", "period"))
                self.assertEqual(close(found.rows), close(really.rows))
                for number, (first, last) in enumerate(periods):
                    alone = self.env["test.rollup.line"]._rollup_ask(
                        "test_trade", first, last, measures=MEASURES, **question
                    )
                    own = [row[1:] for row in found.rows if row[0] == number]
                    # without keys one period alone has a row of nothing
                    rows = [row for row in alone.rows if row[-4]]
                    self.assertEqual(close(own), close(rows))
        self.assertEqual(
            {row[0] for row in self.ask(periods=periods).rows}, {0, 1, 3}, "nothing was sold in June"
        )
        with self.assertRaisesRegex(UserError, "is not within"):
            self.ask(periods=[(FIRST, date(2026, 1, 1))])

    def test_a_statement_around_the_answer(self):
        question = {"by": ("partner",), "measures": ("amount",)}
        plain = self.ask(**question)
        largest = self.ask(
            **question, within=lambda answer: SQL("SELECT max(amount), count(*) FROM (%s) a", answer)
        )
        self.assertEqual(largest.rows, [(max(row[1] for row in plain.rows), len(plain.rows))])
        question = {**question, "measures": ("amount", "lines"), "parts": True}

        def added(answer):
            return SQL("SELECT partner, sum(amount), sum(lines) FROM (%s) a GROUP BY partner", answer)

        for use_rollup in (True, False):
            found = self.ask(**question, within=added, use_rollup=use_rollup)
            whole = self.ask(by=("partner",), measures=("amount", "lines"))
            self.assertEqual(close(found.rows), close(whole.rows))
        with self.assertRaisesRegex(UserError, "cannot be added up"):
            self.ask(parts=True, measures=("average",))

    def test_remembered_conditions_are_those_of_their_domain(self):
        conditions = {}
        for domain in (
            [("kind", "=", "milk")],
            [("kind", "in", ("milk", "cheese"))],
            [("kind", "in", ["milk"])],
            (),
        ):
            for _time in range(2):
                found = self.ask(domain=domain, conditions=conditions, by=("kind",), measures=("lines",))
                really = self.ask(domain=domain, use_rollup=False, by=("kind",), measures=("lines",))
                self.assertEqual(
                    (found.source, sorted(found.rows, key=repr)), ("rollup", sorted(really.rows, key=repr))
                )
        self.assertEqual(len(conditions), 3, "a list can be no key")

    def test_daily_counts(self):
        """Partners per day, of one company or by company; over companies only the source tables know."""
        daily = {"measures": ("partner_days",)}
        one = [("order_id.company_id", "=", self.other.id)]
        for question, source in (
            ({"domain": one}, "rollup"),
            ({"by": ("company",)}, "rollup"),
            ({"by": ("company",), "grain": "quarter"}, "rollup"),
            ({}, "base"),
            ({"domain": [("order_id.company_id", "in", (self.env.company | self.other).ids)]}, "base"),
            ({"domain": ["|", one[0], ("order_id.company_id", "=", self.env.company.id)]}, "base"),
            ({"domain": ["!", one[0]]}, "base"),
            ({"domain": [("order_id", "any", [("company_id", "=", self.other.id)])]}, "rollup"),
            ({"domain": one, "by": ("kind",)}, "base"),
            ({"user": self.mary, "companies": self.other}, "base"),
        ):
            with self.subTest(question):
                answer = self.ask(**question, **daily)
                really = self.ask(**question, **daily, use_rollup=False)
                self.assertEqual(answer.source, source, answer.reason)
                self.assertEqual(close(answer.rows), close(really.rows))
                if source == "base":
                    self.assertRegex(answer.reason, "^no cut of rollup test_trade has partner_days")
        self.assertEqual(self.ask(domain=one, **daily).rows, [(3 * 3,)])

    def test_own_uncommitted_writes_count(self):
        before = self.assert_same()
        self.env["test.rollup.line"].search([], limit=1).copy()
        self.assertEqual(self.assert_same(), before + 1)

    def test_dimensions_and_grains(self):
        for by in ((), ("company",), ("seller", "kind"), ("partner",)):
            for grain in (None, "day", "week", "dekad", "month", "quarter", "year"):
                with self.subTest(by=by, grain=grain):
                    self.assert_same(by=by, grain=grain)

    def test_day_is_the_company_s(self):
        days = {(row["company"], row["bucket"].day) for row in self.ask(by=("company",), grain="day").dicts()}
        self.assertEqual(days, {(self.env.company.id, 28), (self.other.id, 1), (self.other.id, 29)})

    def test_own_documents_and_companies(self):
        both = self.env.company | self.other
        mary = self.assert_same(user=self.mary, companies=both)
        self.assertEqual(mary, 24)
        self.assertEqual(self.assert_same(user=self.mary, companies=self.other), 12)
        self.assertEqual(self.assert_same(companies=both), 36)

    def test_domains_on_dimensions(self):
        for domain in (
            [("kind", "=", "milk")],
            [("kind", "=", False)],
            [("kind", "not in", ["milk"])],
            [("order_id.user_id", "=", self.mary.id)],
            [("order_id.user_id", "!=", self.mary.id)],
            [("order_id.user_id", "=", False)],
            ["!", ("order_id.user_id", "in", [self.mary.id, False])],
            ["|", ("kind", "=", "cheese"), ("order_id.company_id", "=", self.other.id)],
            [("order_id.partner_id.name", "ilike", "shop 1")],
            [("order_id.partner_id", "ilike", "shop 2")],
            [("order_id.partner_id", "child_of", self.partners[0].id)],
            [("order_id", "any", [("user_id.login", "=", "rollup_john")])],
            [("order_id", "not any", [("user_id", "=", self.john.id)])],
            [("kind", "=", "butter")],
            Domain.FALSE,
            Domain.TRUE,
        ):
            with self.subTest(domain=domain):
                self.assert_same(domain=domain)

    def test_other_domains_fall_back_and_say_so(self):
        for domain in ([("note", "=", "x")], [("order_id.note", "=", False)], [("id", ">", 0)]):
            with self.subTest(domain=domain):
                self.assert_same(source="base", domain=domain)
                self.assertIn(domain[0][0].split(".")[-1], self.ask(domain=domain).reason)
                refused = self.ask(domain=domain, base=False)
                self.assertEqual((refused.source, refused.rows), ("base", []))
                self.assertTrue(refused.reason)

    def test_rule_that_no_dimension_knows(self):
        self.assertEqual(self.assert_same(user=self.odd, source="base"), 12)
        self.assertIn("note", self.ask(user=self.odd).reason)

    def test_without_access(self):
        portal = new_test_user(self.env, "rollup_portal", "base.group_portal")
        with self.assertRaises(AccessError):
            self.ask(user=portal, measures=MEASURES)

    def test_questions_that_are_none(self):
        with self.assertRaisesRegex(UserError, "no dimension 'farm'; it has company, seller"):
            self.ask(by=("farm",))
        with self.assertRaisesRegex(UserError, "no measure 'kg'"):
            self.ask(measures=("kg",))
        with self.assertRaisesRegex(UserError, "swap them"):
            self.env["test.rollup.line"]._rollup_ask("test_trade", LAST, FIRST)

    def test_one_statement(self):
        self.ask()
        self.env.flush_all()
        with self.assertQueryCount(1):
            self.env["test.rollup.line"].sudo()._rollup_ask("test_trade", FIRST, LAST)

    def test_not_deployed_reads_the_base_tables(self):
        self.env.cr.execute("DELETE FROM database_rollup.state WHERE name = 'test_trade'")
        self.env.registry.clear_cache()
        self.assert_same(source="base")
        self.assertIn("not deployed", self.ask().reason)
