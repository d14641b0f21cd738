import { registry } from "@web/core/registry";

const ready = ".o_dairy[data-status=ready]";
const tile = (name) => `${ready} .o_dairy_tile[data-name=${name}]`;
const value = (name, text) => `${tile(name)} .o_dairy_tile_value:contains(/^${text}/)`;
const rows = (count) => `.o_list_view:has(.o_data_row) .o_pager_limit:contains(/^${count}$/)`;
const chooseDay = (iso) =>
    function ({ anchor }) {
        anchor.value = iso;
        anchor.dispatchEvent(new Event("change", { bubbles: true }));
    };
const back = [
    { content: "Go back", trigger: ".o_breadcrumb .o_back_button, .breadcrumb-item:first a", run: "click" },
    { content: "The dashboard is back", trigger: ready },
];

/** Go to a chart's last point by the keyboard, and into it. */
const lastPoint = (chart) => [
    {
        content: "The last point",
        trigger: `figure[data-name=${chart}] canvas`,
        async run({ anchor }) {
            anchor.focus();
            anchor.dispatchEvent(new KeyboardEvent("keydown", { key: "End", bubbles: true }));
        },
    },
    { content: "It is said", trigger: `figure[data-name=${chart}] [role=status]:contains(/\\d/):not(:visible), figure[data-name=${chart}] [role=status]:contains(/\\d/)` },
    {
        content: "Open it",
        trigger: `figure[data-name=${chart}] canvas`,
        run({ anchor }) {
            anchor.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
        },
    },
];
/** Click a chart's point of one of its series, where it is drawn; `at` counts from the end. */
const clickPoint = (chart, series, at = -1) => ({
    content: "Click the point",
    trigger: `figure[data-name=${chart}] canvas`,
    run({ anchor }) {
        const point = window.Chart.getChart(anchor).getDatasetMeta(series).data.at(at);
        const { left, top } = anchor.getBoundingClientRect();
        const place = { bubbles: true, clientX: left + point.x, clientY: top + point.y + 2 };
        anchor.dispatchEvent(new MouseEvent("click", place));
    },
});
const compareWithAYearAgo = [
    { content: "Compare with a year ago", trigger: "#o_dairy_compare", run: "select year" },
    { content: "Figures again", trigger: ready },
];
/** The links of the menu give files; a file's text is read through the same address. */
const exportsOf = (dashboard) => [
    { content: "Open the menu", trigger: ".o_dairy_export", run: "click" },
    {
        content: "The files are there",
        trigger: "a[data-export=xlsx]",
        async run() {
            for (const link of document.querySelectorAll("a[data-export]")) {
                const answer = await fetch(link.href);
                const disposition = answer.headers.get("Content-Disposition") || "";
                if (!answer.ok || !disposition.includes(`filename*=UTF-8''${dashboard}`)) {
                    throw new Error(`${link.href}: ${answer.status} ${disposition}`);
                }
            }
        },
    },
    { content: "Close the menu", trigger: ".o_dairy_export", run: "click" },
];

/** The figures are those of the records that test_tours.py makes: what is seen equals the database. */
registry.category("web_tour.tours").add("smart_dairy_performance.herd_dashboard", {
    steps: () => [
        { content: "Opened first in Smart Dairy", trigger: `.o_dairy_dashboard ${ready}` },
        { content: "Milk of 30 days", trigger: value("milk", "96kg") },
        { content: "Saleable", trigger: value("saleable", "66kg") },
        { content: "Discarded", trigger: value("discarded", "30kg") },
        { content: "Per cow in milk", trigger: value("per_cow", "24\\.0kg") },
        { content: "Fat by weight", trigger: value("fat", "4\\.40%") },
        { content: "Cows in milk", trigger: value("in_milk", "3") },
        { content: "Withheld", trigger: value("withheld", "1") },
        { content: "The chart is drawn", trigger: "figure[data-name=milk] canvas" },
        { content: "Next action", trigger: "[data-name=watch] td:contains(Discard milk until)" },
        { content: "Animals by type", trigger: "[data-name=by_type] tbody tr:contains(Heifer)" },
        { content: "The milk records behind", trigger: tile("discarded"), run: "click" },
        { content: "One discarded record", trigger: rows(1) },
        ...back,
        { content: "The animals behind", trigger: tile("in_milk"), run: "click" },
        { content: "Three cows", trigger: rows(3) },
        ...back,
        { content: "One pen's animals", trigger: "[data-name=by_pen] .o_dairy_link:contains(Tour milking)", run: "click" },
        { content: "Its animals", trigger: rows(4) },
        ...back,
        { content: "Today only", trigger: "[data-preset=today]", run: "click" },
        { content: "Milk of today", trigger: value("milk", "30kg") },
        { content: "The preset is pressed", trigger: "[data-preset=today][aria-pressed=true]" },
        { content: "From a day long ago", trigger: "#o_dairy_date_from", run: chooseDay("2031-01-01") },
        { content: "Wrong way round: told so", trigger: ".o_dairy_error:contains(swap the two dates)" },
        { content: "Try again is offered", trigger: ".o_dairy_retry" },
        { content: "Back to 30 days", trigger: "[data-preset=month]", run: "click" },
        { content: "Milk again", trigger: value("milk", "96kg") },
        ...lastPoint("milk"),
        { content: "By the keyboard: the milk of today", trigger: rows(1) },
        ...back,
        ...compareWithAYearAgo,
        { content: "Nothing a year ago", trigger: `${tile("milk")} .o_dairy_change:contains(was 0)` },
        ...exportsOf("herd"),
        { content: "The cow card", trigger: "[data-name=best] .o_dairy_link:first", run: "click" },
        { content: "Opens the animal", trigger: ".o_cow_card_head h1:contains(Tour cow 1)" },
    ],
});

registry.category("web_tour.tours").add("smart_dairy_performance.sales_dashboard", {
    steps: () => [
        { content: "Figures", trigger: `.o_dairy_dashboard ${ready}` },
        { content: "Revenue", trigger: value("revenue", ".*1,250\\.50") },
        { content: "Orders", trigger: value("orders", "3") },
        { content: "Average", trigger: value("average", ".*416\\.83") },
        { content: "Customers", trigger: value("customers", "2") },
        { content: "Nothing delivered", trigger: value("delivered", "0") },
        { content: "Where the figures come from", trigger: ".o_dairy_source[data-source=rollup]" },
        { content: "Against the previous period", trigger: `${tile("revenue")} .o_dairy_change:contains(up 150 %)` },
        { content: "The curve is drawn", trigger: "figure[data-name=daily] canvas" },
        { content: "Best product", trigger: "[data-name=products] tbody tr:first:contains(Tour ghee):contains(1,000.00)" },
        { content: "Open the orders", trigger: tile("orders"), run: "click" },
        { content: "Three orders", trigger: rows(3) },
        ...back,
        { content: "Open a product", trigger: "[data-name=products] .o_dairy_link:contains(Tour ghee)", run: "click" },
        { content: "Its line", trigger: rows(1) },
        ...back,
        { content: "Open a customer", trigger: "[data-name=customers] .o_dairy_link:contains(Tour shop)", run: "click" },
        { content: "Two orders", trigger: rows(2) },
        ...back,
        { content: "The figures as a table", trigger: "figure[data-name=daily] summary", run: "click" },
        { content: "A day", trigger: "figure[data-name=daily] tbody tr:last button", run: "click" },
        { content: "Its order", trigger: rows(1) },
        ...back,
        ...lastPoint("daily"),
        { content: "By the keyboard: its order", trigger: rows(1) },
        ...back,
        clickPoint("daily", 0),
        { content: "By the mouse: its order", trigger: rows(1) },
        ...back,
        ...compareWithAYearAgo,
        { content: "Nothing a year ago", trigger: `${tile("revenue")} .o_dairy_change:contains(was 0)` },
        { content: "Open the filters", trigger: ".o_dairy_saved", run: "click" },
        { content: "None yet", trigger: ".o_dairy_saved_menu:contains(No filter saved yet)" },
        { content: "Name it", trigger: "#o_dairy_save_name", run: "edit Against last year" },
        { content: "Open with it", trigger: ".o_dairy_save input[type=checkbox]", run: "click" },
        { content: "Save", trigger: ".o_dairy_save button", run: "click" },
        { content: "Saved", trigger: ".o_dairy_saved_line:contains(Against last year):contains(default)" },
        ...exportsOf("sales"),
        { content: "When it was opened", trigger: ".o_dairy_footer:contains(/Opened in .* ms, of which database/)" },
        { content: "Fresh", trigger: ".o_dairy_updated:contains(Updated just now)" },
    ],
});

registry.category("web_tour.tours").add("smart_dairy_performance.saved_filter", {
    steps: () => [
        { content: "Opened with the default", trigger: `${tile("revenue")} .o_dairy_change:contains(was 0)` },
        { content: "Another comparison", trigger: "#o_dairy_compare", run: "select previous" },
        { content: "It is used", trigger: `${tile("revenue")} .o_dairy_change:contains(up 150 %)` },
        { content: "Open the filters", trigger: ".o_dairy_saved", run: "click" },
        { content: "Apply it", trigger: ".o_dairy_saved_line .dropdown-item", run: "click" },
        { content: "It is back", trigger: `${tile("revenue")} .o_dairy_change:contains(was 0)` },
        { content: "Open the filters", trigger: ".o_dairy_saved", run: "click" },
        { content: "Delete it", trigger: ".o_dairy_delete_saved", run: "click" },
        { content: "Sure", trigger: ".modal-footer .btn-primary", run: "click" },
        { content: "Closed", trigger: "body:not(:has(.modal))" },
    ],
});

registry.category("web_tour.tours").add("smart_dairy_performance.stock_dashboard", {
    steps: () => [
        { content: "Figures", trigger: `.o_dairy_dashboard ${ready}` },
        { content: "Value", trigger: value("value", ".*235\\.00") },
        { content: "Products", trigger: value("products", "2") },
        { content: "Runs out", trigger: value("runs_out", "1") },
        { content: "Received", trigger: value("received", "2moves") },
        { content: "Sent", trigger: value("sent", "1moves") },
        { content: "Days of cover", trigger: "[data-name=runs_out] tr:contains(Tour butter):contains(5.0)" },
        { content: "Quantities without .00", trigger: "[data-name=products] tr:contains(Tour butter):contains(/\\b5 /)" },
        { content: "The chart is drawn", trigger: "figure[data-name=flows] canvas" },
        { content: "The moves in", trigger: tile("received"), run: "click" },
        { content: "Two", trigger: rows(2) },
        ...back,
        { content: "A product's stock", trigger: "[data-name=products] .o_dairy_link:contains(Tour cheese)", run: "click" },
        { content: "One quant", trigger: rows(1) },
        ...back,
        { content: "A category's stock", trigger: "[data-name=by_category] .o_dairy_link:first", run: "click" },
        { content: "Both", trigger: rows(2) },
        ...back,
        clickPoint("flows", 0, -4),
        { content: "By the mouse: the receipts", trigger: rows(2) },
        ...back,
        { content: "The figures as a table", trigger: "figure[data-name=flows] summary", run: "click" },
        { content: "The day of the receipt", trigger: "figure[data-name=flows] tbody tr:eq(-4) button", run: "click" },
        { content: "Its moves", trigger: rows(2) },
        ...back,
        ...compareWithAYearAgo,
        { content: "Nothing a year ago", trigger: `${tile("received")} .o_dairy_change:contains(was 0)` },
        ...exportsOf("stock"),
    ],
});

registry.category("web_tour.tours").add("smart_dairy_performance.receivables_dashboard", {
    steps: () => [
        { content: "Figures", trigger: `.o_dairy_dashboard ${ready}` },
        { content: "Open", trigger: value("open", ".*350\\.00") },
        { content: "Overdue", trigger: value("overdue", ".*100\\.00") },
        { content: "Invoiced", trigger: value("invoiced", ".*350\\.00") },
        { content: "Days outstanding", trigger: value("dso", "30\\.0days") },
        { content: "The latest customer first", trigger: "[data-name=customers] tbody tr:first:contains(Tour hotel):contains(100.00)" },
        { content: "The charts are drawn", trigger: "figure[data-name=buckets] canvas" },
        { content: "What is overdue", trigger: tile("overdue"), run: "click" },
        { content: "One item", trigger: rows(1) },
        ...back,
        { content: "A customer", trigger: "[data-name=customers] .o_dairy_link:contains(Tour shop)", run: "click" },
        { content: "Its item", trigger: rows(1) },
        ...back,
        { content: "The buckets as a table", trigger: "figure[data-name=buckets] summary", run: "click" },
        { content: "The bucket", trigger: "figure[data-name=buckets] tbody tr:contains(/^1–30/) button", run: "click" },
        { content: "Its item", trigger: rows(1) },
        ...back,
        ...lastPoint("owed"),
        { content: "By the keyboard: all that is open", trigger: rows(2) },
        ...back,
        ...compareWithAYearAgo,
        { content: "Nothing a year ago", trigger: `${tile("open")} .o_dairy_change:contains(was 0)` },
        ...exportsOf("receivables"),
    ],
});

const empty = (dashboard, words, button) => [
    {
        content: "Explains itself",
        trigger: `.o_dairy[data-status=empty][data-dashboard=${dashboard}] .o_dairy_empty:contains(${words})`,
    },
    { content: "Says what to do", trigger: `.o_dairy_empty button:contains(${button})` },
];

registry.category("web_tour.tours").add("smart_dairy_performance.empty_stock", {
    steps: () => empty("stock", "Nothing is in stock", "Receipts"),
});

registry.category("web_tour.tours").add("smart_dairy_performance.empty_receivables", {
    steps: () => empty("receivables", "nobody owes anything", "Invoices"),
});

registry.category("web_tour.tours").add("smart_dairy_performance.empty_dashboards", {
    steps: () => [
        { content: "Explains itself", trigger: ".o_dairy[data-status=empty] .o_dairy_empty:contains(No confirmed orders)" },
        { content: "Says what to do", trigger: ".o_dairy_empty button:contains(New order)" },
    ],
});
