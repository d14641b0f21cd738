import { Component, useState } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { number, useAnswer, whole, words } from "./common";
import { Answer, Pager, SortHead } from "./parts";

const LIMIT = 30;

/** The statements of the last 24 hours; each shows its plan, and what the plan says, on a click. */
export class Queries extends Component {
    static template = "database_console.Queries";
    static components = { Answer, Pager, SortHead };
    static props = { asked: Object };

    setup() {
        this.orm = useService("orm");
        Object.assign(this, { LIMIT, number, whole });
        this.asked = useState({ search: "", sort: "-total_seconds", offset: 0, ...this.props.asked });
        this.open = useState({ id: null, plan: "", findings: "", error: "" });
        const { state, load } = useAnswer(() => this.orm.call("database.console", "queries", [this.parameters]));
        Object.assign(this, { state, load });
        this.look = useDebounced((search) => this.ask({ search }), 300);
    }

    get parameters() {
        const { search, sort, offset } = this.asked;
        return { sort, offset, limit: LIMIT, ...(search && { search }) };
    }

    ask(values) {
        Object.assign(this.asked, { offset: 0, ...values });
        return this.load();
    }

    async show(id) {
        if (this.open.id === id) {
            this.open.id = null;
            return;
        }
        Object.assign(this.open, { id, plan: "", findings: "", error: "" });
        try {
            const found = await this.orm.call("database.console", "plan", [id]);
            if (this.open.id === id) {
                Object.assign(this.open, found);
            }
        } catch (error) {
            this.open.error = words(error);
        }
    }
}
