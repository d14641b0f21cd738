import { Component, onWillStart, useRef, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError, RPCError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { useDebounced } from "@web/core/utils/timing";
import { useService } from "@web/core/utils/hooks";
import { useHotkey } from "@web/core/hotkeys/hotkey_hook";
import { Layout } from "@web/search/layout";
import { useSetupAction } from "@web/search/action_hook";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { dropDraft, restoreDraft, storeDraft, sweepDrafts } from "./herd_entry_draft";
import { COLUMNS, hasErrors, isDirty, judge, makeRow, toLine, toText } from "./herd_entry_model";
import { HerdEntryRow } from "./herd_entry_row";
import { HerdEntryTotals } from "./herd_entry_totals";

const { DateTime } = luxon;
const LAST_FARM = "smart_dairy.herd_entry.last_farm";

/**
 * Milk of a whole pen or farm on one form: a line for each cow in milk, filled by keyboard or thumb, saved in
 * one call. The server judges again what the browser has judged (`farm.milk.record`).
 */
export class HerdEntry extends Component {
    static template = "smart_dairy_farm.HerdEntry";
    static components = { Layout, HerdEntryRow, HerdEntryTotals };
    static props = { ...standardActionServiceProps };
    static displayName = _t("Whole-herd entry");

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.tbody = useRef("tbody");
        this.display = { controlPanel: {} };
        this.columns = COLUMNS;
        this.state = useState({
            status: "loading",
            error: "",
            saving: false,
            farms: [],
            pens: [],
            sessions: [],
            farmId: false,
            penId: false,
            date: "",
            session: "",
            restored: 0,
            serial: 0, // of the sheet shown: new rows want new components
            search: "",
            rows: [],
        });
        this.storeDraft = useDebounced(() => storeDraft(this.sheet, this.state.rows), 300);
        useHotkey("control+s", () => this.save(), { bypassEditableProtection: true });
        useSetupAction({
            beforeLeave: () => this.confirmLeave(),
            beforeUnload: (ev) => this.beforeUnload(ev),
        });
        onWillStart(() => this.start());
    }

    // ------------------------------------------------------------ loading
    get sheet() {
        const { farmId, date, session } = this.state;
        return { farmId, date, session };
    }

    get today() {
        return DateTime.now().toISODate();
    }

    async start() {
        sweepDrafts();
        const context = this.props.action.context || {};
        const wanted = Number(browser.localStorage.getItem(LAST_FARM)) || false;
        await this.load({
            farmId: context.default_farm_id || wanted,
            penId: context.default_pen_id || false,
            date: context.default_record_date || false,
            session: context.default_session || false,
        });
    }

    /** Ask the server for a sheet; unknown parts (false) are chosen there: first farm, today, session by the hour. */
    async load({ farmId, penId, date, session }) {
        this.state.status = "loading";
        try {
            const data = await this.orm.silent.call("farm.milk.record", "get_herd_entry", [
                farmId,
                penId,
                date,
                session,
            ]);
            this.limits = data.limits;
            const rows = data.lines.map(makeRow);
            Object.assign(this.state, {
                farms: data.farms,
                pens: data.pens,
                sessions: data.sessions,
                farmId: data.farm_id,
                penId: data.pen_id,
                date: data.date,
                session: data.session,
                status: data.farm_id ? (rows.length ? "ready" : "empty") : "no_farm",
            });
            this.state.restored = restoreDraft(this.sheet, rows);
            for (const row of rows) {
                if (isDirty(row)) {
                    judge(row, this.limits, this.state.session);
                }
            }
            this.state.rows = rows;
            this.state.serial++;
            if (data.farm_id) {
                browser.localStorage.setItem(LAST_FARM, data.farm_id);
            }
        } catch (error) {
            this.state.status = "error";
            this.state.error = this.describe(error);
        }
    }

    describe(error) {
        if (error instanceof ConnectionLostError) {
            return _t("There is no connection to the server. What you typed is kept on this device.");
        }
        if (error instanceof RPCError) {
            return error.data?.message || error.message;
        }
        throw error;
    }

    /** Another farm, pen, day or session. What is unsaved stays in the draft of the sheet it belongs to. */
    async change(part) {
        storeDraft(this.sheet, this.state.rows);
        const { farmId, penId, date, session } = this.state;
        await this.load({ farmId, penId, date, session, ...part });
    }

    onChangeFarm(ev) {
        return this.change({ farmId: Number(ev.target.value), penId: false });
    }

    onChangePen(ev) {
        return this.change({ penId: Number(ev.target.value) || false });
    }

    onChangeDate(ev) {
        if (ev.target.value) {
            return this.change({ date: ev.target.value });
        }
    }

    onChangeSession(ev) {
        return this.change({ session: ev.target.value });
    }

    reload() {
        return this.change({});
    }

    // ------------------------------------------------------------ typing
    onInput(row, column, text) {
        row.text[column] = text;
        row.refusal = "";
        judge(row, this.limits, this.state.session);
        this.storeDraft();
    }

    onKeydown(ev) {
        const input = ev.target;
        if (!input.dataset?.column || ev.altKey || ev.ctrlKey || ev.metaKey || ev.isComposing) {
            return;
        }
        const row = Number(input.dataset.row);
        const column = COLUMNS.indexOf(input.dataset.column);
        const end = input.value.length;
        const all = input.selectionStart === 0 && input.selectionEnd === end;
        const target = {
            ArrowDown: [row + 1, column],
            Enter: [row + (ev.shiftKey ? -1 : 1), column],
            ArrowUp: [row - 1, column],
            // inside a number the arrows move the caret; from its edge, or with all of it selected, the cell
            ArrowLeft: (all || input.selectionEnd === 0) && [row, column - 1],
            ArrowRight: (all || input.selectionStart === end) && [row, column + 1],
        }[ev.key];
        if (!target) {
            return;
        }
        ev.preventDefault();
        this.focusCell(...target);
    }

    focusCell(row, column) {
        const input = this.tbody.el?.querySelector(
            `input[data-row="${row}"][data-column="${COLUMNS[column]}"]`
        );
        if (input) {
            input.focus();
            input.scrollIntoView({ block: "nearest" });
        }
    }

    onFocusin(ev) {
        if (ev.target.dataset?.column) {
            ev.target.select();
        }
    }

    /** Type an ear tag (or its end), a name or a management number, press Enter: the cursor is at that cow. */
    onSearchKeydown(ev) {
        if (ev.key !== "Enter") {
            return;
        }
        ev.preventDefault();
        const text = ev.target.value.trim().toLowerCase();
        const fields = ["ear_tag", "management_number", "name"];
        const matches = [
            (value) => value === text,
            (value) => value.endsWith(text),
            (value) => value.includes(text),
        ];
        for (const match of text ? matches : []) {
            const index = this.state.rows.findIndex((row) =>
                fields.some((field) => match((row[field] || "").toLowerCase()))
            );
            if (index >= 0) {
                this.state.search = "";
                return this.focusCell(index, 0);
            }
        }
        if (text) {
            this.notification.add(_t("No cow in milk here matches “%s”.", text), { type: "warning" });
        }
    }

    // ------------------------------------------------------------ saving
    async save() {
        if (this.state.saving || this.state.status !== "ready") {
            return;
        }
        const rows = this.state.rows.filter(isDirty);
        rows.forEach((row) => judge(row, this.limits, this.state.session));
        const good = rows.filter((row) => !hasErrors(row));
        const wrong = rows.length - good.length;
        if (!rows.length) {
            this.notification.add(_t("Nothing to save: nothing was changed."), { type: "info" });
            return;
        }
        let refused = 0;
        this.state.saving = true;
        try {
            if (good.length) {
                refused = await this.send(good);
            }
        } catch (error) {
            storeDraft(this.sheet, this.state.rows);
            this.notification.add(_t("Nothing was saved. %s", this.describe(error)), {
                type: "danger",
                sticky: true,
            });
            return;
        } finally {
            this.state.saving = false;
        }
        storeDraft(this.sheet, this.state.rows);
        this.report(good.length - refused, refused + wrong);
    }

    async send(rows) {
        const { farmId, date, session } = this.state;
        const sent = new Map(rows.map((row) => [row.animal_id, { ...row.text }]));
        const result = await this.orm.call("farm.milk.record", "save_herd_entry", [
            farmId,
            date,
            session,
            rows.map(toLine),
        ]);
        const byId = new Map(rows.map((row) => [row.animal_id, row]));
        let refused = 0;
        for (const line of result.lines) {
            const row = byId.get(line.animal_id);
            if (line.status === "refused") {
                row.refusal = line.reason;
                refused++;
                continue;
            }
            const before = sent.get(line.animal_id);
            Object.assign(row, {
                record_id: line.record_id,
                seen: line.seen,
                discarded: line.discarded,
                discard_label: line.discard_label,
                refusal: "",
            });
            for (const column of COLUMNS) {
                row.stored[column] = toText(column, line.values[column]);
                // typed meanwhile: keep it, it is not saved yet
                if (row.text[column] === before[column]) {
                    row.text[column] = row.stored[column];
                }
            }
        }
        return refused;
    }

    report(saved, wrong) {
        if (!wrong) {
            this.state.restored = 0;
            this.notification.add(_t("%s cows saved.", saved), { type: "success" });
            return;
        }
        this.notification.add(
            _t("%(saved)s cows saved, %(wrong)s not: the reason stands at each of them.", { saved, wrong }),
            { type: "warning" }
        );
        const index = this.state.rows.findIndex((row) => row.refusal || hasErrors(row));
        const column = COLUMNS.findIndex((name) => this.state.rows[index].errors[name]);
        this.focusCell(index, Math.max(column, 0));
    }

    discardDraft() {
        this.dialog.add(ConfirmationDialog, {
            title: _t("Throw away what is not saved?"),
            body: _t("The values typed and not saved for this day and session are removed."),
            confirmLabel: _t("Throw away"),
            confirm: () => {
                dropDraft(this.sheet, this.state.rows);
                for (const row of this.state.rows) {
                    Object.assign(row.text, row.stored);
                    row.refusal = "";
                    judge(row, this.limits, this.state.session);
                }
                this.state.restored = 0;
            },
            cancelLabel: _t("Keep"),
            cancel: () => {},
        });
    }

    // ------------------------------------------------------------ leaving
    get unsaved() {
        return this.state.rows.filter(isDirty).length;
    }

    beforeUnload(ev) {
        if (this.unsaved) {
            storeDraft(this.sheet, this.state.rows);
            ev.preventDefault();
            ev.returnValue = "Unsaved";
        }
    }

    async confirmLeave() {
        const count = this.unsaved;
        if (!count) {
            return true;
        }
        storeDraft(this.sheet, this.state.rows);
        return new Promise((resolve) => {
            this.dialog.add(
                ConfirmationDialog,
                {
                    title: _t("Leave without saving?"),
                    body: _t(
                        "%s cows are not saved. They are kept on this device: open the same farm, day and session here to go on.",
                        count
                    ),
                    confirmLabel: _t("Leave"),
                    confirm: () => resolve(true),
                    cancelLabel: _t("Stay"),
                    cancel: () => resolve(false),
                },
                { onClose: () => resolve(false) }
            );
        });
    }

    openCard(row) {
        return this.action.doAction("smart_dairy_farm.action_cow_card", {
            props: { resId: row.animal_id },
        });
    }

    get dateLabel() {
        return this.state.date ? formatDate(DateTime.fromISO(this.state.date)) : "";
    }
}

registry.category("actions").add("smart_dairy_farm.herd_entry", HerdEntry);
