{
    "name": "Database Index",
    "summary": "Declared indexes, deployed while people work; unused, doubled and bloated ones found",
    # keeps Odoo from reading README.md as reStructuredText, with warnings
    "description": "Declare, deploy, verify, roll back, rebuild and judge indexes. See README.md.",
    "version": "19.0.1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Smart Dairy",
    "depends": ["base", "web"],
    "data": [
        "security/ir.model.access.csv",
        "data/ir_cron.xml",
        "views/database_index_views.xml",
    ],
    "assets": {
        "web.assets_backend": ["database_index/static/src/**/*"],
        "web.assets_tests": ["database_index/static/tests/tours/**/*"],
    },
    "uninstall_hook": "uninstall_hook",
    "installable": True,
}
