"""What does eager loading save against a naive loop, and against the plain ORM?

    python benchmarks/eager.py --database DB [--config odoo.conf] [--repeat 7] [--seconds 120]

Run it with a Python that imports `odoo`, on a database with the suite and data (`make bench NAME=eager` does
both). Each list method runs in turn with a naive loop (records browsed one by one), with plain recordset ORM
(batched by Odoo's own prefetching) and with hand-written SQL, which knows nothing of rules, translations
or pending writes: the floor. Same data, same user, cold ORM memory; medians of time, and statements. Before
anything is timed the answers are compared. Nothing is written.

Ends with status 1 when answers differ or a stated bar is missed, 2 when there is nothing to measure on.
"""

import statistics
import sys
import time

from dashboards import arguments, environment
from odoo.tools import SQL

# Time of the naive loop, and of the plain ORM, ÷ ours: at least. Statements: never more than the plain ORM's.
# Measured: 9 to 89, and 1.2 to 1.8 (61 for animals, where the ORM has to search once an animal and kind).
# Transfers gain least: there the bar is that they are not noticeably slower.
BARS = {
    "50 orders with lines": (5.0, 1.0),
    "1,000 orders with lines": (15.0, 1.3),
    "50 transfers with moves": (4.0, 0.9),
    "50 invoices with lines": (5.0, 1.0),
    "100 animals with records": (15.0, 10.0),
    "1,000 animals with records": (40.0, 20.0),
}


def name(record):
    return record.display_name or None


def plain_orders(records):
    return [
        {
            "id": order.id,
            "name": order.name,
            "partner_name": name(order.partner_id),
            "user_name": name(order.user_id),
            "amount_total": order.amount_total,
            "currency": order.currency_id.name,
            "lines": [
                {
                    "product_name": name(line.product_id),
                    "quantity": line.product_uom_qty,
                    "uom_name": name(line.product_uom_id),
                    "price": line.price_unit,
                }
                for line in order.order_line
                if not line.display_type
            ],
        }
        for order in records
    ]


def plain_transfers(records):
    return [
        {
            "id": picking.id,
            "name": picking.name,
            "partner_name": name(picking.partner_id),
            "picking_type": name(picking.picking_type_id),
            "scheduled_date": str(picking.scheduled_date),
            "state": picking.state,
            "moves": [
                {
                    "product_name": name(move.product_id),
                    "demand": move.product_uom_qty,
                    "quantity": move.quantity,
                    "uom_name": name(move.product_uom),
                    "state": move.state,
                }
                for move in picking.move_ids
            ],
        }
        for picking in records
    ]


def plain_invoices(records):
    return [
        {
            "id": move.id,
            "name": move.name or None,
            "partner_name": name(move.partner_id),
            "amount_total": move.amount_total,
            "amount_residual": move.amount_residual,
            "currency": move.currency_id.name,
            "payment_state": move.payment_state,
            "lines": [
                {
                    "product_name": name(line.product_id),
                    "quantity": line.quantity,
                    "uom_name": name(line.product_uom_id),
                    "price": line.price_unit,
                    "subtotal": line.price_subtotal,
                }
                for line in move.invoice_line_ids
                if line.display_type == "product"
            ],
        }
        for move in records
    ]


def plain_animals(records):
    env = records.env
    rows = []
    for animal in records:
        of_animal = [("animal_id", "=", animal.id)]
        milk = env["farm.milk.record"].search(of_animal, limit=1)
        case = env["farm.health.record"].search(of_animal, limit=1)
        rows.append(
            {
                "id": animal.id,
                "name": animal.name,
                "breed": name(animal.breed_id),
                "farm": name(animal.farm_id),
                "latest_milk": {"record_date": str(milk.record_date), "total_yield": milk.total_yield}
                if milk
                else None,
                "latest_health": {"record_date": str(case.record_date), "health_status": case.health_status}
                if case
                else None,
            }
        )
    return rows


def holds(answer, expected):
    """Whether ``answer`` says what ``expected`` says; it may say more."""
    if isinstance(expected, list):
        return len(answer) == len(expected) and all(map(holds, answer, expected))
    if isinstance(expected, dict):
        return bool(answer) and all(holds(answer[key], value) for key, value in expected.items())
    return answer == expected


# The floor: the same columns by hand, one statement, lines as JSON. No rules, languages or display names.
def lines(table, parent, uom, columns, only="TRUE"):
    return SQL(
        """(SELECT json_agg(json_build_array(t.name->>'en_US', u.name->>'en_US', %s)
                            ORDER BY l.sequence, l.id)
              FROM %s l LEFT JOIN product_product v ON v.id = l.product_id
              LEFT JOIN product_template t ON t.id = v.product_tmpl_id
              LEFT JOIN uom_uom u ON u.id = %s
             WHERE %s = o.id AND %s)""",
        SQL(", ").join(SQL.identifier("l", column) for column in columns),
        SQL.identifier(table),
        SQL.identifier("l", uom),
        SQL.identifier("l", parent),
        SQL(only),
    )


def newest(table, column, alias, only="TRUE"):
    return SQL(
        """LEFT JOIN LATERAL (SELECT record_date, %s FROM %s WHERE animal_id = a.id AND %s
                               ORDER BY record_date DESC, id DESC LIMIT 1) %s ON TRUE""",
        SQL.identifier(column),
        SQL.identifier(table),
        SQL(only),
        SQL.identifier(alias),
    )


def orders_by_hand(ids):
    return SQL(
        """SELECT o.id, o.name, p.complete_name, up.name, o.amount_total, c.name, %s
             FROM sale_order o JOIN res_partner p ON p.id = o.partner_id
             JOIN res_currency c ON c.id = o.currency_id
             LEFT JOIN res_users s ON s.id = o.user_id LEFT JOIN res_partner up ON up.id = s.partner_id
            WHERE o.id = ANY(%s) ORDER BY o.date_order DESC, o.id DESC""",
        lines(
            "sale_order_line",
            "order_id",
            "product_uom_id",
            ("product_uom_qty", "price_unit"),
            "l.display_type IS NULL",
        ),
        ids,
    )


def transfers_by_hand(ids):
    return SQL(
        """SELECT o.id, o.name, p.complete_name, k.name->>'en_US', o.scheduled_date, o.state, %s
             FROM stock_picking o JOIN stock_picking_type k ON k.id = o.picking_type_id
             LEFT JOIN res_partner p ON p.id = o.partner_id
            WHERE o.id = ANY(%s) ORDER BY o.priority DESC, o.scheduled_date, o.id DESC""",
        lines("stock_move", "picking_id", "product_uom", ("product_uom_qty", "quantity", "state")),
        ids,
    )


def invoices_by_hand(ids):
    return SQL(
        """SELECT o.id, o.name, p.complete_name, o.amount_total, o.amount_residual, c.name,
                  o.payment_state, %s
             FROM account_move o JOIN res_currency c ON c.id = o.currency_id
             LEFT JOIN res_partner p ON p.id = o.partner_id
            WHERE o.id = ANY(%s) ORDER BY o.date DESC, o.name DESC, o.invoice_date DESC, o.id DESC""",
        lines(
            "account_move_line",
            "move_id",
            "product_uom_id",
            ("quantity", "price_unit", "price_subtotal"),
            "l.display_type = 'product'",
        ),
        ids,
    )


def animals_by_hand(ids):
    return SQL(
        """SELECT a.id, a.name, b.name->>'en_US', f.name, m.*, h.*
             FROM farm_animal a LEFT JOIN farm_breed b ON b.id = a.breed_id
             JOIN farm_farm f ON f.id = a.farm_id %s %s
            WHERE a.id = ANY(%s) ORDER BY a.ear_tag, a.name, a.id""",
        newest("farm_milk_record", "total_yield", "m"),
        newest("farm_health_record", "health_status", "h", "active"),
        ids,
    )


KINDS = {
    "orders": ("sale.order", "get_orders_with_lines", plain_orders, orders_by_hand, []),
    "transfers": ("stock.picking", "get_pickings_with_moves", plain_transfers, transfers_by_hand, []),
    "invoices": (
        "account.move",
        "get_invoices_with_lines",
        plain_invoices,
        invoices_by_hand,
        [("move_type", "=", "out_invoice")],
    ),
    "animals": ("farm.animal", "get_animals_with_records", plain_animals, animals_by_hand, []),
}
CASES = [
    ("50 orders with lines", "orders", 50),
    ("1,000 orders with lines", "orders", 1000),
    ("50 transfers with moves", "transfers", 50),
    ("50 invoices with lines", "invoices", 50),
    ("100 animals with records", "animals", 100),
    ("1,000 animals with records", "animals", 1000),
]


def ways(env, kind, size):
    """The four ways to the same rows: each a function without arguments."""
    model, method, plain, hand, domain = KINDS[kind]
    Model = env[model].with_context(display_default_code=False)
    ids = Model.search(domain, limit=size).ids

    def naive():
        return [row for id_ in ids for row in plain(Model.browse(id_))]

    def orm():
        return plain(Model.search(domain, limit=size))

    def ours():
        return getattr(Model, method)(domain, limit=size)

    def by_hand():
        return env.execute_query(hand(ids))

    return {"naive": naive, "orm": orm, "ours": ours, "sql": by_hand}


def timed(env, method):
    env.invalidate_all()
    before, start = env.cr.sql_log_count, time.perf_counter()
    answer = method()
    return time.perf_counter() - start, env.cr.sql_log_count - before, answer


def measure(env, kind, size, repeat, until):
    """Medians of seconds and the statements of each way (turn by turn); whether the answers agree."""
    todo = ways(env, kind, size)
    first = {way: timed(env, method) for way, method in todo.items()}  # warms what is remembered
    expected = first["orm"][2]
    agree = holds(first["ours"][2], expected) and first["naive"][2] == expected
    agree = agree and [row[0] for row in first["sql"][2]] == [row["id"] for row in expected]
    times = {way: [] for way in todo}
    statements = {}
    while len(times["ours"]) < repeat and (time.monotonic() < until or not times["ours"]):
        for way, method in todo.items():
            seconds, statements[way], _answer = timed(env, method)
            times[way].append(seconds)
    return (
        {name: statistics.median(of_way) for name, of_way in times.items()},
        statements,
        agree,
        len(expected),
    )


def main():
    options = arguments()
    print(f"Eager loading: at most {options.seconds:.0f} s, {options.repeat} runs each; ms (statements).\n")
    missed = []
    with environment(options) as env:
        heads = ("naive loop", "plain ORM", "eager", "SQL by hand", "÷ naive", "÷ ORM", "÷ SQL")
        print(
            f"{'':27}" + "".join(f"{head:>15}" for head in heads[:4]) + "".join(f"{h:>9}" for h in heads[4:])
        )
        start = time.monotonic()
        for index, (title, kind, size) in enumerate(CASES, 1):
            until = start + options.seconds * index / len(CASES)
            seconds, statements, agree, found = measure(env, kind, size, options.repeat, until)
            if found < size:
                print(f"{title}: only {found} records. Run `make demo` first.", file=sys.stderr)
                return 2
            ratios = [seconds[way] / seconds["ours"] for way in ("naive", "orm", "sql")]
            reached = agree and all(ratio >= bar for ratio, bar in zip(ratios, BARS[title], strict=False))
            reached = reached and statements["ours"] <= statements["orm"]
            cells = "".join(
                f"{f'{seconds[way] * 1000:.1f} ({statements[way]})':>15}"
                for way in ("naive", "orm", "ours", "sql")
            )
            said = "" if reached else "  MISSED" if agree else "  ANSWERS DIFFER"
            print(f"{title:27}{cells}" + "".join(f"{ratio:9.2f}" for ratio in ratios) + said)
            if not reached:
                missed.append(title)
    bars = "; ".join(f"{title} ≥ {naive:g} and {orm:g}" for title, (naive, orm) in BARS.items())
    print(f"\nBars (÷ naive, ÷ ORM; statements at most the ORM's): {bars}")
    print(f"Missed: {', '.join(missed)}" if missed else "All bars reached.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
