"""Animals and their records. Unique tags, (animal, date) and (farm, date) are smart_dairy_farm's own."""

from odoo.addons.database_index import Index, Query, trigram

BOX = Query("farm.animal", "name_search", ("BD-4001",), (("limit", 8),))


def _tag(column, what):
    return Index(
        name=f"farm_animal_{column}_trgm",
        table="farm_animal",
        keys=(trigram(column),),
        method="gin",
        extension="pg_trgm",
        purpose=f"Animals by a part of their {what}, in the search box",
        query=BOX,
    )


def _newest(model, key, what, which="newest", where="", domain=()):
    table = model.replace(".", "_")
    return Index(
        name=f"{table}_{which}_idx",
        table=table,
        keys=(f"{key} DESC", "id DESC"),
        where=where,
        purpose=f"The first page of {what}, newest first",
        query=Query(model, "search", ([*domain],), (("limit", 80),)),
    )


def _milk(which, what, where, *domain):
    return _newest("farm.milk.record", "record_date", what, which, where, domain)


INDEXES = (
    _tag("ear_tag", "ear tag"),
    _tag("rfid_tag", "electronic number"),
    _tag("management_number", "number on the farm"),
    Index(
        name="farm_animal_list_idx",
        table="farm_animal",
        keys=("ear_tag", "name", "id"),
        where="active IS TRUE",
        purpose="The first page of the herd list",
        query=Query("farm.animal", "search", ([("status", "=", "active")],), (("limit", 80),)),
    ),
    _newest("farm.milk.record", "record_date", "the milk records"),
    # a farm's list is served by smart_dairy_farm's (farm_id, record_date, id); without it the one above is
    # walked until it meets a farm whose milk was entered long ago: 97 instead of 0.1 ms (2 million records,
    # 50 farms)
    _milk(
        "tested",
        "the milk records with components",
        "fat_percentage IS NOT NULL OR protein_percentage IS NOT NULL OR scc IS NOT NULL",
        "|",
        ("fat_percentage", "!=", False),
        ("scc", "!=", False),
    ),
    _milk("discarded", "the discarded milk", "discarded IS TRUE", ("discarded", "=", True)),
    _milk("released", "the milk released by hand", "override_reason <> ''", ("override_reason", "!=", False)),
    _newest("farm.lactation", "calving_date", "the lactations"),
    _newest("farm.climate.record", "recorded_at", "the barn climate"),
    # asked for, and condemned
    Index(
        name="farm_animal_status_farm_idx",
        table="farm_animal",
        keys=("status", "farm_id"),
        purpose="Present animals of a farm",
        rejected="Most animals are present: the first key is dead weight. smart_dairy_farm has"
        " farm_animal_farm_present_idx (farm_id, animal_type) WHERE status = 'active' instead.",
    ),
    Index(
        name="farm_animal_rfid_idx",
        table="farm_animal",
        keys=("rfid_tag",),
        purpose="An animal by its electronic number",
        rejected="smart_dairy_farm's unique index on present animals' rfid_tag serves it; a part of the"
        " number is served by farm_animal_rfid_tag_trgm.",
    ),
    Index(
        name="farm_animal_ear_idx",
        table="farm_animal",
        keys=("ear_tag",),
        purpose="An animal by its ear tag",
        rejected="farm_animal_list_idx begins with the ear tag; a part of it is served by"
        " farm_animal_ear_tag_trgm.",
    ),
    Index(
        name="farm_animal_search_fts",
        table="farm_animal",
        keys=("name", "ear_tag", "rfid_tag"),
        method="gin",
        purpose="Full text of name and tags",
        rejected="The ORM sends ILIKE, never @@; words and stems are no help with tag numbers. Trigrams"
        " serve it.",
    ),
    Index(
        name="farm_milk_record_animal_covering_idx",
        table="farm_milk_record",
        keys=("animal_id", "record_date DESC"),
        include=("morning_yield", "evening_yield", "total_yield"),
        purpose="Milk of an animal without reading the table",
        rejected="smart_dairy_farm's (animal_id, record_date DESC) takes the latest records from 0.26 to"
        " 0.01 ms without the yields, and stays a third of the size.",
    ),
    Index(
        name="farm_milk_record_farm_covering_idx",
        table="farm_milk_record",
        keys=("farm_id", "record_date"),
        include=("total_yield", "fat_percentage", "protein_percentage"),
        purpose="Milk of a farm by day without reading the table",
        rejected="1.03 to 0.83 ms over smart_dairy_farm's index by farm and day; the dashboard needs"
        " further columns (discarded, scc), so that it reads the table all the same.",
    ),
    Index(
        name="farm_health_record_newest_idx",
        table="farm_health_record",
        keys=("record_date DESC", "id DESC"),
        purpose="The first page of the health cases, newest first",
        rejected="The rollups' farm_health_record_record_date_idx is read backwards, and one day's few cases"
        " are sorted: 4 pages, against 5 with this one.",
    ),
    Index(
        name="farm_health_record_animal_type_idx",
        table="farm_health_record",
        keys=("animal_id", "record_date DESC", "record_type"),
        purpose="Health cases of an animal by kind",
        rejected="smart_dairy_farm's (animal_id, record_date DESC) finds an animal's few cases; the kind"
        " adds nothing.",
    ),
    Index(
        name="farm_milk_record_date_brin",
        table="farm_milk_record",
        keys=("record_date",),
        method="brin",
        purpose="Milk of a period over all farms",
        rejected="farm_milk_record_newest_idx, which the list needs for its order, serves ranges too, and"
        " exactly.",
    ),
)
