"""Statements of the herd summary and the herd dashboard.

Quantities are kg, added as ``numeric``. A percentage is component kg over the kg that were tested for it:
samples
without a test count in neither, and percentages are never averaged. Bulk cell count weighs each sample
with the
milk that went to the tank. The denominator of every yield is cow-days in milk: an animal and day with
milk, or with a record of a running lactation; dry cows and heifers have none.
"""

from datetime import timedelta

from odoo.addons.smart_dairy_farm.figures import herd as herd_figures
from odoo.addons.smart_dairy_farm.figures import milk as milk_figures
from odoo.tools import SQL

IN_MILK = ("fresh", "early", "lactating")
DRY = ("dry", "lead")
HEALTHY = "healthy"

# name in the result: its aggregate over milk records, and over rows that hold such aggregates
MEASURES = {
    "kg": SQL("sum(kg)"),
    "saleable": SQL("sum(saleable)"),
    "fat_kg": SQL("sum(kg * fat) / 100"),
    "fat_base": SQL("sum(kg) FILTER (WHERE fat IS NOT NULL)"),
    "protein_kg": SQL("sum(kg * protein) / 100"),
    "protein_base": SQL("sum(kg) FILTER (WHERE protein IS NOT NULL)"),
    "cells": SQL("sum(saleable * scc)"),
    "cells_base": SQL("sum(saleable) FILTER (WHERE scc IS NOT NULL)"),
}
# of present animals; watch: withheld or not healthy
COUNTS = ("count", "in_milk", "dry", "withheld", "sick", "watch")
COLUMNS = ("kind", "key", *MEASURES, "cow_days", "cows")


def _measures():
    return SQL(", ").join(SQL("%s AS %s", how, SQL.identifier(name)) for name, how in MEASURES.items())


def _sums(alias):
    return SQL(", ").join(
        SQL("sum(%s) AS %s", SQL.identifier(alias, name), SQL.identifier(name)) for name in MEASURES
    )


def summary_by_type(animals, milk):
    """Statement: animal_type, animals, kg, healthy, not healthy.

    :param animals: SELECT with columns id, animal_type, health_status
    :param milk: SELECT with columns animal_id, kg (of the day that counts as today)
    """
    return SQL(
        """
        SELECT a.animal_type, count(*), COALESCE(sum(m.kg), 0),
               count(*) FILTER (WHERE a.health_status = %(healthy)s),
               count(*) FILTER (WHERE a.health_status IS DISTINCT FROM %(healthy)s)
          FROM (%(animals)s) a
          LEFT JOIN (SELECT animal_id, sum(kg) AS kg FROM (%(milk)s) r GROUP BY animal_id) m
            ON m.animal_id = a.id
         GROUP BY a.animal_type
         ORDER BY a.animal_type
        """,
        animals=animals,
        milk=milk,
        healthy=HEALTHY,
    )


def present_animals(animals):
    """Statement: counts of present animals in all, by type, by breed and by pen, in one pass.

    :param animals: SELECT with columns id, animal_type, breed_id, pen_id, lactation_status, health_status,
        withheld (bool: in milk, and the milk must be discarded)
    :return: SQL giving kind, animal_type, breed_id, pen_id and the :data:`COUNTS`
    """
    return SQL(
        """
        SELECT CASE GROUPING(animal_type, breed_id, pen_id)
                    WHEN 3 THEN 'type' WHEN 5 THEN 'breed' WHEN 6 THEN 'pen' ELSE 'total' END,
               animal_type, breed_id, pen_id, count(*),
               count(*) FILTER (WHERE lactation_status IN %(in_milk)s),
               count(*) FILTER (WHERE lactation_status IN %(dry)s),
               count(*) FILTER (WHERE withheld),
               count(*) FILTER (WHERE health_status IS DISTINCT FROM %(healthy)s),
               count(*) FILTER (WHERE withheld OR health_status IS DISTINCT FROM %(healthy)s)
          FROM (%(animals)s) a
         GROUP BY GROUPING SETS ((), (animal_type), (breed_id), (pen_id))
        """,
        animals=animals,
        in_milk=IN_MILK,
        dry=DRY,
        healthy=HEALTHY,
    )


IN_MILK_RECORD = SQL("lactation_id IS NOT NULL OR kg > 0")


def milk_by_day(milk):
    """Statement: rows of :data:`COLUMNS` of all milk given (kind total), and of each day of it (kind day).

    :param milk: SELECT with columns animal_id, record_date, pen_id, lactation_id, kg, saleable, fat, protein,
        scc
    """
    return SQL(
        """
        SELECT CASE s.level WHEN 1 THEN 'total' ELSE 'day' END, s.record_date::text, %(own)s,
               COALESCE(c.cow_days, 0), COALESCE(c.cows, 0)
          FROM (SELECT GROUPING(record_date) AS level, record_date, %(measures)s
                  FROM (%(milk)s) m GROUP BY GROUPING SETS ((), (record_date))) s
          LEFT JOIN (SELECT GROUPING(record_date) AS level, record_date, count(*) AS cow_days,
                            count(DISTINCT animal_id) AS cows
                       FROM (SELECT DISTINCT animal_id, record_date FROM (%(milk)s) m WHERE %(in_milk)s) d
                      GROUP BY GROUPING SETS ((), (record_date))) c
            ON c.level = s.level AND c.record_date IS NOT DISTINCT FROM s.record_date
        """,
        measures=_measures(),
        own=SQL(", ").join(SQL.identifier("s", name) for name in MEASURES),
        milk=milk,
        in_milk=IN_MILK_RECORD,
    )


def milk_details(milk, animals, limit):
    """Statement: rows of :data:`COLUMNS` of kind total, day, pen, type, breed, best and worst.

    The measures are added once for each of animal, day and pen: few, small groups. Cow-days need animal *and*
    day and are counted apart, on narrow rows; grouping all measures that finely cost several times as much.

    :param milk: as in :func:`milk_by_day`
    :param animals: SELECT with columns id, animal_type, breed_id, present (bool)
    :param limit: best and worst present animals by kg per day in milk, each; no animal is in both
    """
    return SQL(
        """
        WITH sums AS MATERIALIZED (
            SELECT GROUPING(animal_id, record_date, pen_id) AS level, animal_id, record_date, pen_id,
                   %(measures)s
              FROM (%(milk)s) m
             GROUP BY GROUPING SETS ((animal_id), (record_date), (pen_id))
        ), stays AS MATERIALIZED (
            SELECT animal_id, record_date, pen_id
              FROM (%(milk)s) m
             WHERE %(in_milk)s
             GROUP BY animal_id, record_date, pen_id
        ), cow_day AS MATERIALIZED (
            SELECT DISTINCT animal_id, record_date FROM stays
        ), by_animal AS MATERIALIZED (
            SELECT s.*, COALESCE(d.cow_days, 0) AS cow_days
              FROM sums s
              LEFT JOIN (SELECT animal_id, count(*) AS cow_days FROM cow_day GROUP BY animal_id) d
                ON d.animal_id = s.animal_id
             WHERE s.level = 3
        ), grouped AS (
            SELECT a.animal_type, a.breed_id, a.present, m.*
              FROM by_animal m
              JOIN (%(animals)s) a ON a.id = m.animal_id
        ), ranked AS (
            SELECT *, row_number() OVER (ORDER BY kg / cow_days DESC, animal_id) AS best,
                   row_number() OVER (ORDER BY kg / cow_days, animal_id) AS worst
              FROM grouped
             WHERE present AND cow_days > 0
        )
        SELECT 'total', NULL::text, %(by_animal)s, sum(cow_days), count(*) FILTER (WHERE cow_days > 0)
          FROM by_animal
        UNION ALL
        SELECT 'day', s.record_date::text, %(own)s, COALESCE(d.cows, 0), COALESCE(d.cows, 0)
          FROM sums s
          LEFT JOIN (SELECT record_date, count(*) AS cows FROM cow_day GROUP BY record_date) d
            ON d.record_date = s.record_date
         WHERE s.level = 5
        UNION ALL
        SELECT 'pen', s.pen_id::text, %(own)s, COALESCE(d.cow_days, 0), COALESCE(d.cows, 0)
          FROM sums s
          LEFT JOIN (SELECT pen_id, count(*) AS cow_days, count(DISTINCT animal_id) AS cows
                       FROM stays GROUP BY pen_id) d
            ON d.pen_id IS NOT DISTINCT FROM s.pen_id
         WHERE s.level = 6
        UNION ALL
        SELECT 'type', animal_type, %(grouped)s, sum(cow_days), count(*) FILTER (WHERE cow_days > 0)
          FROM grouped GROUP BY animal_type
        UNION ALL
        SELECT 'breed', breed_id::text, %(grouped)s, sum(cow_days), count(*) FILTER (WHERE cow_days > 0)
          FROM grouped GROUP BY breed_id
        UNION ALL
        SELECT CASE WHEN best <= %(limit)s THEN 'best' ELSE 'worst' END, animal_id::text, %(own)s, cow_days, 1
          FROM ranked WHERE best <= %(limit)s OR worst <= %(limit)s
        """,
        measures=_measures(),
        milk=milk,
        in_milk=IN_MILK_RECORD,
        animals=animals,
        by_animal=_sums("by_animal"),
        grouped=_sums("grouped"),
        own=SQL(", ").join(SQL.identifier(name) for name in MEASURES),
        limit=limit,
    )


def percent(component_kg, tested_kg):
    """Component in % of the milk that was tested, ``None`` when none was."""
    return round(100 * component_kg / tested_kg, 3) if tested_kg else None


def shape_milk(row, ecm_formula=None):
    """Turn a row of :data:`COLUMNS` into the figures of that milk; unknown figures are ``None``, never 0.

    :param ecm_formula: 'ifcn' or 'nordic'; without it ``ecm_per_cow`` is ``None``
    :return: dict: total, saleable, discarded (kg), per_cow, ecm_per_cow (kg per cow in milk and day),
        cow_days, cows, fat, protein (%), scc (thousand cells per ml)
    """
    values = dict(zip(COLUMNS, row, strict=True))
    total, saleable = values["kg"] or 0.0, values["saleable"] or 0.0
    cow_days = int(values["cow_days"] or 0)
    per_cow = herd_figures.yield_per_cow(total, cow_days)
    fat = percent(values["fat_kg"] or 0.0, values["fat_base"])
    protein = percent(values["protein_kg"] or 0.0, values["protein_base"])
    ecm = milk_figures.ECM[ecm_formula](per_cow, fat, protein) if ecm_formula else None
    cells_base = values["cells_base"]
    return {
        "total": round(total, 2),
        "saleable": round(saleable, 2),
        "discarded": round(total - saleable, 2),
        "per_cow": None if per_cow is None else round(per_cow, 3),
        "ecm_per_cow": None if ecm is None else round(ecm, 3),
        "cow_days": cow_days,
        "cows": values["cows"] or 0,
        "fat": fat,
        "protein": protein,
        "scc": round((values["cells"] or 0.0) / cells_base, 1) if cells_base else None,
    }


def nothing():
    """A row of :data:`COLUMNS` without any milk."""
    return ("total", None, *(None,) * len(MEASURES), 0, 0)


def days_left(until, today):
    """Days on which milk still has to be discarded, today included."""
    return max(0, (until - today) // timedelta(days=1) + 1)
