import ast
import logging
import threading
import time

from odoo import Command, api, models
from odoo.exceptions import UserError

from ..exports import TABLES
from ..guards import check_internal
from ..queries.periods import Period, PeriodError, business_day

_logger = logging.getLogger(__name__)

#: the dashboards, and the model whose records each is about
MODELS = {
    "herd": "farm.animal",
    "sales": "sale.order",
    "stock": "product.product",
    "receivables": "account.move.line",
    "sensors": "farm.sensor",
}
#: where a saved filter keeps the choices, in its context
CONTEXT = "dairy_dashboard"
#: what a client may choose; anything else in saved filters or requests is dropped
FILTERS = ("preset", "date_from", "date_to", "compare", "company_id", "farm_id", "warehouse_id")


class DairyDashboard(models.AbstractModel):
    """The one door of the client: opens any dashboard by its name, in one request.

    A further dashboard adds its name to :data:`MODELS`, methods ``_choices_<name>`` and ``_open_<name>``, a
    function in :mod:`..exports`, and ``_later_<name>`` if that needs more than the page's first answer.
    """

    _name = "dairy.dashboard"
    _description = "Dashboards"

    @api.model
    @api.readonly
    def open(self, name, filters, grain=None):
        """Return the figures of dashboard ``name``, under the rights of its own method.

        :param filters: dict with any of :data:`FILTERS`; ``preset`` ('today', 'week', 'month', 'quarter',
            'year', counted back from today; or 'custom' with both dates); a false value means the user's
            default
        :param grain: what charts are cut into: 'day', 'dekad', 'month'; default by the length of the period
        :return: dict: ``data`` (of the dashboard's method), ``filters`` (as used), ``choices`` (what may
            be chosen), ``saved`` (the user's own filters: id, name, is_default, filters), ``today`` (ISO),
            ``timing``
            (server_ms, database_ms, statements)
        :raises AccessError: as the dashboard's own method
        :raises UserError: an unknown dashboard or period
        """
        clock = _Clock()
        check_internal(self.env)
        self._check_name(name)
        saved = self._saved(name)
        if not filters:
            filters = next((one["filters"] for one in saved if one["is_default"]), {})
        filters = self._clean(filters)
        choices = getattr(self, f"_choices_{name}")(filters)
        self._resolve_period(filters, choices["today"])
        filters["compare"] = filters["compare"] or "previous"
        data = getattr(self, f"_open_{name}")(filters, grain)
        return {
            "data": data,
            "filters": filters,
            "choices": choices,
            "saved": saved,
            "today": choices["today"],
            "timing": clock.elapsed(),
        }

    @api.model
    def save_filter(self, name, label, filters, is_default=False):
        """Keep the user's ``filters`` of dashboard ``name`` as ``label``; an own one called so is replaced.

        Odoo's saved searches (``ir.filters``) hold them, under their record rules.

        :param is_default: open the dashboard with it from now on
        :return: the user's filters of that dashboard, as in :meth:`open`
        :raises UserError: an unknown dashboard or filter, or no label
        """
        check_internal(self.env)
        self._check_name(name)
        label = (label or "").strip()
        if not label:
            raise UserError(self.env._("The filter has no name: write one."))
        chosen = {key: value for key, value in self._clean(filters or {}).items() if value}
        if chosen.get("preset", "custom") != "custom":
            # "30 days" means those before the day on which it is opened
            chosen.pop("date_from", None)
            chosen.pop("date_to", None)
        own = self._own_filters(name)
        if is_default:
            own.is_default = False
        values = {"context": repr({CONTEXT: chosen}), "is_default": bool(is_default)}
        same = own.filtered(lambda one: one.name == label)[:1]
        if same:
            same.write(values)
        else:
            self.env["ir.filters"].create(
                {
                    **values,
                    "name": label,
                    "model_id": MODELS[name],
                    "action_id": self._action_id(name),
                    "user_ids": [Command.set(self.env.user.ids)],
                }
            )
        return self._saved(name)

    @api.model
    def delete_filter(self, name, filter_id):
        """Delete an own filter of dashboard ``name``; return those that are left."""
        check_internal(self.env)
        self._check_name(name)
        self._own_filters(name).filtered(lambda one: one.id == filter_id).unlink()
        return self._saved(name)

    @api.model
    def _action_id(self, name):
        return self.env["ir.model.data"]._xmlid_to_res_id(f"smart_dairy_performance.{name}_dashboard_action")

    @api.model
    def _own_filters(self, name):
        return self.env["ir.filters"].search_fetch(
            [("action_id", "=", self._action_id(name)), ("user_ids", "=", self.env.uid)],
            ["name", "is_default", "context"],
            order="name, id",
        )

    @api.model
    def _saved(self, name):
        saved = []
        for one in self._own_filters(name):
            try:
                context = ast.literal_eval(one.context)
            except (ValueError, SyntaxError):
                _logger.warning("The context of filter %s is no dict: left out", one.id)
                continue
            saved.append(
                {
                    "id": one.id,
                    "name": one.name,
                    "is_default": one.is_default,
                    "filters": context.get(CONTEXT, {}),
                }
            )
        return saved

    @api.model
    def _tables(self, name, filters):
        """Return the dashboard's :class:`~..exports.Table` list; whoever may not export gets none.

        :raises AccessError: without the dashboard's rights
        :raises UserError: without Odoo's right to export
        """
        if not (self.env.is_admin() or self.env.user.has_group("base.group_allow_export")):
            raise UserError(
                self.env._("You don't have the rights to export data. Please contact an Administrator.")
            )
        answer = self.open(name, filters, grain="day")
        later = getattr(self, f"_later_{name}", lambda filters: {})(answer["filters"])
        return TABLES[name](self.env, {**answer["data"], **later})

    @api.model
    def _clean(self, filters):
        """Known filters only, ``None`` where nothing was chosen.

        :raises UserError: an id that is no whole number, or other filters that are no text
        """
        chosen = {key: filters.get(key) or None for key in FILTERS}
        for key, value in chosen.items():
            wanted = int if key.endswith("_id") else str
            if value is not None and type(value) is not wanted:
                raise UserError(
                    self.env._(
                        "%(value)s is not a value of the filter %(filter)s: choose it again.",
                        value=repr(value),
                        filter=key,
                    )
                )
        return chosen

    @api.model
    def _check_name(self, name):
        if name not in MODELS:
            raise UserError(
                self.env._(
                    "%(value)s is not a dashboard: choose among %(known)s.",
                    value=repr(name),
                    known=", ".join(MODELS),
                )
            )

    @api.model
    def _resolve_period(self, filters, today):
        """Replace a preset by its dates; without both dates the last 30 days count."""
        if filters["preset"] == "custom" and filters["date_from"] and filters["date_to"]:
            return
        filters["preset"] = "month" if filters["preset"] in (None, "custom") else filters["preset"]
        try:
            period = Period.preset(filters["preset"], business_day(today, "UTC"))
        except PeriodError:
            raise UserError(
                self.env._("%(value)s is not a period of the dashboards.", value=repr(filters["preset"]))
            )
        filters.update(date_from=period.first.isoformat(), date_to=period.last.isoformat())

    # ------------------------------------------------------------
    # EACH DASHBOARD
    # ------------------------------------------------------------

    @api.model
    def _choices_herd(self, filters):
        choices = self.env["farm.animal"].get_herd_dashboard_filters(filters["company_id"])
        return _known(choices, "farms", filters, "farm_id")

    @api.model
    def _open_herd(self, filters, grain):
        return self.env["farm.animal"].get_herd_dashboard(
            filters["date_from"],
            filters["date_to"],
            filters["farm_id"],
            filters["company_id"],
            compare=filters["compare"],
            grain=grain,
        )

    @api.model
    def _later_herd(self, filters):
        """What the page asks for after the first paint, for the export."""
        return self.env["farm.animal"].get_herd_pens(
            filters["date_from"], filters["date_to"], filters["farm_id"], filters["company_id"]
        )

    @api.model
    def _choices_sales(self, filters):
        return {"today": self.env["sale.order"].get_dashboard_today(filters["company_id"])}

    @api.model
    def _open_sales(self, filters, grain):
        return self.env["sale.order"].get_sales_dashboard(
            filters["date_from"],
            filters["date_to"],
            filters["company_id"],
            compare=filters["compare"],
            grain=grain,
        )

    @api.model
    def _later_sales(self, filters):
        customers = self.env["sale.order"].get_sales_customers(
            filters["date_from"], filters["date_to"], filters["company_id"], filters["compare"]
        )
        return {"top_customers": customers["top_customers"]}

    @api.model
    def _choices_stock(self, filters):
        choices = self.env["product.product"].get_stock_dashboard_filters(filters["company_id"])
        return _known(choices, "warehouses", filters, "warehouse_id")

    @api.model
    def _open_stock(self, filters, grain):
        return self.env["product.product"].get_stock_dashboard(
            filters["date_from"],
            filters["date_to"],
            filters["warehouse_id"],
            filters["company_id"],
            compare=filters["compare"],
            grain=grain,
        )

    @api.model
    def _choices_receivables(self, filters):
        return {"today": self.env["account.move.line"].get_receivables_today(filters["company_id"])}

    @api.model
    def _open_receivables(self, filters, grain):
        return self.env["account.move.line"].get_receivables_dashboard(
            filters["date_from"],
            filters["date_to"],
            filters["company_id"],
            compare=filters["compare"],
            grain=grain,
        )


def _known(choices, name, filters, key):
    """Forget a chosen ``key`` that is not among the choices (any more): another company was chosen."""
    if filters[key] not in {choice["id"] for choice in choices[name]}:
        filters[key] = None
    return choices


class _Clock:
    """Time since it was made, in ms, and what of it the database took (Odoo counts that for each request)."""

    def __init__(self):
        self.thread = threading.current_thread()
        self.start = time.perf_counter()
        self.queries, self.database = self._counted()

    def _counted(self):
        return getattr(self.thread, "query_count", 0), getattr(self.thread, "query_time", 0.0)

    def elapsed(self):
        queries, database = self._counted()
        return {
            "server_ms": round((time.perf_counter() - self.start) * 1000, 1),
            "database_ms": round((database - self.database) * 1000, 1),
            "statements": queries - self.queries,
        }
