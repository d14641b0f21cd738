{
    "name": "Database Rollup: tests",
    "summary": "Sample models and tests of the rollups; not for production",
    # keeps Odoo from reading README.md as reStructuredText, with warnings
    "description": "Sample models and tests of the rollups. See README.md.",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tests",
    "license": "LGPL-3",
    "author": "Smart Dairy",
    "depends": ["database_rollup"],
    "data": ["security/ir.model.access.csv", "security/test_database_rollup_security.xml"],
    "post_init_hook": "post_init_hook",
    "installable": True,
}
