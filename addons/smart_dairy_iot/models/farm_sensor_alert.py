from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.database_partition import runtime
from odoo.addons.smart_dairy_farm.fields import NullableMixin
from odoo.exceptions import UserError
from odoo.tools.misc import format_datetime, formatLang

from ..engine import alerts
from .farm_sensor import UNITS

KINDS = [
    ("tank_warm", "Milk Too Warm"),
    ("tank_slow", "Milk Not Cooled in Time"),
    ("thi", "Heat Stress"),
    ("high", "Above the High Limit"),
    ("low", "Below the Low Limit"),
    ("herd_high", "Above the Herd"),
    ("herd_low", "Below the Herd"),
    ("rate", "Changes Too Fast"),
    ("outage", "Many Sensors Without Data"),
    ("silence", "No Data"),
    ("battery", "Battery Low"),
]
STATES = [("new", "New"), ("acknowledged", "Acknowledged"), ("resolved", "Resolved")]
#: what people may write themselves; state and snooze go through the actions
OWN_FIELDS = {"user_id", "note"}
#: hours
LONGEST_SNOOZE = 168
#: alerts announced in one transaction
BATCH = 200


class Known(NullableMixin, fields.Float):
    """A double that may be unknown (NULL), not rounded."""


class FarmSensorAlert(models.Model):
    """One cause that wants attention, from when it was found to when it is gone.

    The engine (:mod:`..engine.alerts`) raises and ends alerts by SQL; people acknowledge, snooze and
    resolve them.
    A cause that comes back is a new alert: none reopens silently.
    """

    _name = "farm.sensor.alert"
    _description = "Sensor Alert"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "raised_at desc, id desc"
    _check_company_auto = True

    kind = fields.Selection(KINDS, required=True, readonly=True)
    sensor_id = fields.Many2one("farm.sensor", readonly=True, ondelete="cascade", index="btree_not_null")
    barn_id = fields.Many2one("farm.barn", readonly=True, ondelete="cascade", index="btree_not_null")
    farm_id = fields.Many2one("farm.farm", required=True, readonly=True, ondelete="cascade", index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="new", tracking=True)
    user_id = fields.Many2one(
        "res.users",
        string="Assigned To",
        tracking=True,
        index="btree_not_null",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )
    value = Known(readonly=True, digits=0, help="When it was raised.")
    bound = Known("Limit", readonly=True, digits=0, help="When it was raised.")
    unit = fields.Selection(UNITS, readonly=True)
    since = fields.Datetime(
        readonly=True, required=True, help="Device time at which it began; of the last data."
    )
    raised_at = fields.Datetime("Raised", readonly=True, required=True)
    cleared_at = fields.Datetime("Cause Gone Since", readonly=True)
    snooze_until = fields.Datetime("Snoozed Until", readonly=True)
    resolved_at = fields.Datetime("Resolved", readonly=True)
    resolution = fields.Selection(
        [
            ("by_itself", "The cause is gone"),
            ("by_person", "By a person"),
            ("not_judged", "No longer judged"),
        ],
        readonly=True,
        help="No longer judged: the sensor was archived, its limit taken away, or its animal is gone.",
    )
    announced = fields.Boolean(readonly=True, help="The person and the chatter know of its last change.")
    note = fields.Text("What Was Done")
    cause = fields.Char(compute="_compute_cause", help="What is wrong, with figures.")
    next_action = fields.Char(compute="_compute_next_action")
    place = fields.Char(compute="_compute_place")

    _one_open_per_sensor = models.UniqueIndex(
        "(sensor_id, kind) WHERE sensor_id IS NOT NULL AND state <> 'resolved'",
        "This sensor already has an open alert of this kind.",
    )
    _one_open_per_barn = models.UniqueIndex(
        "(barn_id, kind) WHERE barn_id IS NOT NULL AND state <> 'resolved'",
        "This barn already has an open alert of this kind.",
    )
    _one_open_per_farm = models.UniqueIndex(
        "(farm_id, kind) WHERE sensor_id IS NULL AND barn_id IS NULL AND state <> 'resolved'",
        "This farm already has an open alert of this kind.",
    )
    _unannounced_idx = models.Index("(id) WHERE announced IS NOT TRUE")
    _one_subject = models.Constraint(
        "CHECK (num_nonnulls(sensor_id, barn_id) <= 1)", "An alert is about one sensor, barn or farm."
    )

    # ------------------------------------------------------------
    # COMPUTE
    # ------------------------------------------------------------

    @api.depends("kind", "sensor_id.name", "barn_id.name", "farm_id.name")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for alert in self:
            subject = alert.sensor_id or alert.barn_id or alert.farm_id
            alert.display_name = f"{kinds.get(alert.kind, '')}: {subject.name or ''}"

    @api.depends("sensor_id.place", "barn_id.name", "farm_id.name")
    def _compute_place(self):
        for alert in self:
            alert.place = alert.sensor_id.place or alert.barn_id.name or alert.farm_id.name

    @api.depends("kind", "value", "bound", "unit", "since")
    @api.depends_context("lang", "tz")
    def _compute_cause(self):
        units = dict(UNITS)
        for alert in self:
            since = format_datetime(self.env, alert.since) if alert.since else ""
            words = {
                "since": since,
                "value": self._number(alert.value, 1),
                "bound": self._number(alert.bound, 1),
                "unit": units.get(alert.unit, ""),
            }
            if alert.kind == "silence":
                alert.cause = self.env._("No data since %(since)s", **words)
            elif alert.kind == "outage":
                words.update(value=self._number(alert.value, 0))
                alert.cause = self.env._(
                    "%(value)s sensors have sent no data since %(since)s or longer", **words
                )
            elif alert.kind == "thi":
                alert.cause = self.env._("THI %(value)s, heat stress from %(bound)s", **words)
            elif alert.kind == "rate":
                alert.cause = self.env._(
                    "%(value)s %(unit)s per hour since %(since)s, at most %(bound)s", **words
                )
            else:
                alert.cause = self.env._("%(value)s %(unit)s since %(since)s, limit %(bound)s", **words)

    def _number(self, value, digits):
        return "–" if value is False else formatLang(self.env, value, digits=digits)

    @api.depends("kind")
    @api.depends_context("lang")
    def _compute_next_action(self):
        actions = self._next_actions()
        for alert in self:
            alert.next_action = actions.get(alert.kind, "")

    @api.model
    def _next_actions(self):
        """What to do, by kind of alert."""
        return {
            "tank_warm": self.env._(
                "Check the cooling and the agitator; do not mix this milk with cold milk."
            ),
            "tank_slow": self.env._("Check the cooling, and ask the dairy before this milk is collected."),
            "thi": self.env._("Fans and sprinklers on, fresh water; move milking to the cool hours."),
            "high": self.env._("Look at the place, then at the sensor."),
            "low": self.env._("Look at the place, then at the sensor."),
            "herd_high": self.env._("Look at the animal: heat, fever or pain?"),
            "herd_low": self.env._("Look at the animal: is she eating, is she lame?"),
            "rate": self.env._("Look what changed at the place, then at the sensor."),
            "outage": self.env._("Check the gateway, its power and the network."),
            "silence": self.env._("Check the sensor, its battery and whether it is in reach."),
            "battery": self.env._("Change or charge the battery."),
        }

    # ------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------

    def write(self, vals):
        foreign = [
            name for name in vals if name not in OWN_FIELDS and not name.startswith(("message_", "activity_"))
        ]
        if foreign and not self.env.su:
            raise UserError(
                self.env._(
                    "%(fields)s of an alert cannot be written: acknowledge, snooze or resolve it.",
                    fields=", ".join(sorted(foreign)),
                )
            )
        result = super().write(vals)
        if "user_id" in vals:
            self._hand_over()
        return result

    # ------------------------------------------------------------
    # WHAT PEOPLE DO
    # ------------------------------------------------------------

    def action_acknowledge(self):
        """Somebody looks after these alerts: whoever says so, where nobody is assigned."""
        alerts_ = self._open_to_me()
        alerts_.filtered(lambda alert: not alert.user_id).write({"user_id": self.env.uid})
        alerts_.sudo().write({"state": "acknowledged", "snooze_until": False})

    def action_assign_to_me(self):
        """Take these alerts."""
        self._open_to_me().write({"user_id": self.env.uid})

    def action_snooze(self, hours=None):
        """Leave these alerts out of the lists for some hours; what is still there then comes back as new.

        :param hours: from 1 to :data:`LONGEST_SNOOZE`; default: the context's ``snooze_hours``, or 4
        :raises UserError: another number of hours
        """
        hours = self.env.context.get("snooze_hours", 4) if hours is None else hours
        if isinstance(hours, bool) or not isinstance(hours, int) or not 1 <= hours <= LONGEST_SNOOZE:
            raise UserError(
                self.env._(
                    "Snooze for %(hours)s hours will not do: take 1 to %(longest)s.",
                    hours=repr(hours),
                    longest=LONGEST_SNOOZE,
                )
            )
        found = self._open_to_me()
        until = fields.Datetime.now() + timedelta(hours=hours)
        found.sudo().write({"snooze_until": until})
        for alert in found:
            alert.sudo().activity_ids.write({"date_deadline": alert._day_of(until)})

    def action_resolve(self):
        """Close these alerts, where the cause is gone.

        :raises UserError: a cause is still there; it would be raised again at the next look
        """
        found = self._open_to_me()
        self.env.flush_all()
        still = found.browse(alerts.still_beyond(self.env.cr, fields.Datetime.now(), found.ids))
        if still:
            raise UserError(
                self.env._(
                    "%(alert)s: the cause is still there (%(cause)s). Mend it, snooze the alert, or change "
                    "the limit; the alert ends by itself when the cause is gone.",
                    alert=still[0].display_name,
                    cause=still[0].cause,
                )
            )
        now = fields.Datetime.now()
        found.sudo().write(
            {"state": "resolved", "resolution": "by_person", "resolved_at": now, "snooze_until": False}
        )
        found.sudo().activity_ids.unlink()

    def _open_to_me(self):
        """The open ones of ``self``, if the user may act on them."""
        self.check_access("write")
        return self.filtered(lambda alert: alert.state != "resolved")

    # ------------------------------------------------------------
    # WHAT HAPPENS BY ITSELF
    # ------------------------------------------------------------

    @api.model
    def _cron_evaluate(self):
        """Look at all sensors, then tell whom it concerns."""
        outcome = self._evaluate()
        cron = self.env["ir.cron"]
        cron._commit_progress()  # the snapshot of this transaction is older than what was found
        self._found(outcome)
        left = self.sudo().search_count([("announced", "!=", True)])
        cron._commit_progress(remaining=left)
        while left > 0 and (done := self._announce()):
            left -= done
            if not cron._commit_progress(done):
                break

    @api.model
    def _found(self, outcome):
        """What else is to happen after each look, found something or not; for extension.

        :param outcome: :class:`~..engine.alerts.Outcome`
        """

    @api.model
    def _evaluate(self, farm_ids=None):
        """Raise and end alerts, in a transaction of its own that is committed.

        What this transaction has not committed is not seen.

        :param farm_ids: only of these farms; default all
        :return: :class:`~..engine.alerts.Outcome`
        """
        with runtime.session(self.env.cr.dbname) as session, session.transaction() as cursor:
            return alerts.evaluate(cursor, fields.Datetime.now(), farm_ids)

    @api.model
    def _announce(self, limit=BATCH):
        """Give raised and woken alerts an activity, end those of resolved ones, and say so in the chatter.

        :return: how many alerts were announced; call again while it is ``limit``
        """
        found = self.sudo().search([("announced", "!=", True)], limit=limit, order="id")
        ended = found.filtered(lambda alert: alert.state == "resolved")
        ended.activity_ids.unlink()
        if ended:
            labels = dict(self._fields["resolution"]._description_selection(self.env))
            ended._message_log_batch(
                {alert.id: self.env._("Resolved: %s.", labels.get(alert.resolution, "")) for alert in ended}
            )
        running = found - ended
        running._plan_next_action()
        if running:
            running._message_log_batch({alert.id: alert.cause for alert in running})
        found.with_context(tracking_disable=True).write({"announced": True})
        return len(found)

    def _plan_next_action(self):
        """An activity with the next action for whoever is assigned, if there is none yet."""
        kind = self.env.ref("mail.mail_activity_data_todo")
        model = self.env["ir.model"]._get_id(self._name)
        self.env["mail.activity"].sudo().create(
            [
                {
                    "res_model_id": model,
                    "res_id": alert.id,
                    "activity_type_id": kind.id,
                    "summary": alert.with_context(lang=alert.user_id.lang or self.env.lang).next_action,
                    "user_id": alert.user_id.id,
                    "date_deadline": alert._day_of(fields.Datetime.now()),
                }
                for alert in self
                if alert.user_id and not alert.activity_ids
            ]
        )

    def _hand_over(self):
        """The activity follows the assignment."""
        for alert in self.sudo().filtered(lambda alert: alert.state != "resolved"):
            if not alert.user_id:
                alert.activity_ids.unlink()
            elif alert.activity_ids:
                alert.activity_ids.write({"user_id": alert.user_id.id})
            else:
                alert._plan_next_action()

    def _day_of(self, moment):
        """The farm's date of a UTC moment."""
        zone = self.company_id._business_tz()
        return fields.Datetime.context_timestamp(self.with_context(tz=zone), moment).date()
