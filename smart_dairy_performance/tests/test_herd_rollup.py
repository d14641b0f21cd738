"""The herd dashboard from rollups equals the same questions asked of the records, whoever asks."""

import random
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from unittest.mock import patch

from odoo.tests import tagged

from ..asking import Asking
from .folding import dirty_days, fold_here
from .test_herd_figures import HerdCase

MODELS = "odoo.addons.smart_dairy_performance.models"


@tagged("post_install", "-at_install")
class TestHerdRollup(HerdCase):
    def ask(self, method, *args, use_rollup=True, companies=None, **kwargs):
        Animal = self.env["farm.animal"].with_context(
            allowed_company_ids=(companies or self.companies).ids, lang="en_US"
        )
        with ExitStack() as stack:
            for name in ("farm_animal", "farm_animal_dashboard"):
                asking = partial(Asking, use_rollup=use_rollup)
                stack.enter_context(patch(f"{MODELS}.{name}.Asking", asking))
            return getattr(type(Animal), method).__wrapped__(Animal, *args, **kwargs)

    def assertSame(self, source="rollup", pens_source=None, **question):
        """The dashboard, the pens and the summary do not depend on where they are read."""
        first = question.pop("first", self.today - timedelta(days=9))
        last = question.pop("last", self.today)
        found = self.same("get_herd_dashboard", first, last, source=source, **question)
        question.pop("compare", None)
        pens = self.same("get_herd_pens", first, last, source=pens_source or source, **question)
        question = {key: question[key] for key in ("farm_id", "companies") if key in question}
        self.assertEqual(
            self.ask("get_herd_summary_optimized", **question),
            self.ask("get_herd_summary_optimized", use_rollup=False, **question),
        )
        return {**found, **pens}

    def same(self, method, *args, source, **question):
        found, expected = (self.ask(method, *args, use_rollup=use, **question) for use in (True, False))
        self.assertEqual((found.pop("source"), expected.pop("source")), (source, "base"))
        self.assertEqual(bool(found.pop("source_reason")), source == "base")
        self.assertEqual(expected.pop("source_reason"), "asked for")
        self.assertEqual(found, expected)
        return found

    def sql(self, statement, *values):
        self.env.flush_all()
        self.env.cr.execute(statement, values)
        self.env.invalidate_all()

    def random_change(self, rng):
        """One write of any kind, by the ORM or past it."""
        milk = self.env["farm.milk.record"].search([])
        record, animal = rng.choice(milk), rng.choice(self.animals)
        kind = rng.randrange(12)
        if kind == 0:
            record.write({"fat_percentage": rng.choice([False, 4.25]), "scc": rng.choice([False, 0, 310])})
        elif kind == 1:
            record.unlink()
        elif kind == 2:
            self.sql(
                "UPDATE farm_milk_record SET total_yield = 7.77, discarded = false, discard_reason = NULL,"
                " saleable_yield = 7.77, morning_yield = CASE session WHEN 'morning' THEN 7.77 ELSE 0 END,"
                " evening_yield = CASE session WHEN 'evening' THEN 7.77 ELSE 0 END WHERE id = %s",
                record.id,
            )
        elif kind == 3:  # to a day that is free, far back
            self.sql("UPDATE farm_milk_record SET record_date = record_date - 400 WHERE id = %s", record.id)
        elif kind == 4:  # in two farms and two pens on one day
            farm = rng.choice(self.farms)
            pen = rng.choice(self.pens.filtered(lambda pen: pen.farm_id == farm))
            self.sql(
                "UPDATE farm_milk_record SET farm_id = %s, company_id = %s, pen_id = %s WHERE id = %s",
                farm.id, farm.company_id.id, pen.id, record.id,
            )  # fmt: skip
        elif kind == 5:
            animal.breed_id = rng.choice([self.breeds[0].id, self.breeds[1].id, False])
        elif kind == 6:
            self.sql("UPDATE farm_lactation SET parity = parity + 1 WHERE animal_id = %s", animal.id)
        elif kind == 7:
            self.sql(
                "UPDATE farm_animal SET status = 'sold', exit_date = %s WHERE id = %s AND status = 'active'",
                self.today, animal.id,
            )  # fmt: skip
        elif kind == 8:
            animal.active = not animal.active
        elif kind == 9:
            self.sql("UPDATE farm_animal SET entry_date = entry_date + 1 WHERE id = %s", animal.id)
        elif kind == 10:
            case = self.env["farm.health.record"].create(
                {
                    "animal_id": animal.id,
                    "record_type": rng.choice(["mastitis", "checkup", "lameness"]),
                    "health_status": rng.choice(["ill", "suspicious"]),
                    "record_date": self.today - timedelta(days=rng.randrange(20)),
                }
            )
            case.active = rng.random() < 0.8
        else:
            drug = self.env["farm.drug"].create({"name": "Rollup drug", "milk_withdrawal_days": 3})
            case = self.env["farm.health.record"].create({"animal_id": animal.id, "state": "closed"})
            self.env["farm.treatment"].create(
                {"health_record_id": case.id, "drug_id": drug.id, "dose": 1, "start_date": self.today}
            )

    def test_random_writes(self):
        """Before folding, after it, and with changes of all kinds since, none of them committed."""
        rng = random.Random(41)
        self.milk(rng, days=45)
        for turn in range(4):
            if turn:
                fold_here(self.env)
                for name in ("herd_milk", "herd_animals", "herd_cases"):
                    self.assertEqual(dirty_days(self.env, name), 0)
                for _ in range(7 * (turn - 1)):
                    self.random_change(rng)
            for question in self.questions(rng):
                with self.subTest(turn=turn, **question):
                    data = self.assertSame(**question)
        self.assertTrue(data["trend"] and data["by_pen"] and data["herd"]["count"])

    def questions(self, rng):
        yield {}
        yield {"compare": "year"}
        yield {"first": self.today - timedelta(days=400), "last": self.today}
        for company in self.companies:
            yield {"companies": company, "first": self.today - timedelta(days=rng.randrange(40))}
            yield {"company_id": company.id, "compare": rng.choice(["previous", "year"])}
        for farm in self.farms:
            yield {"farm_id": farm.id, "first": self.today - timedelta(days=rng.randrange(60))}

    def rule(self, model, domain):
        self.env["ir.rule"].sudo().create(
            {
                "name": domain,
                "model_id": self.env["ir.model"].sudo()._get(model).id,
                "domain_force": domain,
            }
        )

    def test_rules_on_dimensions(self):
        """Whoever may see one farm only is answered from the rollups, and sees that farm only."""
        self.milk(random.Random(3))
        fold_here(self.env)
        for model in ("farm.milk.record", "farm.animal", "farm.health.record"):
            self.rule(model, f"[('farm_id', '=', {self.farms[0].id})]")
        data = self.assertSame()
        self.assertEqual(data["milk"], self.assertSame(farm_id=self.farms[0].id)["milk"])
        self.assertTrue(data["milk"]["total"])

    def test_rules_on_other_fields(self):
        """The records themselves answer, and the figures say so."""
        records = self.milk(random.Random(4))
        fold_here(self.env)
        self.rule("farm.milk.record", "[('session', '=', 'morning')]")
        data = self.assertSame(source="base")
        seen = records.filtered(
            lambda r: r.session == "morning" and self.today - timedelta(days=9) <= r.record_date <= self.today
        )
        self.assertMilk(data["milk"], seen)

    def test_rules_that_no_cut_has(self):
        """By pen and by type at once: no cut has both, the records have."""
        self.milk(random.Random(5))
        fold_here(self.env)
        self.rule("farm.milk.record", f"[('pen_id', '=', {self.pens[0].id})]")
        data = self.assertSame(source="base", pens_source="rollup")
        self.assertTrue(data["milk"]["total"])

    def test_more_pens_than_a_page_shows(self):
        """The fullest are shown, with how many there are."""
        farm = self.farms[0]
        pens = self.env["farm.pen"].create(
            [{"name": f"Calves {i}", "farm_id": farm.id, "pen_type": "calf"} for i in range(4)]
        )
        for number, pen in enumerate(pens):
            self.env["farm.animal"].create(
                [
                    {"name": f"{pen.name} {i}", "animal_type": "calf", "farm_id": farm.id, "pen_id": pen.id}
                    for i in range(50 + number)
                ]
            )
        self.milk(random.Random(6))
        fold_here(self.env)
        with patch(f"{MODELS}.farm_animal_dashboard.PENS", 3):
            data = self.assertSame()
        self.assertEqual([pen["id"] for pen in data["by_pen"]], pens[:0:-1].ids)
        self.assertEqual([pen["count"] for pen in data["by_pen"]], [53, 52, 51])
        self.assertEqual(data["pens"], len(self.env["farm.animal"].search(data["domains"]["animals"]).pen_id))
