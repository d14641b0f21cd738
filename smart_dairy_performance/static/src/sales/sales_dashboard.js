import { useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { Dashboard } from "../common/dashboard";

const ORDER = "sale.order";

export class SalesDashboard extends Dashboard {
    static dashboard = "sales";
    static template = "smart_dairy_performance.Frame";
    static filtersTemplate = "smart_dairy_performance.SalesFilters";
    static figuresTemplate = "smart_dairy_performance.SalesFigures";
    static emptyTemplate = "smart_dairy_performance.SalesEmpty";

    setup() {
        super.setup();
        this.customers = useState({ status: "loading", top_customers: [], unique_customers: null, previous: {} });
    }

    /** All else is on the page by now. */
    show(answer) {
        super.show(answer);
        const { date_from, date_to, company_id, compare } = this.filters;
        this.loadLater(this.customers, ORDER, "get_sales_customers", [date_from, date_to, company_id, compare]);
    }

    isEmpty(data) {
        return data.by_currency.every((part) => !part.total_orders) && !data.deliveries?.delivered;
    }

    get money() {
        const currency = this.state.data.currency;
        return (value) => this.format.money(value, currency);
    }

    get tiles() {
        const { summary, previous, currency } = this.state.data;
        const before = previous.summary;
        const { unique_customers } = this.customers;
        const customersBefore = this.customers.previous.unique_customers;
        return [
            {
                name: "revenue",
                label: _t("Revenue"),
                value: this.money(summary.total_revenue),
                note: _t("%s without taxes", this.money(summary.total_untaxed)),
                hint: _t("Confirmed orders with taxes, in %s", currency.name),
                now: summary.total_revenue,
                before: before.total_revenue,
                onOpen: () => this.openOrders(_t("Orders behind the revenue")),
            },
            {
                name: "orders",
                label: _t("Orders"),
                value: this.format.number(summary.total_orders),
                now: summary.total_orders,
                before: before.total_orders,
                onOpen: () => this.openOrders(_t("Confirmed orders")),
            },
            {
                name: "average",
                label: _t("Average order"),
                value: this.money(summary.avg_order_value),
                hint: _t("Revenue divided by orders"),
                now: summary.avg_order_value,
                before: before.avg_order_value,
                onOpen: () => this.openOrders(_t("Orders behind the average")),
            },
            {
                name: "customers",
                label: _t("Customers"),
                value: unique_customers === null ? null : this.format.number(unique_customers),
                hint: _t("Different customers with a confirmed order"),
                now: unique_customers,
                before: customersBefore,
                onOpen: () =>
                    this.openOrders(_t("Orders by customer"), this.state.data.domain, { group_by: ["partner_id"] }),
            },
            ...this.deliveryTiles,
        ];
    }

    /** Only for whoever may read transfers. */
    get deliveryTiles() {
        const { deliveries } = this.state.data;
        if (!deliveries) {
            return [];
        }
        const { delivered, on_time, previous, domain } = deliveries;
        return [
            {
                name: "delivered",
                label: _t("Delivered"),
                value: this.format.number(delivered),
                note: delivered ? _t("%s %% on time", this.format.number((100 * on_time) / delivered)) : undefined,
                hint: _t("Transfers to customers that were done; on time: by their deadline, else by their scheduled date"),
                now: delivered,
                before: previous.delivered,
                onOpen: () => this.openRecords("stock.picking", _t("Deliveries"), domain),
            },
        ];
    }

    get otherCurrencies() {
        const { by_currency, currency } = this.state.data;
        return by_currency.filter((part) => part.currency.id !== currency.id && part.total_orders);
    }

    get otherCurrenciesText() {
        const others = this.otherCurrencies
            .map((part) =>
                _t("%(amount)s in %(orders)s orders", {
                    amount: this.format.money(part.total_revenue, part.currency),
                    orders: this.format.number(part.total_orders),
                })
            )
            .join("; ");
        return _t(
            "The figures are in %(currency)s. Companies with another currency sold on top of that: %(others)s. Choose a company to see its figures.",
            { currency: this.state.data.currency.name, others }
        );
    }

    get emptyTitle() {
        return _t("No confirmed orders from %(from)s to %(to)s", {
            from: this.format.day(this.filters.date_from),
            to: this.format.day(this.filters.date_to),
        });
    }

    get tables() {
        return [
            { name: "days", label: _t("Revenue by day") },
            { name: "compared", label: _t("Compared period") },
            { name: "products", label: _t("Best selling products") },
            { name: "customers", label: _t("Best customers") },
        ];
    }

    get curve() {
        const { daily_stats, previous, currency } = this.state.data;
        return {
            labels: this.stepLabels,
            series: [
                {
                    label: _t("Revenue"),
                    values: this.valuesOf(daily_stats, "order_date", "total_revenue", 0),
                    color: 1,
                    digits: currency.decimal_places,
                    fill: true,
                },
                {
                    label: _t("Orders"),
                    values: this.valuesOf(daily_stats, "order_date", "order_count", 0),
                    color: 2,
                    axis: "y1",
                    dashed: true,
                },
                {
                    label: this.compared(_t("Revenue")),
                    values: this.comparedValues(previous.daily_stats, "order_date", "total_revenue", 0),
                    color: 6,
                    digits: currency.decimal_places,
                    compared: true,
                },
            ],
        };
    }

    get ordersAxis() {
        return _t("Orders");
    }

    get productRows() {
        const products = this.state.data.top_products;
        const best = products[0]?.revenue || 1;
        return products.map((product) => ({
            id: product.product_id,
            bar: product.revenue / best,
            cells: {
                name: product.product_name,
                quantity: `${this.format.quantity(product.quantity_sold)} ${product.uom_name}`,
                revenue: this.money(product.revenue),
            },
        }));
    }

    get customerRows() {
        const customers = this.customers.top_customers;
        const best = customers[0]?.revenue || 1;
        return customers.map((customer) => ({
            id: customer.partner_id,
            bar: customer.revenue / best,
            cells: {
                name: customer.name,
                orders: this.format.number(customer.order_count),
                revenue: this.money(customer.revenue),
            },
        }));
    }

    get productColumns() {
        return [
            { name: "name", label: _t("Product") },
            { name: "quantity", label: _t("Sold"), number: true },
            { name: "revenue", label: _t("Revenue"), number: true },
        ];
    }

    get customersEmpty() {
        const { status, error } = this.customers;
        return { loading: _t("The customers follow in a moment."), error, ready: _t("No customer bought in this period.") }[status];
    }

    get customerColumns() {
        return [
            { name: "name", label: _t("Customer") },
            { name: "orders", label: _t("Orders"), number: true },
            { name: "revenue", label: _t("Revenue"), number: true },
        ];
    }

    openOrders(name, domain = this.state.data.domain, context = {}) {
        return this.openRecords(ORDER, name, domain, context);
    }

    async openDay(index, series) {
        const step = this.stepOf(index, series);
        const domain = await this.orm.silent.call(ORDER, "get_dashboard_domain", [...step, this.filters.company_id]);
        return this.openOrders(_t("Orders of %s", this.stepText(step)), domain);
    }

    openProduct(row) {
        return this.openRecords("sale.order.line", row.cells.name, [
            ...this.state.data.line_domain,
            ["product_id", "=", row.id],
        ]);
    }

    openCustomer(row) {
        return this.openOrders(row.cells.name, [...this.state.data.domain, ["partner_id", "=", row.id]]);
    }

    openNewOrder() {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name: _t("New order"),
            res_model: ORDER,
            views: [[false, "form"]],
        });
    }
}

registry.category("actions").add("smart_dairy_performance.sales_dashboard", SalesDashboard);
