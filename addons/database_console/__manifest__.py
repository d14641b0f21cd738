{
    "name": "Database Console",
    "summary": "What is slow or wasted in the database, with its evidence, its fix and its undo",
    # keeps Odoo from reading README.md as reStructuredText, with warnings
    "description": "Overview, indexes, queries, recommendations; pages and an HTTP API. See README.md.",
    "version": "19.0.1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Smart Dairy",
    "depends": ["database_index", "database_monitor", "web"],
    "data": [
        "security/ir.model.access.csv",
        "data/ir_cron.xml",
        "views/menus.xml",
    ],
    "assets": {
        "web.assets_backend": ["database_console/static/src/**/*"],
        "web.assets_tests": ["database_console/static/tests/tours/**/*"],
    },
    "installable": True,
}
