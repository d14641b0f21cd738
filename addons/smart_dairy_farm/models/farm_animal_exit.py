from odoo import fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

SLAUGHTER = ("sold", "culled")


class FarmAnimal(models.Model):
    """Leaving the herd, and coming back when it was a mistake."""

    _inherit = "farm.animal"

    def write(self, vals):
        vals = self._clean_tags(vals)
        self._check_parents_written(vals)
        if "farm_id" in vals and "pen_id" not in vals:
            moving = self.filtered(lambda animal: animal.farm_id.id != vals["farm_id"])
            moving.filtered("pen_id").pen_id = False
        if "status" in vals or "exit_date" in vals:
            return self._write_status(dict(vals))
        return super().write(vals)

    def _write_status(self, vals):
        status = vals.pop("status", None)
        day, reason = vals.pop("exit_date", None), vals.pop("exit_reason", None)
        if status == "active":
            self._undo_exit()
        elif status:
            self.filtered(lambda animal: animal.status == "active")._record_exit(day, status, reason)
            gone = self.filtered(lambda animal: animal.status != status)
            super(FarmAnimal, gone).write({"status": status})
        elif day:
            raise UserError(self.env._("Record the exit to set its date."))
        return super().write(vals) if vals else True

    def _record_exit(self, day, status, reason=None, override_reason=None):
        """Let the animals leave on ``day``: closes pen, tags and lactation, keeps all history.

        :param day: date of the exit, default today
        :param status: 'sold', 'dead', 'culled' or 'lost'
        :param override_reason: why a manager lets an animal under meat withdrawal go for slaughter or sale
        :raise UserError: under meat withdrawal without a manager's reason; before entry; already gone
        """
        self.check_access("write")
        override_reason = (override_reason or "").strip()
        manager = self.env.user.has_group("smart_dairy_farm.group_farm_manager") or self.env.su
        for animal in self:
            today = animal.company_id._business_today()
            exit_day = fields.Date.to_date(day) or today
            animal._check_exit(exit_day, status, today)
            withheld = animal.meat_withdrawal_until
            if status in SLAUGHTER and withheld and withheld >= exit_day:
                if not override_reason:
                    raise UserError(
                        self.env._(
                            "%(animal)s is under meat withdrawal until %(date)s and"
                            " must not be slaughtered or sold on %(exit)s. Wait, or"
                            " let a manager decide and give the reason.",
                            animal=animal.display_name,
                            date=withheld,
                            exit=exit_day,
                        )
                    )
                if not manager:
                    raise AccessError(
                        self.env._("Only a manager can let an animal go under meat withdrawal.")
                    )
                animal.sudo().message_post(
                    body=self.env._(
                        "%(user)s let the animal go on %(exit)s in spite of"
                        " meat withdrawal until %(date)s: %(reason)s",
                        user=self.env.user.name,
                        exit=exit_day,
                        date=withheld,
                        reason=override_reason,
                    ),
                    author_id=self.env.user.partner_id.id,
                )
            animal._close_histories(exit_day)
            super(FarmAnimal, animal).write(
                {"status": status, "exit_date": exit_day, "exit_reason": reason or False}
            )
        # the numbers are free from now on, also for an INSERT of this transaction
        self.flush_recordset(["status", "exit_date"])

    def _check_exit(self, exit_day, status, today):
        named = {"animal": self.display_name, "exit": exit_day}
        if self.status != "active":
            raise UserError(
                self.env._("%(animal)s has already left on %(date)s.", date=self.exit_date, **named)
            )
        if exit_day > today:
            raise ValidationError(
                self.env._(
                    "Exit of %(animal)s on %(exit)s: the day has not come yet. Correct the date.", **named
                )
            )
        if exit_day < self.entry_date:
            raise ValidationError(
                self.env._(
                    "Exit of %(animal)s on %(exit)s: it entered the herd on %(entry)s. Correct the date.",
                    entry=self.entry_date,
                    **named,
                )
            )
        later = (
            self.env["farm.milk.record"]
            .sudo()
            .search([("animal_id", "=", self.id), ("record_date", ">", exit_day)], limit=1)
        )
        if later:
            raise ValidationError(
                self.env._(
                    "Exit of %(animal)s on %(exit)s: there is milk of %(date)s. Correct one of the dates.",
                    date=later.record_date,
                    **named,
                )
            )

    def _close_histories(self, exit_day):
        """End what runs on; a stay or tag begun after that day ends when it began."""
        animal = self.sudo()
        for stay in animal.pen_stay_ids.filtered(lambda stay: not stay.date_to or stay.date_to > exit_day):
            stay.date_to = max(exit_day, stay.date_from)
        for lactation in animal.lactation_ids.filtered(lambda lactation: not lactation.end_date):
            if lactation.dry_off_date and lactation.dry_off_date > exit_day:
                lactation.dry_off_date = exit_day
            lactation.end_date = max(exit_day, lactation.calving_date)
        for tag in animal.tag_ids.filtered(lambda tag: not tag.date_to):
            tag.date_to = max(exit_day, tag.date_from)

    def _undo_exit(self):
        """Take back an exit recorded by mistake: reopen what it closed."""
        self.check_access("write")
        for animal in self.filtered(lambda animal: animal.status != "active"):
            day = animal.exit_date
            super(FarmAnimal, animal).write({"status": "active", "exit_date": False, "exit_reason": False})
            closed = animal.sudo()
            closed.tag_ids.filtered(lambda tag, day=day: tag.date_to == day).date_to = False
            last_stay = closed.pen_stay_ids.sorted("date_from")[-1:]
            last_stay.filtered(lambda stay, day=day: stay.date_to == day).date_to = False
            last_lactation = closed.lactation_ids.sorted("calving_date")[-1:]
            last_lactation.filtered(lambda lactation, day=day: lactation.end_date == day).end_date = False

    def action_record_exit(self):
        """Open the exit form."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Record exit"),
            "res_model": "farm.exit",
            "view_mode": "form",
            "target": "new",
            "context": {"default_animal_ids": self.ids},
        }

    def action_undo_exit(self):
        """Take back an exit recorded by mistake."""
        self._undo_exit()
