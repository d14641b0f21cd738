{
    "name": "Smart Dairy Performance",
    "summary": "Herd, sales, stock and receivables dashboards from exact, optimized queries",
    # keeps Odoo from reading README.md as reStructuredText, with warnings
    "description": "Dashboards, optimized methods, eager loading. See README.md.",
    "version": "19.0.1.0.0",
    "category": "Industries/Dairy",
    "author": "Smart Dairy",
    "license": "LGPL-3",
    "depends": [
        "smart_dairy_farm",
        "smart_dairy_iot",
        "method_cache",
        "database_index",
        "database_partition",
        "database_rollup",
        "sale_management",
        "sale_stock",
        "stock",
        "stock_account",
        "product_expiry",
        "account",
        "bus",
        "web",
    ],
    "data": [
        "security/ir.model.access.csv",
        "data/sale_order_partitioned_cron.xml",
        "views/dashboard_views.xml",
        "views/sale_order_partitioned_views.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "smart_dairy_performance/static/src/**/*",
        ],
        "web.assets_unit_tests": ["smart_dairy_performance/static/tests/unit/**/*"],
        "web.assets_tests": [
            "smart_dairy_performance/static/tests/tours/**/*",
        ],
    },
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
    "installable": True,
}
