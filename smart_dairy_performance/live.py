"""Tells open dashboards that something changed.

A writer only notes (dashboard, company) in its transaction; after the commit the note goes to an
:class:`~odoo.addons.smart_dairy_farm.announcer.Announcer`, which sends at most one message for each dashboard
and company in :data:`INTERVAL` seconds. A rollback notes nothing.
"""

INTERVAL = 3.0  # seconds
CHANNEL = "smart_dairy_performance.dashboard"
TYPE = "smart_dairy_performance.changed"
