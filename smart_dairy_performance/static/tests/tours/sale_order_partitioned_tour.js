import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("sale_order_partitioned", {
    url: "/odoo/orders-by-month",
    steps: () => [
        { content: "The pivot adds up", trigger: ".o_pivot table .o_pivot_cell_value:contains(25.00)" },
        { content: "The graph", trigger: ".o_switch_view.o_graph", run: "click" },
        { content: "draws", trigger: ".o_graph_canvas_container canvas" },
        { content: "The list", trigger: ".o_switch_view.o_list", run: "click" },
        { content: "shows an order", trigger: ".o_data_row .o_data_cell:contains(Tour retailer)", run: "click" },
        { content: "which opens", trigger: ".o_form_view .o_field_widget[name=partner_id]" },
    ],
});
