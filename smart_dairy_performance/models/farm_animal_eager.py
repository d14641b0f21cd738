from odoo import api, fields, models
from odoo.tools import SQL

from ..pages import find, names_of, rows_of
from ..queries.latest import PARENT, latest

ANIMAL = ("name", "ear_tag", "breed_id", "farm_id")
MILK = ("id", "record_date", "session", "total_yield", "fat_percentage", "protein_percentage", "scc")
HEALTH = ("id", "record_date", "record_type", "health_status", "diagnosis", "notes")


class FarmAnimal(models.Model):
    _name = "farm.animal"
    _inherit = ["farm.animal", "eager.loading.mixin"]

    @api.model
    @api.readonly
    def get_animals_with_records(self, domain, limit=100):
        """Return animals, in the model's order, with the latest milk and health record of each.

        The latest is that of the last ``record_date``, among several of one day the one entered last (the
        records' own order). Records that the user may not read, and archived health records, do not count.

        :param domain: search domain on ``farm.animal``
        :param limit: animals, 1 to 10,000
        :return: list of dicts: ``id``, ``name``, ``ear_tag``, ``breed``, ``farm`` (names; ``None`` if none),
            ``latest_milk`` (``None``, or ``id``, ``record_date`` (ISO), ``session``, ``total_yield``
            (kg of that session), ``fat_percentage``, ``protein_percentage`` (%), ``scc`` (thousand cells per
            ml); ``None`` where not measured, never 0), ``latest_health`` (``None``, or ``id``,
            ``record_date``, ``record_type``, ``health_status``, ``diagnosis``, ``notes``)
        :raises AccessError: portal and public users, users without herd access
        :raises UserError: a limit out of range, a domain that is none
        """
        animals = find(self, domain, (*ANIMAL, "breed_id.display_name", "farm_id.display_name"), limit)
        names = names_of(animals, "breed_id", "farm_id")
        records = animals._latest_records()
        return [
            {
                "id": row["id"],
                "name": row["name"],
                "ear_tag": row["ear_tag"] or None,
                "breed": names["breed_id"][row["breed_id"]],
                "farm": names["farm_id"][row["farm_id"]],
                "latest_milk": records[row["id"]][0],
                "latest_health": records[row["id"]][1],
            }
            for row in rows_of(animals, ANIMAL)
        ]

    def _latest_records(self):
        """Return ``{animal id: (latest milk, latest health)}``, each a dict or ``None``, in one statement."""
        if not self:
            return {}
        newest = [
            self._newest_select(self.env["farm.milk.record"], MILK),
            self._newest_select(self.env["farm.health.record"], HEALTH),
        ]
        return {
            animal_id: (
                self._newest_dict(MILK, values[: len(MILK)]),
                self._newest_dict(HEALTH, values[len(MILK) :]),
            )
            for animal_id, *values in self.env.execute_query(latest(self.ids, newest))
        }

    @api.model
    def _newest_select(self, model, names):
        """SELECT of the columns ``names`` of the newest readable record of the animal :data:`PARENT`."""
        for name in names:
            model._check_field_access(model._fields[name], "read")
        query = model._search([], order="record_date desc, id desc", limit=1)
        query.add_where(SQL("%s = %s", model._field_to_sql(query.table, "animal_id", query), PARENT))
        return query.select(*(model._field_to_sql(query.table, name, query) for name in names))

    @api.model
    def _newest_dict(self, names, values):
        row = dict(zip(names, values, strict=True))
        return {**row, "record_date": fields.Date.to_string(row["record_date"])} if row["id"] else None
