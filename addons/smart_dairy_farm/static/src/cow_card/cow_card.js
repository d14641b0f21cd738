import { Component, onWillStart, useState } from "@odoo/owl";
import { formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError, RPCError } from "@web/core/network/rpc";
import { RecordSelector } from "@web/core/record_selectors/record_selector";
import { registry } from "@web/core/registry";
import { formatFloat } from "@web/core/utils/numbers";
import { useService } from "@web/core/utils/hooks";
import { imageUrl } from "@web/core/utils/urls";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { LactationChart } from "./lactation_chart";

const { DateTime } = luxon;

/** All about one animal on one screen; the address bar names her, so that the card can be sent to somebody. */
export class CowCard extends Component {
    static template = "smart_dairy_farm.CowCard";
    static components = { Layout, LactationChart, RecordSelector };
    static props = { ...standardActionServiceProps };
    static displayName = _t("Cow card");
    static path = "cow-card"; // so that /odoo/cow-card/42 is one screen, not a list and a record

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.display = { controlPanel: {} };
        this.state = useState({ status: "loading", error: "", id: false, card: null, allEvents: false });
        onWillStart(async () => {
            const { context = {}, params = {} } = this.props.action;
            await this.load(this.props.resId || params.animal_id || context.active_id || false);
        });
    }

    async load(id) {
        Object.assign(this.state, { id, card: null, allEvents: false, status: id ? "loading" : "choose" });
        if (!id) {
            return;
        }
        try {
            const card = await this.orm.silent.call("farm.animal", "get_cow_card", [id]);
            Object.assign(this.state, { card, status: "ready" });
            this.env.config.setDisplayName?.(card.name);
            this.props.updateActionState?.({ resId: id });
        } catch (error) {
            if (!(error instanceof ConnectionLostError || error instanceof RPCError)) {
                throw error;
            }
            this.state.status = "error";
            this.state.error =
                error instanceof ConnectionLostError
                    ? _t("There is no connection to the server.")
                    : error.data?.message || error.message;
        }
    }

    // ------------------------------------------------------------ words
    date(text) {
        return text ? formatDate(DateTime.fromISO(text)) : "";
    }

    daysAgo(text) {
        return Math.round(DateTime.fromISO(this.state.card.today).diff(DateTime.fromISO(text), "days").days);
    }

    ago(text) {
        const days = this.daysAgo(text);
        if (days === 0) {
            return _t("today");
        }
        return days === 1 ? _t("yesterday") : _t("%s days ago", days);
    }

    number(value, digits = 0) {
        return formatFloat(value, { digits: [16, digits], trailingZeros: digits < 2 });
    }

    get photo() {
        return imageUrl("farm.animal", this.state.card.id, "image_128");
    }

    /** Headline figures: [key, label, value, unit, note, tone]; a value of null says "no data", never 0. */
    get tiles() {
        const { milk } = this.state.card;
        const tiles = [
            { key: "parity", label: _t("Lactation"), value: String(milk.parity), note: milk.lactation_status },
            {
                key: "dim",
                label: milk.in_milk ? _t("Days in milk") : _t("In milk"),
                value: milk.dim === null ? null : String(milk.dim),
                empty: milk.dry_since ? _t("Dry since %s", this.date(milk.dry_since)) : _t("Not in milk"),
            },
            {
                key: "last",
                label: _t("Last milk"),
                value: milk.last && this.number(milk.last.kg, 1),
                unit: _t("kg a day"),
                note: milk.last && `${this.date(milk.last.date)}, ${this.ago(milk.last.date)}`,
                empty: _t("No milk recorded"),
                tone: milk.no_data_since ? "warn" : "",
            },
            {
                key: "week",
                label: _t("Average of 7 days"),
                value: milk.week_average && this.number(milk.week_average, 1),
                unit: _t("kg a day"),
                empty: milk.last ? _t("No data since %s", this.date(milk.last.date)) : _t("No milk recorded"),
            },
            this.yieldTile(milk),
            {
                key: "scc",
                label: _t("Cell count"),
                value: milk.scc && this.number(milk.scc.scc),
                unit: _t("×1000/ml"),
                note: milk.scc && this.sccNote(milk.scc),
                empty: _t("Not tested"),
            },
            {
                key: "test",
                label: _t("Fat / protein"),
                value:
                    milk.test &&
                    [milk.test.fat, milk.test.protein]
                        .map((value) => (value === null ? "–" : this.number(value, 2)))
                        .join(" / "),
                unit: "%",
                note: milk.test && this.date(milk.test.date),
                empty: _t("Not tested"),
            },
            {
                key: "withdrawal",
                label: _t("Milk withdrawal"),
                value: milk.withdrawal_days && String(milk.withdrawal_days),
                unit: milk.withdrawal_days === 1 ? _t("day left") : _t("days left"),
                note: milk.withdrawal_until && _t("discard until %s", this.date(milk.withdrawal_until)),
                empty: _t("None"),
                tone: milk.withdrawal_days ? "bad" : "ok",
            },
        ];
        return tiles;
    }

    yieldTile(milk) {
        if (milk.yield_final) {
            return {
                key: "yield",
                label: _t("305-day yield"),
                value: this.number(milk.yield_final),
                unit: _t("kg"),
            };
        }
        return {
            key: "yield",
            label: _t("Yield of this lactation"),
            value: milk.yield_so_far ? this.number(milk.yield_so_far) : null,
            unit: _t("kg so far"),
            note: milk.yield_projected && _t("305 days, projected: %s kg", this.number(milk.yield_projected)),
            empty: _t("No milk recorded"),
        };
    }

    sccNote(scc) {
        const day = this.date(scc.date);
        return scc.scs === null ? day : _t("SCS %(score)s · %(day)s", { score: this.number(scc.scs, 1), day });
    }

    get events() {
        const { timeline } = this.state.card;
        return this.state.allEvents ? timeline : timeline.slice(0, 12);
    }

    // ------------------------------------------------------------ going elsewhere
    openRecord(model, resId) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: resId,
            views: [[false, "form"]],
        });
    }

    openForm() {
        return this.openRecord("farm.animal", this.state.card.id);
    }

    openMilk() {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name: _t("Milk of %s", this.state.card.name),
            res_model: "farm.milk.record",
            views: [
                [false, "list"],
                [false, "form"],
            ],
            domain: [["animal_id", "=", this.state.card.id]],
        });
    }

    openCard(id) {
        return this.action.doAction("smart_dairy_farm.action_cow_card", { props: { resId: id } });
    }

    print() {
        window.print();
    }
}

registry.category("actions").add("smart_dairy_farm.cow_card", CowCard);
