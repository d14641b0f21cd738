from collections import defaultdict
from datetime import datetime, time, timedelta

import pytz
from odoo import api, fields, models
from odoo.addons.smart_dairy_farm.figures import climate
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..guards import check_group, check_internal, companies_of
from ..queries import sensors
from ..scope import head_of

LISTED = 40
ALERTS_LISTED = 15
#: readings received before that were announced by the look before: it comes each minute
LOOK = timedelta(seconds=90)
WORKER = "smart_dairy_farm.group_farm_worker"


def iso(moment):
    """ISO text in UTC that says so, or None."""
    return f"{moment.replace(microsecond=0).isoformat()}Z" if moment else None


class FarmSensor(models.Model):
    """All that the sensor dashboard shows: how things are now, in a constant number of statements."""

    _name = "farm.sensor"
    _inherit = ["farm.sensor", "dairy.live.mixin"]
    _dairy_dashboards = ("sensors",)

    # ------------------------------------------------------------
    # CALLED BY CLIENTS
    # ------------------------------------------------------------

    @api.model
    @api.readonly
    def get_sensor_dashboard(self, farm_id=None, company_id=None):
        """Return sensors, barns, tanks and open alerts as they are now. Not cached: seconds count here.

        A sensor that is silent has no value, only the time of its last data.

        :param farm_id: one farm; default all of the companies
        :param company_id: one of the selected companies; default all
        :return: dict: ``now`` (counts: sensors, ok, no_data, alert, open, new, acknowledged, snoozed),
            ``alerts``, ``barns`` (temperature °C, humidity %, thi, at), ``tanks`` (temperature °C, level L,
            at, limit °C), ``sensors`` (those that want a look first), ``domains`` (of the records behind),
            ``today``
        :raises AccessError: users without herd rights, foreign farms and companies
        """
        scope = self._sensor_scope(farm_id, company_id)
        self.env.flush_all()
        query = self._search(scope["domain"])
        chosen = query.subselect()
        states = dict(self.env.execute_query(sensors.counts(chosen, scope["now"])))
        barns, tanks = self._sensor_places(scope, chosen)
        return {
            "now": {
                "sensors": sum(states.values()),
                **{state: states.get(state, 0) for state in ("ok", "no_data", "alert")},
                **self._alert_counts(scope),
            },
            "alerts": self._alert_rows(scope),
            "barns": barns,
            "tanks": tanks,
            "sensors": self._sensor_rows(chosen, scope["now"]),
            "domains": {
                "sensors": list(scope["domain"]),
                **{
                    state: list(scope["domain"] & Domain("state", "=", state))
                    for state in ("ok", "no_data", "alert")
                },
                **{name: list(domain) for name, domain in scope["alerts"].items()},
            },
            "today": scope["today"].isoformat(),
        }

    @api.model
    @api.readonly
    def get_sensor_dashboard_filters(self, company_id=None):
        """Return ``today`` (ISO) and ``farms`` ([{id, name}]) that the user can choose from."""
        scope = self._sensor_scope(None, company_id)
        return {
            "today": scope["today"].isoformat(),
            "farms": [{"id": farm.id, "name": farm.name} for farm in scope["farms"]],
        }

    @api.readonly
    def get_chart(self, span):
        """Return the readings of one sensor up to now, in points that suit the span.

        :param span: 'hours' (6), 'day' (24 hours): readings; 'week', 'month': hours; 'quarter', 'year': days
            of the company's time zone
        :return: dict: ``sensor`` (as in the dashboard's list), ``grain`` ('reading', 'hour', 'day'),
            ``points`` ([ms since 1970, value], or [ms, mean, lowest, highest]), ``gap`` (ms: points further
            apart are not joined), ``bounds`` ([{kind, value}]), ``start``, ``end`` (ms), ``zone``
        :raises AccessError: a sensor that the user may not see
        :raises UserError: an unknown span
        """
        check_internal(self.env)
        self.ensure_one()
        self.check_access("read")
        if span not in sensors.SPANS:
            raise UserError(
                self.env._(
                    "%(value)s is not a span of the chart: choose among %(known)s.",
                    value=repr(span),
                    known=", ".join(sensors.SPANS),
                )
            )
        self.env.flush_all()
        # a device's clock may be a little ahead of ours
        end = max(fields.Datetime.now(), self.last_seen or datetime.min) + timedelta(seconds=1)
        start = end - sensors.SPANS[span].back
        grain = sensors.SPANS[span].grain
        found = self.series(start, end, grain).get(self.id, [])
        if grain == "reading" and len(found) > sensors.MOST_POINTS:
            grain = "hour"
            found = self.series(start, end, grain).get(self.id, [])
        zone = self.company_id.sudo()._business_tz()
        return {
            "sensor": self._sensor_row(self.state),
            "grain": grain,
            "points": [
                [_ms(at, zone), mean] if grain == "reading" else [_ms(at, zone), mean, lowest, highest]
                for at, _readings, mean, lowest, highest in found
            ],
            "gap": int(sensors.gap(grain, self.expected_interval).total_seconds() * 1000),
            "bounds": self._chart_bounds(),
            "start": _ms(start),
            "end": _ms(end),
            "zone": zone,
        }

    def _chart_bounds(self):
        """Limits to draw: [{kind: 'low', 'high' or 'law', value}]."""
        law = (
            self.farm_id.cooling_law_id if self.tank_id and self.sensor_type == "tank_temperature" else False
        )
        bounds = [("low", self.threshold_low), ("high", self.threshold_high), ("law", law and law.limit)]
        return [{"kind": kind, "value": value} for kind, value in bounds if value is not False]

    # ------------------------------------------------------------
    # SCOPE
    # ------------------------------------------------------------

    @api.model
    def _sensor_scope(self, farm_id, company_id):
        check_internal(self.env)
        check_group(self.env, WORKER)
        companies = companies_of(self.env, company_id)
        farms = self.env["farm.farm"].search([("company_id", "in", companies.ids)])
        domain = Domain("company_id", "in", companies.ids)
        if farm_id:
            if farm_id not in farms.ids:
                raise AccessError(
                    self.env._(
                        "Farm %(farm)s is not one you may see: choose one of your selected companies.",
                        farm=farm_id,
                    )
                )
            domain &= Domain("farm_id", "=", farm_id)
        now = fields.Datetime.now()
        awake = Domain("snooze_until", "=", False) | Domain("snooze_until", "<=", now)
        open_ = domain & Domain("state", "!=", "resolved")
        return {
            "farms": farms,
            "domain": domain,
            "now": now,
            "today": head_of(self.env, companies).sudo()._business_today(),
            "alerts": {
                "open_alerts": open_,
                "new_alerts": open_ & awake & Domain("state", "=", "new"),
                "acknowledged_alerts": open_ & awake & Domain("state", "=", "acknowledged"),
                "snoozed_alerts": open_ & Domain("snooze_until", ">", now),
            },
        }

    # ------------------------------------------------------------
    # FIGURES
    # ------------------------------------------------------------

    @api.model
    def _alert_counts(self, scope):
        query = self.env["farm.sensor.alert"]._search(scope["alerts"]["open_alerts"])
        [(open_, new, acknowledged, snoozed)] = self.env.execute_query(
            SQL(
                """
                SELECT count(*), count(*) FILTER (WHERE state = 'new' AND NOT asleep),
                       count(*) FILTER (WHERE state = 'acknowledged' AND NOT asleep), count(*) FILTER (WHERE
                       asleep)
                  FROM (SELECT state, COALESCE(snooze_until > %s, false) AS asleep FROM farm_sensor_alert
                         WHERE id IN %s) x
                """,
                scope["now"],
                query.subselect(),
            )
        )
        return {"open": open_, "new": new, "acknowledged": acknowledged, "snoozed": snoozed}

    @api.model
    def _alert_rows(self, scope):
        """Open alerts that are not snoozed: the new ones first, then the latest."""
        kinds = dict(self.env["farm.sensor.alert"]._fields["kind"]._description_selection(self.env))
        waking = scope["alerts"]["new_alerts"] | scope["alerts"]["acknowledged_alerts"]
        found = self.env["farm.sensor.alert"].search(
            waking, order="state desc, raised_at desc, id desc", limit=ALERTS_LISTED
        )
        return [
            {
                "id": alert.id,
                "kind": alert.kind,
                "title": kinds[alert.kind],
                "name": (alert.sensor_id or alert.barn_id or alert.farm_id).name,
                "place": alert.place,
                "sensor_id": alert.sensor_id.id,
                "cause": alert.cause,
                "next_action": alert.next_action,
                "state": alert.state,
                "user": alert.user_id.sudo().name or None,
                "mine": alert.user_id == self.env.user,
            }
            for alert in found
        ]

    @api.model
    def _sensor_places(self, scope, chosen):
        """Barns and tanks that have sensors, with what these say now."""
        said = {
            "barn": defaultdict(lambda: defaultdict(list)),
            "tank": defaultdict(lambda: defaultdict(list)),
        }
        for barn, tank, kind, at, value in self.env.execute_query(sensors.places(chosen, scope["now"])):
            what, id_ = ("tank", tank) if kind.startswith("tank_") else ("barn", barn)
            if id_:
                said[what][id_][kind].append((at, value))
        barns = []
        for barn in self.env["farm.barn"].search([("id", "in", list(said["barn"]))]):
            row = self._place_row(
                barn, said["barn"][barn.id], temperature="barn_temperature", humidity="barn_humidity"
            )
            known = row["temperature"] is not None and row["humidity"] is not None
            row["thi"] = round(climate.thi(row["temperature"], row["humidity"]), 1) if known else None
            row["stress"] = known and row["thi"] >= barn.farm_id.thi_threshold
            row["threshold"] = barn.farm_id.thi_threshold
            barns.append(row)
        tanks = []
        for tank in self.env["farm.tank"].search([("id", "in", list(said["tank"]))]):
            row = self._place_row(
                tank, said["tank"][tank.id], temperature="tank_temperature", level="tank_level"
            )
            law = tank.farm_id.cooling_law_id
            empty = (
                row["level"] is not None
                and tank.empty_level is not False
                and row["level"] <= tank.empty_level
            )
            row["empty"] = empty
            row["limit"] = law.limit if law else None
            row["warm"] = bool(
                law and not empty and row["temperature"] is not None and row["temperature"] > law.limit
            )
            row["fill"] = row["level"] / tank.capacity if row["level"] is not None and tank.capacity else None
            tanks.append(row)
        return barns, tanks

    @api.model
    def _place_row(self, place, said, **kinds):
        """Means of the sensors that speak; ``at``: since when what is shown holds, or nothing has come."""
        row = {"id": place.id, "name": place.name, "farm": place.farm_id.name}
        speaking, times = [], []
        for name, kind in kinds.items():
            values = [value for _at, value in said.get(kind, ()) if value is not None]
            row[name] = sum(values) / len(values) if values else None
            speaking += [at for at, value in said.get(kind, ()) if value is not None]
            times += [at for at, _value in said.get(kind, ()) if at]
        row["silent"] = not speaking
        row["at"] = iso(min(speaking) if speaking else max(times, default=None))
        return row

    @api.model
    def _sensor_rows(self, chosen, now):
        states = dict(self.env.execute_query(sensors.worst(chosen, now, LISTED)))
        found = self.browse(states)
        found.latest_ids.fetch(["timestamp", "value", "battery"])
        return [sensor._sensor_row(states[sensor.id]) for sensor in found]

    def _sensor_row(self, state):
        types = dict(self._fields["sensor_type"]._description_selection(self.env))
        units = dict(self._fields["unit"]._description_selection(self.env))
        return {
            "id": self.id,
            "name": self.name,
            "type": types[self.sensor_type],
            "place": self.place or None,
            "unit": units[self.unit],
            "state": state,
            "at": iso(self.last_seen),
            # what a silent sensor said last is not how things are
            "value": None if state == "no_data" or self.last_value is False else self.last_value,
            "battery": None if self.battery is False else self.battery,
        }


def _ms(at, zone="UTC"):
    """Milliseconds since 1970 of a UTC moment, or of the begin of a date in ``zone``."""
    if isinstance(at, datetime):
        return int(pytz.utc.localize(at).timestamp() * 1000)
    return int(pytz.timezone(zone).localize(datetime.combine(at, time.min)).timestamp() * 1000)


class DairyDashboard(models.AbstractModel):
    _inherit = "dairy.dashboard"

    @api.model
    def _choices_sensors(self, filters):
        choices = self.env["farm.sensor"].get_sensor_dashboard_filters(filters["company_id"])
        if filters["farm_id"] not in {farm["id"] for farm in choices["farms"]}:
            filters["farm_id"] = None
        return choices

    @api.model
    def _open_sensors(self, filters, grain):
        return self.env["farm.sensor"].get_sensor_dashboard(filters["farm_id"], filters["company_id"])


class FarmSensorAlert(models.Model):
    """Open dashboards hear of what people do to alerts, and of what the evaluation found."""

    _name = "farm.sensor.alert"
    _inherit = ["farm.sensor.alert", "dairy.live.mixin"]
    _dairy_dashboards = ("sensors",)

    @api.model
    def _found(self, outcome):
        """Also tell open dashboards, where something was found or readings have come since the last look."""
        super()._found(outcome)
        found = self.sudo().browse([*outcome.raised, *outcome.resolved, *outcome.woken])
        found.exists()._dairy_changed()
        self.env.flush_all()
        fresh = self.env.execute_query(sensors.one_per_company(fields.Datetime.now() - LOOK))
        self.env["farm.sensor"].browse(id_ for (id_,) in fresh)._dairy_changed()
