import { useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { Dashboard } from "../common/dashboard";

const PRODUCT = "product.product";
const QUANT = "stock.quant";
const MOVE = "stock.move";
const LOT = "stock.lot";
// Where Odoo's own pages of stock look: no counting from a dashboard.
const LOOK = { create: false, edit: false, delete: false };

export class StockDashboard extends Dashboard {
    static dashboard = "stock";
    static template = "smart_dairy_performance.Frame";
    static filtersTemplate = "smart_dairy_performance.StockFilters";
    static figuresTemplate = "smart_dairy_performance.StockFigures";
    static emptyTemplate = "smart_dairy_performance.StockEmpty";

    setup() {
        super.setup();
        this.chosen = useState({ unit: null });
    }

    isEmpty(data) {
        return !data.now.products && !data.units.length && !data.runs_out.length;
    }

    get warehouses() {
        return this.state.choices.warehouses || [];
    }

    get tables() {
        return [
            { name: "products", label: _t("By product") },
            { name: "runs_out", label: _t("Runs out") },
            { name: "expiring", label: _t("Expiring lots") },
            { name: "by_category", label: _t("By category") },
            { name: "by_warehouse", label: _t("By warehouse") },
            { name: "days", label: _t("In and out by day") },
            { name: "compared", label: _t("Compared period") },
        ];
    }

    money(value) {
        return value === null ? null : this.format.money(value, this.state.data.currency);
    }

    get withValues() {
        return this.state.data.now.value !== null;
    }

    get tiles() {
        const { now, flows, previous, domains, currency } = this.state.data;
        const flow = (name, label, title) => ({
            name,
            label,
            value: this.format.number(flows[name].moves),
            unit: _t("moves"),
            note: this.withValues ? _t("worth %s", this.money(flows[name].value)) : undefined,
            now: flows[name].moves,
            before: previous.flows[name].moves,
            good: "none",
            onOpen: () => this.openMoves(title, domains[name]),
        });
        const value = {
            name: "value",
            label: _t("Stock value"),
            value: this.money(now.value),
            hint: _t("Odoo's own valuation of what the companies own, in %s", currency.name),
            note: _t("now"),
            onOpen: () => this.openQuants(_t("Stock by product"), domains.quants, { group_by: ["product_id"] }),
        };
        return [
            ...(this.withValues ? [value] : []),
            {
                name: "products",
                label: _t("Products in stock"),
                value: this.format.number(now.products),
                note: _t("now"),
                onOpen: () => this.openQuants(_t("Products in stock"), domains.quants, { group_by: ["product_id"] }),
            },
            {
                name: "runs_out",
                label: _t("Run out within 7 days"),
                value: this.format.number(now.runs_out),
                hint: _t("On hand, divided by what was delivered or used a day in the 30 days before today."),
                note: _t("products now"),
                tone: now.runs_out ? "warn" : "ok",
                onOpen: () => this.openProducts(_t("Run out within 7 days"), domains.runs_out),
            },
            {
                name: "expiring",
                label: _t("Expire within 30 days"),
                value: this.format.number(now.expiring),
                note: _t("lots now"),
                tone: now.expiring ? "bad" : "ok",
                onOpen: () => this.openRecords(LOT, _t("Expiring lots"), domains.expiring),
            },
            flow("received", _t("Received"), _t("Moves into the warehouses")),
            flow("sent", _t("Sent"), _t("Moves out of the warehouses")),
        ];
    }

    get otherCurrenciesText() {
        const { by_currency, currency } = this.state.data;
        const others = by_currency.filter((part) => part.currency.id !== currency.id && part.value);
        return others.length
            ? _t("Values are in %(currency)s. Companies with another currency hold on top of that: %(others)s. Choose a company to see its values.", {
                  currency: currency.name,
                  others: others.map((part) => this.format.money(part.value, part.currency)).join("; "),
              })
            : "";
    }

    /** Quantities of different units are never added: the chart shows one unit, first the one with most moves. */
    get unit() {
        const { units } = this.state.data;
        return units.find((unit) => unit.id === this.chosen.unit) || units[0];
    }

    chooseUnit(value) {
        this.chosen.unit = Number(value);
    }

    get curve() {
        const unit = this.unit;
        const before = this.state.data.previous.units.find((one) => one.id === unit.id)?.days || [];
        const series = (field, label, color) => ({
            label,
            color,
            digits: 0,
            values: this.valuesOf(unit.days, "date", field, 0),
        });
        const compared = (field, label) => ({
            label: this.compared(label),
            color: 6,
            compared: true,
            type: "line",
            values: this.comparedValues(before, "date", field, 0),
        });
        return {
            labels: this.stepLabels,
            series: [series("in", _t("In"), 1), series("out", _t("Out"), 3), compared("out", _t("Out"))],
        };
    }

    get emptyTitle() {
        return _t("Nothing is in stock, and nothing moved from %(from)s to %(to)s", {
            from: this.format.day(this.filters.date_from),
            to: this.format.day(this.filters.date_to),
        });
    }

    // ------------------------------------------------------------ lists

    get productColumns() {
        return [
            { name: "name", label: _t("Product") },
            { name: "quantity", label: _t("On hand"), number: true },
            { name: "reserved", label: _t("Reserved"), number: true, wide: true },
            { name: "free", label: _t("Free"), number: true, wide: true },
            ...(this.withValues ? [{ name: "value", label: _t("Value"), number: true }] : []),
        ];
    }

    get productRows() {
        const best = this.state.data.by_product[0]?.value || 1;
        return this.state.data.by_product.map((row) => ({
            id: row.id,
            ...(this.withValues ? { bar: row.value / best } : {}),
            cells: {
                name: row.name,
                quantity: `${this.format.quantity(row.quantity)} ${row.uom}`,
                reserved: this.format.quantity(row.reserved),
                free: this.format.quantity(row.free),
                value: this.money(row.value),
            },
        }));
    }

    get moreProducts() {
        const { now, by_product } = this.state.data;
        return now.products > by_product.length
            ? _t("Show all %s products", this.format.number(now.products))
            : undefined;
    }

    get runsOutColumns() {
        return [
            { name: "name", label: _t("Product") },
            { name: "quantity", label: _t("On hand"), number: true },
            { name: "per_day", label: _t("Used a day"), number: true, wide: true },
            { name: "cover", label: _t("Days of cover"), number: true, badge: true },
        ];
    }

    get runsOutRows() {
        return this.state.data.runs_out.map((row) => ({
            id: row.id,
            badge: { text: this.format.number(row.cover, 1), tone: row.cover < 2 ? "bad" : "warn" },
            cells: {
                name: row.name,
                quantity: `${this.format.quantity(row.quantity)} ${row.uom}`,
                per_day: this.format.quantity(row.per_day),
                cover: "",
            },
        }));
    }

    get expiringColumns() {
        return [
            { name: "name", label: _t("Lot") },
            { name: "product", label: _t("Product") },
            { name: "quantity", label: _t("On hand"), number: true },
            { name: "expires", label: _t("Expires"), badge: true },
        ];
    }

    get expiringRows() {
        return this.state.data.expiring.map((row) => ({
            id: row.id,
            badge: { text: this.format.shortDay(row.expires), tone: row.days_left < 0 ? "bad" : "warn" },
            cells: {
                name: row.name,
                product: row.product,
                quantity: `${this.format.quantity(row.quantity)} ${row.uom}`,
                expires: "",
            },
        }));
    }

    get groupTables() {
        const tables = [
            { name: "by_category", field: "product_id.categ_id", title: _t("By category"), label: _t("Category") },
            { name: "by_warehouse", field: "location_id.warehouse_id", title: _t("By warehouse"), label: _t("Warehouse") },
        ];
        return tables.map((table) => ({
            ...table,
            columns: [
                { name: "name", label: table.label },
                { name: "products", label: _t("Products"), number: true },
                ...(this.withValues ? [{ name: "value", label: _t("Value"), number: true }] : []),
            ],
            rows: this.state.data[table.name].map((row) => ({
                id: row.id || 0,
                cells: { name: row.name, products: this.format.number(row.products), value: this.money(row.value) },
            })),
            onOpen: (row) =>
                this.openQuants(row.cells.name, [...this.state.data.domains.quants, [table.field, "=", row.id || false]]),
        }));
    }

    // ------------------------------------------------------------ drill-down

    openQuants(name, domain, context = {}) {
        return this.openRecords(QUANT, name, domain, { ...LOOK, ...context });
    }

    openMoves(name, domain) {
        return this.openRecords(MOVE, name, domain, LOOK);
    }

    openProducts(name, domain) {
        return this.openRecords(PRODUCT, name, domain);
    }

    openProduct(row) {
        return this.openQuants(row.cells.name, [...this.state.data.domains.quants, ["product_id", "=", row.id]]);
    }

    openLot(row) {
        return this.openRecords(LOT, row.cells.name, [["id", "=", row.id]]);
    }

    openAll() {
        return this.openQuants(_t("Products in stock"), this.state.data.domains.quants, { group_by: ["product_id"] });
    }

    async openDay(index, series) {
        const step = this.stepOf(index, series);
        const { warehouse_id, company_id } = this.filters;
        const domain = await this.orm.silent.call(PRODUCT, "get_stock_moves_domain", [
            ...step,
            warehouse_id,
            company_id,
            this.unit.id,
        ]);
        return this.openMoves(_t("Moves of %s", this.stepText(step)), domain);
    }

    openReceipts() {
        return this.action.doAction("stock.action_picking_tree_incoming");
    }
}

registry.category("actions").add("smart_dairy_performance.stock_dashboard", StockDashboard);
