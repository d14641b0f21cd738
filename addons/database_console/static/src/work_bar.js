import { Component, onMounted, onWillUnmount, useEffect, useState } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";
import { OPERATIONS } from "./common";
import { Tag } from "./parts";

/** Milliseconds between two looks, while something goes on and otherwise. */
const SOON = 2000;
const LATER = 20000;
const OPEN = ["waiting", "running"];

/** What goes on in the background. It stands in the database: closing the page changes nothing. */
export class WorkBar extends Component {
    static template = "database_console.WorkBar";
    static components = { Tag };
    static props = { asked: Number, onDone: Function };

    setup() {
        this.orm = useService("orm");
        this.operations = OPERATIONS;
        this.state = useState({ tasks: [] });
        this.open = new Set();
        onMounted(() => this.look());
        useEffect(
            (asked) => {
                if (asked) {
                    this.look();
                }
            },
            () => [this.props.asked]
        );
        onWillUnmount(() => clearTimeout(this.next));
    }

    /** What is open, and what ended since the page was opened. */
    get shown() {
        return this.state.tasks.filter((task) => OPEN.includes(task.state) || this.open.has(task.key));
    }

    async look() {
        clearTimeout(this.next);
        let going = true;
        if (!document.hidden) {
            try {
                const tasks = await this.orm.silent.call("database.console", "work", []);
                const ended = tasks.some((task) => !OPEN.includes(task.state) && this.isOpen(task.key));
                this.state.tasks = tasks;
                going = tasks.some((task) => OPEN.includes(task.state));
                for (const task of tasks.filter((one) => OPEN.includes(one.state))) {
                    this.open.add(task.key);
                }
                if (ended) {
                    this.props.onDone();
                }
            } catch (error) {
                console.warn("The tasks could not be read", error); // the next look may
                going = false;
            }
        }
        this.next = setTimeout(() => this.look(), going ? SOON : LATER);
    }

    isOpen(key) {
        return this.state.tasks.some((task) => task.key === key && OPEN.includes(task.state));
    }
}
