"""What a good engineer would write for a dashboard without rollups: one company, its time zone and currency.

The statements answer what the page's main figures show of one period. The compared period, which the
dashboards give as well, is left out, in favour of the plain statements.
"""

from psycopg2.sql import SQL, Identifier

# An order's money in its company's currency, on the company's business day.
ORDERS = """
    FROM sale_order o
   WHERE o.state = 'sale' AND o.company_id = %(company)s
     AND o.date_order >= (%(first)s::timestamp AT TIME ZONE %(tz)s) AT TIME ZONE 'UTC'
     AND o.date_order < ((%(last)s::date + 1)::timestamp AT TIME ZONE %(tz)s) AT TIME ZONE 'UTC'
"""
MONEY = "sum(o.amount_total / COALESCE(NULLIF(o.currency_rate, 0), 1))"
SALES = (
    f"""
    SELECT ((o.date_order AT TIME ZONE 'UTC') AT TIME ZONE %(tz)s)::date, count(*), {MONEY},
           count(DISTINCT o.partner_id)
      {ORDERS} GROUP BY ROLLUP (1)
    """,
    f"""
    SELECT l.product_id, sum(l.product_uom_qty), sum(l.price_total) AS revenue
      FROM sale_order_line l JOIN (SELECT o.id {ORDERS}) o ON o.id = l.order_id
     WHERE l.display_type IS NULL
     GROUP BY l.product_id ORDER BY revenue DESC LIMIT 10
    """,  # noqa: S608
    f"SELECT o.partner_id, count(*), {MONEY} AS revenue {ORDERS} GROUP BY 1 ORDER BY 3 DESC LIMIT 10",
)
#: indexes with what SALES reads and nothing else
COVERING = {
    "bench_order_covering": "CREATE INDEX {} ON sale_order (company_id, date_order) INCLUDE"
    " (id, amount_total, currency_rate, partner_id) WHERE state = 'sale'",
    "bench_line_covering": "CREATE INDEX {} ON sale_order_line (order_id) INCLUDE"
    " (product_id, product_uom_qty, price_total) WHERE display_type IS NULL",
}

MILK = """
    FROM farm_milk_record m
   WHERE m.company_id = %(company)s AND m.record_date BETWEEN %(first)s AND %(last)s
"""
SUMS = "sum(m.total_yield), sum(m.saleable_yield), sum(m.total_yield * m.fat_percentage) / 100"
HERD = (
    f"SELECT m.record_date, {SUMS}, count(DISTINCT m.animal_id) {MILK} GROUP BY ROLLUP (1)",
    f"SELECT m.pen_id, {SUMS}, count(DISTINCT (m.animal_id, m.record_date)) {MILK} GROUP BY 1",
    f"""
    SELECT a.breed_id, a.animal_type, sum(m.kg) FROM farm_animal a
      JOIN (SELECT m.animal_id, sum(m.total_yield) AS kg {MILK} GROUP BY 1) m ON m.animal_id = a.id
     GROUP BY GROUPING SETS ((1), (2))
    """,  # noqa: S608
    """
    SELECT animal_type, breed_id, pen_id, count(*), count(*) FILTER (WHERE health_status <> 'healthy')
      FROM farm_animal WHERE company_id = %(company)s AND status = 'active' AND active
     GROUP BY GROUPING SETS ((), (1), (2), (3))
    """,
)
STOCK = (
    "SELECT product_id, location_id, sum(quantity), sum(reserved_quantity) FROM stock_quant GROUP BY 1, 2",
    """
    SELECT s.product_id, ((s.date AT TIME ZONE 'UTC') AT TIME ZONE %(tz)s)::date,
           f.warehouse_id IS NULL AS incoming, count(*), sum(s.quantity), sum(s.value)
      FROM stock_move s
      JOIN stock_location f ON f.id = s.location_id
      JOIN stock_location t ON t.id = s.location_dest_id
     WHERE s.state = 'done' AND s.company_id = %(company)s
       AND f.warehouse_id IS DISTINCT FROM t.warehouse_id
       AND s.date >= (%(first)s::timestamp AT TIME ZONE %(tz)s) AT TIME ZONE 'UTC'
       AND s.date < ((%(last)s::date + 1)::timestamp AT TIME ZONE %(tz)s) AT TIME ZONE 'UTC'
     GROUP BY 1, 2, 3
    """,
)
RECEIVABLES = (
    """
    SELECT width_bucket(%(last)s::date - l.date_maturity, ARRAY[1, 31, 61, 91]), count(*),
           sum(l.amount_residual)
      FROM account_move_line l JOIN account_account a ON a.id = l.account_id
     WHERE a.account_type = 'asset_receivable' AND l.parent_state = 'posted' AND l.company_id = %(company)s
       AND l.amount_residual <> 0 GROUP BY 1
    """,
    """
    SELECT l.partner_id, sum(l.amount_residual),
           sum(l.amount_residual) FILTER (WHERE l.date_maturity < %(last)s)
      FROM account_move_line l JOIN account_account a ON a.id = l.account_id
     WHERE a.account_type = 'asset_receivable' AND l.parent_state = 'posted' AND l.company_id = %(company)s
       AND l.amount_residual <> 0 GROUP BY 1 ORDER BY 3 DESC NULLS LAST LIMIT 15
    """,
    """
    SELECT l.date, sum(l.balance) FROM account_move_line l JOIN account_account a ON a.id = l.account_id
     WHERE a.account_type = 'asset_receivable' AND l.parent_state = 'posted' AND l.company_id = %(company)s
       AND l.date BETWEEN %(first)s AND %(last)s GROUP BY 1
    """,
    """
    SELECT sum(amount_total_signed) FROM account_move
     WHERE move_type IN ('out_invoice', 'out_refund', 'out_receipt') AND state = 'posted'
       AND company_id = %(company)s AND invoice_date BETWEEN %(first)s AND %(last)s
    """,
)


def create_covering(cursor):
    for name, statement in COVERING.items():
        cursor.execute(SQL(statement).format(Identifier(name)))


def drop_covering(cursor):
    for name in COVERING:
        cursor.execute(SQL("DROP INDEX IF EXISTS {}").format(Identifier(name)))
