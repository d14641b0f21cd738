import { registry } from "@web/core/registry";

// The tests' requests share one transaction, which does not see what the engines' connections commit meanwhile:
// what the buttons did is looked at afterwards, by the tests.

registry.category("web_tour.tours").add("database_console", {
    url: "/odoo/database",
    steps: () => [
        { content: "Tiles", trigger: ".o_console_tile[name=indexes] .fs-2:not(:contains(–))" },
        { content: "The goal", trigger: ".o_console_tile[name=p90]:contains(50 ms)" },
        { content: "The curve", trigger: ".o_console_chart canvas" },
        { content: "The alert", trigger: "li:contains(wrong in the console)" },
        { content: "The unused ones", trigger: ".o_console_tile[name=unused]", run: "click" },
        { content: "are asked for", trigger: "select[name=state]:value(unused)" },
        { content: "Not counted for long enough", trigger: "select[name=state]", run: "select unread" },
        { content: "Look for one", trigger: "input[name=search]", run: "edit console_tour" },
        { content: "It alone", trigger: ".o_console_pager:contains(/ 1):not(:contains(/ 1,))" },
        { content: "is not read yet", trigger: "tr[data-name=console_tour_farm] .badge:contains(Not Read Yet)" },
        { content: "Rebuild it", trigger: "tr[data-name=console_tour_farm] button[name=reindex]", run: "click" },
        { content: "The statement", trigger: ".modal .o_console_statements:contains(REINDEX INDEX CONCURRENTLY)" },
        { content: "Confirm", trigger: ".modal button[name=confirm]", run: "click" },
        { content: "Closed", trigger: "body:not(:has(.modal))" },
        { content: "Drop it", trigger: "tr[data-name=console_tour_farm] button[name=drop]", run: "click" },
        { content: "The statement", trigger: ".modal .o_console_statements:contains(DROP INDEX CONCURRENTLY)" },
        { content: "Better not", trigger: ".modal .btn-secondary:contains(Close)", run: "click" },
        { content: "Nothing like that", trigger: "input[name=search]", run: "edit console_nothing" },
        { content: "is said", trigger: ".o_console_empty:contains(No index)" },
    ],
});

registry.category("web_tour.tours").add("database_console_queries", {
    url: "/odoo/database",
    steps: () => [
        { content: "Queries", trigger: "button[name=queries]", run: "click" },
        { content: "Look for one", trigger: "input[name=search]", run: "edit of_the_console" },
        { content: "It alone", trigger: ".o_console_pager:contains(/ 1)" },
        { content: "Its plan", trigger: ".o_console_statement:contains(of_the_console)", run: "click" },
        { content: "is shown", trigger: ".o_console_plan .o_console_statements:contains(Result)" },
        { content: "Sort", trigger: "button[name=sort_p90_ms]", run: "click" },
        { content: "by the largest", trigger: "th[aria-sort=descending]:contains(P90)" },
    ],
});

registry.category("web_tour.tours").add("database_console_recommendations", {
    url: "/odoo/database",
    steps: () => [
        { content: "Recommendations", trigger: "button[name=recommendations]", run: "click" },
        { content: "What is advised", trigger: "select[name=kind]", run: "select advice" },
        {
            content: "with fix and undo",
            trigger: ".o_console_finding[data-kind=advice]:contains(CREATE INDEX):contains(DROP INDEX CONCURRENTLY)",
        },
        { content: "Follow it", trigger: ".o_console_finding:contains(console_tour) button[name=follow]", run: "click" },
        { content: "The statement", trigger: ".modal .o_console_statements:contains(CREATE INDEX CONCURRENTLY)" },
        { content: "Confirm", trigger: ".modal button[name=confirm]", run: "click" },
        { content: "Closed", trigger: "body:not(:has(.modal))" },
        { content: "Analyze", trigger: "button[name=analyze]", run: "click" },
        { content: "goes on in the background", trigger: ".o_console_work:contains(Analyze the Workload)" },
        { content: "and is still shown on another page", trigger: "button[name=overview]", run: "click" },
        { content: "as it was", trigger: ".o_console_work:contains(Waiting)" },
    ],
});
