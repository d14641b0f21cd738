import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("database_index_all", {
    steps: () => [
        {content: "look for it", trigger: ".o_searchview_input", run: "edit tour_rate_plain"},
        {content: "by its name", trigger: ".o_searchview_autocomplete .o-dropdown-item:first", run: "click"},
        {content: "nobody has read it", trigger: ".o_data_row:contains('tour_rate_plain'):contains('Not Read Yet')"},
        {
            content: "drop it",
            trigger: ".o_data_row:contains('tour_rate_plain') button[name='action_operate'] .fa-trash",
            run: "click",
        },
        {content: "the exact statement", trigger: ".modal .o_index_statements:contains('DROP INDEX CONCURRENTLY')"},
        {content: "not without a word", trigger: ".modal footer:not(:has(button[name='action_run']))"},
        {content: "confirm", trigger: ".modal .o_field_widget[name='confirmed'] input", run: "click"},
        {content: "run", trigger: ".modal button[name='action_run']", run: "click"},
        {content: "what was asked for", trigger: ".o_breadcrumb:contains('Index Tasks')"},
    ],
});
