from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

from ..guards import check_internal, companies_of
from ..queries import herd
from ..queries.periods import today

PRESENT = Domain("active", "=", True) & Domain("status", "=", "active")


class FarmAnimal(models.Model):
    _inherit = "farm.animal"

    @api.model
    @api.readonly
    def get_herd_summary_optimized(self, farm_id=None):
        """Return the present animals (active, status Present) and their milk of today.

        Today is the business day of each farm's company. ``sick`` counts every health status but Healthy,
        so that healthy and sick add up to all.

        :param farm_id: id of a farm the user may read; default all farms of the selected companies
        :return: dict of ``by_type`` (animal_type, name (translated), count, total_yield (kg today),
            healthy_count,
            sick_count), ``total_animals``, ``total_yield_today`` (kg), ``health_summary`` (healthy, sick)
        :raises AccessError: portal and public users, users without herd access, foreign farms
        """
        scope = self._herd_scope(farm_id)
        animals = self._herd_select(PRESENT & scope["domain"], ("id", "animal_type", "health_status"))
        milk = self.env["farm.milk.record"]._herd_milk_select(scope["domain"] & self._herd_on_today(scope))
        rows = self.env.execute_query(herd.summary_by_type(animals, milk))
        names = self._herd_labels("animal_type")
        return {
            "by_type": [
                {
                    "animal_type": animal_type,
                    "name": names.get(animal_type, animal_type),
                    "count": count,
                    "total_yield": round(kg, 2),
                    "healthy_count": healthy,
                    "sick_count": sick,
                }
                for animal_type, count, kg, healthy, sick in rows
            ],
            "total_animals": sum(row[1] for row in rows),
            "total_yield_today": round(sum(row[2] for row in rows), 2),
            "health_summary": {"healthy": sum(row[3] for row in rows), "sick": sum(row[4] for row in rows)},
        }

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
        farms = self.env["farm.farm"].search([("company_id", "in", companies.ids)])
        domain = Domain("company_id", "in", companies.ids)
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
                    ("pen_id", "pen_id"),
                    ("lactation_id", "lactation_id"),
                    ("total_yield", "kg"),
                    ("saleable_yield", "saleable"),
                    ("fat_percentage", "fat"),
                    ("protein_percentage", "protein"),
                    ("scc", "scc"),
                )
            )
        )
