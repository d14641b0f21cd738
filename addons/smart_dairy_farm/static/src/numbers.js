/**
 * Numbers as farmers type them: decimal comma or point, whatever the language of the screen.
 * The server reads them by the same rules (`entry/numbers.py`).
 */

const SPACES = /[\s\u00a0\u2009\u202f'’]/g;

/**
 * @param {string|number|false|null|undefined} value
 * @returns {number|null} null when empty, NaN when it is no number
 */
export function parseDecimal(value) {
    if (value === null || value === undefined || value === false) {
        return null;
    }
    if (typeof value === "number") {
        return value;
    }
    let text = value.replace(SPACES, "");
    if (!text) {
        return null;
    }
    const comma = text.lastIndexOf(",");
    const point = text.lastIndexOf(".");
    if (comma >= 0 && point >= 0) {
        const decimal = Math.max(comma, point);
        const thousands = comma > point ? "." : ",";
        if (!/^[+-]?\d{1,3}([.,]\d{3})+$/.test(text.slice(0, decimal))) {
            return NaN;
        }
        text = text.replaceAll(thousands, "");
    }
    if (!/^[+-]?(\d+([.,]\d*)?|[.,]\d+)$/.test(text)) {
        return NaN;
    }
    return Number(text.replace(",", "."));
}

/** @param {string} text a cell count in 1,000 cells/ml: `1,250` is a thousand 250 */
export function parseCount(text) {
    if (typeof text === "string" && /^[+-]?\d{1,3}([.,]\d{3})+$/.test(text.replace(SPACES, ""))) {
        return Number(text.replace(SPACES, "").replace(/[.,]/g, ""));
    }
    return parseDecimal(text);
}
