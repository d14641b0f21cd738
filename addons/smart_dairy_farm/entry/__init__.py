"""Reading what people type or upload: numbers, limits and milk-control files.

Plain Python without Odoo: the models of this addon adapt it to records, rights and translations.
"""
