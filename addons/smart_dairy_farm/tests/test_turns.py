"""Milk and what decides over it, entered at the same time: every interleaving of real transactions."""

from itertools import product

from odoo.tests import tagged
from odoo.tools import mute_logger

from .. import database
from .turns_common import Actor, OrmActor, TurnsCase, interleavings

DAY = "2016-05-03"
OUTSIDE = "2016-06-20"

INSERT_MILK = """
    INSERT INTO farm_milk_record (animal_id, farm_id, company_id, record_date, session, total_yield,
           morning_yield, evening_yield, saleable_yield, discarded, source)
    SELECT %s, %s, %s, %s, %s, 8, CASE %s WHEN 'morning' THEN 8 ELSE 0 END,
           CASE %s WHEN 'evening' THEN 8 ELSE 0 END, 8, false, 'meter'
"""
INSERT_TREATMENT = """
    INSERT INTO farm_treatment (health_record_id, animal_id, farm_id, company_id, drug_id, dose, start_date,
           last_dose_date, milk_withdrawal_days, meat_withdrawal_days, milk_withdrawal_until, active)
    VALUES (%s, %s, %s, %s, %s, 1, %s, %s, %s, 0, %s::date + %s, true)
"""
# what is wrong afterwards: milk that is not what the treatments say, or an animal that does not know them
WRONG = """
    SELECT m.id, m.discarded, m.discard_reason FROM farm_milk_record m
     WHERE m.animal_id = %s AND (m.override_reason IS NULL
           AND (m.discard_reason IS NOT DISTINCT FROM 'withdrawal') IS DISTINCT FROM
               EXISTS (SELECT FROM farm_treatment t WHERE t.animal_id = m.animal_id
                          AND m.record_date BETWEEN t.start_date AND t.milk_withdrawal_until))
     UNION ALL
    SELECT a.id, NULL, 'dates of the animal' FROM farm_animal a
     WHERE a.id = %s AND a.milk_withdrawal_until IS DISTINCT FROM
           (SELECT max(milk_withdrawal_until) FROM farm_treatment WHERE animal_id = a.id)
"""
# the same of the first five days after calving
WRONG_COLOSTRUM = """
    SELECT m.id, m.discarded, m.discard_reason FROM farm_milk_record m
     WHERE m.animal_id = %s AND m.override_reason IS NULL
       AND (m.discard_reason IS NOT DISTINCT FROM 'colostrum') IS DISTINCT FROM
           EXISTS (SELECT FROM farm_lactation l WHERE l.animal_id = m.animal_id
                      AND m.record_date BETWEEN l.calving_date AND l.calving_date + 4)
"""


@tagged("post_install", "-at_install")
class TestTurns(TurnsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.connections = {
            isolation: (cls.connect(isolation), cls.connect(isolation)) for isolation in ("RC", "RR")
        }

    # what the actors do
    def milk(self, cursor, day=DAY, session="morning", animal=None):
        cursor.execute(
            INSERT_MILK, (animal or self.cow, self.farm, self.company, day, session, session, session)
        )

    def move_milk(self, cursor):
        cursor.execute(
            "UPDATE farm_milk_record SET record_date = %s WHERE animal_id = %s AND record_date = %s",
            (DAY, self.cow, OUTSIDE),
        )

    def take_back_discard(self, cursor):
        cursor.execute(
            "UPDATE farm_milk_record SET discarded = false, discard_reason = NULL,"
            " saleable_yield = total_yield WHERE animal_id = %s AND discard_reason = 'spilled'",
            (self.cow,),
        )

    def take_back_release(self, cursor):
        cursor.execute(
            "UPDATE farm_milk_record SET override_reason = NULL, override_user_id = NULL,"
            " override_date = NULL WHERE animal_id = %s AND override_reason IS NOT NULL",
            (self.cow,),
        )

    def treat(self, cursor, days=4, day="2016-05-01"):
        cursor.execute(
            INSERT_TREATMENT,
            (self.case, self.cow, self.farm, self.company, self.drug, day, day, days, day, days),
        )

    def extend(self, cursor, days=10):
        cursor.execute(
            "UPDATE farm_treatment SET milk_withdrawal_days = %s,"
            " milk_withdrawal_until = last_dose_date + %s WHERE animal_id = %s",
            (days, days, self.cow),
        )

    def shorten(self, cursor):
        self.extend(cursor, 1)

    def cancel(self, cursor):
        cursor.execute(
            "UPDATE farm_treatment SET cancelled = true, cancel_reason ="
            " 'x', milk_withdrawal_until = NULL WHERE animal_id = %s",
            (self.cow,),
        )

    def calve(self, cursor, day="2016-05-01"):
        cursor.execute("UPDATE farm_lactation SET calving_date = %s WHERE animal_id = %s", (day, self.cow))

    def uncalve(self, cursor):
        self.calve(cursor, "2016-01-01")

    def forget(self, cursor):
        cursor.execute("SELECT farm_milk_forget_marks()")

    # how it begins and ends
    def reset(self, milk, treatment):
        """Only the milk that the first actor changes and the treatment that the second one does."""
        cows = [self.cow, self.other]
        self.sql("DELETE FROM farm_milk_record WHERE animal_id = ANY(%s)", cows)
        self.sql("DELETE FROM farm_treatment WHERE animal_id = %s", self.cow)
        self.sql("UPDATE farm_animal SET milk_withdrawal_until = NULL WHERE id = %s", self.cow)
        with self.watch.cursor() as cursor:
            self.calve(cursor, "2016-05-01" if treatment == "uncalve" else "2016-01-01")
            if treatment in ("shorten", "cancel"):
                self.treat(cursor)
            elif treatment == "extend":
                self.treat(cursor, days=1)
            if milk == "move_milk":
                self.milk(cursor, OUTSIDE)
            elif milk == "take_back_discard":
                self.milk(cursor)
                cursor.execute(
                    "UPDATE farm_milk_record SET discarded = true, discard_reason = 'spilled',"
                    " saleable_yield = 0 WHERE animal_id = %s",
                    (self.cow,),
                )
            elif milk == "take_back_release":
                self.milk(cursor)
                cursor.execute(
                    "UPDATE farm_milk_record SET override_reason = 'x', override_user_id = 1,"
                    " override_date = now(), discarded = false, discard_reason = NULL,"
                    " saleable_yield = total_yield WHERE animal_id = %s", (self.cow,),
                )  # fmt: skip

    def play_all(self, milks, treatments, isolations, ends=(("commit", "commit"),)):
        """Every interleaving of every pair: (number tried, list of faults, number retried, number waited)."""
        tried, wrong, retried, waited = 0, [], 0, 0
        for milk, treatment, (one, two), end in product(milks, treatments, isolations, ends):
            for number in range(20):
                self.reset(milk, treatment)
                first = Actor(self.connections[one][0], getattr(self, milk), end[0])
                second = Actor(self.connections[two][1], getattr(self, treatment), end[1])
                order = list(interleavings(first, second))[number]
                retried += len(self.play(order))
                waited += first.waited + second.waited
                tried += 1
                found = self.sql(WRONG, self.cow, self.cow) + self.sql(WRONG_COLOSTRUM, self.cow)
                if found:
                    names = ["milk" if actor is first else "treatment" for actor in order]
                    wrong.append((milk, treatment, one, two, end, names, found))
        return tried, wrong, retried, waited

    ISOLATIONS = tuple(product(("RC", "RR"), repeat=2))

    def test_milk_and_treatments(self):
        tried, wrong, retried, waited = self.play_all(
            ("milk", "move_milk", "take_back_discard", "take_back_release"),
            ("treat", "extend", "shorten", "cancel"),
            self.ISOLATIONS,
        )
        self.assertEqual(wrong, [])
        self.assertEqual(tried, 1280)
        self.assertTrue(retried and waited, "they did meet")

    def test_rollbacks(self):
        ends = (("commit", "rollback"), ("rollback", "commit"), ("rollback", "rollback"))
        tried, wrong, _retried, _waited = self.play_all(
            ("milk", "move_milk"), ("treat", "cancel"), self.ISOLATIONS, ends
        )
        self.assertEqual(wrong, [])
        self.assertEqual(tried, 960)

    def test_milk_and_calvings(self):
        _tried, wrong, retried, waited = self.play_all(
            ("milk", "move_milk", "take_back_discard", "take_back_release"),
            ("calve", "uncalve"),
            self.ISOLATIONS,
        )
        self.assertEqual(wrong, [])
        self.assertTrue(retried and waited)

    def test_two_treatments(self):
        _tried, wrong, retried, waited = self.play_all(("treat",), ("extend", "cancel"), self.ISOLATIONS)
        self.assertEqual(wrong, [])
        self.assertTrue(retried and waited)

    def test_these_tests_see_the_fault(self):
        """Without the latch, old snapshots miss milk: the very thing it is there for."""
        self.sql(
            "CREATE OR REPLACE FUNCTION farm_milk_decide(animals integer[]) RETURNS void LANGUAGE sql AS ''"
        )
        try:
            _tried, wrong, *_counts = self.play_all(("milk",), ("treat",), (("RR", "RR"),))
        finally:
            with self.committed() as env:
                database.install(env.cr, "turns")
        self.assertTrue(wrong)

    def test_milk_does_not_wait_for_milk(self):
        """Neither sessions of one animal nor animals keep each other waiting, or fail each other."""
        for evening, animal in (("evening", self.cow), ("morning", self.other)):
            for number in range(20):
                self.reset(None, None)
                first = Actor(self.connections["RR"][0], self.milk)
                second = Actor(
                    self.connections["RR"][1],
                    lambda cursor, session=evening, animal=animal: self.milk(cursor, DAY, session, animal),
                )
                # the first milk ever of an animal makes its latch: once in its life
                self.sql(
                    "INSERT INTO farm_milk_latch VALUES (%s), (%s) ON CONFLICT DO NOTHING",
                    self.cow,
                    self.other,
                )
                self.assertEqual(self.play(list(interleavings(first, second))[number]), [])
                self.assertFalse(first.waited or second.waited)

    def test_first_milk_of_an_animal(self):
        for number in range(20):
            self.reset(None, None)
            self.sql("DELETE FROM farm_milk_latch WHERE animal_id = %s", self.cow)
            first = Actor(self.connections["RR"][0], self.milk)
            second = Actor(self.connections["RR"][1], self.treat)
            self.play(list(interleavings(first, second))[number])
            self.assertEqual(self.sql(WRONG, self.cow, self.cow), [])

    def test_forgetting_marks_hides_nothing(self):
        """The treatment's snapshot is the oldest; milk is committed, its mark forgotten, she is treated."""
        for isolation, forgotten_before in product(("RC", "RR"), (True, False)):
            self.reset(None, None)
            treatment = Actor(self.connections[isolation][1], self.treat)
            milk = Actor(self.connections["RR"][0], self.milk)
            forget = Actor(self.connect("RR"), self.forget)
            order = [treatment, *[milk] * 3, *[forget] * 2]
            order += [forget, treatment, treatment] if forgotten_before else [treatment, forget, treatment]
            failed = self.play(order)
            self.assertEqual(failed, [treatment] if isolation == "RR" else [])
            self.assertEqual(self.sql(WRONG, self.cow, self.cow), [])
        self.sql("SELECT farm_milk_forget_marks()")
        self.assertEqual(self.sql("SELECT count(*) FROM farm_milk_mark"), [(0,)])

    @mute_logger("odoo.sql_db")
    def test_by_the_orm(self):
        def milk(env):
            env["farm.milk.record"].create(
                {"animal_id": self.cow, "record_date": DAY, "session": "morning", "total_yield": 8}
            )

        def treat(env):
            env["farm.treatment"].create(
                {
                    "health_record_id": self.case,
                    "drug_id": self.drug,
                    "dose": 1,
                    "start_date": "2016-05-01",
                }
            )

        retried = 0
        ends = (("commit", "commit"), ("rollback", "commit"), ("commit", "rollback"))
        for end, number in product(ends, range(20)):
            self.reset(None, None)
            actors = OrmActor(self.dbname, milk, end[0]), OrmActor(self.dbname, treat, end[1])
            retried += len(self.play(list(interleavings(*actors))[number]))
            for actor in actors:
                actor.close()
            self.assertEqual(self.sql(WRONG, self.cow, self.cow), [])
            rows = self.sql("SELECT count(*) FROM farm_milk_record WHERE animal_id = %s", self.cow)
            self.assertEqual(rows, [(int(end[0] == "commit"),)])
        self.assertTrue(retried)
