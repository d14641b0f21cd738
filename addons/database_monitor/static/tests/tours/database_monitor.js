import { registry } from "@web/core/registry";

// The tests' requests share one transaction, which does not see what the engine's connections commit meanwhile:
// what the buttons did is looked at afterwards, by the tests.

registry.category("web_tour.tours").add("database_monitor", {
    url: "/odoo/database-snapshots",
    steps: () => [
        { content: "Take one", trigger: "button[name=action_take]", run: "click" },
        { content: "The last", trigger: ".o_data_row:has(.o_data_cell:contains(second)) .o_data_cell", run: "click" },
        { content: "is compared with the baseline", trigger: ".o_field_widget[name=comparison]:contains(→)" },
        { content: "and a report can be made", trigger: "button[name=action_report]" },
        { content: "Pin it", trigger: "button[name=action_pin]", run: "click" },
        { content: "Done", trigger: ".o_form_view:not(.o_form_saving) .o_field_widget[name=p90]" },
    ],
});

registry.category("web_tour.tours").add("database_monitor_statements", {
    url: "/odoo/database-statements",
    steps: () => [
        { content: "Only slow ones at first", trigger: ".o_facet_value:contains(P90 of 50 ms or more)" },
        { content: "The slow one", trigger: ".o_data_cell:contains(of_the_tour)", run: "click" },
        { content: "with its plan", trigger: ".o_field_widget[name=plan]:contains(Result)" },
        { content: "and its place", trigger: ".o_field_widget[name=place]:contains(test_screens.py)" },
    ],
});

registry.category("web_tour.tours").add("database_monitor_advice", {
    url: "/odoo/index-advice",
    steps: () => [
        { content: "Analyze anew", trigger: "button[name=action_analyze]", run: "click" },
        { content: "The advice", trigger: ".o_data_cell:contains(tour_visit)", run: "click" },
        { content: "with what it serves", trigger: ".o_field_widget[name=statements]:contains(tour_visit WHERE farm)" },
    ],
});

registry.category("web_tour.tours").add("database_monitor_declare", {
    url: "/odoo/index-advice",
    steps: () => [
        { content: "The advice", trigger: ".o_data_row:has(.o_data_cell:contains(tour_visit)) button[name=action_declare]", run: "click" },
        { content: "The exact statement", trigger: ".modal .o_index_statements:contains(CREATE INDEX CONCURRENTLY)" },
        { content: "can be run", trigger: ".modal button[name=action_run]" },
        { content: "Later", trigger: ".modal button[special=cancel]", run: "click" },
        { content: "Declared", trigger: "body:not(:has(.modal))" },
    ],
});

registry.category("web_tour.tours").add("database_monitor_alerts", {
    url: "/odoo/database-alerts",
    steps: () => [
        { content: "The open one", trigger: ".o_data_cell:contains(wrong in the tour)" },
    ],
});

registry.category("web_tour.tours").add("database_monitor_n_plus_one", {
    url: "/odoo/database-n-plus-one",
    steps: () => [
        { content: "The place", trigger: ".o_data_cell:contains(tour.py)", run: "click" },
        { content: "with its cure", trigger: ".o_field_widget[name=cure]:contains(all at once)" },
    ],
});
