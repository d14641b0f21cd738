from collections import defaultdict
from datetime import timezone

import psycopg2
import pytz
from odoo import api, fields, models
from odoo.addons.smart_dairy_farm.fields import Numeric
from odoo.exceptions import UserError
from odoo.tools import SQL

#: milkings that one transaction turns into records
TOGETHER = 500


class FarmSensorMilking(models.Model):
    """What a milk meter measured of one cow: a queue from the ingest to the milk records.

    A milking is in it once (meter and device time), and a milk record is the **sum** of its milkings, set and
    not added to. So a repeat, a crash between and a late milking all end with the same record.
    """

    _name = "farm.sensor.milking"
    _description = "Milking Seen by a Meter"
    _order = "timestamp desc, id desc"
    _rec_name = "timestamp"
    _log_access = False

    sensor_id = fields.Many2one("farm.sensor", "Meter", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one(related="sensor_id.company_id", readonly=True)
    timestamp = fields.Datetime("Time", required=True, readonly=True, help="Device time")
    tag = fields.Char(readonly=True, help="The animal as the meter named it: RFID or ear tag.")
    kg = Numeric(digits=(8, 2), required=True, readonly=True)
    state = fields.Selection(
        [("new", "New"), ("done", "Recorded"), ("refused", "Refused")],
        required=True,
        readonly=True,
        default="new",
    )
    reason = fields.Char(readonly=True, help="Why no milk record could be written.")
    animal_id = fields.Many2one("farm.animal", readonly=True, index="btree_not_null", ondelete="cascade")
    record_date = fields.Date(readonly=True)
    session = fields.Selection([("morning", "Morning"), ("evening", "Evening")], readonly=True)
    milk_record_id = fields.Many2one(
        "farm.milk.record", readonly=True, index="btree_not_null", ondelete="set null"
    )

    _once = models.UniqueIndex("(sensor_id, timestamp)", "A meter measures one milking at a time.")
    _new_idx = models.Index("(sensor_id) WHERE state = 'new'")

    @api.model
    def _cron_record(self):
        """Turn new milkings into milk records, each few hundred in a transaction of their own."""
        cron = self.env["ir.cron"]
        while milkings := self.search([("state", "=", "new")], limit=TOGETHER, order="timestamp, id"):
            milkings._record()
            if not cron._commit_progress(len(milkings), remaining=self.search_count([("state", "=", "new")])):
                return

    def _record(self):
        """Write the milk records of these milkings; what the herd's rules refuse keeps the reason."""
        self._find_animals()
        slots = defaultdict(self.browse)
        for milking in self.filtered("animal_id"):
            slots[milking.animal_id, milking.record_date, milking.session] |= milking
        for (animal, day, session), milkings in slots.items():
            try:
                with self.env.cr.savepoint():
                    record = self._write_record(animal, day, session)
                    self.env.flush_all()
                slot = self._slot(animal, day, session)
                self.search(slot).write({"state": "done", "milk_record_id": record.id, "reason": False})
            except (UserError, psycopg2.errors.IntegrityError) as error:
                milkings.write({"state": "refused", "reason": str(error).strip().splitlines()[0]})

    def _find_animals(self):
        """Set animal, business day and session."""
        for company, milkings in self.grouped(lambda milking: milking.sensor_id.company_id).items():
            zone = pytz.timezone(company._business_tz())
            tags = [tag for tag in milkings.mapped("tag") if tag]
            domain = ["|", ("rfid_tag", "in", tags), ("ear_tag", "in", tags), ("company_id", "=", company.id)]
            animals = self.env["farm.animal"].search(domain)
            known = {animal.ear_tag: animal for animal in animals}
            known |= {animal.rfid_tag: animal for animal in animals}
            for milking in milkings:
                animal = known.get(milking.tag) if milking.tag else milking.sensor_id.animal_id
                local = milking.timestamp.replace(tzinfo=timezone.utc).astimezone(zone)
                milking.write(
                    {
                        "animal_id": animal and animal.id,
                        "record_date": local.date(),
                        "session": "morning" if local.hour < 12 else "evening",
                        "state": "new" if animal else "refused",
                        "reason": False if animal else self._unknown(milking.tag),
                    }
                )

    def _slot(self, animal, day, session):
        """Domain of a milking or a milk record."""
        return [("animal_id", "=", animal.id), ("record_date", "=", day), ("session", "=", session)]

    def _unknown(self, tag):
        if tag:
            return self.env._("No present animal has the tag %s.", tag)
        return self.env._("The meter named no animal, and is fixed to none.")

    def _write_record(self, animal, day, session):
        """Set the record of a slot to the sum of its milkings.

        :raises UserError: somebody entered that milking, or the herd's rules refuse it
        """
        records = self.env["farm.milk.record"]
        record = records.search(self._slot(animal, day, session))
        if record and record.source != "meter":
            raise UserError(
                self.env._(
                    "%(animal)s, %(day)s: this milking was entered by hand; delete one.",
                    animal=animal.display_name,
                    day=day,
                )
            )
        self.flush_model()
        # milkings that wait in the queue count as well: they come to the same sum
        [(total,)] = self.env.execute_query(
            SQL(
                """
                SELECT sum(kg) FROM farm_sensor_milking
                 WHERE animal_id = %s AND record_date = %s AND session = %s
                """,
                animal.id,
                day,
                session,
            )
        )
        if not record:
            return records.create(
                {
                    "animal_id": animal.id,
                    "record_date": day,
                    "session": session,
                    "total_yield": float(total),
                    "source": "meter",
                }
            )
        if record.total_yield != float(total):
            record.total_yield = float(total)
        return record

    def action_retry(self):
        """Try refused milkings again: the animal may have her tag or lactation by now."""
        self.check_access("read")
        self.env["farm.milk.record"].check_access("create")
        self.sudo().filtered(lambda milking: milking.state == "refused").write({"state": "new"})
        self.env.ref("smart_dairy_iot.ir_cron_milkings")._trigger()
