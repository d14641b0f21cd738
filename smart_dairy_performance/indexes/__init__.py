"""The dairy's indexes: those that a plan chose, and those that were asked for and condemned, with the reason.

Figures of milliseconds are of PostgreSQL 15 on 300,000 orders, 600,000 lines, 100,000 quants, 400,000
moves, 800,000 journal items, 50,000 partners and 20,000 products, unless another size is said. ``odoo index
prove`` on a copy of a database measures anew.
"""

from odoo.addons.database_index import declare

from . import account, farm, partner, product, sale, stock

for part in (account, farm, partner, product, sale, stock):
    declare("smart_dairy_performance", *part.INDEXES)
