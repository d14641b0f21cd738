from datetime import date

from odoo.exceptions import ValidationError
from odoo.tools import mute_logger
from psycopg2.errors import CheckViolation

from .common import FarmCase


class TestPedigree(FarmCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dam = cls.make_animal("Dam", birth_date=date(2015, 1, 1))
        cls.sire = cls.make_animal("Sire", animal_type="bull", birth_date=date(2015, 1, 1))
        cls.calf = cls.make_animal(
            "Calf", birth_date=date(2020, 1, 1), dam_id=cls.dam.id, sire_id=cls.sire.id
        )
        cls.env.flush_all()

    def refused(self, query, *params):
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation) as caught, self.cr.savepoint():
            self.cr.execute(query, params)
        return self.env["farm.animal"]._sql_error_to_message(caught.exception)

    def test_sexes(self):
        with self.assertRaisesRegex(ValidationError, "male"):
            self.make_animal("X", dam_id=self.sire.id)
        with self.assertRaisesRegex(ValidationError, "female"):
            self.make_animal("X", sire_id=self.dam.id)
        with self.assertRaisesRegex(ValidationError, "parent of Calf"):
            self.dam.write({"sex": "male", "animal_type": "bull"})

    def test_birth_order(self):
        with self.assertRaisesRegex(ValidationError, "not older"):
            self.make_animal("X", birth_date=date(2015, 1, 1), dam_id=self.dam.id)
        with self.assertRaisesRegex(ValidationError, "younger than 15 months"):
            self.make_animal("X", birth_date=date(2016, 1, 1), dam_id=self.dam.id)
        with self.assertRaisesRegex(ValidationError, "parent of Calf"):
            self.sire.birth_date = date(2020, 1, 1)
        with self.assertRaisesRegex(ValidationError, "not older"):
            self.calf.birth_date = date(2014, 1, 1)

    def test_youngest_parent_is_a_setting(self):
        self.farm.min_parent_age_months = 9
        self.make_animal("X", birth_date=date(2016, 1, 1), dam_id=self.dam.id)

    def test_raw_sql_sexes_and_order(self):
        message = self.refused("UPDATE farm_animal SET dam_id = %s WHERE id = %s", self.sire.id, self.calf.id)
        self.assertIn("A dam must be female", message)
        self.refused("UPDATE farm_animal SET sire_id = %s WHERE id = %s", self.dam.id, self.calf.id)
        self.refused("UPDATE farm_animal SET birth_date = '2021-01-01' WHERE id = %s", self.dam.id)
        self.refused("UPDATE farm_animal SET dam_id = id WHERE id = %s", self.dam.id)
        self.refused(
            "UPDATE farm_animal SET sex = 'male', animal_type = 'bull' WHERE id = %s",
            self.dam.id,
        )
        self.refused(
            "INSERT INTO farm_animal (name, animal_type, sex, farm_id, company_id, entry_date,"
            " status, active,"
            " lactation_status, health_status, birth_date, dam_id)"
            " SELECT 'Raw', 'calf', 'female', farm_id, company_id, '2014-01-01', 'active', true,"
            " 'none', 'healthy',"
            " '2014-01-01', id FROM farm_animal WHERE id = %s",
            self.dam.id,
        )

    def test_no_cycle_without_birth_dates(self):
        a, b = (self.make_animal(name, birth_date=False, entry_date=date(2016, 1, 1)) for name in "AB")
        bull = self.make_animal("C", birth_date=False, animal_type="bull", entry_date=date(2016, 1, 1))
        a.dam_id = b
        b.sire_id = bull
        self.env.flush_all()
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation) as caught, self.cr.savepoint():
            bull.dam_id = a
            self.env.flush_all()
        message = self.env["farm.animal"]._sql_error_to_message(caught.exception)
        self.assertIn("its own ancestors", message)

    def test_no_cycle_through_dated_animals(self):
        # known dates alone would allow calf -> unknown -> dam when the unknown one is the calf's descendant
        unknown = self.make_animal("U", birth_date=False, entry_date=date(2021, 1, 1), dam_id=self.calf.id)
        self.env.flush_all()
        self.refused("UPDATE farm_animal SET dam_id = %s WHERE id = %s", unknown.id, self.dam.id)

    def test_an_ai_sire_is_a_code(self):
        self.assertEqual(self.make_animal("X", sire_code="HOL-29").sire_code, "HOL-29")
