import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("method_cache_page", {
    url: "/odoo/method-cache",
    steps: () => [
        { content: "The page is there", trigger: ".o_method_cache .o_method_cache_rate" },
        { content: "with a method", trigger: ".o_method_cache td:contains(get_totals)" },
        { content: "Refresh", trigger: ".o_method_cache_refresh", run: "click" },
        { content: "Forget everything", trigger: ".o_method_cache_flush_all:enabled", run: "click" },
        { content: "and confirm", trigger: ".modal-footer .btn-primary:contains(Forget)", run: "click" },
        { content: "Done", trigger: ".o_notification:contains(Forgotten)" },
        { content: "The settings", trigger: ".o_method_cache_settings", run: "click" },
        { content: "show the cache's", trigger: ".settings_tab .tab[data-key=method_cache]", run: "click" },
        { content: "Test the connection", trigger: ".o_method_cache_test", run: "click" },
        { content: "An answer comes", trigger: ".o_notification_content" },
    ],
});
