import { Component } from "@odoo/owl";
import { change } from "./format";

/** A headline figure. Clicking it opens the records behind it. */
export class Tile extends Component {
    static template = "smart_dairy_performance.Tile";
    static props = {
        name: String,
        label: String,
        value: { type: [String, { value: null }] },
        unit: { type: String, optional: true },
        note: { type: String, optional: true },
        hint: { type: String, optional: true },
        now: { type: [Number, { value: null }], optional: true },
        before: { type: [Number, { value: null }], optional: true },
        good: { type: String, optional: true },
        tone: { type: String, optional: true },
        against: { type: String, optional: true },
        onOpen: { type: Function, optional: true },
    };
    static defaultProps = { good: "up" };

    get change() {
        return change(this.props.now, this.props.before, this.props.good);
    }
}
