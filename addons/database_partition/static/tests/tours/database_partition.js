import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("database_partition", {
    url: "/odoo/partition-sets",
    steps: () => [
        { content: "The set", trigger: ".o_data_cell:contains(tour_reading)", run: "click" },
        { content: "says that there is no partition", trigger: ".alert:contains(no partition for now)" },
        { content: "Create ahead", trigger: "button[name=action_operate]:contains(Create ahead)", run: "click" },
        { content: "shows its statements", trigger: ".modal .o_field_widget[name=statements]:contains(ATTACH PARTITION)" },
        { content: "Run", trigger: ".modal button[name=action_run]", run: "click" },
        { content: "says what was done", trigger: ".modal .alert-success:contains(created tour_reading_p)" },
        { content: "Close", trigger: ".modal footer button:contains(Close)", run: "click" },
        { content: "and nothing is wrong any more", trigger: ".o_form_view:not(:has(.alert-warning:contains(no partition for now)))" },
        { content: "Detach one", trigger: ".o_field_widget[name=partition_ids] tr.o_data_row:contains(tour_reading_p) button[name=action_operate] .fa-chain-broken", run: "click" },
        { content: "wants confirmation", trigger: ".modal .o_field_widget[name=confirmed] input", run: "click" },
        { content: "then runs", trigger: ".modal button[name=action_run]", run: "click" },
        { content: "Done", trigger: ".modal .alert-success:contains(detached)" },
    ],
});
