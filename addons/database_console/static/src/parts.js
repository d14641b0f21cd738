import { Component } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { TAGS, whole } from "./common";

/** How something stands, as a coloured word. */
export class Tag extends Component {
    static template = "database_console.Tag";
    static props = { state: String };

    get shown() {
        return TAGS[this.props.state] || [this.props.state, "secondary"];
    }
}

/** The beginning, an error with its way out, and nothing to show; the rest is the slot. */
export class Answer extends Component {
    static template = "database_console.Answer";
    static props = { state: Object, onRetry: Function, empty: { type: Boolean, optional: true }, slots: Object };
}

/** Which part of a list is shown, and the buttons to the next one. */
export class Pager extends Component {
    static template = "database_console.Pager";
    static props = { total: Number, offset: Number, limit: Number, onMove: Function };

    get shown() {
        const { total, offset, limit } = this.props;
        return `${whole(Math.min(offset + 1, total))}–${whole(Math.min(offset + limit, total))} / ${whole(total)}`;
    }
}

/** A heading that sorts: the largest first, then the other way round. */
export class SortHead extends Component {
    static template = "database_console.SortHead";
    static props = { name: String, label: String, sort: String, onSort: Function, class: { type: String, optional: true } };

    get ways() {
        return { [this.props.name]: "ascending", [`-${this.props.name}`]: "descending" };
    }

    turn() {
        this.props.onSort(this.props.sort === `-${this.props.name}` ? this.props.name : `-${this.props.name}`);
    }
}

/** The statements that would be sent, and the button that has them sent. */
export class PreviewDialog extends Component {
    static template = "database_console.PreviewDialog";
    static components = { Dialog };
    static props = {
        title: String,
        statements: Array,
        label: String,
        note: { type: String, optional: true },
        danger: { type: Boolean, optional: true },
        onConfirm: Function,
        close: Function,
    };

    async confirm() {
        await this.props.onConfirm();
        this.props.close();
    }
}
