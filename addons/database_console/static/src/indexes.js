import { Component, useState } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { megabytes, TAGS, useAnswer, whole } from "./common";
import { Answer, Pager, SortHead, Tag } from "./parts";

const LIMIT = 50;
const STATES = ["active", "unread", "unused", "guard", "invalid", "dropped"];

/** Every index of the database: looked for, sorted, rebuilt, dropped and restored. */
export class Indexes extends Component {
    static template = "database_console.Indexes";
    static components = { Answer, Pager, SortHead, Tag };
    static props = { asked: Object, onOperate: Function };

    setup() {
        this.orm = useService("orm");
        Object.assign(this, { LIMIT, megabytes, whole, STATES, TAGS });
        this.asked = useState({ search: "", state: "", sort: "-bytes", offset: 0, ...this.props.asked });
        const { state, load } = useAnswer(() => this.orm.call("database.console", "indexes", [this.parameters]));
        Object.assign(this, { state, load });
        this.look = useDebounced((search) => this.ask({ search }), 300);
    }

    get parameters() {
        const { search, state, sort, offset } = this.asked;
        return { sort, offset, limit: LIMIT, ...(search && { search }), ...(state && { state }) };
    }

    ask(values) {
        Object.assign(this.asked, { offset: 0, ...values });
        return this.load();
    }
}
