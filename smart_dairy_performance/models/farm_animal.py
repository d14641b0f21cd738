from collections import defaultdict
from math import fsum

from odoo import api, fields, models
from odoo.addons.method_cache import cached_method
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

from ..asking import Asking
from ..dependencies import HERD
from ..guards import check_internal, companies_of
from ..queries import herd
from ..queries.periods import EVER, Period, today
from ..scope import warm

PRESENT = Domain("active", "=", True) & Domain("status", "=", "active")


class FarmAnimal(models.Model):
    _inherit = "farm.animal"

    # rollups compute single days from here
    _entry_date_idx = models.Index("(entry_date)")
    # what the dashboard's short lists begin with
    _sick_idx = models.Index("(ear_tag, id) WHERE health_status <> 'healthy' AND status = 'active'")
    _absent_idx = models.Index(
        "(COALESCE(exit_date, 'infinity'::date)) WHERE (active AND status = 'active') IS NOT TRUE"
    )

    @api.model
    @api.readonly
    @cached_method(ttl=60, depends=HERD, today=True)
    def get_herd_summary_optimized(self, farm_id=None):
        """Return the present animals (active, status Present) and their milk of today; cached.

        Today is the business day of each farm's company. ``sick`` counts every health status but Healthy,
        so that healthy and sick add up to all.

        :param farm_id: id of a farm the user may read; default all farms of the selected companies
        :return: dict of ``by_type`` (animal_type, name (translated), count, total_yield (kg today),
            healthy_count,
            sick_count), ``total_animals``, ``total_yield_today`` (kg), ``health_summary`` (healthy, sick)
        :raises AccessError: portal and public users, users without herd access, foreign farms
        """
        scope = self._herd_scope(farm_id)
        asking = Asking(self.env, "herd_animals", "herd_milk")
        counts = self._herd_present_by_type(asking, scope)
        kg = self._herd_kg_today(asking, scope)
        names = self._herd_labels("animal_type")
        by_type = [
            {
                "animal_type": animal_type,
                "name": names.get(animal_type, animal_type),
                "count": count,
                "total_yield": round(kg.get(animal_type, 0.0), 2),
                "healthy_count": count - sick,
                "sick_count": sick,
            }
            for animal_type, count, sick in counts
        ]
        total, sick = (sum(row[key] for row in by_type) for key in ("count", "sick_count"))
        return {
            "by_type": by_type,
            "total_animals": total,
            "total_yield_today": round(fsum(kg.get(row["animal_type"], 0.0) for row in by_type), 2),
            "health_summary": {"healthy": total - sick, "sick": sick},
        }

    @api.model
    def _herd_present_by_type(self, asking, scope):
        """Rows (animal_type, animals, not healthy), in order."""
        return asking.ask(
            "herd_animals",
            EVER,
            domain=scope["domain"],
            by=("type",),
            measures=("animals", "sick"),
            order=(("type", "asc"),),
        ).rows

    @api.model
    def _herd_kg_today(self, asking, scope):
        """``{animal_type: kg}`` that present animals gave today, by each company's own day."""
        kg = defaultdict(float)
        for day, ids in scope["days"].items():
            domain = scope["domain"] & Domain("company_id", "in", ids)
            answer = asking.ask("herd_milk", Period(day, day), domain=domain, by=("type",), measures=("kg",))
            for animal_type, amount in answer.rows:
                kg[animal_type] += amount
        milk = self.env["farm.milk.record"]._herd_milk_select(scope["domain"] & self._herd_on_today(scope))
        for animal_type, amount in self.env.execute_query(herd.milk_of_absent(milk, min(scope["days"]))):
            kg[animal_type] -= amount
        return kg

    # ------------------------------------------------------------
    # SCOPE
    # ------------------------------------------------------------

    @api.model
    def _herd_scope(self, farm_id=None, company_id=None):
        """Check who asks and for what.

        :return: dict: ``domain`` (company and farm, for animals, milk and health alike), ``days`` ({today:
            [company ids]}), ``today`` (of the leading company), ``farms`` (recordset)
        """
        check_internal(self.env)
        companies = companies_of(self.env, company_id)
        warm(companies)
        farms = self.env["farm.farm"].search_fetch(
            [("company_id", "in", companies.ids)], ["name", "company_id", "ecm_formula"]
        )
        domain = Domain("company_id", "in", companies._ids)
        if farm_id:
            farms = farms.filtered(lambda farm: farm.id == farm_id)
            if not farms:
                raise AccessError(
                    self.env._(
                        "Farm %(farm)s is not one you may see: choose one of your selected companies.",
                        farm=farm_id,
                    )
                )
            domain &= Domain("farm_id", "=", farm_id)
        days = defaultdict(list)
        now = fields.Datetime.now()
        for company in companies:
            days[today(company._business_tz(), now)].append(company.id)
        head = self.env.company if self.env.company in companies else companies[:1]
        return {
            "domain": domain,
            "days": dict(days),
            "today": today(head._business_tz(), now),
            "farms": farms,
        }

    @api.model
    def _herd_on_today(self, scope):
        """Domain of milk records of today, by each company's own day."""
        return Domain.OR(
            Domain("company_id", "in", ids) & Domain("record_date", "=", fields.Date.to_string(day))
            for day, ids in scope["days"].items()
        )

    @api.model
    def _herd_withheld(self, scope):
        """Domain of animals in milk whose milk must be discarded today, by each company's own day.

        A treated calf or dry cow gives none to discard.
        """
        return Domain("lactation_status", "in", herd.IN_MILK) & Domain.OR(
            Domain("company_id", "in", ids)
            & Domain("milk_withdrawal_until", ">=", fields.Date.to_string(day))
            for day, ids in scope["days"].items()
        )

    @api.model
    def _herd_select(self, domain, names, *extra):
        """SELECT of columns, and more SQL columns ``extra``, of the readable animals in ``domain``."""
        query = self._search(domain, active_test=False)
        columns = [
            SQL("%s AS %s", self._field_to_sql(query.table, name, query), SQL.identifier(name))
            for name in names
        ]
        return query.select(*columns, *extra)

    @api.model
    def _herd_labels(self, name):
        return dict(self._fields[name]._description_selection(self.env))


class FarmMilkRecord(models.Model):
    _inherit = "farm.milk.record"

    # rollups compute single days from here
    _record_date_idx = models.Index("(record_date)")

    @api.model
    def _herd_milk_select(self, domain):
        """SELECT of the readable milk records in ``domain``, as the herd statements want them."""
        query = self._search(domain)
        return query.select(
            *(
                SQL("%s AS %s", self._field_to_sql(query.table, name, query), SQL.identifier(alias))
                for name, alias in (
                    ("animal_id", "animal_id"),
                    ("record_date", "record_date"),
                    ("lactation_id", "lactation_id"),
                    ("total_yield", "kg"),
                )
            )
        )


class FarmHealthRecord(models.Model):
    _inherit = "farm.health.record"

    # rollups compute single days from here
    _record_date_idx = models.Index("(record_date)")
