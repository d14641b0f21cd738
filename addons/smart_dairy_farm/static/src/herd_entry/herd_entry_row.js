import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { formatFloat } from "@web/core/utils/numbers";
import { COLUMNS, isDirty } from "./herd_entry_model";

/** One cow. It listens to its own row alone, so that typing redraws one line and not eight hundred. */
export class HerdEntryRow extends Component {
    static template = "smart_dairy_farm.HerdEntryRow";
    static props = {
        row: Object,
        index: Number,
        onInput: Function,
        onOpenCard: Function,
    };

    setup() {
        this.columns = COLUMNS;
        this.row = useState(this.props.row);
    }

    get rowClass() {
        const row = this.row;
        return {
            o_herd_entry_discarded: row.discarded,
            o_herd_entry_refused: Boolean(row.refusal),
            o_herd_entry_dirty: isDirty(row),
        };
    }

    get average() {
        const average = this.row.day_average;
        return average === false ? "–" : formatFloat(average, { digits: [16, 1] });
    }

    get messages() {
        const messages = COLUMNS.map((column) => [column, this.row.errors[column], "error"])
            .concat(COLUMNS.map((column) => [column, this.row.remarks[column], "remark"]))
            .filter(([, text]) => text)
            .map(([column, text, kind]) => ({ key: `${kind}-${column}`, text: `${this.label(column)}: ${text}`, kind }));
        if (this.row.refusal) {
            messages.unshift({ key: "refusal", text: this.row.refusal, kind: "error" });
        }
        return messages;
    }

    get messageId() {
        return `o_herd_entry_message_${this.row.animal_id}`;
    }

    label(column) {
        return {
            kg: _t("Milk kg"),
            fat: _t("Fat %"),
            protein: _t("Protein %"),
            scc: _t("SCC ×1000"),
        }[column];
    }

    inputClass(column) {
        return {
            "is-invalid": Boolean(this.row.errors[column]),
            o_herd_entry_unusual: Boolean(this.row.remarks[column]),
        };
    }

    inputLabel(column) {
        return _t("%(column)s of %(animal)s", {
            column: this.label(column),
            animal: this.row.ear_tag || this.row.name,
        });
    }
}
