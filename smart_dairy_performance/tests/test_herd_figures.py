import random
from datetime import date, timedelta
from decimal import Decimal

from freezegun import freeze_time
from odoo import Command
from odoo.addons.smart_dairy_farm.figures import milk as milk_figures
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged

from .common import exact, rounded

IN_MILK = ("fresh", "early", "lactating")


class HerdCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company, cls.other_company = cls.env["res.company"].create(
            [{"name": "Dhaka herd"}, {"name": "New York herd"}]
        )
        cls.company.partner_id.tz = "Asia/Dhaka"
        cls.other_company.partner_id.tz = "America/New_York"
        cls.companies = cls.company | cls.other_company
        cls.manager = new_test_user(
            cls.env,
            "perf_herd",
            groups="base.group_user,smart_dairy_farm.group_farm_manager",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.companies.ids)],
            tz="Pacific/Honolulu",
        )
        cls.env = cls.env(
            user=cls.manager,
            context=dict(cls.env.context, allowed_company_ids=cls.companies.ids, tracking_disable=True),
        )
        cls.today = cls.company._business_today()
        cls.farms = cls.env["farm.farm"].create(
            [
                {"name": "Savar", "company_id": cls.company.id},
                {"name": "Gazipur", "company_id": cls.company.id},
                {"name": "Ithaca", "company_id": cls.other_company.id},
            ]
        )
        cls.pens = cls.env["farm.pen"].create(
            [
                {
                    "name": f"{farm.name} {number}",
                    "code": f"P{number}",
                    "farm_id": farm.id,
                    "pen_type": "milking",
                }
                for farm in cls.farms
                for number in (1, 2)
            ]
        )
        cls.breeds = cls.env["farm.breed"].search([], limit=2)
        cls.animals = cls._make_animals(random.Random(11))

    @classmethod
    def _make_animals(cls, rng):
        animals = cls.env["farm.animal"]
        for i in range(24):
            farm = cls.farms[i % 3]
            kind = ("cow", "cow", "cow", "heifer", "calf", "bull")[i // 4]
            animal = animals.create(
                {
                    "name": f"Animal {i:02}",
                    "ear_tag": f"PERF{i:03}",
                    "animal_type": kind,
                    "sex": "male" if kind == "bull" else "female",
                    "breed_id": cls.breeds[i % 2].id if i % 5 else False,
                    "birth_date": cls.today - timedelta(days=2000 if kind == "cow" else 500),
                    "farm_id": farm.id,
                    "pen_id": rng.choice(cls.pens.filtered(lambda pen, farm=farm: pen.farm_id == farm)).id,
                }
            )
            animals |= animal
            if kind == "cow":
                cls.env["farm.lactation"].create(
                    {
                        "animal_id": animal.id,
                        "parity": 1,
                        "calving_date": cls.today - timedelta(days=rng.randrange(40, 200)),
                    }
                )
        return animals

    def milk(self, rng, animals=None, days=25):
        """Milk of cows on random days and sessions; fat, protein and cells tested now and then."""
        values = []
        for cow in (animals or self.animals).filtered(lambda animal: animal.animal_type == "cow"):
            for back in rng.sample(range(days), days * 2 // 3):
                for session in rng.sample(("morning", "noon", "evening"), rng.randrange(1, 4)):
                    tested = rng.random() < 0.3
                    values.append(
                        {
                            "animal_id": cow.id,
                            "record_date": cow.company_id._business_today() - timedelta(days=back),
                            "session": session,
                            "total_yield": round(rng.uniform(0, 18), 2),
                            **(
                                {
                                    "fat_percentage": round(rng.uniform(3, 6), 2),
                                    "protein_percentage": round(rng.uniform(2.8, 4), 2)
                                    if rng.random() < 0.7
                                    else False,
                                    "scc": rng.choice([0, 55, 180, 900]) if rng.random() < 0.7 else False,
                                }
                                if tested
                                else {}
                            ),
                            **(
                                {"discarded": True, "discard_reason": "abnormal"}
                                if rng.random() < 0.1
                                else {}
                            ),
                        }
                    )
        return self.env["farm.milk.record"].create(values)

    def figures(self, records):
        """What :func:`shape_milk` must give for ``records``, added one by one."""
        total = sum((exact(r.total_yield) for r in records), Decimal(0))
        saleable = sum((exact(r.total_yield) for r in records if not r.discarded), Decimal(0))
        days = {(r.animal_id.id, r.record_date) for r in records if r.lactation_id or r.total_yield}

        def percent(name):
            tested = [r for r in records if r[name] is not False]
            kg = sum((exact(r.total_yield) for r in tested), Decimal(0))
            component = sum((exact(r.total_yield) * exact(r[name]) for r in tested), Decimal(0))
            return float(component / kg) if kg else None

        counted = [r for r in records if r.scc is not False and not r.discarded]
        tank = sum((exact(r.total_yield) for r in counted), Decimal(0))
        cells = sum((exact(r.total_yield) * r.scc for r in counted), Decimal(0))
        return {
            "total": rounded(total),
            "saleable": rounded(saleable),
            "discarded": rounded(total - saleable),
            "per_cow": float(total / len(days)) if days else None,
            "cow_days": len(days),
            "fat": percent("fat_percentage"),
            "protein": percent("protein_percentage"),
            "scc": float(cells / tank) if tank else None,
        }

    def assertMilk(self, found, records):
        expected = self.figures(records)
        for name, value in expected.items():
            if value is None:
                self.assertIsNone(found[name], name)
            else:
                self.assertAlmostEqual(found[name], value, delta=0.06 if name == "scc" else 0.0006, msg=name)

    def dashboard(self, first=None, last=None, **kwargs):
        first, last = first or self.today - timedelta(days=9), last or self.today
        return self.env["farm.animal"].get_herd_dashboard(first, last, **kwargs)


@tagged("post_install", "-at_install")
class TestHerdFigures(HerdCase):
    def test_random_milk_equals_recomputation(self):
        records = self.milk(random.Random(5))
        first, last = self.today - timedelta(days=9), self.today
        for farm in (self.env["farm.farm"], *self.farms):
            for company in (self.env["res.company"], *self.companies):
                if farm and company and farm.company_id != company:
                    continue
                with self.subTest(farm=farm.name, company=company.name):
                    data = self.dashboard(first, last, farm_id=farm.id, company_id=company.id)
                    mine = records.filtered(
                        lambda r, farm=farm, company=company: (
                            (not farm or r.farm_id == farm) and (not company or r.company_id == company)
                        )
                    )
                    inside = mine.filtered(lambda r: first <= r.record_date <= last)
                    self.assertMilk(data["milk"], inside)
                    before = mine.filtered(lambda r: first - timedelta(days=10) <= r.record_date < first)
                    self.assertMilk(data["previous"], before)
                    pens = self.env["farm.animal"].get_herd_pens(
                        first, last, farm_id=farm.id, company_id=company.id
                    )
                    self.check_groups({**data, **pens}, inside)
                    self.check_trend(data, inside)
                    for grain in ("dekad", "month"):
                        one = self.dashboard(first, last, farm_id=farm.id, company_id=company.id, grain=grain)
                        self.check_trend(one, inside)
                        self.assertEqual((one["milk"], one["by_type"]), (data["milk"], data["by_type"]))
                    ranking = self.env["farm.animal"].get_herd_ranking(
                        first, last, farm_id=farm.id, company_id=company.id
                    )
                    self.check_ranking(ranking, inside)

    def check_groups(self, data, records):
        for name, of_record, of_animal in (
            ("by_type", lambda r: r.animal_id.animal_type, lambda a: a.animal_type),
            ("by_breed", lambda r: r.animal_id.breed_id.id, lambda a: a.breed_id.id),
            ("by_pen", lambda r: r.pen_id.id, lambda a: a.pen_id.id),
        ):
            animals = self.env["farm.animal"].search(data["domains"]["animals"])
            groups = {group["id"]: group for group in data[name]}
            self.assertEqual(set(groups), {of_record(r) for r in records} | {of_animal(a) for a in animals})
            self.assertEqual(sum(group["count"] for group in groups.values()), len(animals))
            for key, group in groups.items():
                self.assertMilk(group, records.filtered(lambda r, key=key, of=of_record: of(r) == key))
                own = animals.filtered(lambda a, key=key, of=of_animal: of(a) == key)
                self.assertEqual(group["count"], len(own))
                self.assertEqual(group["in_milk"], len(own.filtered(lambda a: a.lactation_status in IN_MILK)))

    def check_trend(self, data, records):
        milk = {}
        for first, last in data["steps"]:
            own = records.filtered(lambda r, a=first, b=last: a <= r.record_date.isoformat() <= b)
            if own:
                milk[first] = own, (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
        self.assertEqual([row["date"] for row in data["trend"]], list(milk))
        for row in data["trend"]:
            own, days = milk[row["date"]]
            self.assertMilk(row, own)
            self.assertEqual(row["cows"], round(row["cow_days"] / days, 1))

    def check_ranking(self, data, records):
        average = {}
        for animal in records.animal_id:
            own = self.figures(records.filtered(lambda r, animal=animal: r.animal_id == animal))
            average[animal.id] = own["per_cow"]
        order = sorted(average, key=lambda id_: (-average[id_], id_))
        self.assertEqual([row["id"] for row in data["best"]], order[:5])
        worst = sorted(order[5:], key=lambda id_: (average[id_], id_))[:5]
        self.assertEqual([row["id"] for row in data["worst"]], worst)

    def test_domains_hold_the_records_of_each_figure(self):
        records = self.milk(random.Random(6))
        self.env["farm.health.record"].create(
            [
                {
                    "animal_id": animal.id,
                    "record_type": kind,
                    "health_status": "ill",
                    "record_date": self.today,
                }
                for animal, kind in zip(
                    self.animals[:4], ("mastitis", "checkup", "lameness", "deworming"), strict=True
                )
            ]
        )
        data = self.dashboard()
        Animal, Milk = self.env["farm.animal"], self.env["farm.milk.record"]
        domains, herd = data["domains"], data["herd"]
        for name, figure in (
            ("animals", "count"),
            ("in_milk",) * 2,
            ("dry",) * 2,
            ("withheld",) * 2,
            ("sick",) * 2,
            ("watch",) * 2,
        ):
            self.assertEqual(Animal.search_count(domains[name]), herd[figure], name)
        for name, figure in (("milk", "total"), ("saleable", "saleable"), ("discarded", "discarded")):
            self.assertAlmostEqual(
                sum(Milk.search(domains[name]).mapped("total_yield")), data["milk"][figure], 2
            )
        tested = Milk.search(domains["fat"])
        self.assertEqual(
            tested,
            (records & Milk.search(domains["milk"])).filtered(lambda r: r.fat_percentage).sorted(Milk._order),
        )
        cases = self.env["farm.health.record"].search(domains["cases"])
        self.assertEqual((len(cases), data["cases"]["now"], data["cases"]["before"]), (2, 2, 0))
        self.assertEqual(len(data["watch"]), 4)
        self.assertEqual({row["id"] for row in data["watch"]}, set(Animal.search(domains["watch"]).ids))

    def test_dry_cows_and_heifers_are_in_no_denominator(self):
        cow, dry = self.animals[:2]
        self.env["farm.milk.record"].create(
            {"animal_id": cow.id, "session": "day", "total_yield": 24, "record_date": self.today}
        )
        dry.current_lactation_id.dry_off_date = self.today - timedelta(days=5)
        data = self.dashboard(self.today, self.today)
        self.assertEqual((data["milk"]["per_cow"], data["milk"]["cow_days"]), (24, 1))
        self.assertEqual(data["herd"]["dry"], 1)
        self.assertEqual((data["milk"]["fat"], data["milk"]["scc"]), (None, None))

    def test_percentages_are_weighted_by_kg(self):
        cow = self.animals[0]
        for session, kg, fat in (("morning", 20, 3.0), ("noon", 10, False), ("evening", 5, 6.0)):
            self.env["farm.milk.record"].create(
                {
                    "animal_id": cow.id,
                    "session": session,
                    "total_yield": kg,
                    "fat_percentage": fat,
                    "protein_percentage": fat and 3.3,
                    "record_date": self.today,
                }
            )
        milk = self.dashboard(self.today, self.today)["milk"]
        self.assertEqual(milk["fat"], 3.6)  # (0.6 + 0.3) kg of 25 kg; not 4.5, not 3.0
        self.assertAlmostEqual(milk["ecm_per_cow"], milk_figures.ecm_ifcn(35, 3.6, 3.3), 3)

    def test_withdrawal_counts_to_its_last_day(self):
        cow = self.animals[0]
        drug = self.env["farm.drug"].create({"name": "Perf drug", "milk_withdrawal_days": 3})
        case = self.env["farm.health.record"].create(
            {"animal_id": cow.id, "record_type": "mastitis", "health_status": "ill"}
        )
        self.env["farm.treatment"].create(
            {
                "health_record_id": case.id,
                "animal_id": cow.id,
                "drug_id": drug.id,
                "dose": 1,
                "start_date": self.today - timedelta(days=3),
                "last_dose_date": self.today - timedelta(days=3),
            }
        )
        data = self.dashboard()
        self.assertEqual(data["herd"]["withheld"], 1)
        self.assertEqual((data["watch"][0]["id"], data["watch"][0]["days_left"]), (cow.id, 1))
        self.env["farm.milk.record"].create(
            {"animal_id": cow.id, "session": "morning", "total_yield": 9, "record_date": self.today}
        )
        milk = self.dashboard(self.today, self.today)["milk"]
        self.assertEqual((milk["total"], milk["saleable"], milk["discarded"]), (9, 0, 9))

    def test_only_animals_in_milk_have_milk_to_withhold(self):
        drug = self.env["farm.drug"].create({"name": "Perf drug", "milk_withdrawal_days": 3})
        calf = self.env["farm.animal"].create(
            {"name": "Calf", "animal_type": "calf", "farm_id": self.animals[0].farm_id.id}
        )
        for animal in calf | self.animals[0]:
            case = self.env["farm.health.record"].create({"animal_id": animal.id, "state": "closed"})
            self.env["farm.treatment"].create(
                {"health_record_id": case.id, "drug_id": drug.id, "dose": 1, "start_date": self.today}
            )
        self.assertGreater(calf.milk_withdrawal_until, self.today)
        data = self.dashboard()
        self.assertEqual((data["herd"]["withheld"], data["herd"]["watch"]), (1, 1))
        self.assertEqual(self.env["farm.animal"].search(data["domains"]["withheld"]), self.animals[0])
        self.assertEqual([row["id"] for row in data["watch"]], self.animals[0].ids)

    def test_empty_herd(self):
        company = self.env["res.company"].sudo().create({"name": "Nobody's"})
        self.manager.sudo().company_ids |= company
        Animal = self.env["farm.animal"].with_context(allowed_company_ids=company.ids)
        self.assertEqual(
            Animal.get_herd_summary_optimized(),
            {
                "by_type": [],
                "total_animals": 0,
                "total_yield_today": 0,
                "health_summary": {"healthy": 0, "sick": 0},
            },
        )
        data = Animal.get_herd_dashboard(self.today, self.today)
        self.assertEqual(
            (data["milk"]["total"], data["milk"]["per_cow"], data["herd"]["count"]), (0, None, 0)
        )
        self.assertEqual((data["trend"], data["by_type"], data["watch"]), ([], [], []))
        self.assertEqual(Animal.get_herd_pens(self.today, self.today)["by_pen"], [])
        self.assertEqual(Animal.get_herd_ranking(self.today, self.today), {"best": [], "worst": []})

    def test_foreign_farm_and_dates(self):
        alone = self.env["farm.animal"].with_context(allowed_company_ids=self.company.ids)
        for method, args in (
            (alone.get_herd_summary_optimized, ()),
            (alone.get_herd_dashboard, (self.today, self.today)),
            (alone.get_herd_pens, (self.today, self.today)),
            (alone.get_herd_ranking, (self.today, self.today)),
        ):
            with self.assertRaises(AccessError):
                method(*args, farm_id=self.farms[2].id)
        with self.assertRaises(AccessError):
            alone.get_herd_dashboard(self.today, self.today, company_id=self.other_company.id)
        with self.assertRaises(UserError):
            self.dashboard(self.today, self.today - timedelta(days=1))
        clerk = new_test_user(
            self.env(su=True), "perf_no_herd", groups="base.group_user", company_id=self.company.id
        )
        with self.assertRaises(AccessError):
            self.env["farm.animal"].with_user(clerk).with_context(
                allowed_company_ids=self.company.ids
            ).get_herd_summary_optimized()

    def test_number_of_statements_is_constant(self):
        def statements(method, *args):
            self.env.flush_all()
            method(*args)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            method(*args)
            return self.env.cr.sql_log_count - before

        Animal = self.env["farm.animal"]
        period = (self.today - timedelta(days=29), self.today)
        self.milk(random.Random(1), self.animals[:12], days=6)
        few = statements(Animal.get_herd_dashboard, *period)
        summary = statements(Animal.get_herd_summary_optimized)
        self.env["farm.milk.record"].search([]).unlink()
        self.milk(random.Random(2), days=20)
        self.assertEqual(statements(Animal.get_herd_dashboard, *period), few)
        self.assertEqual(statements(Animal.get_herd_summary_optimized), summary)
        self.assertLessEqual(few, 16)
        self.assertLessEqual(summary, 8)


@tagged("post_install", "-at_install")
class TestHerdSummary(HerdCase):
    def test_summary_equals_recomputation(self):
        self.milk(random.Random(9), days=3)
        self.animals[1].active = False
        self.env["farm.health.record"].create(
            [
                {"animal_id": animal.id, "record_type": "lameness", "health_status": "suspicious"}
                for animal in self.animals[2:5]
            ]
        )
        for farm in (self.env["farm.farm"], *self.farms):
            with self.subTest(farm=farm.name):
                self.check_summary(self.env["farm.animal"].get_herd_summary_optimized(farm.id), farm)

    def check_summary(self, data, farm):
        animals = self.env["farm.animal"].search([("status", "=", "active")])
        if farm:
            animals = animals.filtered(lambda animal: animal.farm_id == farm)
        self.assertEqual(data["total_animals"], len(animals))
        self.assertEqual(
            [row["animal_type"] for row in data["by_type"]], sorted(set(animals.mapped("animal_type")))
        )
        for row in data["by_type"]:
            own = animals.filtered(lambda animal, row=row: animal.animal_type == row["animal_type"])
            milk = own.milk_record_ids.filtered(lambda r: r.record_date == r.company_id._business_today())
            healthy = own.filtered(lambda animal: animal.health_status == "healthy")
            self.assertEqual(
                (row["count"], row["healthy_count"], row["sick_count"]),
                (len(own), len(healthy), len(own) - len(healthy)),
            )
            self.assertEqual(
                row["total_yield"], rounded(sum((exact(r.total_yield) for r in milk), Decimal(0)))
            )
        total = sum(row["total_yield"] for row in data["by_type"])
        self.assertAlmostEqual(data["total_yield_today"], total, 2)
        health = data["health_summary"]
        self.assertEqual(health["healthy"] + health["sick"], data["total_animals"])

    def test_today_is_each_companys_own_day(self):
        """20:00 UTC on the 9th is the 10th in Dhaka and the 9th in New York."""
        with freeze_time("2026-03-09 20:00:00"):
            Animal = self.env["farm.animal"]
            scope = Animal._herd_scope()
            days = {company: day.isoformat() for day, ids in scope["days"].items() for company in ids}
            self.assertEqual(
                (days[self.company.id], days[self.other_company.id]), ("2026-03-10", "2026-03-09")
            )

    def test_archived_and_departed_animals_do_not_count(self):
        before = self.env["farm.animal"].get_herd_summary_optimized()["total_animals"]
        self.animals[0].active = False
        self.assertEqual(self.env["farm.animal"].get_herd_summary_optimized()["total_animals"], before - 1)
