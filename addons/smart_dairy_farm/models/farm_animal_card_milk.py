from datetime import date, timedelta

from odoo import models
from odoo.tools import SQL

from ..figures import lactation as lactation_figures
from ..figures import milk as milk_figures
from ..figures.projection import project
from .card_values import iso, round_or_none

#: a figure older than this is not "now" any more: the card says since when there is no data
FRESH_DAYS = 3


class FarmAnimal(models.Model):
    """Milk on the cow card: headline figures, the curve against the expectation, the lactations."""

    _inherit = "farm.animal"

    def _card_milk_days(self):
        """Return the animal's milk by day, oldest first.

        Dicts with date, lactation_id, kg, discarded (kg), sessions, dim and the components weighted by milk
        (None where none was measured).
        """
        records = self.env["farm.milk.record"]
        query = records._search([("animal_id", "=", self.id)])
        weighted = SQL(", ").join(
            SQL(
                "SUM(%(value)s * total_yield) FILTER (WHERE %(value)s IS NOT NULL)"
                " / NULLIF(SUM(total_yield) FILTER (WHERE %(value)s IS NOT NULL), 0)",
                value=SQL.identifier(records._table, name),
            )
            for name in ("fat_percentage", "protein_percentage", "scc")
        )
        rows = self.env.execute_query(
            SQL(
                "SELECT record_date, MAX(lactation_id), SUM(total_yield), SUM(total_yield - saleable_yield),"
                " COUNT(*), MAX(dim), %s FROM %s WHERE %s GROUP BY record_date ORDER BY record_date",
                weighted,
                query.from_clause,
                query.where_clause,
            )
        )
        names = ("date", "lactation_id", "kg", "discarded", "sessions", "dim", "fat", "protein", "scc")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _card_whole_days(self, days, today):
        """Leave out today while it is still being milked: half a day is no day's yield."""
        if days and days[-1]["date"] == today:
            usual = max((day["sessions"] for day in days[-8:-1]), default=1)
            if days[-1]["sessions"] < usual:
                return days[:-1]
        return days

    def _card_milk(self, days, today):
        current = self.current_lactation_id
        in_milk = self.lactation_status in ("fresh", "early", "lactating")
        whole = self._card_whole_days(days, today)
        last = whole[-1] if whole else None
        week = [day["kg"] for day in whole if day["date"] >= today - timedelta(days=7)]
        tested = next((day for day in reversed(days) if day["scc"] is not None), None)
        parts = next((day for day in reversed(days) if day["fat"] is not None), None)
        figures = self._card_305(current, whole) if current else {}
        return {
            "parity": self.parity,
            "lactation_status": self._card_label("lactation_status"),
            "in_milk": in_milk,
            "dim": self.dim if in_milk else None,
            "dry_since": iso(current.dry_off_date) if current and not in_milk else None,
            "last": last and {"date": iso(last["date"]), "kg": float(last["kg"])},
            "no_data_since": iso(self._card_silent_since(last, today)) if in_milk else None,
            "week_average": round(sum(week) / len(week), 2) if week else None,
            "test": parts
            and {
                "date": iso(parts["date"]),
                "fat": round_or_none(parts["fat"], 2),
                "protein": round_or_none(parts["protein"], 2),
            },
            "scc": tested
            and {
                "date": iso(tested["date"]),
                "scc": round_or_none(tested["scc"], 0),
                "scs": round_or_none(milk_figures.scs(float(tested["scc"]) * 1000), 2),
            },
            "withdrawal_until": iso(self._card_withheld("milk_withdrawal_until", today)),
            "withdrawal_days": self._card_days_left("milk_withdrawal_until", today),
            "meat_until": iso(self._card_withheld("meat_withdrawal_until", today)),
            **figures,
        }

    def _card_silent_since(self, last, today):
        """The day after which a cow in milk has no record, when that is too long ago; else None."""
        since = last["date"] if last else self.current_lactation_id.calving_date
        return since if since and (today - since).days > FRESH_DAYS else None

    def _card_withheld(self, fname, today):
        return self[fname] if self[fname] and self[fname] >= today else None

    def _card_days_left(self, fname, today):
        until = self._card_withheld(fname, today)
        return (until - today).days + 1 if until else None

    def _card_tests(self, lactation, days):
        end = lactation.end_date or date.max
        return [
            ((day["date"] - lactation.calving_date).days, float(day["kg"]))
            for day in days
            if lactation.calving_date <= day["date"] < end
        ]

    def _card_305(self, lactation, days):
        """305-day figures (Test Interval Method): so far, projected by the breed's curve, or final."""
        tests = self._card_tests(lactation, days)
        standard = lactation_figures.STANDARD_DAYS
        length = standard
        if lactation.dry_off_date:
            length = min(standard, (lactation.dry_off_date - lactation.calving_date).days)
        finished = bool(lactation.dry_off_date) or (tests and tests[-1][0] >= standard)
        if not tests:
            return {"yield_so_far": None, "yield_projected": None, "yield_final": None}
        if finished:
            final = lactation_figures.tim(tests, last_day=length)
            return {"yield_so_far": None, "yield_projected": None, "yield_final": round_or_none(final, 0)}
        so_far = lactation_figures.tim(tests, last_day=tests[-1][0], to_end=False)
        return {
            "yield_so_far": round_or_none(so_far, 0),
            "yield_projected": round_or_none(project(tests, self._card_wood(lactation.parity)), 0),
            "yield_final": None,
        }

    def _card_wood(self, parity):
        """Return (a, b, c) of the breed's curve for a parity, or None."""
        group = lactation_figures.parity_group(parity)
        curve = self.breed_id.curve_ids.filtered(lambda each: each.parity_group == group)[:1]
        return (curve.wood_a, curve.wood_b, curve.wood_c) if curve else None

    def _card_curve(self, days, today):
        lactation = self.current_lactation_id or self.lactation_ids.sorted("calving_date")[-1:]
        if not lactation:
            return None
        points = [
            {
                "dim": (day["date"] - lactation.calving_date).days,
                "kg": float(day["kg"]),
                "discarded": bool(day["discarded"]),
                "fat": round_or_none(day["fat"], 2),
                "protein": round_or_none(day["protein"], 2),
                "scc": round_or_none(day["scc"], 0),
            }
            for day in self._card_whole_days(days, today)
            if lactation.calving_date <= day["date"] < (lactation.end_date or date.max)
        ]
        curve = self._card_wood(lactation.parity)
        last = max([lactation_figures.STANDARD_DAYS, *(point["dim"] for point in points)])
        expected = [
            {"dim": dim, "kg": round(lactation_figures.wood(dim, *curve), 2)}
            for dim in range(1, last + 1, 4)
            if curve
        ]
        return {
            "parity": lactation.parity,
            "calving_date": iso(lactation.calving_date),
            "points": points,
            "expected": expected,
            "breed": self.breed_id.name or None,
        }

    def _card_lactations(self, days):
        rows = []
        for lactation in self.lactation_ids.sorted("calving_date", reverse=True):
            figures = self._card_305(lactation, days)
            tests = self._card_tests(lactation, days)
            rows.append(
                {
                    "id": lactation.id,
                    "parity": lactation.parity,
                    "calving_date": iso(lactation.calving_date),
                    "dry_off_date": iso(lactation.dry_off_date),
                    "yield_305": figures["yield_final"],
                    "yield_so_far": figures["yield_so_far"],
                    "peak": max((kg for _day, kg in tests), default=None),
                    "days": tests[-1][0] if tests else None,
                }
            )
        return rows
