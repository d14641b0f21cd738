import { registry } from "@web/core/registry";
import { inputFiles } from "@web/../tests/utils";

const { DateTime } = luxon;
const tours = registry.category("web_tour.tours");
const cell = (tag, column) => `tr:has(.o_herd_entry_tag:contains(${tag})) input[data-column=${column}]`;

function assert(condition, message) {
    if (!condition) {
        throw new Error(message);
    }
}

function focused(tag, column) {
    const active = document.activeElement;
    assert(active.dataset.column === column, `the cursor should be in ${column}, it is in ${active.dataset.column}`);
    const row = active.closest("tr").querySelector(".o_herd_entry_tag").textContent.trim();
    assert(row === tag, `the cursor should be at ${tag}, it is at ${row}`);
}

/** Typing, arrow keys, an impossible and an unusual value, saving good lines, correcting the bad one. */
tours.add("smart_dairy_farm_herd_entry", {
    url: "/odoo/herd-entry",
    steps: () => [
        { trigger: ".o_herd_entry_row:contains(T001)", timeout: 30000 },
        { trigger: ".o_herd_entry_totals:contains(0 / 4)" },
        { trigger: cell("T001", "kg"), run: "edit 12,5" },
        { trigger: ".o_herd_entry_totals:contains(1 / 4):contains(12.5)" },
        { trigger: cell("T001", "kg"), run: "press ArrowDown" },
        { trigger: cell("T002", "kg"), run: () => focused("T002", "kg") },
        { trigger: cell("T002", "kg"), run: "press ArrowRight" },
        { trigger: cell("T002", "fat"), run: () => focused("T002", "fat") },
        { trigger: cell("T002", "fat"), run: "press ArrowUp" },
        { trigger: cell("T001", "fat"), run: () => focused("T001", "fat") },
        { trigger: cell("T001", "fat"), run: "press Enter" },
        { trigger: cell("T002", "fat"), run: () => focused("T002", "fat") },
        { content: "impossible: refused in place", trigger: cell("T002", "kg"), run: "edit 510" },
        { trigger: ".o_herd_entry_error:contains(Impossible)" },
        { trigger: ".o_herd_entry_totals:contains(1 to correct)" },
        { content: "unusual: flagged", trigger: cell("T003", "kg"), run: "edit 30" },
        { trigger: ".o_herd_entry_remark:contains(usual)" },
        { trigger: cell("T003", "fat"), run: "edit 4.1" },
        { trigger: ".o_herd_entry_save", run: "click" },
        { trigger: ".o_notification:contains(2 cows saved, 1 not)" },
        { content: "the bad line stays", trigger: `${cell("T002", "kg")}.is-invalid:value(510)` },
        { trigger: cell("T002", "kg"), run: "edit 11" },
        { trigger: ".o_herd_entry_save", run: "click" },
        { trigger: ".o_notification:contains(1 cows saved.)" },
        { trigger: ".o_herd_entry_totals:contains(3 / 4):contains(53.5)" },
        { content: "no unsaved line left", trigger: "body:not(:has(.o_herd_entry_dirty))" },
        { content: "a draft survives a reload", trigger: cell("T004", "kg"), run: "edit 7" },
        { trigger: ".o_herd_entry_dirty" },
        { trigger: "#o_herd_entry_session", run: "select evening" },
        { trigger: ".o_herd_entry_totals:contains(0 / 4)" },
        { trigger: "#o_herd_entry_session", run: "select morning" },
        { trigger: ".o_herd_entry_banner:contains(1 cows typed earlier)" },
        { trigger: `${cell("T004", "kg")}:value(7)` },
        { trigger: ".o_herd_entry_banner button", run: "click" },
        { trigger: ".modal button:contains(Throw away)", run: "click" },
        { trigger: ".o_herd_entry_totals:contains(3 / 4)" },
        { trigger: "body:not(:has(.o_herd_entry_dirty))" },
    ],
});

/** The cow card of one animal: figures, curve and next action, then the card of her dam. */
tours.add("smart_dairy_farm_cow_card", {
    steps: () => [
        { trigger: ".o_cow_card h1:contains(Cow 1)", timeout: 30000 },
        { trigger: ".o_cow_card_action[data-code=milk_withdrawal]" },
        { trigger: ".o_dairy_tile[data-tile=withdrawal]:contains(4)" },
        { trigger: ".o_dairy_tile[data-tile=week]:contains(12)" },
        { trigger: ".o_dairy_tile[data-tile=scc]:contains(Not tested)" },
        { trigger: ".o_cow_card canvas", run: "canvasNotEmpty" },
        { trigger: ".o_cow_card_facts a:contains(Dam of all)", run: "click" },
        { trigger: ".o_cow_card h1:contains(Dam of all)" },
        { trigger: ".o_breadcrumb:contains(Cow 1)" },
    ],
});

const importSteps = (good, unchanged) => [
    { trigger: ".modal .o_milk_import" },
    {
        trigger: ".modal .o_field_widget[name=file]",
        async run() {
            const day = DateTime.now().minus({ days: 2 }).toISODate();
            const text = [
                "Ear tag;Date;Session;Milk kg;Fat %",
                `T001;${day};morning;12,5;4,1`,
                `T002;${day};morning;11.25;`,
                `NOBODY;${day};morning;12;`,
                `T003;${day};morning;-4;`,
            ].join("\n");
            await inputFiles(".modal .o_field_widget[name=file] .o_input_file", [
                new File([text], "milk.csv", { type: "text/csv" }),
            ]);
        },
    },
    { trigger: ".modal .o_field_widget[name=file] input:value(milk.csv)" },
    { trigger: ".modal button[name=action_check]:contains(Dry run)", run: "click" },
    { trigger: `.o_import_good:contains(${good}):contains(good)` },
    { trigger: `.o_import_unchanged:contains(${unchanged})` },
    { trigger: ".o_import_refused:contains(2)" },
    { trigger: ".modal .o_data_row:contains(NOBODY)" },
];

/** Dry run, import, the same file again. */
tours.add("smart_dairy_farm_milk_import", {
    url: "/odoo/action-smart_dairy_farm.farm_milk_record_action",
    steps: () => [
        { trigger: "button[data-menu-xmlid='smart_dairy_farm.menu_milk']", run: "click" },
        { trigger: ".o-dropdown-item[data-menu-xmlid='smart_dairy_farm.menu_milk_import']", run: "click" },
        ...importSteps(2, 0),
        { trigger: ".modal button[name=action_import]", run: "click" },
        { trigger: ".o_import_good:contains(2):contains(imported)" },
        { trigger: ".modal button[name=action_back]", run: "click" },
        { trigger: ".modal button[name=action_check]:contains(Dry run)" },
        ...importSteps(0, 2),
        { trigger: ".modal:not(:has(button[name=action_import]:visible)) button:contains(Close)", run: "click" },
        { trigger: "body:not(:has(.modal))" },
    ],
});

/** 1. a veterinarian treats a cow */
tours.add("smart_dairy_farm_withdrawal_vet", {
    url: "/odoo/action-smart_dairy_farm.farm_health_record_action/new",
    steps: () => [
        { trigger: ".o_field_widget[name=animal_id] input", run: "edit Cow 1" },
        { trigger: ".o-autocomplete--dropdown-item:contains(Cow 1)", timeout: 30000, run: "click" },
        { trigger: ".o_field_widget[name=treatment_ids] .o_field_x2many_list_row_add a", run: "click" },
        { trigger: ".modal .o_field_widget[name=drug_id] input", run: "edit Tour penicillin" },
        { trigger: ".o-autocomplete--dropdown-item:contains(Tour penicillin)", run: "click" },
        { trigger: ".modal .o_field_widget[name=dose] input", run: "edit 10" },
        { trigger: ".modal .o_form_button_save", run: "click" },
        { trigger: "body:not(:has(.modal)) .o_data_row:contains(Tour penicillin)" },
        { trigger: ".o_form_button_save", run: "click" },
        { trigger: ".o_form_saved" },
    ],
});

/** 2. a worker enters her milk: it is discarded by itself */
tours.add("smart_dairy_farm_withdrawal_worker", {
    url: "/odoo/herd-entry",
    steps: () => [
        { trigger: "tr:contains(T001) .o_herd_entry_badge:contains(withdrawal until)" },
        { trigger: cell("T001", "kg"), run: "edit 14" },
        { trigger: cell("T002", "kg"), run: "edit 10" },
        { trigger: ".o_herd_entry_total_kg:contains(24)" },
        { trigger: ".o_herd_entry_total_saleable:contains(10)" },
        { trigger: ".o_herd_entry_save", run: "click" },
        { trigger: ".o_notification:contains(2 cows saved.)" },
        { trigger: "tr:contains(T001) .o_herd_entry_badge:contains(withdrawal until)" },
    ],
});

/** 3. a manager releases it, with a reason */
tours.add("smart_dairy_farm_withdrawal_manager", {
    steps: () => [
        { trigger: "button[name=action_release]", run: "click" },
        { trigger: ".modal .o_field_widget[name=reason] input", run: "edit Wrong cow was treated" },
        { trigger: ".modal button[name=action_apply]", run: "click" },
        { trigger: ".o_field_widget[name=override_reason]:contains(Wrong cow was treated)" },
        { trigger: "button[name=action_revoke_release]" },
    ],
});
