import { Component } from "@odoo/owl";
import { deserializeDate, serializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";

export const PRESETS = {
    today: { label: _t("Today"), from: (today) => today },
    week: { label: _t("7 days"), from: (today) => today.minus({ days: 6 }) },
    month: { label: _t("30 days"), from: (today) => today.minus({ days: 29 }) },
    quarter: { label: _t("90 days"), from: (today) => today.minus({ days: 89 }) },
    year: { label: _t("12 months"), from: (today) => today.minus({ years: 1 }).plus({ days: 1 }) },
};

/** First and last day (ISO) of a preset, counted back from `today` (ISO, the company's business day). */
export function presetPeriod(preset, today) {
    const last = deserializeDate(today);
    return { date_from: serializeDate(PRESETS[preset].from(last)), date_to: today };
}

/** Presets and two date fields. Calls `onChange({preset, date_from, date_to})`. */
export class PeriodPicker extends Component {
    static template = "smart_dairy_performance.PeriodPicker";
    static props = {
        preset: String,
        date_from: String,
        date_to: String,
        today: String,
        onChange: Function,
    };

    get presets() {
        return Object.entries(PRESETS).map(([name, { label }]) => ({ name, label }));
    }

    choose(preset) {
        this.props.onChange({ preset, ...presetPeriod(preset, this.props.today) });
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
