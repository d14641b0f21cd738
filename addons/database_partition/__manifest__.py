{
    "name": "Database Partition",
    "summary": "Tables in partitions by time that look after themselves, and lose nothing",
    # keeps Odoo from reading README.md as reStructuredText, with warnings
    "description": "Partition sets that create ahead, drain, archive, restore and report. See README.md.",
    "version": "19.0.1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Smart Dairy",
    "depends": ["base", "web"],
    "data": [
        "security/ir.model.access.csv",
        "data/ir_cron.xml",
        "views/database_partition_views.xml",
    ],
    "assets": {
        "web.assets_tests": ["database_partition/static/tests/tours/**/*"],
    },
    "uninstall_hook": "uninstall_hook",
    "installable": True,
}
