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
    ],
});

registry.category("web_tour.tours").add("smart_dairy_performance.empty_dashboards", {
    steps: () => [
        { content: "Explains itself", trigger: ".o_dairy[data-status=empty] .o_dairy_empty:contains(No confirmed orders)" },
        { content: "Says what to do", trigger: ".o_dairy_empty button:contains(New order)" },
    ],
});
