{
    "name": "Database Monitor",
    "summary": "What every statement takes, where it comes from, what is wrong, and what would help",
    # keeps Odoo from reading README.md as reStructuredText, with warnings
    "description": "Latency at the cursor, snapshots, slow queries, N+1, plans, alerts. See README.md.",
    "version": "19.0.1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Smart Dairy",
    "depends": ["base", "web"],
    "data": [
        "security/ir.model.access.csv",
        "data/ir_cron.xml",
        "views/database_monitor_advice_views.xml",
        "views/database_monitor_alert_views.xml",
        "views/database_monitor_n_plus_one_views.xml",
        "views/database_monitor_snapshot_views.xml",
        "views/database_monitor_statement_views.xml",
        "views/menus.xml",
    ],
    "assets": {
        "web.assets_tests": ["database_monitor/static/tests/tours/**/*"],
    },
    "uninstall_hook": "uninstall_hook",
    "installable": True,
}
