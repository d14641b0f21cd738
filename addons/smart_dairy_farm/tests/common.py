"""A small farm to build tests on; other addons may use it too."""

from datetime import date, timedelta

from odoo.tests import TransactionCase, new_test_user


class FarmCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.farm = cls.env["farm.farm"].create({"name": "Test farm"})
        cls.today = cls.farm.company_id._business_today()
        cls.pen, cls.dry_pen = cls.env["farm.pen"].create(
            [
                {"name": "Milking 1", "farm_id": cls.farm.id, "pen_type": "milking"},
                {"name": "Dry", "farm_id": cls.farm.id, "pen_type": "dry"},
            ]
        )
        cls.breed = cls.env["farm.breed"].create({"name": "Test breed", "code": "TST", "gestation_days": 280})
        cls.drug = cls.env["farm.drug"].create(
            {"name": "Test drug", "milk_withdrawal_days": 4, "meat_withdrawal_days": 10}
        )

    @classmethod
    def day(cls, days):
        """The date ``days`` from today (negative: ago)."""
        return cls.today + timedelta(days=days)

    @classmethod
    def make_animal(cls, name="Rani", **values):
        return cls.env["farm.animal"].create(
            {
                "name": name,
                "animal_type": "heifer",
                "farm_id": cls.farm.id,
                "breed_id": cls.breed.id,
                "birth_date": date(2015, 1, 1),
                **values,
            }
        )

    @classmethod
    def make_cow(cls, name="Gauri", calved=-100, **values):
        """A cow that calved ``calved`` days from today, in the milking pen."""
        cow = cls.make_animal(name, pen_id=cls.pen.id, **values)
        cls.event(cow, "calving", calved)
        return cow

    @classmethod
    def event(cls, animal, event_type, days, **values):
        return cls.env["farm.reproduction.event"].create(
            {"animal_id": animal.id, "event_type": event_type, "event_date": cls.day(days), **values}
        )

    @classmethod
    def milk(cls, animal, days=0, kg=8.0, session="morning", **values):
        return cls.env["farm.milk.record"].create(
            {
                "animal_id": animal.id,
                "record_date": cls.day(days),
                "session": session,
                "total_yield": kg,
                **values,
            }
        )

    @classmethod
    def treat(cls, animal, start=0, last=None, **values):
        case = cls.env["farm.health.record"].create(
            {"animal_id": animal.id, "record_date": cls.day(start), "record_type": "mastitis"}
        )
        return cls.env["farm.treatment"].create(
            {
                "health_record_id": case.id,
                "drug_id": cls.drug.id,
                "dose": 10,
                "start_date": cls.day(start),
                "last_dose_date": cls.day(start if last is None else last),
                **values,
            }
        )

    @classmethod
    def make_user(cls, role, **values):
        return new_test_user(
            cls.env, f"farm_test_{role}", f"smart_dairy_farm.group_farm_{role}", name=f"Test {role}", **values
        )
