/** How the dashboards write numbers, changes and days. One place, so that all dashboards read alike. */
import { formatDate, deserializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { formatFloat } from "@web/core/utils/numbers";
import { nbsp } from "@web/core/utils/strings";

export function number(value, digits = 0) {
    return formatFloat(value, { digits: [false, digits] });
}

/** A quantity with at most two digits, and none when it is whole: "12", "12.50". */
export function quantity(value) {
    return number(value, Number.isInteger(Math.round(value * 100) / 100) ? 0 : 2);
}

/** "1,234.50 €" with the currency that the server sent (it may be absent from the session's list). */
export function money(value, currency) {
    const amount = number(value, currency.decimal_places);
    return currency.position === "after"
        ? `${amount}${nbsp}${currency.symbol}`
        : `${currency.symbol}${nbsp}${amount}`;
}

export function day(iso) {
    return formatDate(deserializeDate(iso));
}

export function shortDay(iso) {
    return deserializeDate(iso).toLocaleString({ day: "numeric", month: "short" });
}

/** What a point of a chart stands for: "1 Mar", "1 Mar – 10 Mar", "Mar 2026". */
export function step([first, last], grain) {
    if (grain === "month") {
        return deserializeDate(first).toLocaleString({ month: "short", year: "numeric" });
    }
    return first === last ? shortDay(first) : `${shortDay(first)} – ${shortDay(last)}`;
}

/**
 * The change from `before` to `now`, as sign, percentage and words.
 *
 * @param {number|null} now
 * @param {number|null} before
 * @param {"up"|"down"|"none"} good which direction is good news
 */
export function change(now, before, good = "up") {
    if (now === null || now === undefined || before === null || before === undefined) {
        return null;
    }
    if (now === before) {
        return { direction: "same", icon: "→", text: _t("unchanged"), tone: "" };
    }
    const direction = now > before ? "up" : "down";
    const tone = good === "none" ? "" : direction === good ? "good" : "bad";
    const icon = direction === "up" ? "▲" : "▼";
    if (!before) {
        return { direction, icon, text: _t("was 0"), tone };
    }
    const percent = Math.abs(((now - before) / Math.abs(before)) * 100);
    const amount = percent >= 1000 ? "> 999" : number(percent, percent < 10 ? 1 : 0);
    return {
        direction,
        icon,
        tone,
        text: direction === "up" ? _t("up %s %%", amount) : _t("down %s %%", amount),
    };
}
