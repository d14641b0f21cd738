"""What the herd summary and the herd dashboard add up, and the statements that need each animal.

Quantities are kg, added as ``numeric``. A percentage is component kg over the kg that were tested for it:
samples without a test count in neither, and percentages are never averaged. Bulk cell count weighs each
sample with the milk that went to the tank. The denominator of every yield is cow-days in milk: an animal and
day with milk, or with a record of a running lactation; dry cows and heifers have none. An animal that was
milked in two farms on one day is a cow-day of each.
"""

from collections import defaultdict
from datetime import timedelta
from math import fsum
from operator import itemgetter

from odoo.addons.smart_dairy_farm.figures import herd as herd_figures
from odoo.addons.smart_dairy_farm.figures import milk as milk_figures
from odoo.tools import SQL

IN_MILK = ("fresh", "early", "lactating")
DRY = ("dry", "lead")
HEALTHY = "healthy"

#: of milk, as the rollup has them (``rollups/herd.py``): kg; kg times % (fat, protein) or cells; cow-days
MEASURES = (
    "kg",
    "saleable",
    "fat",
    "fat_base",
    "protein",
    "protein_base",
    "cells",
    "cells_base",
    "cow_days",
)
#: of present animals, as the rollup has them
ANIMALS = ("animals", "in_milk", "dry", "sick")
#: of present animals, as they are shown; watch: withheld or not healthy
COUNTS = ("count", "in_milk", "dry", "withheld", "sick", "watch")


def add(rows):
    """Sum rows of numbers column by column, without rounding in between; a column of None only stays None."""
    sums = []
    for column in zip(*rows, strict=True):
        known = [value for value in column if value is not None]
        sums.append(fsum(known) if known else None)
    return tuple(sums)


def grouped(rows, *places, skip):
    """``{key: sums}`` of ``rows`` by the columns at ``places``; measures begin after ``skip`` columns."""
    groups = defaultdict(list)
    key_of = itemgetter(*places)
    for row in rows:
        groups[key_of(row)].append(row[skip:])
    return {key: add(own) if len(own) > 1 else own[0] for key, own in groups.items()}


def counts(animals, withheld=0, withheld_healthy=0):
    """:data:`COUNTS` of a row of :data:`ANIMALS`.

    :param withheld: animals in milk whose milk must be discarded; ``withheld_healthy``: of those the healthy
    """
    count, in_milk, dry, sick = map(int, animals)
    return dict(zip(COUNTS, (count, in_milk, dry, withheld, sick, sick + withheld_healthy), strict=True))


def percent(component, tested_kg):
    """Component in % of the milk that was tested, ``None`` when none was."""
    return round(component / tested_kg, 3) if tested_kg else None


def shape_milk(row, ecm_formula=None):
    """Turn a row of :data:`MEASURES` into the figures of that milk; unknown figures are ``None``, never 0.

    :param ecm_formula: 'ifcn' or 'nordic'; without it ``ecm_per_cow`` is ``None``
    :return: dict: total, saleable, discarded (kg), per_cow, ecm_per_cow (kg per cow in milk and day),
        cow_days, fat, protein (%), scc (thousand cells per ml)
    """
    kg, saleable, fat, fat_base, protein, protein_base, cells, cells_base, cow_days = row
    kg, saleable, cow_days = kg or 0.0, saleable or 0.0, int(cow_days or 0)
    per_cow = herd_figures.yield_per_cow(kg, cow_days)
    fat, protein = percent(fat or 0.0, fat_base), percent(protein or 0.0, protein_base)
    ecm = milk_figures.ECM[ecm_formula](per_cow, fat, protein) if ecm_formula else None
    return {
        "total": round(kg, 2),
        "saleable": round(saleable, 2),
        "discarded": round(kg - saleable, 2),
        "per_cow": None if per_cow is None else round(per_cow, 3),
        "ecm_per_cow": None if ecm is None else round(ecm, 3),
        "cow_days": cow_days,
        "fat": fat,
        "protein": protein,
        "scc": round((cells or 0.0) / cells_base, 1) if cells_base else None,
    }


def shape_total(rows, ecm_formula):
    """:func:`shape_milk` of all ``rows`` together."""
    return shape_milk(add(rows) if rows else NOTHING, ecm_formula)


def shape_steps(rows, steps):
    """:func:`shape_milk` of each step of a period that has a row, with its first day as ``date`` and
    ``cows``: milked on each of its days.

    :param rows: {first day: row of :data:`MEASURES`}; ``steps``: periods
    """
    trend = []
    for step in steps:
        if step.first in rows:
            figures = shape_milk(rows[step.first])
            cows = figures["cow_days"]
            figures["date"], figures["cows"] = step.first.isoformat(), cows
            if step.days > 1:
                figures["cows"] = round(cows / step.days, 1)
            trend.append(figures)
    return trend


#: a row of :data:`MEASURES` without any milk
NOTHING = (*(None,) * (len(MEASURES) - 1), 0)


def days_left(until, today):
    """Days on which milk still has to be discarded, today included."""
    return max(0, (until - today) // timedelta(days=1) + 1)


# ---------------------------------------------------------------- statements


def withheld_animals(animals):
    """Statement: animal_type, breed_id, pen_id, how many animals, and how many of them are healthy.

    :param animals: SELECT with columns animal_type, breed_id, pen_id, health_status of the withheld animals
    """
    return SQL(
        """
        SELECT animal_type, breed_id, pen_id, count(*), count(*) FILTER (WHERE health_status = %s)
          FROM (%s) a
         GROUP BY animal_type, breed_id, pen_id
        """,
        HEALTHY,
        animals,
    )


def milk_of_absent(milk, first_day):
    """Statement: animal_type and kg of ``milk`` of animals that are not present (any more).

    :param milk: SELECT with columns animal_id, kg
    :param first_day: animals that left before it gave none of this milk; an index knows the others
    """
    return SQL(
        # an aggregate is not pulled up: the milk of each animal that is gone is looked up, never vice versa
        """
        SELECT a.animal_type, sum(r.kg)
          FROM farm_animal a, LATERAL (SELECT sum(m.kg) AS kg FROM (%s) m WHERE m.animal_id = a.id) r
         WHERE (a.active AND a.status = 'active') IS NOT TRUE
           AND COALESCE(a.exit_date, 'infinity'::date) >= %s
           AND r.kg IS NOT NULL
         GROUP BY a.animal_type
        """,
        milk,
        first_day,
    )


def ranking(milk, animals, limit):
    """Statement: kind ('best', 'worst'), animal_id, kg, cow_days of the present animals with most and least
    kg per day in milk; no animal is in both.

    :param milk: SELECT with columns animal_id, record_date, lactation_id, kg
    :param animals: SELECT with column id, of the present animals
    :param limit: animals of each kind
    """
    return SQL(
        """
        WITH by_animal AS (
            SELECT animal_id, sum(kg) AS kg, count(*) FILTER (WHERE milked) AS cow_days
              FROM (SELECT animal_id, record_date, sum(kg) AS kg,
                           bool_or(lactation_id IS NOT NULL OR kg > 0) AS milked
                      FROM (%(milk)s) m
                     GROUP BY animal_id, record_date) d
             GROUP BY animal_id
        ), ranked AS (
            SELECT m.*, row_number() OVER (ORDER BY kg / cow_days DESC, animal_id) AS best,
                   row_number() OVER (ORDER BY kg / cow_days, animal_id) AS worst
              FROM by_animal m
             WHERE cow_days > 0 AND animal_id IN (%(animals)s)
        )
        SELECT CASE WHEN best <= %(limit)s THEN 'best' ELSE 'worst' END, animal_id, kg, cow_days
          FROM ranked WHERE best <= %(limit)s OR worst <= %(limit)s
        """,
        milk=milk,
        animals=animals,
        limit=limit,
    )
