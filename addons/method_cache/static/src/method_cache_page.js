import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { formatFloat, formatInteger } from "@web/views/fields/formatters";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { Component, onWillStart, useState } from "@odoo/owl";

/** What the method cache does, method by method; for administrators. */
export class MethodCachePage extends Component {
    static template = "method_cache.Page";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.state = useState({ data: null, loading: false });
        this.display = { controlPanel: {} };
        onWillStart(() => this.load());
    }

    async load() {
        this.state.loading = true;
        try {
            this.state.data = await this.orm.call("method.cache", "page_data", []);
        } finally {
            this.state.loading = false;
        }
    }

    /** Asks first; without arguments for everything, else for a model or one of its methods. */
    flush(what, model = false, method = false) {
        this.dialog.add(ConfirmationDialog, {
            title: _t("Forget cached results"),
            body: _t("Results of %s are computed again when they are next asked for. Data is not touched.", what),
            confirmLabel: _t("Forget"),
            confirm: async () => {
                await this.orm.call("method.cache", "flush_cache", [model, method]);
                this.notification.add(_t("Forgotten: %s", what), { type: "success" });
                await this.load();
            },
            cancel: () => {},
        });
    }

    flushAll() {
        this.flush(_t("all methods"));
    }

    openSettings() {
        return this.action.doAction("base_setup.action_general_configuration", {
            additionalContext: { module: "method_cache" },
        });
    }

    get tiles() {
        const { total, info, local, state } = this.state.data;
        const kept = info.used_bytes ? this.size(info.used_bytes) : this.size(local.bytes);
        return [
            { name: "rate", label: _t("Answered from memory"), value: this.percent(total.hit_rate) },
            { name: "saved", label: _t("Computations saved"), value: this.number(total.hits) },
            { name: "time", label: _t("Time saved"), value: this.duration(total.seconds_saved) },
            { name: "size", label: state === "on" ? _t("Memory used by the store") : _t("Memory used here"), value: kept },
        ];
    }

    get banner() {
        return {
            on: false,
            off: {
                type: "warning",
                text: _t("The cache is off: methods compute each time. With several workers it needs Redis; see the settings."),
            },
            down: { type: "danger", text: _t("Redis does not answer. Methods compute; nothing is lost.") },
            elsewhere: { type: "warning", text: _t("Another process uses another store. Give all processes the same address.") },
        }[this.state.data.state];
    }

    percent(value) {
        return `${formatFloat((value || 0) * 100, { digits: [0, 1] })} %`;
    }

    number(value) {
        return formatInteger(Math.round(value || 0));
    }

    duration(seconds) {
        if ((seconds || 0) < 120) {
            return _t("%s s", formatFloat(seconds || 0, { digits: [0, 1] }));
        }
        return _t("%s h", formatFloat(seconds / 3600, { digits: [0, 1] }));
    }

    size(bytes) {
        return bytes > 1048576
            ? _t("%s MB", formatFloat(bytes / 1048576, { digits: [0, 1] }))
            : _t("%s kB", formatInteger(Math.ceil(bytes / 1024)));
    }
}

registry.category("actions").add("method_cache.page", MethodCachePage);
