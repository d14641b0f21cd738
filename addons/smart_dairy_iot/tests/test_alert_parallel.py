"""Evaluations on real connections that commit, side by side."""

import threading
from datetime import timedelta

from odoo import fields
from odoo.addons.database_partition import runtime
from odoo.addons.smart_dairy_iot.engine import alerts
from odoo.tests import BaseCase, get_db_name, tagged

WORKERS = 6
SENSORS = 40


@tagged("post_install", "-at_install")
class TestParallelEvaluation(BaseCase):
    def setUp(self):
        super().setUp()
        self.now = fields.Datetime.now().replace(microsecond=0)
        self.database = get_db_name()
        with runtime.session(self.database) as session, session.transaction() as cursor:
            cursor.execute(
                """
                WITH farm AS (
                    INSERT INTO farm_farm (name, active, company_id, dim_first_day, ecm_formula,
                    male_calves_become,
                                           colostrum_days, calf_days, milking_minutes, alert_calm_minutes,
                                           battery_low, battery_good, outage_percent, milk_density)
                    SELECT 'Parallel farm', true, min(id), '0', 'ifcn', 'bull', 5, 240, 120, 0, 20, 30, 0,
                    1.03
                      FROM res_company RETURNING id, company_id),
                sensor AS (
                    INSERT INTO farm_sensor (name, active, device_key, sensor_type, unit, expected_interval,
                    farm_id,
                                             company_id, threshold_high, create_date)
                    SELECT 's', true, 'parallel-' || n, 'other', 'index', 10, id, company_id, 10, %s
                      FROM farm, generate_series(1, %s) n RETURNING id, farm_id)
                INSERT INTO farm_sensor_latest (sensor_id, "timestamp", value, received_at)
                SELECT id, %s, 20, %s FROM sensor
                """,
                [self.now, SENSORS, self.now, self.now],
            )
            cursor.execute("SELECT id FROM farm_farm WHERE name = 'Parallel farm'")
            self.farm = cursor.fetchone()[0]
        self.addCleanup(self.forget)

    def forget(self):
        self.sql("DELETE FROM farm_sensor_alert WHERE farm_id = %s", self.farm)
        self.sql("DELETE FROM farm_sensor WHERE farm_id = %s", self.farm)
        self.sql("DELETE FROM farm_farm WHERE id = %s", self.farm)

    def sql(self, statement, *parameters):
        with runtime.session(self.database) as session, session.transaction() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else None

    def set_value(self, value):
        self.sql(
            "UPDATE farm_sensor_latest SET value = %s"
            " WHERE sensor_id IN (SELECT id FROM farm_sensor WHERE farm_id = %s)",
            value,
            self.farm,
        )

    def side_by_side(self, now):
        """Outcomes of as many evaluations as there are workers, begun together."""
        outcomes, errors = [], []
        barrier = threading.Barrier(WORKERS)

        def work():
            try:
                with runtime.session(self.database) as session:
                    barrier.wait()
                    with session.transaction() as cursor:
                        outcomes.append(alerts.evaluate(cursor, now, [self.farm]))
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=work) for _n in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertFalse(errors)
        return outcomes

    def test_every_cause_is_raised_and_ended_once(self):
        for turn in range(5):
            now = self.now + timedelta(minutes=turn)
            self.set_value(20)
            raised = [id_ for outcome in self.side_by_side(now) for id_ in outcome.raised]
            self.assertEqual(len(raised), SENSORS, "each cause once, whoever found it")
            rows = self.sql(
                "SELECT count(*), count(DISTINCT sensor_id) FROM farm_sensor_alert"
                " WHERE farm_id = %s AND state = 'new'",
                self.farm,
            )
            self.assertEqual(rows, [(SENSORS, SENSORS)])
            self.set_value(5)
            resolved = [id_ for outcome in self.side_by_side(now) for id_ in outcome.resolved]
            self.assertEqual(sorted(resolved), sorted(raised))

    def test_a_person_who_writes_holds_nobody_up(self):
        with runtime.session(self.database) as session, session.transaction() as cursor:
            raised = alerts.evaluate(cursor, self.now, [self.farm]).raised
        self.set_value(5)
        with runtime.session(self.database) as person, person.transaction() as writing:
            writing.execute("UPDATE farm_sensor_alert SET note = 'x' WHERE id = %s", [raised[0]])
            with runtime.session(self.database) as session, session.transaction() as cursor:
                resolved = alerts.evaluate(cursor, self.now, [self.farm]).resolved
        self.assertEqual(set(raised) - set(resolved), {raised[0]}, "left to the next look")
        with runtime.session(self.database) as session, session.transaction() as cursor:
            self.assertEqual(alerts.evaluate(cursor, self.now, [self.farm]).resolved, (raised[0],))
