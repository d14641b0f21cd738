{
    "name": "Smart Dairy",
    "summary": "Herd, milk and sales of a dairy, on an Odoo that stays instant, exact and safe",
    # keeps Odoo from reading README.md as reStructuredText, with warnings
    "description": "Herd, milk and sales of a dairy, with everything that keeps them fast. See README.md.",
    "version": "19.0.0.1.0",
    "category": "Industries/Dairy",
    "license": "LGPL-3",
    "author": "Smart Dairy",
    "depends": [
        "smart_dairy_performance",
        "smart_dairy_farm",
        "smart_dairy_iot",
        "database_monitor",
        "database_console",
    ],
    "data": [],
    "application": True,
    "installable": True,
}
