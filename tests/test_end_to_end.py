"""A person's first minutes: log in, see the dairy, and every headline figure is what the database says."""

import re
from datetime import date, timedelta

import pytest
from odoo_process import serving
from playwright.sync_api import sync_playwright

CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: an action's page has loaded when it shows figures, rows, or says why it shows none
READY = ".o_dairy[data-status=ready], .o_dairy[data-status=empty]"
TIMEOUT = 90_000
DHAKA_DAY = "(date_order AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Dhaka')::date"


@pytest.fixture(scope="module")
def address(dairy, tmp_path_factory):
    with serving(dairy.name, tmp_path_factory.mktemp("odoo") / "odoo.log") as url:
        yield url


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield chromium
        chromium.close()


@pytest.fixture
def enter(address, browser):
    """Log a user in; the page fails the test at the end when the browser's console saw an error."""
    contexts, errors = [], []

    def log_in(login, width=1400):
        context = browser.new_context(viewport={"width": width, "height": 900})
        context.set_default_timeout(TIMEOUT)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: message.type == "error" and errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{address}/web/login")
        page.fill("input[name=login]", login)
        page.fill("input[name=password]", login)
        page.click("form.oe_login_form button[type=submit]")
        page.wait_for_selector(".o_web_client .o_main_navbar")
        return page

    yield log_in
    for context in contexts:
        context.close()
    assert not errors


def figure(page, name):
    text = page.locator(f".o_dairy_tile[data-name={name}] .o_dairy_tile_value").first.inner_text()
    return float(re.sub(r"[^0-9.\-]", "", text))


def month(dairy):
    """First and last day of the default period: 30 business days up to today's."""
    tz = "SELECT tz FROM res_partner WHERE id = (SELECT partner_id FROM res_company ORDER BY id LIMIT 1)"
    today = date.fromisoformat(dairy.value(f"SELECT (now() AT TIME ZONE ({tz}))::date"))
    return today - timedelta(days=29), today


def test_a_manager_sees_the_herd_first_and_right(dairy, enter):
    page = enter("manager")
    page.wait_for_selector(f".o_dairy_dashboard {READY.split(',')[0]}")
    first, last = month(dairy)
    kg = dairy.value(
        f"SELECT sum(total_yield) FROM farm_milk_record WHERE record_date BETWEEN '{first}' AND '{last}'"
    )
    assert figure(page, "milk") == pytest.approx(float(kg), abs=1)
    withheld = dairy.value(
        "SELECT count(*) FROM farm_animal WHERE status = 'active' AND active"
        f" AND milk_withdrawal_until >= '{last}' AND lactation_status IN ('fresh', 'early', 'lactating')"
    )
    assert figure(page, "withheld") == float(withheld)


def test_an_owner_sees_the_sales_right(dairy, enter, address):
    page = enter("owner")
    page.goto(f"{address}/odoo/sales-dashboard")
    page.wait_for_selector(READY)
    first, last = month(dairy)
    revenue, orders = dairy.value(
        "SELECT sum(amount_total), count(*) FROM sale_order"
        f" WHERE state = 'sale' AND {DHAKA_DAY} BETWEEN '{first}' AND '{last}'"
    ).split("|")
    assert figure(page, "revenue") == pytest.approx(float(revenue), abs=0.5)
    assert figure(page, "orders") == float(orders)


def test_a_salesperson_sees_own_sales_only(dairy, enter, address):
    page = enter("sales")
    page.goto(f"{address}/odoo/sales-dashboard")
    page.wait_for_selector(READY)
    first, last = month(dairy)
    orders = dairy.value(
        "SELECT count(*) FROM sale_order o JOIN res_users u ON u.id = o.user_id"
        f" WHERE state = 'sale' AND u.login = 'sales' AND {DHAKA_DAY} BETWEEN '{first}' AND '{last}'"
    )
    assert figure(page, "orders") == float(orders)


@pytest.mark.parametrize(
    ("login", "path"),
    [
        ("manager", "herd-dashboard"),
        ("owner", "sales-dashboard"),
        ("owner", "stock-dashboard"),
        ("owner", "receivables-dashboard"),
        ("worker", "herd-entry"),
    ],
)
def test_on_a_phone_nothing_scrolls_sideways(enter, address, login, path):
    page = enter(login, width=390)
    page.goto(f"{address}/odoo/{path}")
    page.wait_for_selector(".o_dairy, .o_herd_entry")
    page.wait_for_timeout(3000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_owner_sees_what_customers_owe(dairy, enter, address):
    page = enter("owner")
    page.goto(f"{address}/odoo/receivables-dashboard")
    page.wait_for_selector(READY)
    owed = dairy.value(
        "SELECT sum(l.amount_residual) FROM account_move_line l JOIN account_account a ON a.id = l.account_id"
        " WHERE a.account_type = 'asset_receivable' AND l.parent_state = 'posted'"
    )
    assert figure(page, "open") == pytest.approx(float(owed), abs=0.005)


def test_an_owner_sees_the_stock_right(dairy, enter, address):
    page = enter("owner")
    page.goto(f"{address}/odoo/stock-dashboard")
    page.wait_for_selector(READY)
    products = dairy.value(
        "SELECT count(*) FROM (SELECT q.product_id FROM stock_quant q"
        " JOIN stock_location l ON l.id = q.location_id"
        " WHERE l.warehouse_id IS NOT NULL GROUP BY 1"
        " HAVING sum(q.quantity) <> 0 OR sum(q.reserved_quantity) <> 0) p"
    )
    assert figure(page, "products") == float(products)


def order_of(page):
    """Confirm an order through the page's own session; returns its id."""
    script = """async () => {
        const call = async (model, method, args, kwargs = {}) => {
            const answer = await fetch("/web/dataset/call_kw", {
                method: "POST",
                headers: { "Content-Type": "application/json" },
                body: JSON.stringify({ jsonrpc: "2.0", params: { model, method, args, kwargs } }),
            });
            const body = await answer.json();
            if (body.error) { throw new Error(JSON.stringify(body.error)); }
            return body.result;
        };
        const [partner] = await call("res.partner", "search", [[["customer_rank", ">=", 0]]], { limit: 1 });
        const [product] = await call("product.product", "search", [[["sale_ok", "=", true]]], { limit: 1 });
        const line = [0, 0, { product_id: product, product_uom_qty: 1, price_unit: 1000 }];
        const [order] = await call("sale.order", "create", [[{ partner_id: partner, order_line: [line] }]]);
        await call("sale.order", "action_confirm", [[order]]);
        return order;
    }"""
    return page.evaluate(script)


def test_an_open_dashboard_hears_of_anothers_order(enter, address):
    """Two sessions: one looks, the other sells. The page refreshes by itself, keeping scroll and focus."""
    looking = enter("owner")
    looking.goto(f"{address}/odoo/sales-dashboard")
    looking.wait_for_selector(READY)
    before = figure(looking, "orders")
    looking.wait_for_timeout(3000)  # the websocket of a fresh page
    looking.locator(".o_dairy_tile[data-name=customers]").focus()
    looking.set_viewport_size({"width": 1400, "height": 500})
    scrolled = """() => [...document.querySelectorAll('.o_dairy, .o_dairy *, .o_action_manager, .o_action')]
        .map((one) => one.scrollTop).reduce((a, b) => Math.max(a, b), 0)"""
    looking.locator(".o_dairy").hover()
    looking.mouse.wheel(0, 200)
    looking.wait_for_timeout(500)
    place = looking.evaluate(scrolled)
    assert place > 0
    asked = []
    looking.on("request", lambda request: "dairy.dashboard" in request.url and asked.append(request.url))
    looking.evaluate(
        "new MutationObserver((changes) => (window.seen = [...(window.seen || []),"
        " ...changes.map((one) => one.target.dataset.status)]))"
        ".observe(document.querySelector('.o_dairy'), { attributeFilter: ['data-status'] })"
    )
    looking.wait_for_timeout(4000)
    assert not asked, "nothing is asked while nothing changes"

    selling = enter("sales")
    order_of(selling)
    looking.wait_for_function(
        "before => Number(document.querySelector('.o_dairy_tile[data-name=orders] .o_dairy_tile_value')"
        ".innerText.replace(/[^0-9]/g, '')) === before + 1",
        arg=int(before),
        timeout=30_000,
    )
    assert looking.evaluate("document.activeElement.dataset.name") == "customers"
    assert looking.evaluate(scrolled) == place
    assert not looking.evaluate("window.seen || []"), "no loading state was shown"
    looking.wait_for_timeout(5000)
    assert 1 <= len(asked) <= 3, "an order writes many rows, and is a few messages"
