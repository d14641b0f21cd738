"""The cache's engine: plain Python, PostgreSQL and Redis; it knows neither Odoo nor any model.

``transaction.py`` is where to start reading; the rules it follows are proved in the addon's README.
"""
