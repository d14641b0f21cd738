import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("database_index", {
    steps: () => [
        {content: "look for it", trigger: ".o_searchview_input", run: "edit tour_rate"},
        {content: "by its name", trigger: ".o_searchview_autocomplete .o-dropdown-item:first", run: "click"},
        {
            content: "a condemned index stands in the list, with its reason",
            trigger: ".o_data_cell:contains('tour_rate_rate_idx')",
        },
        {
            content: "open the one that is missing",
            trigger: ".o_data_cell:contains('tour_rate_name_idx')",
            run: "click",
        },
        {content: "the query it serves", trigger: ".o_field_widget[name='query']:contains('res.currency.rate')"},
        {content: "deploy it", trigger: "button[name='action_operate']:contains('Deploy')", run: "click"},
        {
            content: "the exact statement",
            trigger: ".modal .o_index_statements:contains('CREATE INDEX CONCURRENTLY')",
        },
        {content: "run", trigger: ".modal button[name='action_run']", run: "click"},
        {content: "what was asked for", trigger: ".o_breadcrumb:contains('Index Tasks')"},
    ],
});
