from odoo import api, models
from odoo.fields import Domain


class FarmAnimal(models.Model):
    """Choosing an animal on a new form: the record takes its company from the animal and has none yet."""

    _inherit = "farm.animal"

    @api.model
    def _check_company_domain(self, companies):
        # record rules already keep the animals of other companies out of sight
        return super()._check_company_domain(companies) if companies else Domain.TRUE


class FarmPen(models.Model):
    """The same for a new stay in a pen, whose company is the pen's."""

    _inherit = "farm.pen"

    @api.model
    def _check_company_domain(self, companies):
        return super()._check_company_domain(companies) if companies else Domain.TRUE
