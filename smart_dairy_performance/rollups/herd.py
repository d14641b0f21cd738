"""Milk by day, present animals by entry day, health cases by day (docs/decisions/0012).

Quantities are kg. A percentage is component kg over the kg that were tested for it, so both are kept; bulk
cells are weighed by the milk that went to the tank.
"""

from odoo.addons.database_rollup.engine.declaration import (
    Count,
    CountDaily,
    Cut,
    Dimension,
    Join,
    Rollup,
    Sum,
)

from ..queries.herd import DRY, HEALTHY, IN_MILK

LEVELS = ("day", "dekad", "month", "year")


def _words(names):
    return ", ".join(f"'{name}'" for name in names)


def _tested(kg, column):
    return f"CASE WHEN r.{column} IS NOT NULL THEN r.{kg} END"


MILK = Rollup(
    name="herd_milk",
    title="Milk",
    model="farm.milk.record",
    table="farm_milk_record",
    alias="r",
    # left: what a cut does not need, PostgreSQL leaves out
    joins=(
        Join("a", "farm_animal", "a.id = r.animal_id", left=True),
        Join("l", "farm_lactation", "l.id = r.lactation_id", left=True),
    ),
    time="r.record_date",
    timestamp=False,
    levels=LEVELS,
    dimensions=(
        Dimension("company", "r.company_id", ("company_id",)),
        Dimension("farm", "r.farm_id", ("farm_id",)),
        Dimension("pen", "r.pen_id", ("pen_id",)),
        Dimension("type", "a.animal_type", ("animal_id.animal_type",)),
        Dimension("breed", "a.breed_id", ("animal_id.breed_id",)),
        Dimension("parity", "l.parity"),
    ),
    measures=(
        Sum("kg", "r.total_yield"),
        Sum("saleable", "r.saleable_yield"),
        Sum("fat", "r.total_yield * r.fat_percentage"),
        Sum("fat_base", _tested("total_yield", "fat_percentage")),
        Sum("protein", "r.total_yield * r.protein_percentage"),
        Sum("protein_base", _tested("total_yield", "protein_percentage")),
        Sum("cells", "r.saleable_yield * r.scc"),
        Sum("cells_base", _tested("saleable_yield", "scc")),
        # an animal in a farm on a day: holding the farm, it may be added up over farms whatever was written
        CountDaily(
            "cow_days",
            "CASE WHEN r.lactation_id IS NOT NULL OR r.total_yield > 0"
            " THEN (r.animal_id::bigint << 32) | r.farm_id END",
            within=("farm",),
        ),
    ),
    cuts=(
        Cut(("company",)),
        Cut(("company", "farm")),
        Cut(("company", "type", "breed")),
        Cut(("company", "farm", "type", "breed")),
        Cut(("company", "parity")),
        Cut(("company", "farm", "parity")),
        Cut(("company", "farm", "pen")),
    ),
)

ANIMALS = Rollup(
    name="herd_animals",
    title="Present animals, by entry day",
    model="farm.animal",
    table="farm_animal",
    alias="a",
    # any day would do: this one is never empty, seldom changes and spreads a herd over its years
    time="a.entry_date",
    timestamp=False,
    where=("a.active", "a.status = 'active'"),
    levels=("day", "month", "year", "century"),
    dimensions=(
        Dimension("company", "a.company_id", ("company_id",)),
        Dimension("farm", "a.farm_id", ("farm_id",)),
        Dimension("pen", "a.pen_id", ("pen_id",)),
        Dimension("type", "a.animal_type", ("animal_type",)),
        Dimension("breed", "a.breed_id", ("breed_id",)),
    ),
    measures=(
        Count("animals"),
        Count("in_milk", f"CASE WHEN a.lactation_status IN ({_words(IN_MILK)}) THEN 1 END"),
        Count("dry", f"CASE WHEN a.lactation_status IN ({_words(DRY)}) THEN 1 END"),
        Count("sick", f"CASE WHEN a.health_status IS DISTINCT FROM '{HEALTHY}' THEN 1 END"),
    ),
    cuts=(
        Cut(("company", "type", "breed")),
        Cut(("company", "farm", "type", "breed")),
        Cut(("company", "farm", "pen")),
    ),
)

CASES = Rollup(
    name="herd_cases",
    title="Health cases",
    model="farm.health.record",
    table="farm_health_record",
    alias="h",
    time="h.record_date",
    timestamp=False,
    where=("h.active",),
    levels=LEVELS,
    dimensions=(
        Dimension("company", "h.company_id", ("company_id",)),
        Dimension("farm", "h.farm_id", ("farm_id",)),
        Dimension("type", "h.record_type", ("record_type",)),
    ),
    measures=(Count("cases"),),
    cuts=(Cut(("company", "type")), Cut(("company", "farm", "type"))),
)

ROLLUPS = (MILK, ANIMALS, CASES)
