"""Take the pictures of the documentation from a running Smart Dairy.

    python devtools/screenshots.py --url http://localhost:8069 --login admin --password admin --out
    docs/images

Logs in with Chromium and photographs the dashboards, a cow card, whole-herd entry, the orders by month,
their partitions and the indexes at 1400 and at 390 pixels. Needs Playwright for Python and
Chromium; ends with status 1 when a page shows an error.
"""

import argparse
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

DASHBOARD = ", ".join(f".o_dairy[data-status={status}]" for status in ("ready", "empty", "error"))
# name: (path below /odoo, what must be there before the picture is taken)
PAGES = {
    "herd-dashboard": ("herd-dashboard", DASHBOARD),
    "sales-dashboard": ("sales-dashboard", DASHBOARD),
    "stock-dashboard": ("stock-dashboard", DASHBOARD),
    "receivables-dashboard": ("receivables-dashboard", DASHBOARD),
    "sensors-dashboard": ("sensors-dashboard", DASHBOARD),
    "cow-card": ("cow-card/{cow}", ".o_cow_card canvas"),
    "herd-entry": ("herd-entry", ".o_herd_entry input[inputmode=decimal]"),
    "orders-by-month": ("orders-by-month", ".o_pivot table, .o_view_nocontent"),
    "database-indexes": ("database-indexes", ".o_list_view .o_data_row"),
    "all-indexes": ("all-indexes", ".o_list_view .o_data_row"),
    "database": ("database", ".o_console_tile"),
    "partition-sets": ("partition-sets/{set}", ".o_form_view .o_data_row, .o_form_view .o_kanban_record"),
}
# A list of a whole herd is as long as the herd: its picture shows one screen.
ONE_SCREEN = {"herd-entry"}
# What stands in braces in a path: the first record of a model that a domain finds. A cow some months into a
# later lactation has a curve worth looking at.
RECORDS = {
    "cow": ("farm.animal", [["lactation_status", "=", "lactating"], ["parity", ">=", 2]]),
    "set": ("database.partition.set", [["name", "=", "sale_order_partitioned"]]),
}
FIND = """async ([model, domain]) => {
    const answer = await fetch("/web/dataset/call_kw", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", params: {
            model, method: "search", args: [domain], kwargs: { limit: 1 },
        } }),
    });
    return (await answer.json()).result[0];
}"""
WIDTHS = {1400: 1000, 390: 844}
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# The web client scrolls inside a box: let it grow so that a picture shows the whole page.
GROW = """() => {
    const boxes = 'html, body, .o_web_client, .o_action_manager, .o_action, .o_content';
    for (const element of document.querySelectorAll(boxes)) {
        element.style.height = 'auto';
        element.style.maxHeight = 'none';
        element.style.overflow = 'visible';
    }
    const page = document.querySelector('.o_action_manager');
    return Math.ceil(Math.max(page.scrollHeight, page.getBoundingClientRect().height) + 60);
}"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="http://localhost:8069")
    parser.add_argument("--login", default="admin")
    parser.add_argument("--password", default="admin")
    parser.add_argument("--database", help="needed when the server has several")
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--only", nargs="*", choices=sorted(PAGES), help="default: all pages")
    parser.add_argument("--page", nargs=2, action="append", default=[], metavar=("NAME", "PATH"))
    return parser.parse_args()


def log_in(page, options):
    query = f"?db={options.database}" if options.database else ""
    page.goto(f"{options.url}/web/login{query}")
    page.fill("input[name=login]", options.login)
    page.fill("input[name=password]", options.password)
    page.click("button[type=submit]")
    page.wait_for_selector(".o_web_client", timeout=180_000)


def take(page, options, name, path, ready, width):
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    for name_of, asked in RECORDS.items():
        if f"{{{name_of}}}" in path:
            path = path.format(**{name_of: page.evaluate(FIND, list(asked))})
    page.goto(f"{options.url}/odoo/{path}")
    page.wait_for_selector(ready, timeout=180_000)
    page.wait_for_timeout(1200)  # charts draw after their data
    if page.locator(".o_error_dialog, .o_dairy_error").count():
        raise RuntimeError(page.locator(".o_error_dialog, .o_dairy_error").first.inner_text())
    if name not in ONE_SCREEN:
        height = min(page.evaluate(GROW), 6000)
        page.set_viewport_size({"width": width, "height": max(height, WIDTHS[width])})
    page.wait_for_timeout(600)
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > width + 1:
        print(f"  {name} at {width}: scrolls sideways ({wide} px)")
    page.screenshot(path=options.out / f"{name.replace('-', '_')}_{width}.png")


def main():
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    pages = {name: PAGES[name] for name in options.only or ([] if options.page else PAGES)}
    pages |= {name: (path, ".o_action_manager > *") for name, path in options.page}
    failed = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=CHROMIUM)
        for width in WIDTHS:
            page = browser.new_context(viewport={"width": width, "height": WIDTHS[width]}).new_page()
            page.on(
                "console", lambda message: message.type == "error" and print("  console:", message.text[:600])
            )
            log_in(page, options)
            for name, (path, ready) in pages.items():
                try:
                    take(page, options, name, path, ready, width)
                    print(f"{name.replace('-', '_')}_{width}.png")
                except Exception as error:  # one page's failure must not hide the others'
                    failed += 1
                    print(f"{name} at {width}: {error}", file=sys.stderr)
        browser.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
