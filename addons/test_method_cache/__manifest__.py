{
    "name": "Method Cache: tests",
    "summary": "Sample models and tests of the method cache; not for production",
    # keeps Odoo from reading README.md as reStructuredText, with warnings
    "description": "Models and tests of the method cache. See README.md.",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tests",
    "license": "LGPL-3",
    "author": "Smart Dairy",
    "depends": ["method_cache"],
    "data": ["security/ir.model.access.csv", "security/test_method_cache_security.xml"],
    "installable": False,
}
