"""Receivable items of posted entries, what was matched with them, and what was invoiced.

The position at the end of *any* day is ``ITEMS`` up to that day less ``MATCHED`` up to it; that of today,
with its items and customers counted, is ``OPEN`` (docs/decisions/0011).
"""

from odoo.addons.database_rollup.engine.declaration import (
    Count,
    Cut,
    Dimension,
    Join,
    Min,
    Rollup,
    Secured,
    Sum,
)

LEVELS = ("day", "dekad", "month", "quarter", "year", "century")
DUE = "COALESCE(l.date_maturity, l.date)"
_ACCOUNT = Join("a", "account_account", "a.id = l.account_id")
_RECEIVABLE = ("l.parent_state = 'posted'", "a.account_type = 'asset_receivable'")

OPEN = Rollup(
    name="receivable_open",
    title="Open receivable items, by due day",
    model="account.move.line",
    table="account_move_line",
    alias="l",
    joins=(_ACCOUNT,),
    time=DUE,
    timestamp=False,
    where=(*_RECEIVABLE, "l.amount_residual <> 0"),
    levels=LEVELS,
    dimensions=(
        Dimension("company", "l.company_id", ("company_id",)),
        Dimension("customer", "l.partner_id", ("partner_id",)),
    ),
    measures=(
        Count("items"),
        Sum("amount", "l.amount_residual"),
        Min("oldest", f"CASE WHEN l.amount_residual > 0 THEN {DUE} END"),
    ),
    cuts=(
        Cut(("company",), ("items", "amount")),
        Cut(("company", "customer")),
    ),
)

ITEMS = Rollup(
    name="receivable_items",
    title="Receivable items, by day and due day",
    model="account.move.line",
    table="account_move_line",
    alias="l",
    joins=(_ACCOUNT,),
    time="l.date",
    timestamp=False,
    where=_RECEIVABLE,
    levels=LEVELS,
    dimensions=(
        Dimension("company", "l.company_id", ("company_id",)),
        Dimension("due", DUE),
    ),
    measures=(Sum("amount", "l.balance"),),
    cuts=(Cut(("company",)), Cut(("company", "due"))),
)

MATCHED = Rollup(
    name="receivable_matched",
    title="Matched receivables, by day and due day",
    model="account.partial.reconcile",
    table="account_partial_reconcile",
    alias="m",
    joins=(
        # both sides: a matching lowers what is owed on one item and raises it on the other
        Join("l", "account_move_line", "l.id = m.debit_move_id OR l.id = m.credit_move_id"),
        _ACCOUNT,
    ),
    time="m.max_date",
    timestamp=False,
    where=_RECEIVABLE,
    levels=LEVELS,
    dimensions=(
        Dimension("company", "l.company_id", ("debit_move_id.company_id",)),
        Dimension("due", DUE),
    ),
    measures=(Sum("amount", "CASE WHEN l.id = m.debit_move_id THEN m.amount ELSE -m.amount END"),),
    # the rules of journal items hold for the item of either side
    secured=(Secured("account.move.line", "debit_move_id", "l"),),
)

INVOICED = Rollup(
    name="invoiced",
    title="Invoiced",
    model="account.move",
    table="account_move",
    alias="i",
    time="i.invoice_date",
    timestamp=False,
    where=("i.state = 'posted'", "i.move_type IN ('out_invoice', 'out_refund', 'out_receipt')"),
    levels=LEVELS,
    dimensions=(Dimension("company", "i.company_id", ("company_id",)),),
    measures=(Count("invoices"), Sum("amount", "i.amount_total_signed")),
)

ROLLUPS = (OPEN, ITEMS, MATCHED, INVOICED)
