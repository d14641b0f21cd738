from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from .common import FarmCase


@mute_logger("odoo.addons.base.models.ir_rule", "odoo.addons.base.models.ir_model")
class TestSecurity(FarmCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cow = cls.make_cow()

    def test_worker_enters_milk_and_sees_the_herd(self):
        env = self.env(user=self.make_user("worker"))
        cow = self.cow.with_env(env)
        self.assertEqual(cow.name, "Gauri")
        record = env["farm.milk.record"].create({"animal_id": cow.id, "total_yield": 7})
        record.total_yield = 8
        self.assertEqual(record.saleable_yield, 8)
        self.treat(self.cow)
        self.assertTrue(record.discarded)
        self.assertTrue(cow.treatment_ids.drug_id.name)
        for action in (
            lambda: cow.write({"name": "x"}),
            lambda: record.unlink(),
            lambda: env["farm.health.record"].create({"animal_id": cow.id}),
            lambda: cow.treatment_ids.write({"dose": 2}),
            lambda: cow._record_exit(self.today, "sold", "x"),
            lambda: env["farm.animal"].create({"name": "x"}),
            lambda: env["farm.farm"].create({"name": "x"}),
        ):
            with self.assertRaises(AccessError):
                action()

    def test_worker_may_comment(self):
        message = self.cow.with_user(self.make_user("worker")).message_post(body="limps")
        self.assertIn("limps", message.body)

    def test_veterinarian_treats(self):
        env = self.env(user=self.make_user("veterinarian"))
        case = env["farm.health.record"].create({"animal_id": self.cow.id})
        treatment = env["farm.treatment"].create(
            {"health_record_id": case.id, "drug_id": self.drug.id, "dose": 5}
        )
        self.assertEqual(treatment.animal_id.id, self.cow.id)
        self.assertEqual(treatment.milk_withdrawal_until, self.day(4))
        heifer = self.make_animal()
        env["farm.reproduction.event"].create(
            {"animal_id": heifer.id, "event_type": "calving", "event_date": self.today}
        )
        self.assertEqual(heifer.animal_type, "cow")
        self.cow.with_env(env).pen_id = self.dry_pen.id
        for action in (
            lambda: treatment.unlink(),
            lambda: env["farm.farm"].create({"name": "x"}),
            lambda: env["farm.breed"].create({"name": "x", "code": "XXX"}),
        ):
            with self.assertRaises((AccessError, UserError)):
                action()

    def test_manager_decides(self):
        env = self.env(user=self.make_user("manager"))
        farm = env["farm.farm"].create({"name": "x"})
        animal = env["farm.animal"].create({"name": "x", "farm_id": farm.id})
        animal._record_exit(self.today, "sold", "x")

    def test_others_see_nothing(self):
        from odoo.tests import new_test_user

        for group in ("base.group_user", "base.group_portal"):
            user = new_test_user(self.env, f"farm_{group[5:]}", group)
            for model in ("farm.animal", "farm.milk.record", "farm.treatment", "farm.farm", "farm.breed"):
                with self.assertRaises(AccessError):
                    self.env[model].with_user(user).search([])

    def test_companies_are_apart(self):
        company = self.env["res.company"].create({"name": "Other dairy"})
        env = self.env(
            user=self.make_user("manager", company_id=company.id, company_ids=[(6, 0, company.ids)])
        )
        self.milk(self.cow)
        self.treat(self.cow)
        self.env["farm.climate.record"].create({"farm_id": self.farm.id, "temperature": 25, "humidity": 50})
        for model in (
            "farm.farm",
            "farm.pen",
            "farm.animal",
            "farm.animal.tag",
            "farm.pen.stay",
            "farm.lactation",
            "farm.reproduction.event",
            "farm.milk.record",
            "farm.health.record",
            "farm.treatment",
            "farm.climate.record",
        ):
            self.assertFalse(
                env[model].search([("company_id", "=", self.farm.company_id.id)]),
                f"{model} of another company",
            )
        with self.assertRaises(AccessError):
            env["farm.milk.record"].create({"animal_id": self.cow.id, "total_yield": 7})
        self.assertFalse(env["farm.animal"]._herd_as_of(self.today) & self.cow.with_env(env))
