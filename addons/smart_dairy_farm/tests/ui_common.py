"""A small herd for the tests of the screens."""

from datetime import timedelta

from odoo.fields import Command
from odoo.tests import TransactionCase

GROUPS = {
    "worker": "smart_dairy_farm.group_farm_worker",
    "veterinarian": "smart_dairy_farm.group_farm_veterinarian",
    "manager": "smart_dairy_farm.group_farm_manager",
}


class HerdMixin:
    """Makes a farm of its own company with a milking and a dry pen, a breed with a curve, and users."""

    @classmethod
    def make_herd(cls):
        env = cls.env
        cls.company = env["res.company"].create({"name": "Green Meadow"})
        cls.other_company = env["res.company"].create({"name": "Far Hills"})
        env.user.company_ids |= cls.company | cls.other_company
        env.user.company_id = cls.company
        cls.today = cls.company._business_today()
        cls.breed = env["farm.breed"].create(
            {
                "name": "Test Friesian",
                "code": "ZZT",
                "curve_ids": [
                    Command.create(
                        {"parity_group": group, "wood_a": 15.2317, "wood_b": 0.1029, "wood_c": 0.0015}
                    )
                    for group in "123"
                ],
            }
        )
        cls.farm = env["farm.farm"].create({"name": "Meadow", "company_id": cls.company.id})
        cls.pen, cls.dry_pen = env["farm.pen"].create(
            [
                {"name": "Milking 1", "farm_id": cls.farm.id, "pen_type": "milking"},
                {"name": "Dry", "farm_id": cls.farm.id, "pen_type": "dry"},
            ]
        )
        cls.users = {role: cls.make_user(role, cls.company, [group]) for role, group in GROUPS.items()}
        cls.users["other"] = cls.make_user("other", cls.other_company, [GROUPS["manager"]])
        cls.users["portal"] = cls.make_user("portal", cls.company, ["base.group_portal"])

    @classmethod
    def make_user(cls, login, company, groups):
        return (
            cls.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "name": f"{login} of the herd",
                    "login": f"herd_{login}",
                    "password": f"herd_{login}",
                    "company_id": company.id,
                    "company_ids": [Command.set(company.ids)],
                    "group_ids": [Command.set([cls.env.ref(group).id for group in groups])],
                }
            )
        )

    @classmethod
    def make_cows(cls, count, start=1, dim=100, farm=None, **vals):
        """Cows in milk since ``dim`` days, ear tags T001…"""
        farm = farm or cls.farm
        cows = cls.env["farm.animal"].create(
            [
                {
                    "name": f"Cow {number}",
                    "ear_tag": f"T{number:03d}",
                    "animal_type": "cow",
                    "birth_date": cls.today - timedelta(days=1500),
                    "farm_id": farm.id,
                    "pen_id": cls.pen.id if farm == cls.farm else False,
                    "breed_id": cls.breed.id,
                    **vals,
                }
                for number in range(start, start + count)
            ]
        )
        cls.env["farm.lactation"].create(
            [
                {"animal_id": cow.id, "parity": 1, "calving_date": cls.today - timedelta(days=dim)}
                for cow in cows
            ]
        )
        return cows

    @classmethod
    def make_milk(cls, cows, days, kg=12.0, session="morning", before=None, **vals):
        """The same milk on each of the last ``days`` days before ``before`` (default today)."""
        before = before or cls.today
        return cls.env["farm.milk.record"].create(
            [
                {
                    "animal_id": cow.id,
                    "record_date": before - timedelta(days=day),
                    "session": session,
                    "total_yield": kg,
                    **vals,
                }
                for cow in cows
                for day in range(1, days + 1)
            ]
        )

    @classmethod
    def treat(cls, cow, start=None, last=None, days=3, user=None):
        """A case and a treatment whose milk is withheld for ``days`` days after the last dose."""
        env = cls.env(user=user) if user else cls.env
        start = start or cls.today
        drug = cls.env["farm.drug"].create(
            {"name": "Test penicillin", "milk_withdrawal_days": days, "meat_withdrawal_days": 10}
        )
        case = env["farm.health.record"].create(
            {
                "animal_id": cow.id,
                "record_date": start,
                "record_type": "mastitis",
                "health_status": "in_treatment",
            }
        )
        return env["farm.treatment"].create(
            {
                "health_record_id": case.id,
                "drug_id": drug.id,
                "dose": 10,
                "start_date": start,
                "last_dose_date": last or start,
            }
        )


class HerdCase(HerdMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_herd()

    def count_queries(self, function):
        """Number of queries of a call, with cold record caches (the ORM's own caches are warm)."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        function()
        self.env.flush_all()
        return self.cr.sql_log_count - before
