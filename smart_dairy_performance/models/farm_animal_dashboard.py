from collections import defaultdict

from odoo import api, fields, models
from odoo.addons.method_cache import cached_method
from odoo.fields import Domain

from ..asking import Asking
from ..dependencies import HERD
from ..guards import compared_period, grain_of, parse_period, steps_info
from ..queries import herd
from ..queries.periods import EVER
from .farm_animal import PRESENT

RANKED = 5
WATCHED = 12
#: a herd of a hundred thousand has more pens than a page can show
PENS = 25
# Visits that are no illness do not count as new cases.
ROUTINE = ("checkup", "vaccination", "deworming")


class FarmAnimal(models.Model):
    """All that the herd dashboard shows, in a constant number of statements."""

    _inherit = "farm.animal"

    @api.model
    @api.readonly
    @cached_method(ttl=60, depends=HERD, today=True)
    def get_herd_dashboard(
        self, date_from, date_to, farm_id=None, company_id=None, compare="previous", grain=None
    ):
        """Return the herd's figures: milk of the days from ``date_from`` to ``date_to``, animals as they
        are now; cached.

        Its cost does not grow with the history: what it adds up comes from rollups (``rollups/herd.py``).

        :param date_from: first business day (date, ISO string or UTC moment); ``date_to``: last, included
        :param farm_id: one farm; default all farms of the selected companies
        :param company_id: one of the selected companies; default all
        :param compare: with the 'previous' period of the same length, or with the same dates a 'year' ago
        :param grain: of the trend: 'day', 'dekad' (a third of a month) or 'month'; default by the length
        :return: dict: ``milk`` (see :func:`..queries.herd.shape_milk`), ``previous`` (that of the compared
            period, with its ``trend`` and ``steps``), ``herd`` (counts), ``grain``, ``steps`` ([first, last
            day] of each), ``trend`` (steps with milk, by their first day; ``cows``: milked a day),
            ``by_type``, ``by_breed``, ``watch`` (animals that need attention), ``cases``, ``domains``
            (of the records behind each figure), ``source`` ('rollup', or 'base' when source tables had to be
            read), ``source_reason``, ``date_from``, ``date_to``, ``today``
        :raises AccessError: portal and public users, users without herd access, foreign farms and companies
        :raises UserError: dates that are none, or the wrong way round
        """
        scope = self._herd_scope(farm_id, company_id)
        period = parse_period(self.env, date_from, date_to, self._herd_head(company_id)._business_tz())
        before = compared_period(self.env, period, compare)
        domains = self._herd_domains(scope, period)
        formulas = set(scope["farms"].mapped("ecm_formula"))
        ecm = formulas.pop() if len(formulas) == 1 else None
        asking = Asking(self.env, "herd_milk", "herd_cases", "herd_animals")
        grain = grain_of(self.env, period, grain)
        days, days_before = self._herd_days(asking, scope, [period, before], grain)
        steps, steps_before = period.steps(grain), before.steps(grain)
        cases, cases_before = self._herd_cases(asking, scope, [period, before])
        milk = self._herd_milk(asking, scope, period)
        animals = self._herd_animals(asking, scope)
        return {
            "milk": herd.shape_total(days.values(), ecm),
            "grain": grain,
            "steps": steps_info(steps),
            "trend": herd.shape_steps(days, steps),
            "previous": {
                **herd.shape_total(days_before.values(), ecm),
                "steps": steps_info(steps_before),
                "trend": herd.shape_steps(days_before, steps_before),
                "date_from": before.first.isoformat(),
                "date_to": before.last.isoformat(),
            },
            "herd": animals["total"],
            "by_type": self._herd_groups(milk["type"], animals["type"], self._herd_labels("animal_type")),
            "by_breed": self._herd_groups(
                milk["breed"],
                animals["breed"],
                self._herd_names("farm.breed", milk["breed"], animals["breed"]),
            ),
            "watch": self._herd_attention(scope, self._herd_watch(scope, domains, animals["total"])),
            "cases": {"now": cases, "before": cases_before},
            "domains": {name: list(domain) for name, domain in domains.items()},
            **asking.origin,
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
    # MILK
    # ------------------------------------------------------------

    @api.model
    def _herd_days(self, asking, scope, periods, grain):
        """``{first day of a step: row of MEASURES}`` of each period."""
        # by company: then no animal can be counted twice on a day, and companies are few
        answer = asking.ask(
            "herd_milk",
            periods,
            domain=scope["domain"],
            by=("company",),
            grain=grain,
            measures=herd.MEASURES,
        )
        found = [{} for _period in periods]
        for (number, day), row in herd.grouped(answer.rows, 0, 1, skip=3).items():
            found[number][max(day, periods[number].first)] = row
        return found

    @api.model
    def _herd_milk(self, asking, scope, period):
        """``{'type' or 'breed': {key: row of MEASURES}}``"""
        answer = asking.ask(
            "herd_milk",
            period,
            domain=scope["domain"],
            by=("company", "type", "breed"),
            measures=herd.MEASURES,
        )
        return {
            "type": herd.grouped(answer.rows, 1, skip=3),
            "breed": herd.grouped(answer.rows, 2, skip=3),
        }

    # ------------------------------------------------------------
    # ANIMALS
    # ------------------------------------------------------------

    @api.model
    def _herd_animals(self, asking, scope):
        """The present animals: ``total`` (counts), ``type`` and ``breed`` ({key: counts})."""
        rows = asking.ask(
            "herd_animals",
            EVER,
            domain=scope["domain"],
            by=("type", "breed"),
            measures=herd.ANIMALS,
        ).rows
        withheld = self._herd_withheld_rows(scope)
        total = herd.add([row[2:] for row in rows]) if rows else (0,) * len(herd.ANIMALS)
        return {
            "total": herd.counts(total, *self._herd_withheld_by(withheld, lambda row: None).get(None, ())),
            "type": self._herd_counts(herd.grouped(rows, 0, skip=2), withheld, 0),
            "breed": self._herd_counts(herd.grouped(rows, 1, skip=2), withheld, 1),
        }

    @api.model
    def _herd_withheld_rows(self, scope):
        animals = self._herd_select(
            PRESENT & scope["domain"] & self._herd_withheld(scope),
            ("animal_type", "breed_id", "pen_id", "health_status"),
        )
        return self.env.execute_query(herd.withheld_animals(animals))

    @api.model
    def _herd_withheld_by(self, withheld, key):
        """``{key: (withheld, of those healthy)}`` of rows of :func:`..queries.herd.withheld_animals`."""
        numbers = defaultdict(lambda: (0, 0))
        for row in withheld:
            held, healthy = numbers[key(row)]
            numbers[key(row)] = held + row[3], healthy + row[4]
        return numbers

    @api.model
    def _herd_counts(self, rows, withheld, place):
        """``{key: counts}`` of ``{key: row of ANIMALS}``; ``place`` of the key in the withheld rows."""
        held = self._herd_withheld_by(withheld, lambda row: row[place])
        return {key: herd.counts(row, *held[key]) for key, row in rows.items()}

    # ------------------------------------------------------------
    # GROUPS
    # ------------------------------------------------------------

    @api.model
    def _herd_names(self, model, *groups):
        records = self.env[model].browse(sorted({key for keys in groups for key in keys if key}))
        if model == "farm.pen":
            records.fetch(["name", "farm_id"])
        else:
            records.fetch(["display_name"])
        if model == "farm.pen" and len(records.farm_id) > 1:
            # farms call their pens alike
            return {pen.id: f"{pen.display_name} ({pen.farm_id.name})" for pen in records}
        return {record.id: record.display_name for record in records}

    @api.model
    def _herd_groups(self, milk, counts, names):
        """Join milk and head count of each group; the largest first, those without one last."""
        empty = dict.fromkeys(herd.COUNTS, 0)
        groups = [
            {
                "id": key or False,
                "name": names.get(key) or self.env._("Not set"),
                **counts.get(key, empty),
                **herd.shape_milk(milk.get(key, herd.NOTHING)),
            }
            for key in {**counts, **milk}
        ]
        return sorted(
            groups, key=lambda group: (not group["id"], -group["total"], -group["count"], group["name"])
        )

    # ------------------------------------------------------------
    # ATTENTION
    # ------------------------------------------------------------

    @api.model
    def _herd_watch(self, scope, domains, counts):
        """The animals that need attention: longest withdrawal first, then the rest by ear tag.

        Two lists, for each of which an index knows the first ones.
        """
        wanted = (
            "name",
            "ear_tag",
            "pen_id",
            "company_id",
            "health_status",
            "lactation_status",
            "milk_withdrawal_until",
        )
        withheld = sick = self.browse()
        if counts["withheld"]:
            withheld = self.search_fetch(
                domains["withheld"], wanted, order="milk_withdrawal_until desc, ear_tag, id", limit=WATCHED
            )
        left = min(WATCHED, counts["watch"]) - len(withheld)
        if left > 0:
            sick = self.search_fetch(
                domains["sick"] & Domain("id", "not in", withheld.ids),
                wanted,
                order="ear_tag, id",
                limit=left,
            )
        return withheld | sick

    @api.model
    def _herd_attention(self, scope, animals):
        """What a client shows of :meth:`_herd_watch`."""
        days = {company: day for day, ids in scope["days"].items() for company in ids}
        names = self._herd_labels("health_status")
        animals.pen_id.fetch(["display_name"])
        result = []
        for animal in animals:
            now, until = days[animal.company_id.id], animal.milk_withdrawal_until
            held = bool(until and until >= now and animal.lactation_status in herd.IN_MILK)
            result.append(
                {
                    "id": animal.id,
                    "name": animal.display_name,
                    "pen": animal.pen_id.display_name or "",
                    "health_status": animal.health_status,
                    "health": names.get(animal.health_status, ""),
                    "withheld_until": until.isoformat() if held else False,
                    "days_left": herd.days_left(until, now) if held else 0,
                }
            )
        return result

    @api.model
    def _herd_cases(self, asking, scope, periods):
        """How many animals fell ill in each period."""
        answer = asking.ask(
            "herd_cases",
            periods,
            domain=scope["domain"] & Domain("record_type", "not in", ROUTINE),
            measures=("cases",),
        )
        found = dict(answer.rows)
        return [found.get(number, 0) for number in range(len(periods))]

    # ------------------------------------------------------------
    # PENS AND RANKING: a thousand pens, a hundred thousand animals; each is a question of its own
    # ------------------------------------------------------------

    @api.model
    @api.readonly
    @cached_method(ttl=60, depends=HERD, today=True)
    def get_herd_pens(self, date_from, date_to, farm_id=None, company_id=None):
        """Return the fullest pens with their animals now and their milk in the period; cached.

        Where all pens with animals fit, those without animals but with milk in the period follow.

        :param date_from, date_to, farm_id, company_id: as in :meth:`get_herd_dashboard`, with its errors
        :return: dict: ``by_pen`` (at most :data:`PENS` pens, and as many without animals), ``pens`` (how many
            have animals), ``source``, ``source_reason``
        """
        scope = self._herd_scope(farm_id, company_id)
        period = parse_period(self.env, date_from, date_to, self._herd_head(company_id)._business_tz())
        asking = Asking(self.env, "herd_animals", "herd_milk")
        now = asking.ask(
            "herd_animals",
            EVER,
            domain=scope["domain"],
            by=("pen",),
            measures=herd.ANIMALS,
            order=(("animals", "desc"), ("pen", "asc")),
            limit=PENS,
        )
        counts = self._herd_counts(herd.grouped(now.rows, 0, skip=1), self._herd_withheld_rows(scope), 2)
        domain = scope["domain"]
        if now.groups > PENS:
            domain &= Domain("pen_id", "in", [key or False for key in counts])
        milk = asking.ask(
            "herd_milk",
            period,
            domain=domain,
            by=("company", "pen"),
            measures=herd.MEASURES,
            order=(("kg", "desc"), ("pen", "asc")),
            limit=PENS,
        )
        milk = herd.grouped(milk.rows, 1, skip=2)
        names = self._herd_names("farm.pen", milk, counts)
        return {"by_pen": self._herd_groups(milk, counts, names), "pens": now.groups, **asking.origin}

    @api.model
    @api.readonly
    @cached_method(ttl=300, depends=HERD, today=True)
    def get_herd_ranking(self, date_from, date_to, farm_id=None, company_id=None):
        """Return the present animals that gave most and least milk per day in milk; cached.

        It reads every milk record of the period: the page asks for it after all else is shown, of more than
        2,000 animals only by a button.

        :param date_from, date_to, farm_id, company_id: as in :meth:`get_herd_dashboard`, with its errors
        :return: dict: ``best``, ``worst``: at most :data:`RANKED` dicts each of id, name, pen, dim, parity,
            total (kg), cow_days, per_cow (kg a day); no animal is in both
        """
        scope = self._herd_scope(farm_id, company_id)
        period = parse_period(self.env, date_from, date_to, self._herd_head(company_id)._business_tz())
        milk = self.env["farm.milk.record"]._herd_milk_select(self._herd_in_period(scope, period))
        present = self._herd_select(PRESENT, ("id",))
        rows = self.env.execute_query(herd.ranking(milk, present, RANKED))
        animals = {animal.id: animal for animal in self.browse(row[1] for row in rows)}
        result = {"best": [], "worst": []}
        for kind, animal_id, kg, cow_days in rows:
            animal = animals[animal_id]
            result[kind].append(
                {
                    "id": animal.id,
                    "name": animal.display_name,
                    "pen": animal.pen_id.display_name or "",
                    "dim": animal.dim,
                    "parity": animal.parity,
                    "total": round(kg, 2),
                    "cow_days": cow_days,
                    "per_cow": round(kg / cow_days, 3),
                }
            )
        for kind, sign in (("best", -1), ("worst", 1)):
            result[kind].sort(key=lambda line, sign=sign: (sign * line["per_cow"], line["id"]))
        return result
