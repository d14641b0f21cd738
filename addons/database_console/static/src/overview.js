import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { TrendChart } from "./chart";
import { megabytes, number, percent, useAnswer, whole } from "./common";
import { Answer, Tag } from "./parts";

const MINUTE = 60000;

/** The headline figures, their curves, what is alarming, and the pages to go on to. */
export class Overview extends Component {
    static template = "database_console.Overview";
    static components = { Answer, Tag, TrendChart };
    static props = { onOpen: Function };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        Object.assign(this, { megabytes, MINUTE });
        const { state, load } = useAnswer(() => this.orm.call("database.console", "overview", []));
        Object.assign(this, { state, load });
    }

    get tiles() {
        const found = this.state.data.tiles;
        const late = found.p90_ms !== null && found.p90_ms >= found.goal_ms;
        return [
            {
                name: "indexes",
                label: _t("Indexes"),
                value: whole(found.indexes),
                note: megabytes(found.index_bytes),
                open: () => this.props.onOpen("indexes", {}),
            },
            {
                name: "unused",
                label: _t("Unused Indexes"),
                value: whole(found.unused),
                note: megabytes(found.unused_bytes),
                tone: found.unused ? "warning" : "success",
                open: () => this.props.onOpen("indexes", { state: "unused" }),
            },
            {
                name: "slow",
                label: _t("Slow Queries"),
                value: whole(found.slow),
                note: _t("P90 of %s ms or more, 24 hours", found.goal_ms),
                tone: found.slow ? "warning" : "success",
                open: () => this.props.onOpen("queries", { sort: "-p90_ms" }),
            },
            {
                name: "cache_hit",
                label: _t("Cache Hit Rate"),
                value: percent(found.cache_hit, 2),
                note: _t("Since the statistics were reset"),
            },
            {
                name: "p90",
                label: _t("P90"),
                value: found.p90_ms === null ? "–" : `${number(found.p90_ms, 2)} ms`,
                note: _t("Goal: under %s ms; %s of %s calls are", found.goal_ms, percent(found.under_goal, 2), whole(found.calls)),
                tone: late ? "danger" : "success",
                open: () => this.props.onOpen("queries", {}),
            },
        ];
    }

    get cachePoints() {
        return this.state.data.trends.cache.map(([moment, share]) => [moment, 100 * share]);
    }

    get standbys() {
        const found = this.state.data.replication;
        return found.standbys || [];
    }

    follow(link) {
        return this.action.doAction(link.action);
    }
}
