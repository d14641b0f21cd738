"""What readings set off when they have come in: a look at the farms' limits, and a word to open pages.

Ingest, in a server's worker or in the MQTT bridge, notes the farm after its commit and goes on; a thread
looks (:meth:`~.models.farm_sensor_look.FarmSensorLook._look`). What is lost with a killed process is made
good by the evaluation of each minute.
"""

from odoo import SUPERUSER_ID, api
from odoo.addons.smart_dairy_farm.announcer import Announcer
from odoo.modules.registry import Registry
from odoo.sql_db import db_connect
from odoo.tools import groupby

from .engine import ingest

#: seconds between two looks at a company, whatever comes in, in however many processes
INTERVAL = 5


def _look(topics):
    for database, found in groupby(topics, key=lambda topic: topic[0]):
        # the bridge hears of updated addons here, and nowhere else
        Registry(database).check_signaling()
        with db_connect(database).cursor() as cr:
            ingest.begin(cr)
            env = api.Environment(cr, SUPERUSER_ID, {})
            waiting = env["farm.sensor.look"]._look([farm for _database, farm in found], INTERVAL)
        announcer.note({(database, farm) for farm in waiting})


announcer = Announcer(_look, "smart_dairy_iot.arrivals", INTERVAL)


def note(database, farm_id):
    """Readings of this farm have been committed."""
    announcer.note({(database, farm_id)})
