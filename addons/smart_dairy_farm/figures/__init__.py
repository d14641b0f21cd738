"""The dairy's formulas: plain functions, without Odoo. Units and sources in the docstrings."""

from . import climate, herd, lactation, milk
