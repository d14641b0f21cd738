{
    "name": "Method Cache",
    "summary": "Cache the results of model methods in Redis: never stale, never another user's",
    # keeps Odoo from reading README.md as reStructuredText, with warnings
    "description": "Cache the results of model methods in Redis: exact under concurrency. See README.md.",
    "version": "19.0.1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Smart Dairy",
    "depends": ["base_setup"],
    "external_dependencies": {"python": ["redis"]},
    "data": [
        "views/res_config_settings_views.xml",
        "views/method_cache_page.xml",
    ],
    "assets": {
        "web.assets_backend": ["method_cache/static/src/**/*"],
        "web.assets_tests": ["method_cache/static/tests/tours/**/*"],
    },
    "uninstall_hook": "uninstall_hook",
    # not yet: its long soak and its benchmark have not been shown on a quiet machine
    "installable": False,
}
