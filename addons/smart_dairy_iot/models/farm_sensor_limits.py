from odoo import api, fields, models
from odoo.addons.smart_dairy_farm.fields import Measured, MeasuredInteger, Numeric


class FarmFarm(models.Model):
    """What of its sensors alerts a farm."""

    _inherit = "farm.farm"

    cooling_law_id = fields.Many2one(
        "farm.cooling.law",
        string="Milk Cooling Law",
        ondelete="set null",
        check_company=True,
        default=lambda self: self._default_cooling_law(),
        help="Tank temperatures are judged by its limits; empty: not at all.",
    )
    milking_minutes = fields.Integer(
        "A Milking Takes (min)",
        required=True,
        default=120,
        help="So long warm milk comes into the tank before the law's time to cool it begins.",
    )
    alert_calm_minutes = fields.Integer(
        "Alerts End After (min)",
        required=True,
        default=15,
        help="The cause must have been gone for so long, lest an alert flutters.",
    )
    battery_low = Numeric("Battery Low Below (%)", digits=(4, 1), required=True, default=20)
    battery_good = Numeric(
        "Battery Good From (%)",
        digits=(4, 1),
        required=True,
        default=30,
        help="A low-battery alert ends here.",
    )
    outage_percent = fields.Integer(
        "Outage From (% of Sensors Silent)",
        required=True,
        default=50,
        help="Then one alert for the farm is raised instead of one for each sensor. 0: never.",
    )

    _alert_minutes = models.Constraint(
        "CHECK (milking_minutes BETWEEN 0 AND 1440 AND alert_calm_minutes BETWEEN 0 AND 1440)",
        "Minutes of a milking and of calm lie between 0 and 1440.",
    )
    _battery_levels = models.Constraint(
        "CHECK (0 <= battery_low AND battery_low <= battery_good AND battery_good <= 100)",
        "Battery levels lie between 0 and 100 %, the good one not below the low one.",
    )
    _outage_percent_range = models.Constraint(
        "CHECK (outage_percent BETWEEN 0 AND 100)", "The share of silent sensors lies between 0 and 100 %."
    )

    @api.model
    def _default_cooling_law(self):
        return self.env["farm.cooling.law"].search(
            [("company_id", "in", [False, self.env.company.id])], limit=1
        )

    @api.model
    def _choose_cooling_law(self):
        """Give the farms that stood before the laws did the default one; once, at installation."""
        farms = self.with_context(active_test=False).search([("cooling_law_id", "=", False)])
        for company, of_company in farms.grouped("company_id").items():
            of_company.cooling_law_id = self.with_company(company)._default_cooling_law()


class FarmTank(models.Model):
    _inherit = "farm.tank"

    empty_level = Measured(
        "Empty Up To (L)",
        digits=(8, 1),
        default=20,
        help="Its temperature is not judged while a level sensor says so: it is being washed.",
    )


class FarmSensor(models.Model):
    """Who hears of it, and what besides its limits makes an alert."""

    _inherit = "farm.sensor"

    responsible_id = fields.Many2one(
        "res.users",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Gets its alerts; empty: the farm's herd manager.",
    )
    alert_delay = MeasuredInteger(
        "Alert After (min)",
        help="So long a value may stay beyond a limit before it is an alert. Empty: at once.",
    )
    threshold_margin = Measured(
        "Calm Within (of the Limits)",
        digits=(12, 3),
        help="In the sensor's unit: an alert ends when the value is back by so much. Empty: at the limit.",
    )
    herd_below = MeasuredInteger(
        "Alert Below the Herd (%)",
        help="Alert when so many percent below the median that the farm's sensors of this type show now.",
    )
    herd_above = MeasuredInteger(
        "Alert Above the Herd (%)",
        help="Alert when so many percent above the median that the farm's sensors of this type show now.",
    )
    alert_ids = fields.One2many("farm.sensor.alert", "sensor_id", string="Alerts")
    open_alert_count = fields.Integer(compute="_compute_open_alert_count")

    _alert_delay_positive = models.Constraint(
        "CHECK (alert_delay BETWEEN 0 AND 1440)", "An alert comes after 0 to 1440 minutes."
    )
    _margin_positive = models.Constraint("CHECK (threshold_margin >= 0)", "The margin of calm is 0 or more.")
    _herd_percents = models.Constraint(
        "CHECK (herd_below BETWEEN 1 AND 100 AND herd_above >= 1)",
        "The distance from the herd is 1 % or more, and at most 100 % below it.",
    )

    def _compute_open_alert_count(self):
        counts = dict(
            self.env["farm.sensor.alert"]._read_group(
                [("sensor_id", "in", self.ids), ("state", "!=", "resolved")], ["sensor_id"], ["__count"]
            )
        )
        for sensor in self:
            sensor.open_alert_count = counts.get(sensor, 0)

    def action_open_alerts(self):
        """Open the sensor's alerts, those still open first."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("smart_dairy_iot.farm_sensor_alert_action")
        action["domain"] = [("sensor_id", "=", self.id)]
        action["context"] = {"search_default_open": 1}
        return action
