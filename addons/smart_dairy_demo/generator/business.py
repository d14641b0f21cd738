"""The dairy as a business: masters by the ORM, then every day's documents in bulk."""

from collections import Counter
from datetime import timedelta

from odoo.tools import SQL

from . import masters
from .accounting import Accounting
from .bulk import Loader
from .demand import Demand
from .foreign_keys import checked_at_end
from .numbering import analyze
from .purchases import Purchases
from .sales import Sales
from .stock import Stock
from .templates import make_templates


def build_business(ctx, users):
    progress = ctx.progress
    with progress.step("Products, customers, vendors"):
        products, feeds = masters.create_products(ctx)
        vendors = masters.create_vendors(ctx, feeds)
        people = masters.create_teams(ctx, users)
        customers = masters.create_customers(ctx, people)
        tax_ids = {
            "invoice": {percent: masters.sale_tax(ctx.env, percent).ids for percent in (0, 5, 15)},
            "bill": {0: []},
        }
    with progress.step("One document of each kind"):
        retailer = next(customer for customer in customers if customer.kind == "retail")
        template = make_templates(ctx, products, feeds, retailer.id, vendors[0][0])
    with progress.step("Orders, deliveries, invoices"):
        loader = Loader(ctx.cr)
        demand = Demand(ctx, customers, products)
        parts = _announce(ctx, loader, template, products, tax_ids, demand, vendors)
        with checked_at_end(ctx.cr, loader.tables):
            _load(ctx, loader, parts)
    with progress.step("Ranks and statistics"):
        _rank_partners(ctx, parts["accounting"].posted)
        analyze(ctx.cr, [*loader.tables, "res_partner"])
    return Counter({table: sum(rows.count for rows in kinds) for table, kinds in loader.tables.items()})


def _load(ctx, loader, parts):
    for number in range(ctx.days):
        day = ctx.first + timedelta(days=number)
        parts["purchases"].day(day)
        parts["sales"].day(day)
        loader.flush_if_full()
        ctx.progress.advance(number / ctx.days)
    loader.flush()
    loader.wait()
    parts["stock"].load_quants()
    for part in parts.values():
        if hasattr(part, "close"):
            part.close()
    loader.close()


def _announce(ctx, loader, template, products, tax_ids, demand, vendors):
    """Make the writers; tables are announced parents first, as their rows are flushed in that order."""
    for table in (
        "sale_order", "purchase_order", "sale_order_line", "purchase_order_line", "stock_reference",
        "stock_picking", "stock_move", "stock_move_line", "account_payment", "account_move",
        "account_full_reconcile", "account_move_line",
    ):  # fmt: skip
        loader.tables[table] = []
    stock = Stock(ctx, loader, template, products)
    accounting = Accounting(ctx, loader, template, tax_ids)
    return {
        "stock": stock,
        "accounting": accounting,
        "sales": Sales(ctx, loader, template, demand, accounting, stock, tax_ids),
        "purchases": Purchases(ctx, loader, template, accounting, stock, vendors),
    }


def _rank_partners(ctx, posted):
    """Odoo ranks partners by their posted invoices and bills."""
    ctx.cr.execute(
        SQL(
            """UPDATE res_partner p
                  SET customer_rank = p.customer_rank
                                    + CASE WHEN p.customer_rank > 0 THEN n.posted ELSE 0 END,
                      supplier_rank = p.supplier_rank
                                    + CASE WHEN p.supplier_rank > 0 THEN n.posted ELSE 0 END
                 FROM unnest(%s, %s) AS n(id, posted) WHERE n.id = p.id""",
            list(posted),
            list(posted.values()),
        )
    )
