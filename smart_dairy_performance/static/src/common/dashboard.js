import { Component, onWillStart, useEffect, useState } from "@odoo/owl";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { deserializeDate, serializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { RPCError, ConnectionLostError } from "@web/core/network/rpc";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { ControlPanel } from "@web/search/control_panel/control_panel";
import { useSetupAction } from "@web/search/action_hook";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { DairyChart } from "./chart";
import { useLive } from "./live";
import { PeriodPicker } from "./period_picker";
import { RecordList } from "./record_list";
import { Tile } from "./tile";
import * as format from "./format";

const DOOR = "dairy.dashboard";
const EXPORT = "/smart_dairy_performance/export";

/**
 * What all dashboards are: filters, one call that answers them, and the states loading, error, empty, ready.
 *
 * A dashboard says `dashboard` (its name on the server), `isEmpty(data)`, `tables` (what a CSV may hold:
 * [{name, label}]) and three templates.
 */
export class Dashboard extends Component {
    static components = { ControlPanel, DairyChart, Dropdown, DropdownItem, PeriodPicker, RecordList, Tile };
    static props = { ...standardActionServiceProps };
    static hasPeriod = true; // false: it shows how things are now

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.format = format;
        this.loading = 0;
        this.state = useState({
            status: "loading",
            error: "",
            data: null,
            today: null,
            choices: {},
            saved: [],
            saveName: "",
            saveDefault: false,
            timing: null,
            filters: { preset: "month", compare: "previous", ...this.props.state?.filters },
        });
        this.live = useLive(this.constructor.dashboard, {
            companies: () => (this.filters.company_id ? [this.filters.company_id] : this.companies.map((one) => one.id)),
            refresh: () => this.load({ quiet: true }),
        });
        useSetupAction({ getLocalState: () => ({ filters: { ...this.state.filters } }) });
        this.companies = user.activeCompanies || user.allowedCompanies;
        onWillStart(() => {
            // Not awaited: the page shows its frame at once and fills in when the figures are there.
            this.load({ first: !this.props.state?.filters });
        });
        useEffect(
            () => this.finishClock(),
            () => [this.state.data]
        );
    }

    get filters() {
        return this.state.filters;
    }

    /**
     * Read again. Answers that a later question has overtaken are dropped.
     *
     * `first`: with the user's default filter; `quiet`: what is on the page stays as it is until the answer is there,
     * and also when there is none.
     */
    async load({ first = false, quiet = false } = {}) {
        const turn = ++this.loading;
        if (!quiet) {
            this.state.status = this.state.data ? "refreshing" : "loading";
        }
        const start = performance.now();
        try {
            const answer = await this.orm.silent.call(DOOR, "open", [
                this.constructor.dashboard,
                first ? false : { ...this.filters },
            ]);
            if (turn === this.loading) {
                this.clock = { start, ...answer.timing };
                this.show(answer);
            }
        } catch (error) {
            if (turn === this.loading && !(quiet && ["ready", "empty"].includes(this.state.status))) {
                this.state.error = this.explain(error);
                this.state.status = "error";
            }
            if (!(error instanceof RPCError || error instanceof ConnectionLostError)) {
                throw error;
            }
        }
    }

    show({ data, filters, choices, saved, today }) {
        Object.assign(this.state.filters, filters);
        Object.assign(this.state, { data, choices, saved, today });
        this.state.status = this.isEmpty(data) ? "empty" : "ready";
        this.live.updated();
    }

    /** The figures are on the page now: how long did that take, and what of it the database? */
    finishClock() {
        if (this.clock) {
            const { start, database_ms, statements } = this.clock;
            this.clock = null;
            this.state.timing = { total: performance.now() - start, database: database_ms, statements };
        }
    }

    get timingText() {
        const { total, database, statements } = this.state.timing;
        return _t("Opened in %(total)s ms, of which database %(database)s ms (%(statements)s statements).", {
            total: format.number(total),
            database: format.number(database),
            statements: format.number(statements),
        });
    }

    /** Where the figures come from: `source` 'rollup' or 'base' of the data, if the dashboard says so. */
    get sourceText() {
        return {
            rollup: _t("Taken from totals that are kept up to date with every change."),
            base: _t("Added up from the single records, which takes longer."),
        }[this.state.data?.source];
    }

    explain(error) {
        if (error instanceof ConnectionLostError) {
            return _t("The server cannot be reached. Check the network, then try again.");
        }
        const message = error.data?.message;
        if (error.exceptionName === "odoo.exceptions.AccessError") {
            return message || _t("You may not see these figures. Ask your manager for access.");
        }
        if (error.exceptionName === "odoo.exceptions.UserError") {
            return message;
        }
        return _t("The figures could not be read: %s. Try again; if it stays, tell your administrator.", message || error.message);
    }

    onPeriod(period) {
        Object.assign(this.filters, period);
        return this.load();
    }

    onFilter(name, value) {
        this.filters[name] = value ? Number(value) : null;
        return this.load();
    }

    onCompare(value) {
        this.filters.compare = value;
        return this.load();
    }

    print() {
        window.print();
    }

    // ------------------------------------------------------------ saved filters

    applySaved(saved) {
        const none = Object.fromEntries(Object.keys(this.filters).map((name) => [name, null]));
        Object.assign(this.filters, none, saved.filters);
        return this.load();
    }

    onSaveKey(ev) {
        if (ev.key === "Enter") {
            this.saveFilter();
        }
    }

    async saveFilter() {
        const name = this.state.saveName.trim();
        if (!name) {
            this.notification.add(_t("The filter has no name: write one."), { type: "warning" });
            return;
        }
        this.state.saved = await this.orm.call(DOOR, "save_filter", [
            this.constructor.dashboard,
            name,
            { ...this.filters },
            this.state.saveDefault,
        ]);
        Object.assign(this.state, { saveName: "", saveDefault: false });
        this.notification.add(_t("Filter %s is saved.", name), { type: "success" });
    }

    deleteText(saved) {
        return _t("Delete the saved filter %s?", saved.name);
    }

    deleteSaved(saved) {
        this.dialog.add(ConfirmationDialog, {
            title: _t("Delete the filter"),
            body: this.deleteText(saved),
            confirmLabel: _t("Delete"),
            confirm: async () => {
                this.state.saved = await this.orm.call(DOOR, "delete_filter", [this.constructor.dashboard, saved.id]);
            },
            cancel: () => {},
        });
    }

    // ------------------------------------------------------------ export

    exportUrl(extension, table) {
        const query = new URLSearchParams({ filters: JSON.stringify(this.filters), ...(table ? { table } : {}) });
        return `${EXPORT}/${this.constructor.dashboard}.${extension}?${query}`;
    }

    // ------------------------------------------------------------ drill-down

    /** Open records in their ordinary views. */
    openRecords(resModel, name, domain, context = {}) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name,
            res_model: resModel,
            domain,
            context: { create: false, ...context },
            views: [
                [false, "list"],
                [false, "form"],
            ],
            target: "current",
        });
    }

    /** Put what the page does not wait for into `part`, unless a later question has overtaken it. */
    async loadLater(part, model, method, question) {
        const asked = (part.asked = JSON.stringify(question));
        try {
            const answer = await this.orm.silent.call(model, method, question);
            if (part.asked === asked) {
                Object.assign(part, answer, { status: "ready" });
            }
        } catch (error) {
            if (part.asked === asked) {
                Object.assign(part, { status: "error", error: this.explain(error) });
            }
            if (!(error instanceof RPCError || error instanceof ConnectionLostError)) {
                throw error;
            }
        }
    }

    // ------------------------------------------------------------ words and days

    get periodText() {
        return this.filters.date_from
            ? _t("%(from)s to %(to)s", { from: format.day(this.filters.date_from), to: format.day(this.filters.date_to) })
            : "";
    }

    get comparedText() {
        return this.filters.compare === "year" ? _t("a year ago") : _t("previous period");
    }

    get against() {
        return this.filters.compare === "year" ? _t("against the same period a year ago") : _t("against the previous period");
    }

    /** "Revenue, a year ago" */
    compared(label) {
        return _t("%(figure)s, %(period)s", { figure: label, period: this.comparedText });
    }

    /** Every day of a period: [ISO], so that a day without records is a gap in the chart. */
    daysOf({ date_from, date_to }) {
        const days = [];
        let current = deserializeDate(date_from);
        const last = deserializeDate(date_to);
        while (current <= last) {
            days.push(serializeDate(current));
            current = current.plus({ days: 1 });
        }
        return days;
    }

    /** What the points of the charts stand for, [first day, last day]: days, dekads or months. */
    get steps() {
        return this.state.data.steps;
    }

    get stepLabels() {
        return this.steps.map((step) => format.step(step, this.state.data.grain));
    }

    /** Heading of a chart's figures. */
    get stepName() {
        return { day: _t("Day"), dekad: _t("Days"), month: _t("Month") }[this.state.data.grain];
    }

    /** A value for each step of this period, from the rows by first day. */
    valuesOf(rows, key, field, missing = null) {
        const byDay = Object.fromEntries(rows.map((row) => [row[key], row[field]]));
        return this.steps.map(([first]) => byDay[first] ?? missing);
    }

    /** The same of the compared period, at the same places of the chart. */
    comparedValues(rows, key, field, missing = null) {
        const byDay = Object.fromEntries(rows.map((row) => [row[key], row[field]]));
        const before = this.state.data.previous.steps;
        return this.steps.map((_step, index) => (index in before ? byDay[before[index][0]] ?? missing : null));
    }

    /** The [first day, last day] that a point of a chart stands for: of the compared period for its series. */
    stepOf(index, series) {
        return (series?.compared ? this.state.data.previous.steps : this.steps)[index];
    }

    /** "12 March 2026", or "11 Mar – 20 Mar" */
    stepText(step) {
        return step[0] === step[1] ? format.day(step[0]) : format.step(step, this.state.data.grain);
    }
}
