from odoo import api, fields, models


class FarmAnimal(models.Model):
    """Tags and pens: the dated history and the column on the animal are one truth.

    Writing the column closes what was worn or occupied and opens the new; changing the history recomputes the
    column. The context key ``effective_date`` (a date) dates a change made through the column, default today.
    """

    _inherit = "farm.animal"

    @api.depends("tag_ids.value", "tag_ids.tag_type", "tag_ids.date_from", "tag_ids.date_to")
    def _compute_tags(self):
        by_type = {"ear": "ear_tag", "rfid": "rfid_tag", "management": "management_number"}
        for animal in self:
            worn = {}
            # the tag worn now, or the one worn last by an animal that has left
            for tag in animal.tag_ids.sorted(
                lambda t: (not t.date_to, t.date_to or t.date_from, t.date_from, t.id if t._origin else 0)
            ):
                if not tag.date_to or animal.status != "active":
                    worn[tag.tag_type] = tag.value
            for tag_type, fname in by_type.items():
                animal[fname] = worn.get(tag_type, False)

    def _inverse_ear_tag(self):
        self._change_tags("ear", "ear_tag")

    def _inverse_rfid_tag(self):
        self._change_tags("rfid", "rfid_tag")

    def _inverse_management_number(self):
        self._change_tags("management", "management_number")

    @api.model
    def _clean_tags(self, vals):
        """Return ``vals`` with tidy tag numbers; raise ``ValidationError`` on an impossible RFID."""
        clean = {
            name: " ".join(vals[name].split()) or False
            for name in ("ear_tag", "rfid_tag", "management_number")
            if vals.get(name)
        }
        if clean.get("rfid_tag"):
            clean["rfid_tag"] = clean["rfid_tag"].replace(" ", "")  # readers print groups
            self.env["farm.animal.tag"]._check_rfid_number(clean["rfid_tag"])
        return {**vals, **clean}

    def _effective_date(self):
        day = self.env.context.get("effective_date")
        return fields.Date.to_date(day) or self.env.company._business_today()

    def _change_tags(self, tag_type, fname):
        """Close the worn tag of this kind and open the one now in ``fname``."""
        tags = self.env["farm.animal.tag"].sudo()
        worn = {}
        for tag in tags.search(
            [("animal_id", "in", self.ids), ("tag_type", "=", tag_type), ("date_to", "=", False)]
        ):
            worn.setdefault(tag.animal_id.id, tags)
            worn[tag.animal_id.id] |= tag
        today = self._effective_date()
        new_values = {animal.id: animal[fname] for animal in self}
        create_vals = []
        for animal in self:
            value, old = new_values[animal.id], worn.get(animal.id, tags)
            if value and value in old.mapped("value"):
                old = old.filtered(lambda tag, value=value: tag.value != value)
            elif value:
                first = not animal.tag_ids.filtered(lambda tag: tag.tag_type == tag_type)
                create_vals.append(
                    {
                        "animal_id": animal.id,
                        "tag_type": tag_type,
                        "value": value,
                        "date_from": min(animal.entry_date or today, today) if first else today,
                    }
                )
            for tag in old:
                tag.date_to = max(today, tag.date_from)
        tags.flush_model(["date_to"])  # a number set free may be given on at once
        self.flush_recordset([fname])
        tags.create(create_vals)

    @api.depends("pen_stay_ids.pen_id", "pen_stay_ids.date_from", "pen_stay_ids.date_to")
    def _compute_pen_id(self):
        for animal in self:
            open_stays = animal.pen_stay_ids.filtered(lambda stay: not stay.date_to)
            animal.pen_id = open_stays.sorted("date_from")[-1:].pen_id

    def _inverse_pen_id(self):
        stays = self.env["farm.pen.stay"].sudo()
        open_stays = {
            stay.animal_id.id: stay
            for stay in stays.search([("animal_id", "in", self.ids), ("date_to", "=", False)])
        }
        with_history = {
            animal.id for [animal] in stays._read_group([("animal_id", "in", self.ids)], ["animal_id"])
        }
        today = self._effective_date()
        pens = {animal.id: animal.pen_id.id for animal in self}
        create_vals = []
        for animal in self:
            pen_id, stay = pens[animal.id], open_stays.get(animal.id)
            if stay and stay.pen_id.id == pen_id:
                continue
            if stay and pen_id and stay.date_from >= today:
                stay.pen_id = pen_id  # moved twice on a day: the last pen counts
                continue
            if stay:
                stay.date_to = max(today, stay.date_from)
            if pen_id:
                first = animal.id not in with_history
                start = min(animal.entry_date or today, today) if first else today
                create_vals.append({"animal_id": animal.id, "pen_id": pen_id, "date_from": start})
        stays.create(create_vals)
