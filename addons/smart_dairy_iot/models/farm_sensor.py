from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.smart_dairy_farm.fields import Measured
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.alerts import SILENT_AFTER
from ..engine.parse import DEVICE_KEY

#: sensor type → (label, unit, usual minutes between two readings)
SENSOR_TYPES = {
    "milk_meter": ("Milk Meter", "kg", 720),
    "collar_activity": ("Collar: Activity", "index", 120),
    "rumination": ("Collar: Rumination", "min", 120),
    "bolus_temperature": ("Bolus: Temperature", "degC", 10),
    "bolus_ph": ("Bolus: pH", "pH", 10),
    "tank_temperature": ("Tank: Temperature", "degC", 1),
    "tank_level": ("Tank: Level", "L", 1),
    "barn_temperature": ("Barn: Temperature", "degC", 10),
    "barn_humidity": ("Barn: Humidity", "%", 10),
    "barn_ammonia": ("Barn: Ammonia", "ppm", 10),
    "scale": ("Scale", "kg", 1440),
    "other": ("Other", "index", 60),
}
UNITS = [
    ("kg", "kg"),
    ("degC", "°C"),
    ("%", "%"),
    ("L", "L"),
    ("min", "min"),
    ("pH", "pH"),
    ("ppm", "ppm"),
    ("index", "Index"),
]
PLACES = ("animal_id", "pen_id", "tank_id", "barn_id")


class FarmSensor(models.Model):
    """A sensor, known to devices by its key; its newest reading is in ``farm.sensor.latest``."""

    _name = "farm.sensor"
    _description = "Sensor"
    _order = "farm_id, name, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    device_key = fields.Char(
        required=True, copy=False, help="What the device calls itself in its readings; unique."
    )
    sensor_type = fields.Selection(
        [(code, label) for code, (label, _unit, _minutes) in SENSOR_TYPES.items()],
        string="Type",
        required=True,
        default="other",
    )
    unit = fields.Selection(
        UNITS,
        required=True,
        compute="_compute_type_defaults",
        store=True,
        readonly=False,
        precompute=True,
        help="Of all its readings; a reading in another unit is put aside.",
    )
    expected_interval = fields.Integer(
        "Expected Interval (min)",
        required=True,
        compute="_compute_type_defaults",
        store=True,
        readonly=False,
        precompute=True,
        help="Minutes between two readings. Silent for three times as long, the sensor has no data.",
    )
    farm_id = fields.Many2one("farm.farm", required=True, index=True, ondelete="restrict", check_company=True)
    company_id = fields.Many2one(related="farm_id.company_id", store=True, index=True, precompute=True)
    animal_id = fields.Many2one(
        "farm.animal", index="btree_not_null", ondelete="restrict", check_company=True
    )
    pen_id = fields.Many2one(
        "farm.pen",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        domain="[('farm_id', '=', farm_id)]",
    )
    tank_id = fields.Many2one(
        "farm.tank",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        domain="[('farm_id', '=', farm_id)]",
    )
    barn_id = fields.Many2one(
        "farm.barn",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        domain="[('farm_id', '=', farm_id)]",
    )
    place = fields.Char(compute="_compute_place", help="The animal, pen, tank or barn that it measures.")
    threshold_low = Measured("Low Limit", digits=(12, 3), help="In the sensor's unit; empty: none.")
    threshold_high = Measured("High Limit", digits=(12, 3), help="In the sensor's unit; empty: none.")
    threshold_rate = Measured(
        "Fastest Change (per Hour)", digits=(12, 3), help="In the sensor's unit per hour; empty: none."
    )
    calibration_ids = fields.One2many("farm.sensor.calibration", "sensor_id", string="Calibrations")
    calibrated = fields.Boolean(compute="_compute_calibrated", store=True)
    calibration_due = fields.Date("Next Calibration")
    writes_milk = fields.Boolean(
        "Writes Milk Records",
        help="Each reading (kg) is a milking of the animal that it names, or of the sensor's own.",
    )
    latest_ids = fields.One2many("farm.sensor.latest", "sensor_id", readonly=True)
    last_seen = fields.Datetime(
        compute="_compute_latest",
        search="_search_last_seen",
        help="Device time of the newest usable reading.",
    )
    last_value = Measured("Last Value", digits=(12, 3), compute="_compute_latest")
    battery = Measured("Battery (%)", digits=(5, 1), compute="_compute_latest")
    state = fields.Selection(
        [("ok", "OK"), ("no_data", "No Data"), ("alert", "Alert")],
        compute="_compute_state",
        search="_search_state",
        help="No data: silent for three expected intervals. Alert: the newest value is beyond a limit.",
    )

    _device_key_uniq = models.UniqueIndex("(device_key)", "Another sensor has this device key.")
    _one_place = models.Constraint(
        "CHECK (num_nonnulls(animal_id, pen_id, tank_id, barn_id) <= 1)",
        "A sensor measures one animal, pen, tank or barn, not several.",
    )
    _interval_positive = models.Constraint(
        "CHECK (expected_interval > 0)", "The expected interval is at least one minute."
    )
    _thresholds_ordered = models.Constraint(
        "CHECK (threshold_low < threshold_high)", "The low limit lies below the high limit."
    )
    _milk_by_meters = models.Constraint(
        "CHECK (NOT writes_milk OR (sensor_type = 'milk_meter' AND unit = 'kg'))",
        "Milk records are written by milk meters that measure kg.",
    )
    _rate_positive = models.Constraint("CHECK (threshold_rate > 0)", "The fastest change is more than 0.")

    # ------------------------------------------------------------
    # COMPUTE
    # ------------------------------------------------------------

    @api.depends("sensor_type")
    def _compute_type_defaults(self):
        for sensor in self:
            _label, sensor.unit, sensor.expected_interval = SENSOR_TYPES[sensor.sensor_type or "other"]

    @api.depends("calibration_ids")
    def _compute_calibrated(self):
        for sensor in self:
            sensor.calibrated = bool(sensor.calibration_ids)

    @api.depends(*(f"{place}.display_name" for place in PLACES))
    def _compute_place(self):
        for sensor in self:
            sensor.place = next((sensor[place].display_name for place in PLACES if sensor[place]), False)

    @api.depends("latest_ids.timestamp", "latest_ids.value", "latest_ids.battery")
    def _compute_latest(self):
        for sensor in self:
            # not [:1], which forgets whose readings are fetched together with it
            latest = next(iter(sensor.latest_ids), sensor.latest_ids)
            sensor.last_seen = latest.timestamp
            sensor.last_value = latest.value if latest else None
            sensor.battery = latest.battery if latest else None

    @api.depends("last_seen", "last_value", "expected_interval", "threshold_low", "threshold_high")
    def _compute_state(self):
        now = fields.Datetime.now()
        for sensor in self:
            quiet = timedelta(minutes=SILENT_AFTER * sensor.expected_interval)
            if not sensor.last_seen or sensor.last_seen < now - quiet:
                sensor.state = "no_data"
            elif sensor._beyond_limits(sensor.last_value):
                sensor.state = "alert"
            else:
                sensor.state = "ok"

    def _beyond_limits(self, value):
        """Whether a value (in the sensor's unit) lies below the low or above the high limit."""
        self.ensure_one()
        low, high = self.threshold_low, self.threshold_high
        return (low is not False and value < low) or (high is not False and value > high)

    def _search_last_seen(self, operator, value):
        if operator == "in" and False in value:
            silent = Domain("latest_ids", "=", False)
            rest = [one for one in value if one]
            return silent | Domain("latest_ids.timestamp", "in", rest) if rest else silent
        return Domain("latest_ids.timestamp", operator, value)

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        condition = SQL(
            """
            SELECT s.id FROM farm_sensor s LEFT JOIN farm_sensor_latest l ON l.sensor_id = s.id
             WHERE CASE WHEN l.timestamp IS NULL OR l.timestamp <
                             %s - make_interval(mins => %s * s.expected_interval) THEN 'no_data'
                        WHEN l.value < s.threshold_low OR l.value > s.threshold_high THEN 'alert'
                        ELSE 'ok' END = ANY(%s)
            """,
            fields.Datetime.now(),
            SILENT_AFTER,
            [state for state in value if state],
        )
        self.flush_model(["expected_interval", "threshold_low", "threshold_high"])
        return Domain("id", "in", condition)

    # ------------------------------------------------------------
    # CONSTRAINTS
    # ------------------------------------------------------------

    @api.constrains("device_key")
    def _check_device_key(self):
        for sensor in self:
            if not DEVICE_KEY.fullmatch(sensor.device_key):
                raise ValidationError(
                    self.env._(
                        "Device key %(key)r: take 1 to 64 letters, digits and . _ : / - (no spaces), as the "
                        "device sends it.",
                        key=sensor.device_key,
                    )
                )

    @api.constrains("farm_id", "pen_id", "tank_id", "barn_id")
    def _check_farm_of_place(self):
        for sensor in self:
            for place in ("pen_id", "tank_id", "barn_id"):
                if sensor[place] and sensor[place].farm_id != sensor.farm_id:
                    raise ValidationError(
                        self.env._(
                            "Sensor %(sensor)s: %(place)s belongs to another farm. Choose one of %(farm)s.",
                            sensor=sensor.name,
                            place=sensor[place].display_name,
                            farm=sensor.farm_id.name,
                        )
                    )

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    def write(self, vals):
        if {"unit", "farm_id"} & vals.keys():
            self._refuse_new_meaning(vals)
        return super().write(vals)

    def _refuse_new_meaning(self, vals):
        """Stored readings bear a unit and belong to a company: neither may change under them."""
        company = self.env["farm.farm"].browse(vals["farm_id"]).company_id if "farm_id" in vals else None
        for sensor in self:
            changes = ("unit" in vals and vals["unit"] != sensor.unit) or (
                company is not None and company != sensor.company_id
            )
            if changes and sensor._has_readings():
                raise UserError(
                    self.env._(
                        "Sensor %(name)s has readings, so its unit and its company stay. Archive it, and "
                        "register the device anew with another key.",
                        name=sensor.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_without_readings(self):
        for sensor in self:
            if sensor._has_readings():
                raise UserError(
                    self.env._("Sensor %(name)s has readings: archive it instead.", name=sensor.display_name)
                )

    def _has_readings(self):
        self.ensure_one()
        # bad ones are in the table only
        readings = self.env["farm.sensor.reading"].sudo()
        return bool(self.latest_ids or readings.search_count([("sensor_id", "=", self.id)], limit=1))
