"""The SQL engine: plain functions that build :class:`odoo.tools.SQL` and shape rows.

Nothing here knows who asks. Access, companies and record rules arrive as a ``Query`` made by the ORM's
``_search``; the thin adapters in ``models/`` make those, so no statement can be built around the rules.
"""
