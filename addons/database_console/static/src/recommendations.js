import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { OPERATIONS, useAnswer } from "./common";
import { Answer, Pager, Tag } from "./parts";

const LIMIT = 20;
const TITLES = {
    invalid: _t("Invalid index"),
    duplicate: _t("Doubled index"),
    prefix: _t("Index that another one begins with"),
    unused: _t("Unused index"),
    bloat: _t("Bloated index"),
    foreign_key: _t("Foreign key without an index"),
    scanned: _t("Table read from beginning to end"),
    statistics: _t("Statistics are young"),
    advice: _t("Index that the workload wants"),
    n_plus_one: _t("Asked record by record"),
};

/** Each finding with its evidence, its fix and its undo; what can be done at once has a button. */
export class Recommendations extends Component {
    static template = "database_console.Recommendations";
    static components = { Answer, Pager, Tag };
    static props = { onFollow: Function, onOperate: Function, onAnalyze: Function };

    setup() {
        this.orm = useService("orm");
        Object.assign(this, { LIMIT, TITLES, OPERATIONS });
        this.asked = useState({ kind: "", offset: 0 });
        const { state, load } = useAnswer(() => this.orm.call("database.console", "recommendations", [this.parameters]));
        Object.assign(this, { state, load });
    }

    get parameters() {
        const { kind, offset } = this.asked;
        return { offset, limit: LIMIT, ...(kind && { kind }) };
    }

    ask(values) {
        Object.assign(this.asked, { offset: 0, ...values });
        return this.load();
    }
}
