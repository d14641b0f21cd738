from odoo import Command
from odoo.addons.smart_dairy_iot.engine import alerts
from odoo.tests import HttpCase, new_test_user, tagged

from .test_sensor_dashboard import SensorBoard


@tagged("post_install", "-at_install")
class TestSensorTours(HttpCase, SensorBoard):
    """What the browser shows equals what the tests put into the database, on a screen and on a phone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env,
            "sensor_manager",
            groups="base.group_user,base.group_allow_export,smart_dairy_farm.group_farm_manager",
            password="sensor_manager",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def tour(self, name, path="/odoo/sensors-dashboard"):
        self.start_tour(path, f"smart_dairy_performance.{name}", login="sensor_manager")

    def evaluate(self):
        self.env.flush_all()
        alerts.evaluate(self.env.cr, self.now, self.farm.ids)
        self.env.invalidate_all()
        self.env["farm.sensor.alert"]._announce()

    def test_sensors_dashboard(self):
        self.furnish()
        self.evaluate()
        self.tour("sensors_dashboard")
        found = self.env["farm.sensor.alert"].search([("company_id", "=", self.company.id)])
        acted = {alert.kind: (alert.state, alert.user_id, bool(alert.snooze_until)) for alert in found}
        self.assertEqual(acted["high"], ("acknowledged", self.manager, False))
        self.assertTrue(acted["silence"][2])

    def test_on_a_phone(self):
        self.furnish()
        self.evaluate()
        type(self).browser_size = "390x844"
        self.addCleanup(delattr, type(self), "browser_size")
        self.tour("sensors_on_a_phone")

    def test_empty(self):
        self.tour("sensors_empty")

    def test_alert_views(self):
        self.furnish()
        self.evaluate()
        self.tour("sensor_alerts", "/odoo/sensor-alerts")
        found = self.env["farm.sensor.alert"].search(
            [("company_id", "=", self.company.id), ("kind", "=", "thi")]
        )
        self.assertEqual((found.state, found.user_id), ("acknowledged", self.manager))
