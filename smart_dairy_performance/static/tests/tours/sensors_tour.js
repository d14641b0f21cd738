import { registry } from "@web/core/registry";

const ready = ".o_dairy[data-status=ready][data-dashboard=sensors]";
const tile = (name, text) =>
    `${ready} .o_dairy_tile[data-name=${name}] .o_dairy_tile_value:contains(/^${text}$/)`;
const alert = (kind) => `[data-name=alerts] li[data-kind=${kind}]`;
const span = (name, grain) => [
    { content: `Span ${name}`, trigger: `.o_dairy_spans button[data-span=${name}]`, run: "click" },
    { content: `Points by ${grain}`, trigger: `[data-name=chart][data-grain=${grain}] canvas` },
];
/** The lines that are drawn: what the chart is made of, seen from outside. */
const drawn = (check) => ({
    content: "The chart draws it",
    trigger: "figure[data-name=sensor] canvas",
    run({ anchor }) {
        check(window.Chart.getChart(anchor));
    },
});
const same = (actual, expected, what) => {
    if (JSON.stringify(actual) !== JSON.stringify(expected)) {
        throw new Error(`${what}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
    }
};
const back = [
    { content: "Go back", trigger: ".o_breadcrumb .o_back_button, .breadcrumb-item:first a", run: "click" },
    { content: "The dashboard is back", trigger: ready },
];

/** The figures are those of the records that test_sensor_dashboard.py makes. */
registry.category("web_tour.tours").add("smart_dairy_performance.sensors_dashboard", {
    steps: () => [
        { content: "Three new alerts", trigger: tile("new", "3") },
        { content: "Four sensors in order", trigger: tile("ok", "4") },
        { content: "One is silent", trigger: tile("no_data", "1") },
        { content: "One is beyond", trigger: tile("alert", "1") },
        { content: "No period to choose", trigger: ".o_dairy_toolbar:not(:has(#o_dairy_compare)):not(:has(#o_dairy_date_from))" },
        { content: "THI of the barn", trigger: "[data-name=barns] tr:contains(North barn):contains(82.9):contains(Heat stress)" },
        { content: "Tank and law", trigger: "[data-name=tanks] tr:contains(Tank 1):contains(9.5 °C):contains(500 L):contains(warmer than 8.0)" },
        { content: "A silent sensor shows no value", trigger: "[data-name=sensors] tr:contains(silent):contains(–):contains(No data since)" },
        { content: "The worst sensor's chart", trigger: "[data-name=chart] h2:contains(hot)" },
        { content: "Another sensor", trigger: "[data-name=sensors] .o_dairy_link:contains(/^warm$/)", run: "click" },
        { content: "Its chart", trigger: "[data-name=chart] h2:contains(warm)" },
        drawn((chart) => {
            same(chart.data.datasets[0].data.map((point) => point.y), [29, 31, 30], "readings");
            same(chart.data.datasets[0].spanGaps, 30 * 60_000, "gap");
        }),
        { content: "Holes are said", trigger: ".o_dairy_holes:contains(No data)" },
        ...span("week", "hour"),
        drawn((chart) => same(chart.data.datasets.length, 3, "lowest, highest, mean")),
        ...span("quarter", "day"),
        ...span("hours", "reading"),
        { content: "The tank's sensor", trigger: "[data-name=sensors] .o_dairy_link:contains(tank-t)", run: "click" },
        { content: "Its chart", trigger: "[data-name=chart] h2:contains(tank-t)" },
        drawn((chart) => same(chart.data.datasets.slice(1).map((one) => one.data[0].y), [12, 8], "limit and law")),
        { content: "Acknowledge", trigger: `${alert("high")} [data-action=acknowledge]`, run: "click" },
        { content: "Counted", trigger: tile("acknowledged", "1") },
        { content: "It says so", trigger: `${alert("high")} .o_dairy_badge:contains(Acknowledged)` },
        { content: "Snooze", trigger: `${alert("silence")} [data-action=snooze]`, run: "click" },
        { content: "Four hours", trigger: ".dropdown-item[data-hours='4']", run: "click" },
        { content: "Gone from the list", trigger: `[data-name=alerts]:not(:has(li[data-kind=silence]))` },
        { content: "And said", trigger: `${ready} .o_dairy_tile[data-name=new]:contains(1 more are snoozed)` },
        { content: "Resolve too early", trigger: `${alert("thi")} [data-action=resolve]`, run: "click" },
        { content: "It is refused", trigger: ".modal:contains(the cause is still there)" },
        { content: "Close", trigger: ".modal .modal-footer button", run: "click" },
        { content: "The records behind", trigger: `${ready} .o_dairy_tile[data-name=no_data]`, run: "click" },
        { content: "One sensor", trigger: ".o_list_view .o_data_row:contains(silent)" },
        ...back,
        { content: "One alert", trigger: `${alert("thi")} .o_dairy_link`, run: "click" },
        { content: "Its form", trigger: ".o_form_view:contains(Heat Stress: North barn)" },
        ...back,
        { content: "Files", trigger: ".o_dairy_export", run: "click" },
        {
            content: "They are there",
            trigger: "a[data-export=xlsx]",
            async run() {
                for (const link of document.querySelectorAll("a[data-export]")) {
                    const answer = await fetch(link.href);
                    if (!answer.ok) {
                        throw new Error(`${link.href}: ${answer.status}`);
                    }
                }
            },
        },
    ],
});

registry.category("web_tour.tours").add("smart_dairy_performance.sensors_on_a_phone", {
    steps: () => [
        { content: "Alerts come before the chart", trigger: `${ready} .o_dairy_columns > .o_dairy_first [data-name=alerts]` },
        { content: "The chart is drawn", trigger: "figure[data-name=sensor] canvas" },
        {
            content: "Nothing scrolls sideways",
            trigger: ready,
            run({ anchor }) {
                if (anchor.scrollWidth > anchor.clientWidth + 1) {
                    throw new Error(`${anchor.scrollWidth} px in ${anchor.clientWidth}`);
                }
            },
        },
        { content: "Acknowledge", trigger: `${alert("thi")} [data-action=acknowledge]`, run: "click" },
        { content: "Done", trigger: tile("acknowledged", "1") },
    ],
});

registry.category("web_tour.tours").add("smart_dairy_performance.sensors_empty", {
    steps: () => [
        {
            content: "Explains itself",
            trigger: ".o_dairy[data-status=empty][data-dashboard=sensors] .o_dairy_empty:contains(No sensor is registered)",
        },
        { content: "Says what to do", trigger: ".o_dairy_empty button:contains(Sensors)", run: "click" },
        { content: "There one registers", trigger: ".o_list_view .o_list_button_add, .o_view_nocontent" },
    ],
});

registry.category("web_tour.tours").add("smart_dairy_performance.sensor_alerts", {
    steps: () => [
        { content: "What is to do", trigger: ".o_list_view .o_data_row:contains(Heat Stress)" },
        { content: "By state", trigger: ".o_switch_view.o_kanban", run: "click" },
        { content: "Columns", trigger: ".o_kanban_group:contains(New) .o_kanban_record:contains(Heat Stress)", run: "click" },
        { content: "Next action", trigger: ".o_form_view .alert-info:contains(Fans and sprinklers)" },
        { content: "Acknowledge", trigger: ".o_form_view button[name=action_acknowledge]", run: "click" },
        { content: "Acknowledged", trigger: ".o_arrow_button_current:contains(Acknowledged)" },
        { content: "Its activity", trigger: ".o-mail-Activity:contains(Fans and sprinklers)" },
    ],
});
