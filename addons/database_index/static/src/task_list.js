import {registry} from "@web/core/registry";
import {listView} from "@web/views/list/list_view";
import {ListController} from "@web/views/list/list_controller";
import {onMounted, onWillUnmount} from "@odoo/owl";

const EVERY_MS = 2000;

/** Tasks that look for their progress by themselves, as long as one is not done. */
export class TaskListController extends ListController {
    setup() {
        super.setup();
        onMounted(() => {
            this.looking = setInterval(() => this.look(), EVERY_MS);
        });
        onWillUnmount(() => clearInterval(this.looking));
    }

    async look() {
        const open = this.model.root.records?.some((task) => ["waiting", "running"].includes(task.data.state));
        if (open && !document.hidden) {
            await this.model.load();
        }
    }
}

registry.category("views").add("database_index_tasks", {...listView, Controller: TaskListController});
