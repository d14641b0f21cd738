"""What partitions by time give and cost, side by side with the same rows in one plain table, in one run.

24 months of orders and 90 days of readings, both ways, with the same columns and indexes, plain SQL; the
exact view against ``sale_order`` itself; retention of a month and of a day by DETACH and DROP against DELETE;
and what keeping the partitioned copy costs Odoo's confirmation of an order. Every pair of measurements takes
turns; ratios are of medians.

    make bench NAME=partitions
    python benchmarks/partitions.py --config odoo.conf --orders 100000 --readings 500000

Exit status 1: a bar below is missed. Bars are ratios, plain to partitioned, but for the confirmation.
"""

import argparse
import contextlib
import statistics
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from psycopg2 import sql

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

NEEDS = "tests"  # the template with every addon installed
NOW = datetime(2025, 6, 15, tzinfo=timezone.utc)
MONTHS, DAYS = 24, 90
#: rows lie in the order of time in both, so that an index finds them as well: partitions must not cost much
NO_SLOWER = 0.7

#: what: (statement with {} for the table, least ratio or None where only the figure is shown)
ORDER_REPORTS = {
    "a month's revenue by customer": (
        "SELECT partner_id, sum(amount_total) FROM {} WHERE state = 'sale' AND date_order >= '2025-05-01'"
        " AND date_order < '2025-06-01' GROUP BY 1 ORDER BY 2 DESC LIMIT 20", NO_SLOWER),
    "a quarter's revenue by day": (
        "SELECT date_order::date, sum(amount_total), count(*) FROM {} WHERE state = 'sale'"
        " AND date_order >= '2025-01-01' AND date_order < '2025-04-01' GROUP BY 1", NO_SLOWER),
    "a quarter's distinct customers": (
        "SELECT count(DISTINCT partner_id) FROM {} WHERE date_order >= '2025-01-01'"
        " AND date_order < '2025-04-01'", NO_SLOWER),
    "one day's orders": (
        "SELECT count(*), sum(amount_total) FROM {} WHERE state = 'sale' AND date_order >= '2025-05-20'"
        " AND date_order < '2025-05-21'", None),
    "all 24 months by month (no bound)": (
        "SELECT date_trunc('month', date_order), sum(amount_total) FROM {} GROUP BY 1", None),
    "one order by id (no bound)": ("SELECT amount_total FROM {} WHERE id = 4711", None),
}  # fmt: skip
VIEW_REPORTS = {what: (found[0], None) for what, found in list(ORDER_REPORTS.items())[:3]}
READING_REPORTS = {
    "a day's mean by sensor": (
        "SELECT sensor_id, avg(value) FROM {} WHERE timestamp >= '2025-06-10' AND timestamp < '2025-06-11'"
        " GROUP BY 1", NO_SLOWER),
    "a week by hour": (
        "SELECT date_trunc('hour', timestamp), avg(value), min(value), max(value) FROM {}"
        " WHERE timestamp >= '2025-06-01' AND timestamp < '2025-06-08' GROUP BY 1", NO_SLOWER),
    "a sensor's last two days": (
        "SELECT timestamp, value FROM {} WHERE sensor_id = 7 AND timestamp >= '2025-06-12'"
        " AND timestamp < '2025-06-14' ORDER BY 1", None),
}  # fmt: skip
#: least ratio of DELETE to what retention does, in time and in write-ahead log; most percent that the copy
#: may add to a confirmation
DROP_BAR, WAL_BAR, CONFIRM_BAR = 1.5, 5.0, 5.0
COLUMNS = (
    "id bigint NOT NULL, sensor_id integer NOT NULL, timestamp timestamp NOT NULL, value double precision,"
    " unit varchar, quality smallint, received_at timestamp, PRIMARY KEY (id, timestamp)"
)


class Table:
    """Ratios, a line each; remembers what missed its bar."""

    def __init__(self):
        self.missed = []

    def add(self, what, plain, partitioned, bar):
        ratio = plain / partitioned
        self.line(what, f"{plain * 1000:9.2f} ms {partitioned * 1000:9.2f} ms {ratio:8.2f} x", bar, ratio)

    def line(self, what, figures, bar, value, most=False):
        good = bar is None or (value <= bar if most else value >= bar)
        said = (
            ""
            if bar is None
            else f"   {'at most' if most else 'at least'} {bar:g}{'' if good else '  MISSED'}"
        )
        print(f"  {what:<36} {figures}{said}", flush=True)
        if not good:
            self.missed.append(what)


def turns(cursor, statement, tables, rounds=15):
    """Median seconds of the statement on each table, taking turns; the answers must be the same."""
    times, answers = {one: [] for one in tables}, []
    for number in range(rounds + 2):
        for one in tables if number % 2 else tables[::-1]:
            began = time.perf_counter()
            cursor.execute(statement.format(one))
            rows = cursor.fetchall()
            if number > 1:
                times[one].append(time.perf_counter() - began)
            answers.append(sorted(map(str, rows)))
    if "LIMIT" not in statement and any(one != answers[0] for one in answers):
        raise AssertionError(f"different answers to: {statement}")
    return [statistics.median(times[one]) for one in tables]


def reports(cursor, title, found, plain, partitioned, table):
    print(f"{title:<38} {'plain':>12} {'partitioned':>12} {'ratio':>10}")
    for what, (statement, bar) in found.items():
        table.add(what, *turns(cursor, statement, [plain, partitioned]), bar)


def retention(lab, what, plain, first, folder, declared, table):
    """The oldest partition detached and dropped, as the maintenance does it; the same rows deleted."""
    from odoo.addons.database_partition.engine import catalogue, maintain
    from odoo.addons.database_partition.engine import retention as engine
    from odoo.addons.database_partition.engine.connection import Patience

    times, wal = {"delete": [], "drop": []}, {"delete": [], "drop": []}

    def position():
        cursor.execute("SELECT pg_current_wal_insert_lsn() - '0/0'")
        return float(cursor.fetchone()[0])

    with (
        lab.session() as work,
        contextlib.closing(lab.connect(autocommit=True)) as cnx,
        cnx.cursor() as cursor,
    ):
        for _round in range(3):
            with work.transaction() as inner:
                oldest = next(p for p in catalogue.partitions(inner, declared) if p.range.lower >= first)
            low, high = (end.replace(tzinfo=None) for end in (oldest.range.lower, oldest.range.upper))
            written, began = position(), time.perf_counter()
            cursor.execute(
                sql.SQL("DELETE FROM {0} WHERE {1} >= %s AND {1} < %s").format(
                    sql.Identifier(plain), sql.Identifier(declared.key)
                ),
                (low, high),
            )
            deleted = cursor.rowcount
            cursor.execute(sql.SQL("VACUUM {}").format(sql.Identifier(plain)))
            times["delete"].append(time.perf_counter() - began)
            wal["delete"].append(position() - written)
            written, began = position(), time.perf_counter()
            engine.detach(work, declared, oldest.relation, NOW, Patience())
            engine.drop(work, declared, oldest.relation, NOW, folder, confirmed=True)
            times["drop"].append(time.perf_counter() - began)
            wal["drop"].append(position() - written)
            first = oldest.range.upper
        print(f"{what:<38} {'DELETE+VACUUM':>12} {'DROP':>11} {'ratio':>10}   ({deleted} rows)")
        table.add("without an archive", *(statistics.median(one) for one in times.values()), DROP_BAR)
        first_kb, second_kb = (statistics.median(one) / 1024 for one in wal.values())
        figures = f"{first_kb:9.0f} kB {second_kb:9.0f} kB {first_kb / second_kb:8.2f} x"
        table.line("write-ahead log", figures, WAL_BAR, first_kb / second_kb)
        began = time.perf_counter()
        with work.transaction() as inner:
            oldest = next(p for p in catalogue.partitions(inner, declared) if p.range.lower >= first)
        engine.detach(work, declared, oldest.relation, NOW, Patience())
        report = maintain.maintain(work, declared, NOW, folder, steps=("archive",))
        if not report.good:
            raise AssertionError(report.failed)
        took = (time.perf_counter() - began) * 1000
        print(f"  archived, read back, compared, dropped {took:.0f} ms, nobody waiting")


def orders(lab, folder, rows, table):
    from odoo.addons.smart_dairy_performance.partitions import settle
    from odoo.addons.smart_dairy_performance.partitions.orders import COLUMNS as COLUMNS_OF_ORDERS
    from odoo.addons.smart_dairy_performance.partitions.orders import ORDERS, VIEW

    lab.do(
        # as wide as Odoo's orders are, with its indexes
        "INSERT INTO sale_order (date_order, name, company_id, partner_id, user_id, team_id, state,"
        " currency_id, currency_rate, amount_untaxed, amount_tax, amount_total, note)"
        " SELECT timestamp '2023-06-15' + i * (interval '730 days' / %s), 'S' || i, 1,"
        " i::bigint * 7919 %% 4000, i %% 9, i %% 3, CASE WHEN i %% 10 = 0 THEN 'draft' ELSE 'sale' END,"
        " 1, 1, i %% 500, i %% 50,"
        " i %% 550, repeat('x', 300) FROM generate_series(1, %s) i;"
        "CREATE INDEX ON sale_order (date_order DESC, id DESC); CREATE INDEX ON sale_order (state);"
        "CREATE INDEX ON sale_order (partner_id)",
        rows, rows,
    )  # fmt: skip
    lab.install(folder, NOW)
    with lab.session() as work:
        began = time.perf_counter()
        settle.prepare(work)
        settle.fill(work)
        speed = rows / (time.perf_counter() - began)
        print(f"filling {rows} orders: {speed:,.0f} a second, in small transactions")
    names = sql.SQL(", ").join(map(sql.Identifier, COLUMNS_OF_ORDERS))
    lab.do(
        sql.SQL(
            "CREATE TABLE plain_order (LIKE {table} INCLUDING ALL);"
            "INSERT INTO plain_order ({names}) SELECT {names} FROM {table};"
            "CREATE INDEX ON plain_order (date_order)"
        ).format(table=sql.Identifier(ORDERS.table), names=names)
    )
    for name in ("plain_order", ORDERS.table, "sale_order"):
        vacuum(lab, name)
    for name in ("note", "unfilled", "kept"):
        vacuum(lab, ORDERS.table, name)
    with contextlib.closing(lab.connect(autocommit=True)) as cnx, cnx.cursor() as cursor:
        reports(
            cursor, f"{MONTHS} months of orders ({rows})", ORDER_REPORTS, "plain_order", ORDERS.table, table
        )
        reports(cursor, "sale_order itself, and the exact view", VIEW_REPORTS, "sale_order", VIEW, table)
    first = datetime(2023, 7, 1, tzinfo=timezone.utc)
    retention(lab, "retention of a month", "plain_order", first, folder, ORDERS, table)


def vacuum(lab, *name):
    lab.do(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(*name)))


def readings(lab, folder, rows, table):
    from odoo.addons.database_partition.engine import create, maintain
    from odoo.addons.database_partition.engine.connection import Patience
    from odoo.addons.database_partition.engine.declaration import PartitionSet

    declared = PartitionSet(
        table="bench_reading", key="timestamp", interval="day", columns=COLUMNS,
        indexes=("(sensor_id, timestamp)",), premake=30, history=DAYS, retention=DAYS,
    )  # fmt: skip
    with lab.session() as work:
        create.deploy(work, declared, NOW, Patience())
        report = maintain.maintain(work, declared, NOW, folder)
        if not report.good:
            raise AssertionError(report.failed)
    lab.do("CREATE TABLE plain_reading (" + COLUMNS + ")")
    lab.do("CREATE INDEX ON plain_reading (sensor_id, timestamp)")
    lab.do("CREATE INDEX ON plain_reading (timestamp)")
    for name in ("plain_reading", "bench_reading"):
        filling = sql.SQL(
            "INSERT INTO {} SELECT i, i %% 200, timestamp '2025-03-17' + i * (interval '90 days' / %s),"
            " i %% 37, 'C', 0, now() FROM generate_series(1, %s) i"
        )
        lab.do(filling.format(sql.Identifier(name)), rows, rows)
        vacuum(lab, name)
    with contextlib.closing(lab.connect(autocommit=True)) as cnx, cnx.cursor() as cursor:
        reports(
            cursor,
            f"{DAYS} days of readings ({rows})",
            READING_REPORTS,
            "plain_reading",
            "bench_reading",
            table,
        )
    first = NOW - timedelta(days=DAYS - 1)
    retention(lab, "retention of a day", "plain_reading", first, folder, declared, table)


def confirmations(config, rounds, table):
    """Confirm orders with the copy and without its triggers, in two databases that are otherwise the same."""
    import _partition_orders

    more = _partition_orders.measure(config, rounds)
    print(f"{'confirming an order of 5 lines':<38}")
    table.line("more with the partitioned copy", f"{more:36.1f} %", CONFIRM_BAR, more, most=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, help="an odoo.conf")
    parser.add_argument("--database", default="smart_dairy", help="the scratch database is named after it")
    parser.add_argument("--orders", type=int, default=300_000)
    parser.add_argument("--readings", type=int, default=1_500_000)
    parser.add_argument("--rounds", type=int, default=60, help="confirmations of each kind")
    options = parser.parse_args()
    from odoo.tools import config

    config.parse_config(["-c", options.config, "--log-level=critical"], setup_logging=True)
    from odoo.addons.smart_dairy_performance.testing.orders_lab import OrdersLab
    from odoo.sql_db import connection_info_for

    table = Table()
    lab = OrdersLab(connection_info_for("postgres")[1], f"{options.database}_bench_partitions").create()
    try:
        with tempfile.TemporaryDirectory() as folder:
            lab.clear()
            readings(lab, Path(folder), options.readings, table)
            lab.clear()
            orders(lab, Path(folder), options.orders, table)
    finally:
        lab.drop()
    confirmations(options.config, options.rounds, table)
    print("bench partitions: " + (f"FAILED: {', '.join(table.missed)}" if table.missed else "ok"))
    return int(bool(table.missed))


if __name__ == "__main__":
    sys.exit(main())
