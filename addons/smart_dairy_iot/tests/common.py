"""Sensors of the small test farm; other addons may use it too."""

from odoo.addons.smart_dairy_farm.tests.common import FarmCase


class SensorCase(FarmCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gateway = cls.env["farm.sensor.gateway"].create({"name": "Parlour", "farm_id": cls.farm.id})

    @classmethod
    def make_sensor(cls, key="t-1", **values):
        return cls.env["farm.sensor"].create(
            {
                "name": key,
                "device_key": key,
                "sensor_type": "barn_temperature",
                "farm_id": cls.farm.id,
                **values,
            }
        )
