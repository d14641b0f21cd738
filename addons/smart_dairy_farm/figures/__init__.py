"""The dairy's formulas: plain functions of numbers and dates, without Odoo. Unit and source in each docstring."""

from . import climate, herd, lactation, milk
