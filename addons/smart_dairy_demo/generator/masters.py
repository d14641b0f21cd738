"""Products, customers, vendors and sales teams (through the ORM)."""

from dataclasses import dataclass

from odoo.fields import Command


@dataclass(slots=True)
class Product:
    """What the generator needs of a product. Money in paisa (1/100 taka)."""

    id: int
    code: str
    label: str  # as the ORM writes it on an order line
    uom_id: int
    price: int
    cost: int
    tax: int  # percent
    weight: int = 0  # hundredths of a kg


@dataclass(slots=True)
class Customer:
    id: int
    name: str
    kind: str
    weight: float
    user_id: int
    team_id: int


UOMS = {"unit": "uom.product_uom_unit", "litre": "uom.product_uom_litre", "kg": "uom.product_uom_kgm"}


def sale_tax(env, percent):
    """The company's sales tax of so many percent (price excluded); a copy of its usual one if need be."""
    taxes = env["account.tax"].search(
        [
            *env["account.tax"]._check_company_domain(env.company),
            ("type_tax_use", "=", "sale"),
            ("amount_type", "=", "percent"),
        ]
    )
    domestic = taxes.filtered(lambda tax: not tax.original_tax_ids and not tax.price_include)
    found = domestic.filtered(lambda tax: tax.amount == percent)[:1]
    if found or not percent:
        return found if percent else env["account.tax"]
    usual = domestic.filtered("amount")[:1]
    return usual.copy({"name": f"{percent}%", "invoice_label": f"{percent}%", "amount": percent})


def create_products(ctx):
    """Dairy products and feeds. Returns two dicts of `Product` by code."""
    env, scenario = ctx.env, ctx.scenario
    category = env.ref("product.product_category_goods", raise_if_not_found=False)
    taxes = {percent: sale_tax(env, percent) for percent in (0, 5, 15)}
    goods = env["product.product"].create(
        [
            {
                "name": name,
                "default_code": code,
                "is_storable": True,
                "list_price": price,
                "standard_price": cost,
                "weight": weight,
                "uom_id": env.ref(UOMS[uom]).id,
                "taxes_id": [Command.set(taxes[tax].ids)],
                "supplier_taxes_id": [Command.clear()],
                "invoice_policy": "delivery",
                "purchase_ok": False,
                "sale_delay": 1,
                "categ_id": category.id if category else False,
            }
            for code, name, _bn, _fr, price, cost, tax, uom, weight in scenario["products"]
        ]
    )
    feeds = env["product.product"].create(
        [
            {
                "name": name,
                "default_code": code,
                "is_storable": True,
                "sale_ok": False,
                "standard_price": cost,
                "uom_id": env.ref(UOMS["kg"]).id,
                "taxes_id": [Command.clear()],
                "supplier_taxes_id": [Command.clear()],
                "categ_id": category.id if category else False,
            }
            for code, name, _bn, _fr, cost, _daily in scenario["feeds"]
        ]
    )
    installed = dict(env["res.lang"].get_installed())
    for position, code in ((2, "bn_IN"), (3, "fr_FR")):
        if code in installed:
            rows = [*scenario["products"], *scenario["feeds"]]
            for product, row in zip(goods + feeds, rows, strict=True):
                product.with_context(lang=code).name = row[position]
    tax_of = {row[0]: row[6] for row in scenario["products"]}

    def plain(product):
        return Product(
            id=product.id,
            code=product.default_code,
            label=product.get_product_multiline_description_sale(),
            uom_id=product.uom_id.id,
            price=round(product.list_price * 100),
            cost=round(product.standard_price * 100),
            tax=tax_of.get(product.default_code, 0),
            weight=round(product.weight * 100),
        )

    return {p.default_code: plain(p) for p in goods}, {p.default_code: plain(p) for p in feeds}


def create_vendors(ctx, feeds):
    """Feed vendors with their price lists. Returns a list of (partner id, name, feeds)."""
    vendors = []
    for name, codes in ctx.scenario["suppliers"]:
        partner = ctx.env["res.partner"].create(
            {
                "name": name,
                "company_type": "company",
                "country_id": ctx.env.company.country_id.id,
                "supplier_rank": 1,
                "property_supplier_payment_term_id": ctx.env.ref("account.account_payment_term_30days").id,
            }
        )
        # Odoo adds the vendor to the product when an order is confirmed; the mass orders bypass that
        ctx.env["product.supplierinfo"].create(
            [
                {
                    "partner_id": partner.id,
                    "product_tmpl_id": ctx.env["product.product"].browse(feeds[code].id).product_tmpl_id.id,
                    "price": feeds[code].cost / 100,
                    "min_qty": 0,
                    "delay": 2,
                }
                for code in codes
            ]
        )
        vendors.append((partner.id, name, [feeds[code] for code in codes]))
    return vendors


def create_teams(ctx, users):
    """Sales teams and their people. Returns {customer kind: [(user id, team id), …]}."""
    people = {}
    for name, kind, logins in ctx.scenario["sales"]["team"]:
        members = [users[login].id for login in logins]
        team = ctx.env["crm.team"].create(
            {"name": name, "company_id": ctx.env.company.id, "member_ids": [Command.set(members)]}
        )
        people[kind] = [(user_id, team.id) for user_id in members]
    return people


def create_customers(ctx, people):
    """Retailers, hotels and households. Returns a list of `Customer`."""
    env, names = ctx.env, ctx.scenario["names"]
    rng = ctx.random("customers")
    country = env.company.country_id.id
    customers, taken = [], set()
    for kind, params in ctx.scenario["sales"]["customers"].items():
        term = env.ref(params["term"]).id
        values, meta = [], []
        for number in range(ctx.count(params["count"])):
            area, postcode = rng.choice(names["area"])
            name = _customer_name(rng, names, kind, area)
            if name in taken:
                name = f"{name} {number + 1}"
            taken.add(name)
            user_id, team_id = people[kind][number % len(people[kind])]
            values.append(
                {
                    "name": name,
                    "company_type": "person" if kind == "household" else "company",
                    "street": f"House {rng.randint(1, 240)}, Road {rng.randint(1, 40)}",
                    "city": area,
                    "zip": postcode,
                    "country_id": country,
                    "phone": f"+8801{rng.randint(3, 9)}{rng.randint(0, 99_999_999):08d}",
                    "property_payment_term_id": term,
                    "user_id": user_id,
                    "customer_rank": 1,
                }
            )
            # few customers order much: a long tail
            meta.append((params["weight"] * (0.35 + rng.paretovariate(1.8)), user_id, team_id))
        for start in range(0, len(values), 500):
            for partner, (weight, user_id, team_id) in zip(
                env["res.partner"].create(values[start : start + 500]), meta[start : start + 500], strict=True
            ):
                customers.append(Customer(partner.id, partner.name, kind, weight, user_id, team_id))
    return customers


def _customer_name(rng, names, kind, area):
    if kind == "household":
        return f"{rng.choice(names['given'])} {rng.choice(names['family'])}"
    first = rng.choice(names["place"] if rng.random() < 0.6 else names["family"])
    return f"{first} {rng.choice(names['shop' if kind == 'retail' else 'hotel'])}, {area}"
