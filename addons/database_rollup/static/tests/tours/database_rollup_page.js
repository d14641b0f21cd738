import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("database_rollup_page", {
    url: "/odoo/database-rollups",
    steps: () => [
        { content: "Open the rollup", trigger: ".o_list_view td:contains(Test trade)", run: "click" },
        { content: "It shows its freshness", trigger: ".o_form_view .o_field_widget[name=dirty_days]" },
        { content: "Verify", trigger: "button[name=action_verify]:enabled", run: "click" },
        { content: "An answer comes", trigger: ".o_notification:contains(equals its source)" },
        { content: "Rebuild", trigger: "button[name=action_rebuild]:enabled", run: "click" },
        { content: "asks first", trigger: ".modal-footer .btn-primary", run: "click" },
        { content: "Done", trigger: ".o_notification:contains(folded anew)" },
        { content: "All days are dirty", trigger: ".o_field_widget[name=dirty_days]:contains(all)" },
        { content: "Back to the list", trigger: ".o_breadcrumb a, .breadcrumb-item a, .o_back_button", run: "click" },
        { content: "which says so", trigger: ".o_list_view .badge:contains(Being built)" },
    ],
});
