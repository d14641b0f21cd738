{
    "name": "Smart Dairy Performance",
    "summary": "Herd and sales dashboards that answer at once, from exact optimized queries",
    # keeps Odoo from reading README.md as reStructuredText, with warnings
    "description": "Herd and sales dashboards, optimized methods, eager loading. See README.md.",
    "version": "19.0.1.0.0",
    "category": "Industries/Dairy",
    "author": "Smart Dairy",
    "license": "LGPL-3",
    "depends": [
        "smart_dairy_farm",
        "method_cache",
        "sale_management",
        "sale_stock",
        "stock",
        "account",
        "web",
    ],
    "data": [
        "views/dashboard_views.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "smart_dairy_performance/static/src/**/*",
        ],
        "web.assets_tests": [
            "smart_dairy_performance/static/tests/tours/**/*",
        ],
    },
    "uninstall_hook": "uninstall_hook",
    "installable": True,
}
