"""A small dairy with enough rows that plans matter: one record of each kind from the ORM, multiplied in SQL.

Needs a PostgreSQL user who may set ``session_replication_role``; everything is rolled back with the test.
"""

from odoo import Command, fields
from odoo.tools import SQL

NAMES = ["Ayesha", "Bimal", "Čapek", "Dégas", "Eşref", "Farid", "Gita", "Hasan", "রহিমা", "করিম"]
COWS = ["Rani", "Lali", "Kajol", "Sundari", "Mukta", "লক্ষ্মী", "গৌরী", "Bella", "Noël", "Zoë"]


def multiply(env, record, count, **columns):
    """Insert ``count`` copies of a record's row; ``columns`` are SQL texts in which ``n`` counts from 1."""
    cr, table = env.cr, record._table
    env.flush_all()
    cr.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " AND attgenerated = '' AND attname <> 'id' ORDER BY attnum",
        [table],
    )
    names = [row[0] for row in cr.fetchall()]
    values = [
        SQL(columns[one].replace("%", "%%")) if one in columns else SQL.identifier("t", one) for one in names
    ]
    cr.execute("SET LOCAL session_replication_role = replica")
    cr.execute(
        SQL(
            "INSERT INTO %s (%s) SELECT %s FROM %s t, generate_series(1, %s) n WHERE t.id = %s",
            SQL.identifier(table),
            SQL(", ").join(map(SQL.identifier, names)),
            SQL(", ").join(values),
            SQL.identifier(table),
            count,
            record.id,
        )
    )
    cr.execute("SET LOCAL session_replication_role = origin")
    # autovacuum is slower than a test
    cr.execute(SQL("ANALYZE %s", SQL.identifier(table)))


def one_of(texts, by="n"):
    """SQL of an array's element that ``by`` chooses."""
    array = ", ".join("'" + one.replace("'", "''") + "'" for one in texts)
    return f"(ARRAY[{array}])[1 + ({by}) % {len(texts)}]"


def ids(env, table):
    """SQL of a random id of a table."""
    env.cr.execute(SQL("SELECT min(id), max(id) FROM %s", SQL.identifier(table)))
    low, high = env.cr.fetchone()
    return f"{low} + (random() * {high - low})::int"


def build(env, scale=1.0):
    """Fill the tables; about half a minute at scale 1."""
    many = lambda count: max(1, int(count * scale))  # noqa: E731
    env.cr.execute("SELECT setseed(0.5)")
    _partners(env, many)
    _products(env, many)
    _sales(env, many)
    _stock(env, many)
    _accounts(env, many)
    _herd(env, many)
    env.invalidate_all()


def _partners(env, many):
    partner = env["res.partner"].create(
        {"name": "Retailer", "email": "r@example.com", "ref": "R0", "vat": "V0", "company_registry": "C0"}
    )
    name = f"{one_of(NAMES)} || ' ' || left(md5(n::text), 8)"
    multiply(
        env, partner, many(30000), name=name, complete_name=name, commercial_partner_id="t.id",
        email="left(md5(n::text), 8) || '@shop' || n % 900 || '.example'", ref="'R' || 100000 + n",
        vat="CASE WHEN n % 3 = 0 THEN 'BD' || 7000000 + n * 13 END",
        company_registry="CASE WHEN n % 5 = 0 THEN 'REG' || 500000 + n * 7 END",
    )  # fmt: skip


def _products(env, many):
    categories = env["product.category"].create([{"name": f"Dairy {number}"} for number in range(60)])
    product = env["product.product"].create(
        {"name": "Milk", "default_code": "M0", "barcode": "890000000000", "type": "consu",
        "is_storable": True,
         "categ_id": categories[0].id}
    )  # fmt: skip
    count = many(12000)
    template = product.product_tmpl_id
    multiply(
        env, template, count, is_favorite="n % 997 = 0",
        name="jsonb_build_object('en_US', (ARRAY['Milk','Ghee','Curd','Paneer','Butter'])[1 + n % 5] || ' '"
        " || left(md5(n::text), 7))",
        categ_id=f"{categories[0].id} + n % 60",
    )  # fmt: skip
    env.cr.execute("SELECT max(id) FROM product_template")
    offset = env.cr.fetchone()[0] - count
    multiply(
        env, product, count, product_tmpl_id=f"{offset} + n", default_code="'SKU' || 20000 + n * 7",
        barcode="(8900000000000 + n)::text", combination_indices="''", is_favorite="n % 997 = 0",
    )  # fmt: skip


def _sales(env, many):
    product = env["product.product"].search([("default_code", "=", "M0")])
    partner = env["res.partner"].search([("ref", "=", "R0")])
    users = env["res.users"].create(
        [{"name": f"Seller {number}", "login": f"index_seller_{number}"} for number in range(20)]
    )
    order = env["sale.order"].create(
        {"partner_id": partner.id, "user_id": users[0].id,
         "order_line": [Command.create({"product_id": product.id, "product_uom_qty": 1})]}
    )  # fmt: skip
    order.write({"state": "sale", "date_order": fields.Datetime.now()})
    count = many(40000)
    when = "now() AT TIME ZONE 'UTC' - n * interval '13 minutes'"
    partners = ids(env, "res_partner")
    multiply(
        env, order, count, name="'S' || 100000 + n", date_order=when, create_date=when,
        partner_id=partners, user_id=f"{users[0].id} + n % 20", client_order_ref="'PO-' || md5(n::text)",
        invoice_status=one_of((["invoiced"] * 49 + ["to invoice"]) * 40 + ["upselling"]),
        amount_total="n % 1000",
        access_token="NULL",
        state=one_of(["sale"] * 18 + ["draft", "sent", "cancel"]),
    )  # fmt: skip
    env.cr.execute("SELECT max(id) FROM sale_order")
    offset = env.cr.fetchone()[0] - count
    multiply(
        env, order.order_line, count * 2, order_id=f"{offset} + (n + 1) / 2",
        product_id=ids(env, "product_product"),
        create_date="now() AT TIME ZONE 'UTC' - n * interval '390 seconds'",
    )  # fmt: skip


def _stock(env, many):
    warehouse = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
    kind = warehouse.out_type_id
    picking = env["stock.picking"].create({"picking_type_id": kind.id})
    count = many(40000)
    when = "now() AT TIME ZONE 'UTC' - n * interval '11 minutes'"
    multiply(
        env, picking, count, name="'OUT/' || n", scheduled_date=when, priority=one_of(["0"] * 40 + ["1"]),
        state=one_of(["done"] * 95 + ["assigned"] * 3 + ["confirmed", "cancel"], "n * 7"),
        origin="'S' || 100000 + n",
    )  # fmt: skip
    product = env["product.product"].search([("default_code", "=", "M0")])
    move = env["stock.move"].create(
        {"product_id": product.id, "product_uom_qty": 1, "product_uom": product.uom_id.id,
         "location_id": kind.default_location_src_id.id, "location_dest_id": kind.default_location_dest_id.id,
         "picking_id": picking.id}
    )  # fmt: skip
    line = env["stock.move.line"].create(
        {"move_id": move.id, "product_id": product.id, "product_uom_id": product.uom_id.id, "quantity": 1,
         "picking_id": picking.id, "location_id": move.location_id.id,
         "location_dest_id": move.location_dest_id.id}
    )  # fmt: skip
    products = ids(env, "product_product")
    state = one_of(["done"] * 30 + ["assigned"])
    multiply(
        env, move, count, product_id=products, date=when, state=state, is_inventory="n % 4000 = 0",
        reference="'WH/OUT/' || lpad(n::text, 5, '0')",
    )  # fmt: skip
    multiply(env, line, count, product_id=products, date=when, state=state, move_id=f"{move.id} + n")


def _accounts(env, many):
    partner = env["res.partner"].search([("ref", "=", "R0")])
    move = env["account.move"].create(
        {"move_type": "out_invoice", "partner_id": partner.id, "invoice_date": "2025-01-01",
         "invoice_line_ids": [Command.create({"name": "Milk", "quantity": 1, "price_unit": 5})]}
    )  # fmt: skip
    partners = ids(env, "res_partner")
    day = "current_date - n / 60"
    multiply(
        env, move, many(40000), name="'INV/' || n", date=day, invoice_date=day, partner_id=partners,
        invoice_user_id=f"{env.uid} + n % 40", invoice_origin="'S' || 100000 + n",
        payment_reference="'INV/' || n", ref="NULL",
        move_type=one_of(["entry"] * 70 + ["out_invoice"] * 28 + ["in_invoice"] * 2, "n * 13"),
        state="'posted'",
        sequence_number="n", payment_state=one_of(["paid"] * 30 + ["not_paid"]),
    )  # fmt: skip
    multiply(
        env, move.line_ids[:1], many(60000), date=day, invoice_date=day, move_name="'INV/' || n",
        parent_state="CASE WHEN n % 5000 = 0 THEN 'draft' ELSE 'posted' END",
    )  # fmt: skip
    payment = env["account.payment"].create(
        {"partner_id": partner.id, "amount": 5, "payment_type": "inbound", "partner_type": "customer"}
    )
    multiply(
        env, payment, many(20000), name="'PAY' || n", date=day, partner_id=partners,
        state=one_of(["paid"] * 99 + ["draft"], "n * 7"),
    )  # fmt: skip


def _herd(env, many):
    farm = env["farm.farm"].create({"name": "Index farm"})
    pen = env["farm.pen"].create({"name": "Milking 1", "farm_id": farm.id, "pen_type": "milking"})
    animal = env["farm.animal"].create(
        {"name": "Rani", "animal_type": "cow", "farm_id": farm.id, "pen_id": pen.id, "ear_tag": "BD-0",
         "birth_date": "2015-01-01"}
    )  # fmt: skip
    count = many(20000)
    multiply(
        env, animal, count, name=f"{one_of(COWS)} || ' ' || n % 7919", ear_tag="'BD-' || 4000000 + n * 17",
        rfid_tag="'05000' || 1000000000 + n * 104729::bigint", management_number="(n % 9000)::text",
        status=one_of(["active"] * 3 + ["sold"]), exit_date="CASE WHEN n % 4 = 3 THEN current_date END",
    )  # fmt: skip
    animals = ids(env, "farm_animal")
    lactation = env["farm.lactation"].create(
        {"animal_id": animal.id, "calving_date": "2024-01-01", "parity": 1}
    )
    record = env["farm.milk.record"].create({"animal_id": animal.id, "total_yield": 8, "session": "morning"})
    multiply(
        env, record, many(120000), record_date="current_date - n * 7919 % 401",
        animal_id=f"{animal.id} + 1 + n % {count}",
        farm_id=f"{farm.id} + CASE WHEN n % 3 = 0 THEN 0 ELSE n % 50 END",
        total_yield="(n % 20)::numeric", morning_yield="(n % 20)::numeric",
        saleable_yield="CASE WHEN n % 300 = 0 THEN 0 ELSE n % 20 END",
        discarded="n % 300 = 0", discard_reason="CASE WHEN n % 300 = 0 THEN 'colostrum' END",
        fat_percentage="CASE WHEN n % 100 = 0 THEN 4 END",
        override_reason="CASE WHEN n % 4000 = 1 THEN 'seen by the vet' END",
        override_user_id=f"CASE WHEN n % 4000 = 1 THEN {env.uid} END",
        override_date="CASE WHEN n % 4000 = 1 THEN now() AT TIME ZONE 'UTC' END",
    )  # fmt: skip
    case = env["farm.health.record"].create({"animal_id": animal.id, "record_type": "checkup"})
    multiply(
        env, case, many(30000), record_date="current_date - n / 40", animal_id=animals,
        health_status=one_of(["healthy"] * 9 + ["ill"]), state="'closed'", closed_date="current_date",
    )  # fmt: skip
    multiply(
        env, lactation, count, calving_date="current_date - n / 20", animal_id=f"{animal.id} + n",
        parity="1 + n % 9",
    )  # fmt: skip
    climate = env["farm.climate.record"].create({"farm_id": farm.id, "temperature": 25, "humidity": 60})
    multiply(
        env, climate, many(50000), recorded_at="now() AT TIME ZONE 'UTC' - n * interval '10 minutes'",
    )  # fmt: skip
