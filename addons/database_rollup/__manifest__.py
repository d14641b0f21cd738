{
    "name": "Database Rollup",
    "summary": "Dashboards whose cost does not grow: exact rollups, fresh to the last commit",
    # keeps Odoo from reading README.md as reStructuredText, with warnings
    "description": "Exact incremental rollups with a live remainder. See README.md.",
    "version": "19.0.1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Smart Dairy",
    "depends": ["base", "web"],
    "data": [
        "security/ir.model.access.csv",
        "data/ir_cron.xml",
        "views/database_rollup_views.xml",
    ],
    "assets": {
        "web.assets_tests": ["database_rollup/static/tests/tours/**/*"],
    },
    "uninstall_hook": "uninstall_hook",
    "installable": True,
}
