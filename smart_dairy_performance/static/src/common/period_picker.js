import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

/** The periods that the server knows (queries/periods.py), counted back from its business day. */
export const PRESETS = {
    today: _t("Today"),
    week: _t("7 days"),
    month: _t("30 days"),
    quarter: _t("90 days"),
    year: _t("12 months"),
};

/** Presets and two date fields. Calls `onChange({preset, date_from, date_to})`; the dates of a preset are the server's. */
export class PeriodPicker extends Component {
    static template = "smart_dairy_performance.PeriodPicker";
    static props = {
        preset: { type: [String, { value: null }] },
        date_from: { type: [String, { value: null }] },
        date_to: { type: [String, { value: null }] },
        onChange: Function,
    };

    get presets() {
        return Object.entries(PRESETS).map(([name, label]) => ({ name, label }));
    }

    choose(preset) {
        this.props.onChange({ preset });
    }

    setDay(field, value) {
        if (value) {
            this.props.onChange({
                preset: "custom",
                date_from: this.props.date_from,
                date_to: this.props.date_to,
                [field]: value,
            });
        }
    }
}
