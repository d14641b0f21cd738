import { Component, useState } from "@odoo/owl";
import { formatFloat } from "@web/core/utils/numbers";
import { totals } from "./herd_entry_model";

/** Running totals; the only part that listens to every row. */
export class HerdEntryTotals extends Component {
    static template = "smart_dairy_farm.HerdEntryTotals";
    static props = { rows: Array };

    setup() {
        this.rows = useState(this.props.rows);
    }

    get totals() {
        return totals(this.rows);
    }

    kg(value) {
        return formatFloat(value, { digits: [16, 1] });
    }
}
