import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { Dashboard } from "../common/dashboard";

const ITEM = "account.move.line";
const INVOICE = "account.move";
const LATE = ["1_30", "31_60", "61_90", "over_90"];
const BUCKET_NAMES = {
    not_due: _t("Not due"),
    "1_30": _t("1–30 days"),
    "31_60": _t("31–60 days"),
    "61_90": _t("61–90 days"),
    over_90: _t("More than 90 days"),
};
// What fits under a bar on a phone.
const BUCKET_DAYS = { not_due: _t("Not due"), "1_30": "1–30", "31_60": "31–60", "61_90": "61–90", over_90: "> 90" };

export class ReceivablesDashboard extends Dashboard {
    static dashboard = "receivables";
    static template = "smart_dairy_performance.Frame";
    static filtersTemplate = "smart_dairy_performance.ReceivablesFilters";
    static figuresTemplate = "smart_dairy_performance.ReceivablesFigures";
    static emptyTemplate = "smart_dairy_performance.ReceivablesEmpty";

    isEmpty(data) {
        return (
            !data.summary.customers &&
            !data.summary.invoiced &&
            !data.by_currency.some((part) => part.open) &&
            data.trend.every((row) => !row.amount)
        );
    }

    get tables() {
        return [
            { name: "buckets", label: _t("By days past due") },
            { name: "customers", label: _t("By customer") },
            { name: "expected", label: _t("Expected by due day") },
            { name: "days", label: _t("Owed by day") },
            { name: "compared", label: _t("Compared period") },
        ];
    }

    money(value) {
        return this.format.money(value, this.state.data.currency);
    }

    get tiles() {
        const { summary, previous, currency, domains, date_to } = this.state.data;
        const before = previous.summary;
        return [
            {
                name: "open",
                label: _t("Customers owe"),
                value: this.money(summary.open),
                note: _t("%(customers)s customers, on %(day)s", {
                    customers: this.format.number(summary.customers),
                    day: this.format.shortDay(date_to),
                }),
                hint: _t("Open items on receivable accounts in %s, less payments and credit notes not matched yet", currency.name),
                now: summary.open,
                before: before.open,
                good: "none",
                onOpen: () => this.openItems(_t("Open items")),
            },
            {
                name: "overdue",
                label: _t("Overdue"),
                value: this.money(summary.overdue),
                note: _t("%s customers", this.format.number(summary.overdue_customers)),
                now: summary.overdue,
                before: before.overdue,
                good: "down",
                tone: summary.overdue > 0 ? "warn" : "ok",
                onOpen: () => this.openItems(_t("Overdue items"), { buckets: LATE }),
            },
            {
                name: "dso",
                label: _t("Days sales outstanding"),
                value: summary.dso === null ? null : this.format.number(summary.dso, 1),
                unit: _t("days"),
                hint: _t("What customers owe at the end, divided by what was invoiced in the period, times its days."),
                now: summary.dso,
                before: before.dso,
                good: "down",
                onOpen: () => this.openItems(_t("Open items")),
            },
            {
                name: "invoiced",
                label: _t("Invoiced"),
                value: this.money(summary.invoiced),
                hint: _t("Posted invoices less credit notes of the period, with taxes"),
                now: summary.invoiced,
                before: before.invoiced,
                onOpen: () => this.openRecords(INVOICE, _t("Invoices and credit notes"), domains.invoices),
            },
        ];
    }

    get otherCurrenciesText() {
        const { by_currency, currency } = this.state.data;
        const others = by_currency.filter((part) => part.currency.id !== currency.id && part.open);
        return others.length
            ? _t("Amounts are in %(currency)s. Customers of companies with another currency owe on top of that: %(others)s. Choose a company to see its figures.", {
                  currency: currency.name,
                  others: others.map((part) => this.format.money(part.open, part.currency)).join("; "),
              })
            : "";
    }

    get emptyTitle() {
        return _t("Nothing was invoiced up to %s, and nobody owes anything", this.format.day(this.filters.date_to));
    }

    // ------------------------------------------------------------ charts

    get digits() {
        return this.state.data.currency.decimal_places;
    }

    get bucketChart() {
        const { buckets } = this.state.data;
        return {
            labels: buckets.map((row) => BUCKET_DAYS[row.name]),
            series: [
                { label: _t("Owed"), values: buckets.map((row) => row.amount), color: 3, digits: this.digits },
            ],
        };
    }

    get bucketHeading() {
        return _t("Days past due");
    }

    get dueDays() {
        const from = luxon.DateTime.fromISO(this.state.data.date_to);
        return this.daysOf({ date_from: from.toISODate(), date_to: from.plus({ days: 30 }).toISODate() });
    }

    get expectedChart() {
        const byDay = Object.fromEntries(this.state.data.expected.map((row) => [row.date, row.amount]));
        const days = this.dueDays;
        return {
            labels: days.map((day) => this.format.shortDay(day)),
            series: [{ label: _t("Due"), values: days.map((day) => byDay[day] ?? 0), color: 1, digits: this.digits }],
        };
    }

    get trendChart() {
        const { trend, previous } = this.state.data;
        return {
            labels: this.stepLabels,
            series: [
                { label: _t("Owed"), values: trend.map((row) => row.amount), color: 2, digits: this.digits, fill: true },
                {
                    label: this.compared(_t("Owed")),
                    values: this.comparedValues(previous.trend, "date", "amount"),
                    color: 6,
                    digits: this.digits,
                    compared: true,
                },
            ],
        };
    }

    // ------------------------------------------------------------ list

    get customerColumns() {
        return [
            { name: "name", label: _t("Customer") },
            { name: "open", label: _t("Owes"), number: true },
            { name: "overdue", label: _t("Overdue"), number: true },
            { name: "late", label: _t("Days late"), number: true, badge: true },
        ];
    }

    get customerRows() {
        const worst = this.state.data.customers[0]?.overdue || 1;
        return this.state.data.customers.map((row) => ({
            id: row.id || 0,
            bar: row.overdue / worst,
            badge: row.days_late
                ? { text: this.format.number(row.days_late), tone: row.days_late > 60 ? "bad" : "warn" }
                : undefined,
            cells: { name: row.name, open: this.money(row.open), overdue: this.money(row.overdue), late: "–" },
        }));
    }

    get moreCustomers() {
        const { customers, summary } = this.state.data;
        return summary.customers > customers.length
            ? _t("Show all %s customers", this.format.number(summary.customers))
            : undefined;
    }

    // ------------------------------------------------------------ drill-down

    async openItems(name, { day, buckets, partner_id, due_date, context } = {}) {
        const domain = await this.orm.silent.call(ITEM, "get_receivables_domain", [
            day || this.state.data.date_to,
            this.filters.company_id,
        ], { buckets, partner_id, due_date });
        return this.openRecords(ITEM, name, domain, { edit: false, delete: false, ...context });
    }

    openBucket(index) {
        const { name } = this.state.data.buckets[index];
        return this.openItems(BUCKET_NAMES[name], { buckets: [name] });
    }

    openDue(index) {
        const due_date = this.dueDays[index];
        return this.openItems(_t("Due on %s", this.format.day(due_date)), { due_date });
    }

    openOwed(index, series) {
        const day = this.stepOf(index, series)[1];
        return this.openItems(_t("Open at the end of %s", this.format.day(day)), { day });
    }

    openCustomer(row) {
        return this.openItems(row.cells.name, { partner_id: row.id || false });
    }

    openCustomers() {
        return this.openItems(_t("Open items by customer"), { context: { group_by: ["partner_id"] } });
    }

    openInvoices() {
        return this.action.doAction("account.action_move_out_invoice_type");
    }
}

registry.category("actions").add("smart_dairy_performance.receivables_dashboard", ReceivablesDashboard);
