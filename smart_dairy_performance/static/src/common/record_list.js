import { Component } from "@odoo/owl";

/**
 * A short table whose every line opens the records behind it.
 *
 * `columns`: [{name, label, number?: bool, wide?: bool (not on a phone), badge?: bool}], `rows`: [{id, cells: {name: text}, badge?: {text, tone}, bar?: 0..1}]
 * The first column is the link.
 */
export class RecordList extends Component {
    static template = "smart_dairy_performance.RecordList";
    static props = {
        name: String,
        title: String,
        columns: Array,
        rows: Array,
        empty: String,
        onOpen: Function,
        more: { type: String, optional: true },
        onMore: { type: Function, optional: true },
    };
}
