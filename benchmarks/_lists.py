"""What people do with the lists of a database, as calls of Odoo: nothing here is SQL, nothing is made up.

The menus tell which lists there are, the views which columns, order and facets they have; texts to look for
come from records. So every statement that such a call sends is one that the web client causes.
"""

import datetime
import itertools
from dataclasses import dataclass
from types import SimpleNamespace

from dateutil.relativedelta import relativedelta
from lxml import etree
from odoo.addons.account.controllers.portal import PortalAccount
from odoo.addons.sale.controllers.portal import CustomerPortal
from odoo.fields import Domain
from odoo.tools import safe_eval

PAGE, COUNTED = 80, 10001  # rows of a page, and up to where the web client counts
SUGGESTIONS = 8  # names that a search box proposes
#: models of these are Odoo's own bookkeeping, which nobody browses while the dairy works
TECHNICAL = ("ir.", "res.groups", "base.", "bus.", "mail.", "database.", "method.")
FILTERS = ("filter", "month of")
TEXTS, RELATIONS = ("char", "text", "html"), ("many2one", "many2many", "one2many")
#: which model's records the figures of a dashboard open, as its JavaScript has it: by the domain's name
DRILLS = {
    "herd": {
        None: "farm.animal",
        **dict.fromkeys(("milk", "saleable", "discarded", "fat", "protein", "scc"), "farm.milk.record"),
        "cases": "farm.health.record",
    },
    "sales": {"domain": "sale.order", "line_domain": "sale.order.line", "deliveries": "stock.picking"},
    "stock": {
        **dict.fromkeys(("moves", "received", "sent"), "stock.move"),
        "quants": "stock.quant",
        "runs_out": "product.product",
        "expiring": "stock.lot",
    },
    "receivables": {"invoices": "account.move", "items": "account.move.line"},
}
PERIODS = ("today", "month")


@dataclass(frozen=True)
class Page:
    """Something a person does: ``call`` takes no argument; ``label`` says what it is."""

    label: str
    call: object


def pages(env, least):
    """Every :class:`Page` that we know of, and the facets whose domain only the web client understands.

    :param least: rows from which on a table is worth browsing
    :return: (pages, texts of facets left out)
    """
    found, unread = [], []
    large = _large(env, least)
    for action in _actions(env):
        model = env[action.res_model]
        if model._table in large and not action.res_model.startswith(TECHNICAL):
            found += _of_action(env, action, unread)
    found += _drills(env, large)
    found += _portal(env)
    return found, unread


def _large(env, least):
    env.cr.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND reltuples >= %s",
        [least],
    )
    return {name for (name,) in env.cr.fetchall()}


def _actions(env):
    """Lists that menus open, each once."""
    actions = {menu.action for menu in env["ir.ui.menu"].search([]) if menu.action}
    windows = [one for one in actions if one._name == "ir.actions.act_window" and "list" in one.view_mode]
    return sorted((one for one in windows if one.res_model in env), key=lambda one: (one.res_model, one.name))


# ---------------------------------------------------------------- a list and its facets


def _of_action(env, action, unread):
    known = _names(env)
    context = _evaluate(action.context or "{}", known)
    domain = Domain(_evaluate(action.domain or "[]", known))
    own = {key: value for key, value in context.items() if not key.startswith("search_default_")}
    model = env[action.res_model].with_context(**own)
    listing = _listing(model, action)
    facets = list(_facets(model, listing.search, known, unread))
    wanted = {key[len("search_default_") :] for key, value in context.items() if value}
    opened = domain & Domain.AND(facet for name, _kind, facet in facets if name in wanted)
    label = f"{action.res_model}: {action.name}"
    yield Page(label, lambda: _load(model, listing, opened))
    for name, kind, facet in facets:
        # a filter takes the place of those that a list opens with, a text narrows them
        asked = (domain if kind in FILTERS else opened) & facet
        if name not in wanted:
            yield Page(f"{label}, {kind} {name}", lambda asked=asked: _load(model, listing, asked))
    for name, word in _boxes(model, listing.search):
        box = env[model._fields[name].comodel_name]
        yield Page(
            f"{box._name}: {word!r} in a box", lambda b=box, w=word: b.name_search(w, limit=SUGGESTIONS)
        )


def _listing(model, action=None):
    """What the web client knows of a list: columns, order, search view."""
    view = action and next((line.view_id.id for line in action.view_ids if line.view_mode == "list"), False)
    if action and not view and action.view_id.type == "list":
        view = action.view_id.id
    search = action and action.search_view_id.id
    views = model.get_views([(view or False, "list"), (search or False, "search")])["views"]
    arch = etree.fromstring(views["list"]["arch"])
    columns = {}
    for node in arch.xpath("//field[not(ancestor::field)]"):
        kind = model._fields[node.get("name")].type
        named = (
            kind in ("many2one", "reference", "many2one_reference") or node.get("widget") == "many2many_tags"
        )
        columns[node.get("name")] = {"fields": {"display_name": {}}} if named else {}
    return SimpleNamespace(
        columns=columns,
        order=arch.get("default_order") or None,
        search=etree.fromstring(views["search"]["arch"]),
    )


def _load(model, listing, domain):
    return model.web_search_read(
        list(domain), listing.columns, limit=PAGE, order=listing.order, count_limit=COUNTED
    )


def _facets(model, search, known, unread):
    """``(name, kind, domain)`` of every filter, and of every field with a text looked for."""
    for node in _seen(search, "filter"):
        name = node.get("name")
        if node.get("domain") and node.get("domain") != "[]":
            try:
                yield name, "filter", Domain(_evaluate(node.get("domain"), known))
            except Exception as error:  # whatever safe_eval makes of it: told, and counted
                unread.append(f"{model._name}.{name}: {error}")
        elif node.get("date"):
            first = known["context_today"]().replace(day=1)
            month = Domain(node.get("date"), ">=", first) & Domain(
                node.get("date"), "<", first + relativedelta(months=1)
            )
            yield name, "month of", month
    for node in _seen(search, "field"):
        name = node.get("name")
        if (word := _word(model, name)) is None:
            continue
        if node.get("filter_domain"):
            asked = _evaluate(node.get("filter_domain"), {**known, "self": word, "raw_value": word})
        elif node.get("operator"):
            asked = [(name, node.get("operator"), word)]
        else:
            asked = [(name, "ilike", word)]
        yield name, "text in", Domain(asked)
        if model._fields[name].type == "many2one":
            yield name, "chosen", Domain(name, "=", _sample(model, name).id)


def _seen(search, tag):
    """Nodes that a person sees."""
    return (node for node in search.iter(tag) if node.get("invisible") not in ("1", "True"))


def _boxes(model, search):
    """``(field, word)`` of the search fields that propose records of another model."""
    for node in _seen(search, "field"):
        if model._fields[node.get("name")].type in RELATIONS and (word := _word(model, node.get("name"))):
            yield node.get("name"), word


def _sample(model, name):
    """The value of a field on a record in the middle, or something false."""
    stored = model._fields[name].store
    filled = Domain(name, "!=", False) if stored else Domain.TRUE
    middle = min(model.search_count(filled, limit=2000) // 2, 1000)
    return model.search(filled, limit=1, offset=middle, order="id")[name]


def _word(model, name):
    """What a person would type to find that value, or None: the first word of a name, a whole number."""
    if model._fields[name].type not in (*TEXTS, *RELATIONS):
        return None
    value = _sample(model, name)
    text = value[:1].display_name if model._fields[name].type in RELATIONS else value
    return next((word for word in (text or "").split() if len(word) > 2), None)


def _names(env):
    today = datetime.date.today()
    return {
        "uid": env.uid,
        "allowed_company_ids": env.companies.ids,
        "context_today": lambda: today,
        "datetime": safe_eval.datetime,
        "time": safe_eval.time,
        "relativedelta": relativedelta,
        "active_id": False,
        "context": {},
    }


def _evaluate(text, known):
    return safe_eval.safe_eval(text.strip(), dict(known))


# ---------------------------------------------------------------- drill-downs and the portal


def _drills(env, large):
    """The records behind the figures of each dashboard, as a click opens them."""
    for name, period in itertools.product(DRILLS, PERIODS):
        data = env["dairy.dashboard"].open(name, {"preset": period})["data"]
        domains = dict(data.get("domains", {}))
        if name == "sales":
            domains = {key: data[key] for key in ("domain", "line_domain")}
            domains["deliveries"] = data["deliveries"]["domain"]
        for key, domain in domains.items():
            model = env[DRILLS[name].get(key) or DRILLS[name][None]]
            if model._table in large:
                listing = _listing(model)
                yield Page(
                    f"dashboard {name}, {period}: {key}",
                    lambda m=model, s=listing, d=domain: _load(m, s, Domain(d)),
                )


def _portal(env):
    """What the busiest customer's page of orders and invoices asks, with the controllers' own domains."""
    env.cr.execute(
        "SELECT partner_id FROM sale_order WHERE company_id = %s GROUP BY 1 ORDER BY count(*) DESC LIMIT 1",
        [env.company.id],
    )
    partner = env["res.partner"].sudo().browse(env.cr.fetchone()).commercial_partner_id
    users = env["res.users"].sudo().with_context(no_reset_password=True)
    user = users.create(
        {
            "login": "benchmark_portal",
            "partner_id": partner.id,
            "company_id": env.company.id,
            "company_ids": [(6, 0, env.company.ids)],
            "group_ids": [(6, 0, [env.ref("base.group_portal").id])],
        }
    )
    orders, invoices = CustomerPortal(), PortalAccount()
    asked = (
        ("sale.order", "quotations", orders._prepare_quotations_domain(partner), "date_order desc"),
        ("sale.order", "orders", orders._prepare_orders_domain(partner), "date_order desc"),
        ("account.move", "invoices", invoices._get_invoices_domain("out"), "invoice_date desc"),
        ("account.move", "overdue", invoices._get_overdue_invoices_domain(partner.id), "invoice_date desc"),
    )
    for model, what, domain, order in asked:
        theirs = env[model].with_user(user)
        yield Page(f"portal: number of {what}", lambda m=theirs, d=domain: m.search_count(d))
        yield Page(
            f"portal: {what}",
            lambda m=theirs, d=domain, o=order: m.search(d, order=o, limit=PAGE).mapped("name"),
        )
