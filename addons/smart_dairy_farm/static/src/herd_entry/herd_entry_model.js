/**
 * What is typed on the whole-herd screen, apart from how it is shown: rows, judgement, totals and the draft.
 */

import { _t } from "@web/core/l10n/translation";
import { formatFloat } from "@web/core/utils/numbers";
import { parseCount, parseDecimal } from "../numbers";

export const COLUMNS = ["kg", "fat", "protein", "scc"];
const DIGITS = { kg: 2, fat: 2, protein: 2, scc: 0 };

/** Text of a stored value in an input: the shortest that says the same, with the user's decimal mark. */
export function toText(column, value) {
    if (value === false || value === null || value === undefined) {
        return "";
    }
    return formatFloat(value, {
        digits: [16, DIGITS[column]],
        thousandsSep: "",
        trailingZeros: false,
    });
}

export function parse(column, text) {
    return column === "scc" ? parseCount(text) : parseDecimal(text);
}

/** A line of the server as a row of the screen. `stored` is what the database has, `text` what is typed. */
export function makeRow(line) {
    const stored = {};
    for (const column of COLUMNS) {
        stored[column] = toText(column, line.values?.[column]);
    }
    return {
        ...line,
        stored,
        text: { ...stored },
        errors: {},
        remarks: {},
        refusal: "",
    };
}

export function isDirty(row) {
    // "12.50" typed over 12.5 is no change; what is not a number (NaN) always is one
    return COLUMNS.some(
        (column) => parse(column, row.text[column]) !== parse(column, row.stored[column])
    );
}

/** Whether the row can be sent: it has kg, or had (so that the server says why not), and nothing impossible. */
export function hasErrors(row) {
    return COLUMNS.some((column) => row.errors[column]);
}

function number(column, value) {
    return toText(column, value) || "0";
}

function impossible(column, value, row, limits, session) {
    if (Number.isNaN(value)) {
        return _t("Not a number.");
    }
    if (column === "kg") {
        if (value === null) {
            const others = COLUMNS.slice(1).some((other) => row.text[other].trim());
            if (others) {
                return _t("Enter the kg too.");
            }
            return row.stored.kg && isDirty(row)
                ? _t("An entered milking cannot be emptied here. Type the right value.")
                : "";
        }
        const max = session === "day" ? limits.max_day_kg : limits.max_session_kg;
        if (value < 0) {
            return _t("Milk cannot be negative.");
        }
        return value > max ? _t("Impossible: more than %s kg.", number("kg", max)) : "";
    }
    if (value === null) {
        return "";
    }
    const [min, max] = [limits[`min_${column}`], limits[`max_${column}`]];
    return value < min || value > max
        ? _t("Impossible: not between %(min)s and %(max)s.", {
              min: number(column, min),
              max: number(column, max),
          })
        : "";
}

function unusual(column, value, row, limits) {
    const [average, count] = row.averages?.[column] || [0, 0];
    if (value === null || !average || count < limits.min_history) {
        return "";
    }
    const percent = (value / average) * 100;
    const high = column === "scc" ? limits.scc_high_percent : limits.high_percent;
    if (percent > high) {
        return _t("Much more than her usual %s. Check it.", number(column, average));
    }
    if (percent < limits.low_percent && column !== "scc") {
        return _t("Much less than her usual %s. Check her.", number(column, average));
    }
    return "";
}

/** Judge what is typed in a row: fills `errors` (refused) and `remarks` (accepted, worth a second look). */
export function judge(row, limits, session) {
    for (const column of COLUMNS) {
        const value = parse(column, row.text[column]);
        const error = impossible(column, value, row, limits, session);
        row.errors[column] = error;
        row.remarks[column] =
            error || row.text[column].trim() === "" ? "" : unusual(column, value, row, limits);
    }
}

/** Totals of what is on the screen. A cow without an entry adds nothing, not zero to an average. */
export function totals(rows) {
    const sum = { cows: rows.length, entered: 0, kg: 0, saleable: 0, unsaved: 0, wrong: 0 };
    for (const row of rows) {
        if (isDirty(row)) {
            sum.unsaved++;
        }
        if (hasErrors(row) || row.refusal) {
            sum.wrong++;
        }
        const kg = parseDecimal(row.text.kg);
        if (kg !== null && !Number.isNaN(kg) && !row.errors.kg) {
            sum.entered++;
            sum.kg += kg;
            if (!row.discarded) {
                sum.saleable += kg;
            }
        }
    }
    return sum;
}

/** The line as `save_herd_entry` takes it. Numbers travel as text with a point: no float rounding on the way. */
export function toLine(row) {
    const line = { animal_id: row.animal_id, seen: row.seen };
    for (const column of COLUMNS) {
        const value = parse(column, row.text[column]);
        line[column] = value === null ? null : String(value);
    }
    return line;
}
