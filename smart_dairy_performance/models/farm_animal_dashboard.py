from odoo import api, fields, models
from odoo.addons.method_cache import cached_method
from odoo.fields import Domain
from odoo.tools import SQL

from ..dependencies import HERD
from ..guards import compared_period, parse_period
from ..queries import herd
from ..queries.sales import company_case
from .farm_animal import PRESENT

RANKED = 5
WATCHED = 12
# Visits that are no illness do not count as new cases.
ROUTINE = ("checkup", "vaccination", "deworming")


class FarmAnimal(models.Model):
    """All that the herd dashboard shows, in a constant number of statements."""

    _inherit = "farm.animal"

    @api.model
    @api.readonly
    @cached_method(ttl=60, depends=HERD, today=True)
    def get_herd_dashboard(self, date_from, date_to, farm_id=None, company_id=None, compare="previous"):
        """Return the herd's figures: milk of the days from ``date_from`` to ``date_to``, animals as they
        are now; cached.

        :param date_from: first business day (date, ISO string or UTC moment); ``date_to``: last, included
        :param farm_id: one farm; default all farms of the selected companies
        :param company_id: one of the selected companies; default all
        :param compare: with the 'previous' period of the same length, or with the same dates a 'year' ago
        :return: dict: ``milk`` (see :func:`..queries.herd.shape_milk`), ``previous`` (that of the compared
            period, with its ``trend``), ``herd`` (counts), ``trend`` (days with milk), ``by_type``,
            ``by_breed``, ``by_pen``, ``best``, ``worst``, ``watch`` (animals that
            need attention), ``cases``, ``domains`` (of the records behind each figure), ``date_from``,
            ``date_to``, ``today``
        :raises AccessError: portal and public users, users without herd access, foreign farms and companies
        :raises UserError: dates that are none, or the wrong way round
        """
        scope = self._herd_scope(farm_id, company_id)
        period = parse_period(self.env, date_from, date_to, self._herd_head(company_id)._business_tz())
        before = compared_period(self.env, period, compare)
        domains = self._herd_domains(scope, period)
        formulas = set(scope["farms"].mapped("ecm_formula"))
        ecm = formulas.pop() if len(formulas) == 1 else None
        rows = self._herd_milk_rows(domains["milk"])
        counts = self._herd_counts(scope)
        previous = self._herd_milk_by_day(self._herd_in_period(scope, before))
        return {
            "milk": herd.shape_milk(rows["total"][0], ecm),
            "previous": {
                **herd.shape_milk(previous["total"][0], ecm),
                "trend": self._herd_trend(previous["day"]),
                "date_from": before.first.isoformat(),
                "date_to": before.last.isoformat(),
            },
            "herd": counts["total"].get(None) or dict.fromkeys(herd.COUNTS, 0),
            "trend": self._herd_trend(rows["day"]),
            "by_type": self._herd_groups(rows["type"], counts["type"], self._herd_labels("animal_type")),
            "by_breed": self._herd_groups(
                rows["breed"], counts["breed"], self._herd_names("farm.breed", rows, counts)
            ),
            "by_pen": self._herd_groups(
                rows["pen"], counts["pen"], self._herd_names("farm.pen", rows, counts)
            ),
            **self._herd_ranking(rows),
            "watch": self._herd_watch(scope, domains["watch"]),
            "cases": self._herd_cases(scope, period, before),
            "domains": {name: list(domain) for name, domain in domains.items()},
            "date_from": period.first.isoformat(),
            "date_to": period.last.isoformat(),
            "today": scope["today"].isoformat(),
        }

    @api.model
    @api.readonly
    def get_herd_dashboard_filters(self, company_id=None):
        """Return ``today`` (ISO) and ``farms`` ([{id, name}]) that the user can choose from."""
        scope = self._herd_scope(company_id=company_id)
        return {
            "today": scope["today"].isoformat(),
            "farms": [{"id": farm.id, "name": farm.name} for farm in scope["farms"]],
        }

    @api.model
    def _herd_head(self, company_id):
        return self.env["res.company"].browse(company_id) if company_id else self.env.company

    # ------------------------------------------------------------
    # DOMAINS: the records behind the figures
    # ------------------------------------------------------------

    @api.model
    def _herd_in_period(self, scope, period):
        return (
            scope["domain"]
            & Domain("record_date", ">=", fields.Date.to_string(period.first))
            & Domain("record_date", "<=", fields.Date.to_string(period.last))
        )

    @api.model
    def _herd_domains(self, scope, period):
        milk = self._herd_in_period(scope, period)
        present = PRESENT & scope["domain"]
        withheld = self._herd_withheld(scope)
        sick = Domain("health_status", "!=", herd.HEALTHY)
        return {
            "herd": scope["domain"],
            "milk": milk,
            "saleable": milk & Domain("discarded", "=", False),
            "discarded": milk & Domain("discarded", "=", True),
            "fat": milk & Domain("fat_percentage", "!=", False),
            "protein": milk & Domain("protein_percentage", "!=", False),
            "scc": milk & Domain("scc", "!=", False) & Domain("discarded", "=", False),
            "animals": present,
            "in_milk": present & Domain("lactation_status", "in", herd.IN_MILK),
            "dry": present & Domain("lactation_status", "in", herd.DRY),
            "withheld": present & withheld,
            "sick": present & sick,
            "watch": present & (withheld | sick),
            "cases": milk & Domain("record_type", "not in", ROUTINE),
        }

    # ------------------------------------------------------------
    # FIGURES
    # ------------------------------------------------------------

    @api.model
    def _herd_milk_rows(self, domain):
        animals = self._herd_select(
            Domain.TRUE,
            ("id", "animal_type", "breed_id"),
            SQL(
                "(%s AND %s = 'active') AS present",
                SQL.identifier(self._table, "active"),
                SQL.identifier(self._table, "status"),
            ),
        )
        milk = self.env["farm.milk.record"]._herd_milk_select(domain)
        rows = {kind: [] for kind in ("total", "day", "pen", "type", "breed", "best", "worst")}
        for row in self.env.execute_query(herd.milk_details(milk, animals, RANKED)):
            rows[row[0]].append(row)
        return rows

    @api.model
    def _herd_milk_by_day(self, domain):
        rows = {"total": [], "day": []}
        milk = self.env["farm.milk.record"]._herd_milk_select(domain)
        for row in self.env.execute_query(herd.milk_by_day(milk)):
            rows[row[0]].append(row)
        return rows

    @api.model
    def _herd_trend(self, rows):
        return [{"date": row[1], **herd.shape_milk(row)} for row in sorted(rows, key=lambda row: row[1])]

    @api.model
    def _herd_counts(self, scope):
        """Return ``{kind: {key: counts}}`` of the present animals; the key of 'total' is ``None``."""
        days = {company: day for day, ids in scope["days"].items() for company in ids}
        withheld = SQL(
            "%s IN %s AND %s >= %s AS withheld",
            SQL.identifier(self._table, "lactation_status"),
            herd.IN_MILK,
            SQL.identifier(self._table, "milk_withdrawal_until"),
            company_case(SQL.identifier(self._table, "company_id"), days, "date"),
        )
        names = ("id", "animal_type", "breed_id", "pen_id", "lactation_status", "health_status")
        animals = self._herd_select(PRESENT & scope["domain"], names, withheld)
        result = {"total": {}, "type": {}, "breed": {}, "pen": {}}
        for kind, animal_type, breed, pen, *numbers in self.env.execute_query(herd.present_animals(animals)):
            key = {"type": animal_type, "breed": breed, "pen": pen}.get(kind)
            result[kind][key] = dict(zip(herd.COUNTS, numbers, strict=True))
        return result

    @api.model
    def _herd_names(self, model, rows, counts):
        kind = model.rpartition(".")[2]
        ids = {int(row[1]) for row in rows[kind] if row[1]} | {key for key in counts[kind] if key}
        records = self.env[model].browse(sorted(ids))
        if kind == "pen" and len(records.farm_id) > 1:
            # farms call their pens alike
            return {pen.id: f"{pen.display_name} ({pen.farm_id.name})" for pen in records}
        return {record.id: record.display_name for record in records}

    @api.model
    def _herd_groups(self, rows, counts, names):
        """Join milk and head count of each group; the largest first, those without one last."""
        empty = dict.fromkeys(herd.COUNTS, 0)
        milk = {}
        for row in rows:
            key = row[1] if row[1] in names or row[1] is None else int(row[1])
            milk[key] = herd.shape_milk(row)
        groups = [
            {
                "id": key or False,
                "name": names.get(key) or self.env._("Not set"),
                **counts.get(key, empty),
                **milk.get(key, herd.shape_milk(herd.nothing())),
            }
            for key in {**counts, **milk}
        ]
        return sorted(
            groups, key=lambda group: (not group["id"], -group["total"], -group["count"], group["name"])
        )

    @api.model
    def _herd_ranking(self, rows):
        animals = self.browse([int(row[1]) for kind in ("best", "worst") for row in rows[kind]])
        by_id = {animal.id: animal for animal in animals}
        result = {}
        for kind, sign in (("best", -1), ("worst", 1)):
            lines = []
            for row in rows[kind]:
                animal = by_id[int(row[1])]
                lines.append(
                    {
                        "id": animal.id,
                        "name": animal.display_name,
                        "pen": animal.pen_id.display_name or "",
                        "dim": animal.dim,
                        "parity": animal.parity,
                        **herd.shape_milk(row),
                    }
                )
            result[kind] = sorted(lines, key=lambda line: (sign * line["per_cow"], line["id"]))
        return result

    @api.model
    def _herd_watch(self, scope, domain):
        """The animals that need attention: longest withdrawal first, then the rest."""
        animals = self.search_fetch(
            domain,
            [
                "name",
                "ear_tag",
                "pen_id",
                "company_id",
                "health_status",
                "lactation_status",
                "milk_withdrawal_until",
            ],
            order="milk_withdrawal_until desc nulls last, ear_tag, id",
            limit=WATCHED,
        )
        days = {company: day for day, ids in scope["days"].items() for company in ids}
        names = self._herd_labels("health_status")
        result = []
        for animal in animals:
            until, now = animal.milk_withdrawal_until, days[animal.company_id.id]
            withheld = bool(until and until >= now and animal.lactation_status in herd.IN_MILK)
            result.append(
                {
                    "id": animal.id,
                    "name": animal.display_name,
                    "pen": animal.pen_id.display_name or "",
                    "health_status": animal.health_status,
                    "health": names.get(animal.health_status, ""),
                    "withheld_until": until.isoformat() if withheld else False,
                    "days_left": herd.days_left(until, now) if withheld else 0,
                }
            )
        return result

    @api.model
    def _herd_cases(self, scope, period, before):
        Case = self.env["farm.health.record"]
        routine = Domain("record_type", "not in", ROUTINE)
        return {
            "now": Case.search_count(self._herd_in_period(scope, period) & routine),
            "before": Case.search_count(self._herd_in_period(scope, before) & routine),
        }
