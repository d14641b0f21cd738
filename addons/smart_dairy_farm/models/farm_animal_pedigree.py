from dateutil.relativedelta import relativedelta
from odoo import api, models
from odoo.exceptions import ValidationError


class FarmAnimal(models.Model):
    """Parents: checked before the write, in words; the database's trigger checks again, cycles included."""

    _inherit = "farm.animal"

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("dam_id") or vals.get("sire_id"):
                self.new(vals)._check_parents()
        return super().create([self._clean_tags(vals) for vals in vals_list])

    def _check_parents(self, vals=None):
        """Check the parents the animals would have with ``vals``."""
        self_sudo = self.sudo()
        for animal in self_sudo:
            values = {name: animal[name] for name in ("birth_date", "dam_id", "sire_id", "name")}
            for name, value in (vals or {}).items():
                if name in values:
                    values[name] = animal._fields[name].convert_to_record(
                        animal._fields[name].convert_to_cache(value, animal), animal
                    )
            for role, sex in (("dam_id", "female"), ("sire_id", "male")):
                if parent := values[role]:
                    animal._check_parent(parent, sex, values)

    def _check_parent(self, parent, sex, values):
        named = {"parent": parent.display_name, "calf": values["name"] or ""}
        if parent == self._origin:
            raise ValidationError(self.env._("%(calf)s cannot be its own parent.", **named))
        if parent.sex != sex:
            if sex == "female":
                raise ValidationError(
                    self.env._("Dam of %(calf)s: %(parent)s is male. Choose the mother.", **named)
                )
            raise ValidationError(
                self.env._("Sire of %(calf)s: %(parent)s is female. Choose the father.", **named)
            )
        if parent.birth_date and values["birth_date"]:
            months = max(parent.farm_id.min_parent_age_months, 0)
            if parent.birth_date >= values["birth_date"]:
                raise ValidationError(
                    self.env._(
                        "Parent of %(calf)s: %(parent)s, born %(born)s, is not older than the"
                        " calf, born %(calf_born)s. Correct the parent or a birth date.",
                        born=parent.birth_date,
                        calf_born=values["birth_date"],
                        **named,
                    )
                )
            if parent.birth_date + relativedelta(months=months) > values["birth_date"]:
                raise ValidationError(
                    self.env._(
                        "Parent of %(calf)s: %(parent)s was younger than %(months)s months when the calf"
                        " was born (a setting of the farm). Correct the parent or a birth date.",
                        months=months,
                        **named,
                    )
                )

    def _check_parents_written(self, vals):
        """Check parents and, when sex or birth date change, the calves."""
        if {"dam_id", "sire_id", "birth_date"} & vals.keys():
            self._check_parents(vals)
        if "birth_date" in vals or "sex" in vals:
            for parent in self.sudo().with_context(active_test=False):
                sex = vals.get("sex", parent.sex)
                calves = parent.dam_offspring_ids | parent.sire_offspring_ids
                wrong = parent.dam_offspring_ids if sex == "male" else parent.sire_offspring_ids
                if not wrong and vals.get("birth_date"):
                    born = parent._fields["birth_date"].to_date(vals["birth_date"])
                    wrong = calves.filtered(
                        lambda calf, born=born: calf.birth_date and calf.birth_date <= born
                    )
                if wrong:
                    raise ValidationError(
                        self.env._(
                            "%(parent)s is the parent of %(calf)s: sex or birth date"
                            " do not fit. Correct the calf's parent first.",
                            parent=parent.display_name,
                            calf=wrong[0].display_name,
                        )
                    )
