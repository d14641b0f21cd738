import { Component, EventBus, useState, useSubEnv } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { OPERATIONS, words } from "./common";
import { Indexes } from "./indexes";
import { Overview } from "./overview";
import { PreviewDialog } from "./parts";
import { Queries } from "./queries";
import { Recommendations } from "./recommendations";
import { WorkBar } from "./work_bar";

const NOTES = {
    drop: _t("Its definition is kept: Restore builds it again. An addon's index comes back with that addon's next update."),
};

/** The console: four pages, and what goes on in the background above them. */
export class DatabaseConsole extends Component {
    static template = "database_console.Console";
    static components = { Layout, Overview, Indexes, Queries, Recommendations, WorkBar };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.tabs = [
            ["overview", _t("Overview")],
            ["indexes", _t("Indexes")],
            ["queries", _t("Queries")],
            ["recommendations", _t("Recommendations")],
        ];
        this.bus = new EventBus();
        useSubEnv({ databaseConsole: this.bus });
        // `turn` makes a page anew, with other questions
        this.state = useState({ tab: "overview", asked: {}, turn: 0, work: 0 });
    }

    open(tab, asked = {}) {
        Object.assign(this.state, { tab, asked, turn: this.state.turn + 1 });
    }

    done() {
        this.bus.trigger("ended");
    }

    operate(operation, name) {
        return this.propose(operation, name, {
            preview: ["preview", [operation, name]],
            run: ["operate", [operation, name]],
        });
    }

    follow(one) {
        return this.propose(one.operation, one.name, {
            preview: ["preview_recommendation", [one.key]],
            run: ["follow", [one.key]],
        });
    }

    /** Show the statements; have them sent once they are confirmed. */
    async propose(operation, name, { preview, run }) {
        const statements = await this.call(...preview);
        if (!statements) {
            return;
        }
        this.dialog.add(PreviewDialog, {
            title: `${OPERATIONS[operation]}: ${name}`,
            label: OPERATIONS[operation],
            statements,
            note: NOTES[operation],
            danger: ["drop", "withdraw"].includes(operation),
            onConfirm: async () => {
                if (await this.call(...run)) {
                    this.state.work++;
                }
            },
        });
    }

    async analyze() {
        if (await this.call("analyze", [])) {
            this.state.work++;
        }
    }

    /** What the server answers; null, and its words as a notification, where it refuses. */
    async call(method, values) {
        try {
            return await this.orm.call("database.console", method, values);
        } catch (error) {
            this.notification.add(words(error), { type: "danger" });
            return null;
        }
    }
}

registry.category("actions").add("database_console", DatabaseConsole);
