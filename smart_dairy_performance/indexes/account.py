"""Invoices, journal items and payments."""

from odoo.addons.database_index import Index, Query, Value, trigram

PARTNER = Value(
    "SELECT partner_id FROM account_payment WHERE partner_id IS NOT NULL ORDER BY id DESC LIMIT 1"
)
SELLER = Value(
    "SELECT invoice_user_id FROM account_move WHERE invoice_user_id IS NOT NULL GROUP BY 1"
    " ORDER BY count(*) LIMIT 1"
)
LATELY = Value("SELECT (max(invoice_date) - 7)::text FROM account_move_line")

INDEXES = (
    Index(
        name="account_payment_partner_idx",
        table="account_payment",
        keys=("partner_id",),
        purpose="Payments of a customer or vendor",
        query=Query("account.payment", "search_count", ([("partner_id", "=", PARTNER)],)),
    ),
    Index(
        name="account_payment_open_idx",
        table="account_payment",
        keys=("state", "date DESC", "name DESC"),
        where="state IN ('draft', 'in_process')",
        purpose="Payments in draft or in process, newest first",
        query=Query("account.payment", "search", ([("state", "=", "draft")],), (("limit", 80),)),
    ),
    Index(
        name="account_move_bills_idx",
        table="account_move",
        keys=("date DESC", "name DESC", "invoice_date DESC", "id DESC"),
        where="move_type IN ('in_invoice', 'in_refund', 'in_receipt')",
        purpose="The first page of the vendor bills, among many more other entries",
        query=Query(
            "account.move",
            "search",
            ([("move_type", "in", ("in_invoice", "in_refund", "in_receipt"))],),
            (("limit", 80),),
        ),
    ),
    Index(
        name="account_move_user_idx",
        table="account_move",
        keys=("invoice_user_id", "date DESC", "name DESC", "invoice_date DESC", "id DESC"),
        where="move_type <> 'entry'",
        purpose="My invoices, newest first",
        query=Query(
            "account.move",
            "search",
            ([("move_type", "in", ("out_invoice", "out_refund")), ("invoice_user_id", "=", SELLER)],),
            (("limit", 80),),
        ),
    ),
    Index(
        name="account_move_invoice_origin_trgm",
        table="account_move",
        keys=(trigram("invoice_origin"),),
        method="gin",
        extension="pg_trgm",
        purpose="Invoices by a part of a number: the one of four joined by OR that has no index",
        query=Query(
            "account.move",
            "search",
            (
                [
                    ("move_type", "in", ("out_invoice", "out_refund")),
                    *("|",) * 3,
                    ("name", "ilike", "S00300"),
                    ("invoice_origin", "ilike", "S00300"),
                    ("ref", "ilike", "S00300"),
                    ("payment_reference", "ilike", "S00300"),
                ],
            ),
            (("limit", 80),),
        ),
    ),
    Index(
        name="account_move_line_draft_idx",
        table="account_move_line",
        keys=("date DESC", "move_name DESC", "id"),
        where="parent_state = 'draft'",
        purpose="Journal items of drafts, newest first, among millions of posted ones",
        query=Query("account.move.line", "search", ([("parent_state", "=", "draft")],), (("limit", 80),)),
    ),
    Index(
        name="account_move_line_invoice_date_brin",
        table="account_move_line",
        keys=("invoice_date",),
        method="brin",
        storage=(("pages_per_range", 32),),
        purpose="Journal items of a month's invoices; some pages instead of a B-tree with every item",
        query=Query("account.move.line", "search_count", ([("invoice_date", ">=", LATELY)],)),
    ),
    # asked for, and condemned
    Index(
        name="account_payment_list_idx",
        table="account_payment",
        keys=("date DESC", "name DESC"),
        purpose="The first page of the payments, newest first",
        rejected="The page takes 0.3 instead of 20 ms (60,000 payments). But the search box joins a subquery"
        " by OR, which PostgreSQL takes for half of the rows: it then walks this index to the end,"
        " 105 instead of 57 ms.",
    ),
    Index(
        name="account_move_open_idx",
        table="account_move",
        keys=("date DESC", "name DESC", "invoice_date DESC", "id DESC"),
        where="state = 'posted' AND payment_state IN ('not_paid', 'partial')",
        purpose="Unpaid and late invoices, newest first",
        rejected="Late invoices 4.4 and 5.8 ms, unpaid ones 2.6 and 0.7 (122,000 entries): Odoo's indexes by"
        " date and due date do, and each payment would take entries out of 3.7 MB.",
    ),
    Index(
        name="account_move_journal_idx",
        table="account_move",
        keys=("journal_id", "date DESC", "name DESC", "invoice_date DESC", "id DESC"),
        purpose="Entries of the cash, credit and miscellaneous journals",
        rejected="No plan has it: the journal comes from a subquery by its type, and PostgreSQL expects that"
        " each has its share of the entries. It walks the entries by date, 26 to 37 ms with it and"
        " without.",
    ),
    Index(
        name="account_move_line_journal_idx",
        table="account_move_line",
        keys=("journal_id", "date DESC", "move_name DESC", "id"),
        purpose="Items of the cash, credit and miscellaneous journals",
        rejected="As account_move_journal_idx: 163 to 208 ms with it and without, and 22 MB for 450,000"
        " items. Only the search for one journal uses it, 1.0 to 0.6 ms.",
    ),
    Index(
        name="account_move_partner_state_idx",
        table="account_move",
        keys=("partner_id", "state", "invoice_date DESC"),
        purpose="Invoices of a partner by state",
        rejected="Odoo's account_move__partner_id_index is as fast: 0.04 and 0.04 ms.",
    ),
    Index(
        name="account_move_line_account_date_desc_idx",
        table="account_move_line",
        keys=("account_id", "date DESC"),
        purpose="Items of an account by date",
        rejected="Odoo's account_move_line_account_id_date_idx is read backwards as well: 0.18 against 0.19"
        " ms.",
    ),
    Index(
        name="account_payment_partner_state_idx",
        table="account_payment",
        keys=("partner_id", "state", "date"),
        purpose="Payments of a partner by state and date",
        rejected="A partner's payments are few: account_payment_partner_idx alone takes the search from 5.5"
        " to 0.01 ms. The state changes, and would write an index each time.",
    ),
)
