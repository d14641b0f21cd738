import { onMounted, useEnv, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { useBus } from "@web/core/utils/hooks";
import { formatFloat, formatInteger } from "@web/views/fields/formatters";

/** What nobody measured, and what is still unknown. */
const UNKNOWN = "–";

export function whole(value) {
    return value === null || value === undefined ? UNKNOWN : formatInteger(Math.round(value));
}

export function number(value, digits = 1) {
    return value === null || value === undefined ? UNKNOWN : formatFloat(value, { digits: [16, digits] });
}

export function percent(share, digits = 1) {
    return share === null || share === undefined ? UNKNOWN : `${number(100 * share, digits)} %`;
}

export function megabytes(bytes) {
    return bytes === null || bytes === undefined ? UNKNOWN : `${number(bytes / 2 ** 20, bytes < 2 ** 20 ? 2 : 1)} MB`;
}

/** How things stand, of indexes, tasks and findings: words, and Bootstrap's colour. */
export const TAGS = {
    active: [_t("Active"), "success"],
    unread: [_t("Not Read Yet"), "secondary"],
    unused: [_t("Unused"), "warning"],
    guard: [_t("Guards Rows"), "info"],
    invalid: [_t("Invalid"), "danger"],
    dropped: [_t("Dropped"), "secondary"],
    waiting: [_t("Waiting"), "secondary"],
    running: [_t("Running"), "info"],
    done: [_t("Done"), "success"],
    failed: [_t("Failed"), "danger"],
    valid: [_t("Deployed"), "success"],
    high: [_t("High"), "danger"],
    medium: [_t("Medium"), "warning"],
    low: [_t("Low"), "secondary"],
};

export const OPERATIONS = {
    declare: _t("Declare and Deploy"),
    deploy: _t("Deploy"),
    rollback: _t("Roll Back"),
    reindex: _t("Rebuild"),
    drop: _t("Drop"),
    restore: _t("Restore"),
    withdraw: _t("Take Back"),
    analyze: _t("Analyze the Workload"),
};

/** An error of the server in the words that a person is to read. */
export function words(error) {
    return error.data?.message || error.message || String(error);
}

/**
 * What `ask()` answers, as a state: `status` is loading, ready or error; `busy` while it is asked again.
 * Answers that come after a later question are dropped. It is asked anew when something ended in the background.
 */
export function useAnswer(ask) {
    const state = useState({ status: "loading", busy: true, data: null, error: "" });
    let asked = 0;
    async function load() {
        const mine = ++asked;
        state.busy = true;
        try {
            const data = await ask();
            if (mine === asked) {
                Object.assign(state, { status: "ready", busy: false, data, error: "" });
            }
        } catch (error) {
            if (mine === asked) {
                Object.assign(state, { status: "error", busy: false, error: words(error) });
            }
        }
    }
    onMounted(load);
    useBus(useEnv().databaseConsole, "ended", load);
    return { state, load };
}
