import { Component, onWillStart, useState } from "@odoo/owl";
import { deserializeDate, serializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { RPCError, ConnectionLostError } from "@web/core/network/rpc";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { ControlPanel } from "@web/search/control_panel/control_panel";
import { useSetupAction } from "@web/search/action_hook";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { DairyChart } from "./chart";
import { PeriodPicker, presetPeriod } from "./period_picker";
import { RecordList } from "./record_list";
import { Tile } from "./tile";
import * as format from "./format";

/**
 * What both dashboards are: filters, one call that answers them, and the states loading, error, empty, ready.
 *
 * A dashboard says `preset` (first period), `loadToday()`, `loadData(filters)` and `isEmpty(data)`.
 */
export class Dashboard extends Component {
    static components = { ControlPanel, DairyChart, PeriodPicker, RecordList, Tile };
    static props = { ...standardActionServiceProps };
    static preset = "month";

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.format = format;
        this.loading = 0;
        this.state = useState({
            status: "loading",
            error: "",
            data: null,
            today: null,
            filters: {
                preset: this.constructor.preset,
                date_from: null,
                date_to: null,
                company_id: null,
                farm_id: null,
                ...this.props.state?.filters,
            },
        });
        useSetupAction({ getLocalState: () => ({ filters: { ...this.state.filters } }) });
        this.companies = user.activeCompanies || user.allowedCompanies;
        onWillStart(() => {
            // Not awaited: the page shows its frame at once and fills in when the figures are there.
            this.load();
        });
    }

    get filters() {
        return this.state.filters;
    }

    /** The filters changed: read again. Answers that a later question has overtaken are dropped. */
    async load() {
        const turn = ++this.loading;
        this.state.status = this.state.data ? "refreshing" : "loading";
        try {
            if (!this.state.today || this.filters.preset !== "custom") {
                const today = await this.loadToday();
                if (turn !== this.loading) {
                    return;
                }
                this.state.today = today;
                if (this.filters.preset !== "custom") {
                    Object.assign(this.filters, presetPeriod(this.filters.preset, today));
                }
            }
            const data = await this.loadData({ ...this.filters });
            if (turn === this.loading) {
                this.state.data = data;
                this.state.status = this.isEmpty(data) ? "empty" : "ready";
            }
        } catch (error) {
            if (turn === this.loading) {
                this.state.error = this.explain(error);
                this.state.status = "error";
            }
            if (!(error instanceof RPCError || error instanceof ConnectionLostError)) {
                throw error;
            }
        }
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

    print() {
        window.print();
    }

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

    get periodText() {
        return this.filters.date_from
            ? _t("%(from)s to %(to)s", { from: format.day(this.filters.date_from), to: format.day(this.filters.date_to) })
            : "";
    }

    /** Every day of the period: [ISO], so that a day without records is a gap in the chart. */
    get days() {
        const days = [];
        let current = deserializeDate(this.state.data.date_from);
        const last = deserializeDate(this.state.data.date_to);
        while (current <= last) {
            days.push(serializeDate(current));
            current = current.plus({ days: 1 });
        }
        return days;
    }
}
