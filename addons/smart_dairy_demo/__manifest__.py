{
    "name": "Smart Dairy Demo",
    "summary": "`odoo dairy_demo`: an 800-cow dairy with two years of herd, milk, sales and accounts",
    # keeps Odoo from reading README.md as reStructuredText, with warnings
    "description": "A deterministic dairy from a seed and a scale. See README.md.",
    "version": "19.0.1.0.0",
    "category": "Industries/Dairy",
    "license": "LGPL-3",
    "author": "Smart Dairy",
    "depends": [
        "smart_dairy_farm",
        "smart_dairy_iot",
        "sale_management",
        "sale_stock",
        "stock_account",
        "account",
        "purchase_stock",
    ],
    "data": [],
    "installable": True,
}
