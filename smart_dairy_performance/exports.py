"""What a dashboard gives away as tables: plain functions from its figures to rows of a file.

Each function takes the environment (for translations) and what the dashboard's method returned.
"""

from dataclasses import dataclass
from datetime import date


@dataclass
class Table:
    """``columns``: [(label, kind: 'text', 'date', 'integer', 'float' or 'monetary')], ``rows``: values."""

    name: str
    title: str
    columns: list
    rows: list


def _day(iso):
    return date.fromisoformat(iso)


def _pick(rows, *keys):
    return [[row[key] for key in keys] for row in rows]


def herd(env, data):
    groups = [
        (env._("Animals"), "integer"),
        (env._("In milk"), "integer"),
        (env._("Milk kg"), "float"),
        (env._("kg per cow"), "float"),
        (env._("Not healthy"), "integer"),
    ]
    keys = ("name", "count", "in_milk", "total", "per_cow", "sick")
    titles = {"by_type": env._("By type"), "by_breed": env._("By breed"), "by_pen": env._("By pen")}
    days = [
        (env._("Day"), "date"),
        (env._("Milk kg"), "float"),
        (env._("Saleable kg"), "float"),
        (env._("Discarded kg"), "float"),
        (env._("Cows milked"), "integer"),
        (env._("kg per cow in milk"), "float"),
        (env._("Fat %"), "float"),
        (env._("Protein %"), "float"),
        (env._("Cells ×1000/ml"), "float"),
    ]
    fields = ("total", "saleable", "discarded", "cows", "per_cow", "fat", "protein", "scc")

    def trend(name, title, rows):
        return Table(name, title, days, [[_day(row["date"]), *(row[key] for key in fields)] for row in rows])

    return [
        trend("days", env._("Milk by day"), data["trend"]),
        trend("compared", env._("Compared period"), data["previous"]["trend"]),
        *(
            Table(name, title, [(title, "text"), *groups], _pick(data[name], *keys))
            for name, title in titles.items()
        ),
    ]


def sales(env, data):
    days = [
        (env._("Day"), "date"),
        (env._("Orders"), "integer"),
        (env._("Revenue"), "monetary"),
        (env._("Average order"), "monetary"),
        (env._("Customers"), "integer"),
    ]
    fields = ("order_count", "total_revenue", "avg_order_value", "unique_customers")

    def trend(name, title, rows):
        return Table(
            name, title, days, [[_day(row["order_date"]), *(row[key] for key in fields)] for row in rows]
        )

    return [
        trend("days", env._("Revenue by day"), data["daily_stats"]),
        trend("compared", env._("Compared period"), data["previous"]["daily_stats"]),
        Table(
            "products",
            env._("Best selling products"),
            [
                (env._("Product"), "text"),
                (env._("Sold"), "float"),
                (env._("Unit"), "text"),
                (env._("Revenue"), "monetary"),
            ],
            _pick(data["top_products"], "product_name", "quantity_sold", "uom_name", "revenue"),
        ),
        Table(
            "customers",
            env._("Best customers"),
            [
                (env._("Customer"), "text"),
                (env._("Orders"), "integer"),
                (env._("Revenue"), "monetary"),
            ],
            _pick(data["top_customers"], "name", "order_count", "revenue"),
        ),
    ]


def stock(env, data):
    products = [
        (env._("Product"), "text"),
        (env._("Unit"), "text"),
        (env._("On hand"), "float"),
        (env._("Reserved"), "float"),
        (env._("Free"), "float"),
        (env._("Value"), "monetary"),
        (env._("Used a day"), "float"),
        (env._("Days of cover"), "float"),
    ]
    keys = ("name", "uom", "quantity", "reserved", "free", "value", "per_day", "cover")
    groups = [(env._("Products"), "integer"), (env._("Value"), "monetary")]
    titles = {"by_category": env._("By category"), "by_warehouse": env._("By warehouse")}
    flows = [
        (env._("Unit"), "text"),
        (env._("Day"), "date"),
        (env._("Received"), "float"),
        (env._("Sent"), "float"),
    ]

    def by_day(name, title, units):
        rows = [
            [unit["name"], _day(day["date"]), day["in"], day["out"]] for unit in units for day in unit["days"]
        ]
        return Table(name, title, flows, rows)

    return [
        Table("products", env._("By product"), products, _pick(data["by_product"], *keys)),
        Table("runs_out", env._("Runs out"), products, _pick(data["runs_out"], *keys)),
        Table(
            "expiring",
            env._("Expiring lots"),
            [
                (env._("Lot"), "text"),
                (env._("Product"), "text"),
                (env._("On hand"), "float"),
                (env._("Unit"), "text"),
                (env._("Expires"), "date"),
            ],
            [
                [row["name"], row["product"], row["quantity"], row["uom"], _day(row["expires"])]
                for row in data["expiring"]
            ],
        ),
        *(
            Table(name, title, [(title, "text"), *groups], _pick(data[name], "name", "products", "value"))
            for name, title in titles.items()
        ),
        by_day("days", env._("In and out by day"), data["units"]),
        by_day("compared", env._("Compared period"), data["previous"]["units"]),
    ]


def bucket_names(env):
    return {
        "not_due": env._("Not due"),
        "1_30": env._("1–30 days"),
        "31_60": env._("31–60 days"),
        "61_90": env._("61–90 days"),
        "over_90": env._("More than 90 days"),
    }


def receivables(env, data):
    names = bucket_names(env)
    days = [(env._("Day"), "date"), (env._("Owed"), "monetary")]

    def trend(name, title, rows):
        return Table(name, title, days, [[_day(row["date"]), row["amount"]] for row in rows])

    return [
        Table(
            "buckets",
            env._("By days past due"),
            [
                (env._("Due"), "text"),
                (env._("Items"), "integer"),
                (env._("Owed"), "monetary"),
            ],
            [[names[row["name"]], row["items"], row["amount"]] for row in data["buckets"]],
        ),
        Table(
            "customers",
            env._("By customer"),
            [
                (env._("Customer"), "text"),
                (env._("Items"), "integer"),
                (env._("Owed"), "monetary"),
                (env._("Overdue"), "monetary"),
                (env._("Days late"), "integer"),
            ],
            _pick(data["customers"], "name", "items", "open", "overdue", "days_late"),
        ),
        trend("expected", env._("Expected by due day"), data["expected"]),
        trend("days", env._("Owed by day"), data["trend"]),
        trend("compared", env._("Compared period"), data["previous"]["trend"]),
    ]


def sensors(env, data):
    def moment(text):
        return text and text.replace("T", " ").removesuffix("Z")

    at = (env._("Data of (UTC)"), "text")
    states = {"ok": env._("OK"), "no_data": env._("No data"), "alert": env._("Alert")}
    return [
        Table(
            "sensors",
            env._("Sensors"),
            [
                (env._("Sensor"), "text"),
                (env._("Type"), "text"),
                (env._("Place"), "text"),
                (env._("State"), "text"),
                (env._("Value"), "float"),
                (env._("Unit"), "text"),
                at,
            ],
            [
                [
                    *(row[key] for key in ("name", "type", "place")),
                    states[row["state"]],
                    row["value"],
                    row["unit"],
                    moment(row["at"]),
                ]
                for row in data["sensors"]
            ],
        ),
        Table(
            "barns",
            env._("Barns"),
            [
                (env._("Barn"), "text"),
                (env._("Temperature °C"), "float"),
                (env._("Humidity %"), "float"),
                (env._("THI"), "float"),
                at,
            ],
            [
                [*(row[key] for key in ("name", "temperature", "humidity", "thi")), moment(row["at"])]
                for row in data["barns"]
            ],
        ),
        Table(
            "tanks",
            env._("Tanks"),
            [
                (env._("Tank"), "text"),
                (env._("Temperature °C"), "float"),
                (env._("Level L"), "float"),
                (env._("Limit °C"), "float"),
                at,
            ],
            [
                [*(row[key] for key in ("name", "temperature", "level", "limit")), moment(row["at"])]
                for row in data["tanks"]
            ],
        ),
        Table(
            "alerts",
            env._("Open alerts"),
            [
                (env._("Alert"), "text"),
                (env._("Place"), "text"),
                (env._("Cause"), "text"),
                (env._("Next action"), "text"),
                (env._("Assigned to"), "text"),
            ],
            _pick(data["alerts"], "title", "place", "cause", "next_action", "user"),
        ),
    ]


TABLES = {"herd": herd, "sales": sales, "stock": stock, "receivables": receivables, "sensors": sensors}
