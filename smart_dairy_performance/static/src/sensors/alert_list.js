import { Component } from "@odoo/owl";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { _t } from "@web/core/l10n/translation";

const SNOOZES = [1, 4, 24];

/** Open alerts, each with its next action and what one can do about it. `onAct(method, id, ...arguments)` does it. */
export class AlertList extends Component {
    static template = "smart_dairy_performance.AlertList";
    static components = { Dropdown, DropdownItem };
    static props = { rows: Array, onAct: Function, onOpen: Function, onShow: Function, more: { type: String, optional: true }, onMore: Function };

    get snoozes() {
        return SNOOZES.map((hours) => ({ hours, label: hours === 1 ? _t("1 hour") : _t("%s hours", hours) }));
    }
}
