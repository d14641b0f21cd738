import { onMounted, onWillUnmount, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { formatDateTime } from "@web/core/l10n/dates";

const TYPE = "smart_dairy_performance.changed";
const CHANNEL = "smart_dairy_performance.dashboard";
const JUST_NOW = 60_000;

/**
 * Refresh a dashboard when the server says that what it shows has changed. Nothing is asked in between.
 *
 * The message says which dashboard and company, no more. A page in the background refreshes once it is looked at.
 */
export function useLive(dashboard, { companies, refresh }) {
    const bus = useService("bus_service");
    const state = useState({ at: null, fresh: false });
    const channel = `${CHANNEL}.${dashboard}`;
    let stale = false;
    let timer = null;

    const onChanged = (message) => {
        if (message.dashboard === dashboard && (!message.company_id || companies().includes(message.company_id))) {
            if (document.hidden) {
                stale = true;
            } else {
                refresh();
            }
        }
    };
    const onVisible = () => {
        if (stale && !document.hidden) {
            stale = false;
            refresh();
        }
    };
    onMounted(() => {
        bus.subscribe(TYPE, onChanged);
        bus.addChannel(channel);
        document.addEventListener("visibilitychange", onVisible);
    });
    onWillUnmount(() => {
        bus.unsubscribe(TYPE, onChanged);
        bus.deleteChannel(channel);
        document.removeEventListener("visibilitychange", onVisible);
        clearTimeout(timer);
    });
    return {
        updated() {
            clearTimeout(timer);
            state.at = luxon.DateTime.now();
            state.fresh = true;
            timer = setTimeout(() => (state.fresh = false), JUST_NOW);
        },
        get text() {
            if (!state.at) {
                return "";
            }
            return state.fresh ? _t("Updated just now.") : _t("Updated at %s.", formatDateTime(state.at));
        },
    };
}
