import { useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { Dashboard } from "../common/dashboard";

const ANIMAL = "farm.animal";
const MILK = "farm.milk.record";
/** A herd of so many animals is ranked without being asked. */
const RANKED_AT_ONCE = 2000;
const HEALTH_TONES = { healthy: "ok", suspicious: "warn", ill: "bad", in_treatment: "info", to_be_culled: "bad" };

export class HerdDashboard extends Dashboard {
    static dashboard = "herd";
    static template = "smart_dairy_performance.Frame";
    static filtersTemplate = "smart_dairy_performance.HerdFilters";
    static figuresTemplate = "smart_dairy_performance.HerdFigures";
    static emptyTemplate = "smart_dairy_performance.HerdEmpty";

    setup() {
        super.setup();
        this.pens = useState({ status: "loading", by_pen: [], pens: 0 });
        this.ranking = useState({ status: "loading", best: [], worst: [] });
    }

    /** What was pressed asks for the ranking again, too; what refreshes by itself does not. */
    load(options = {}) {
        if (!options.quiet) {
            this.ranked = null;
        }
        return super.load(options);
    }

    /** All else is on the page by now: neither is awaited. */
    show(answer) {
        super.show(answer);
        const { date_from, date_to, farm_id, company_id } = this.filters;
        const question = [date_from, date_to, farm_id, company_id];
        this.loadLater(this.pens, ANIMAL, "get_herd_pens", question);
        if (this.ranked !== JSON.stringify(question)) {
            this.ranked = JSON.stringify(question);
            // of a hundred thousand animals it takes seconds: only who wants it should wait
            if (answer.data.herd.count <= RANKED_AT_ONCE) {
                this.rank();
            } else {
                Object.assign(this.ranking, { status: "offered", asked: null });
            }
        }
    }

    rank() {
        this.ranking.status = "loading";
        return this.loadLater(this.ranking, ANIMAL, "get_herd_ranking", JSON.parse(this.ranked));
    }

    isEmpty(data) {
        return !data.herd.count && !data.milk.total;
    }

    get farms() {
        return this.state.choices.farms || [];
    }

    get tables() {
        return [
            { name: "days", label: _t("Milk by day") },
            { name: "compared", label: _t("Compared period") },
            { name: "by_type", label: _t("By type") },
            { name: "by_breed", label: _t("By breed") },
            { name: "by_pen", label: _t("By pen") },
        ];
    }

    kg(value, digits = 0) {
        return value === null ? null : this.format.number(value, digits);
    }

    get tiles() {
        const { milk, previous, herd, cases, domains } = this.state.data;
        const open = (name, domain, context) => () => this.openMilk(name, domain, context);
        const animals = (name, domain) => () => this.openAnimals(name, domain);
        return [
            {
                name: "milk",
                label: _t("Milk"),
                value: milk.cow_days ? this.kg(milk.total) : null,
                unit: _t("kg"),
                now: milk.total,
                before: previous.total,
                onOpen: open(_t("Milk records"), domains.milk),
            },
            {
                name: "saleable",
                label: _t("Saleable milk"),
                value: milk.cow_days ? this.kg(milk.saleable) : null,
                unit: _t("kg"),
                now: milk.saleable,
                before: previous.saleable,
                onOpen: open(_t("Saleable milk"), domains.saleable),
            },
            {
                name: "discarded",
                label: _t("Discarded milk"),
                value: milk.cow_days ? this.kg(milk.discarded) : null,
                unit: _t("kg"),
                now: milk.discarded,
                before: previous.discarded,
                good: "down",
                onOpen: open(_t("Discarded milk"), domains.discarded),
            },
            {
                name: "per_cow",
                label: _t("Milk per cow and day"),
                value: this.kg(milk.per_cow, 1),
                unit: _t("kg"),
                note: milk.ecm_per_cow === null ? undefined : _t("%s kg energy corrected", this.kg(milk.ecm_per_cow, 1)),
                hint: _t("Milk divided by the days of cows in milk. Dry cows and heifers do not count."),
                now: milk.per_cow,
                before: previous.per_cow,
                onOpen: open(_t("Milk by cow"), domains.milk, { group_by: ["animal_id"] }),
            },
            {
                name: "fat",
                label: _t("Fat"),
                value: this.kg(milk.fat, 2),
                unit: "%",
                note: milk.protein === null ? undefined : _t("Protein %s %%", this.kg(milk.protein, 2)),
                hint: _t("Fat kg in the tested milk divided by its kg. Untested milk does not count."),
                now: milk.fat,
                before: previous.fat,
                onOpen: open(_t("Milk tested for fat"), domains.fat),
            },
            {
                name: "scc",
                label: _t("Cell count of the tank"),
                value: this.kg(milk.scc, 0),
                unit: _t("×1000/ml"),
                hint: _t("Weighted by the saleable kg of each sample."),
                now: milk.scc,
                before: previous.scc,
                good: "down",
                onOpen: open(_t("Milk tested for cells"), domains.scc),
            },
            {
                name: "in_milk",
                label: _t("Cows in milk"),
                value: this.format.number(herd.in_milk),
                note: _t("now, of %s animals", this.format.number(herd.count)),
                onOpen: animals(_t("Cows in milk"), domains.in_milk),
            },
            {
                name: "dry",
                label: _t("Dry cows"),
                value: this.format.number(herd.dry),
                note: _t("now"),
                onOpen: animals(_t("Dry cows"), domains.dry),
            },
            {
                name: "withheld",
                label: _t("Milk withheld"),
                value: this.format.number(herd.withheld),
                note: _t("cows now: keep out of the tank"),
                tone: herd.withheld ? "warn" : "ok",
                onOpen: animals(_t("Milk withheld"), domains.withheld),
            },
            {
                name: "sick",
                label: _t("Not healthy"),
                value: this.format.number(herd.sick),
                note: _t("animals now"),
                tone: herd.sick ? "bad" : "ok",
                onOpen: animals(_t("Not healthy"), domains.sick),
            },
            {
                name: "cases",
                label: _t("New health cases"),
                value: this.format.number(cases.now),
                hint: _t("Check-ups, vaccinations and deworming do not count."),
                now: cases.now,
                before: cases.before,
                good: "down",
                onOpen: () => this.openRecords("farm.health.record", _t("New health cases"), domains.cases),
            },
        ];
    }

    series(names) {
        const { trend, previous } = this.state.data;
        return {
            labels: this.stepLabels,
            series: names.map(({ field, ...series }) => ({
                ...series,
                values: series.compared
                    ? this.comparedValues(previous.trend, "date", field)
                    : this.valuesOf(trend, "date", field),
            })),
        };
    }

    get milkCurve() {
        return this.series([
            { field: "saleable", label: _t("Saleable kg"), color: 1, type: "bar" },
            { field: "discarded", label: _t("Discarded kg"), color: 5, type: "bar" },
            { field: "total", label: this.compared(_t("Milk kg")), color: 6, type: "line", compared: true },
        ]);
    }

    get cowCurve() {
        return this.series([
            { field: "per_cow", label: _t("kg per cow in milk"), color: 2, digits: 1 },
            { field: "cows", label: _t("Cows milked a day"), color: 6, axis: "y1", dashed: true },
            { field: "per_cow", label: this.compared(_t("kg per cow in milk")), color: 6, digits: 1, compared: true },
        ]);
    }

    get qualityCurve() {
        return this.series([
            { field: "fat", label: _t("Fat %"), color: 3, digits: 2, spanGaps: true },
            { field: "protein", label: _t("Protein %"), color: 4, digits: 2, spanGaps: true },
            { field: "scc", label: _t("Cells ×1000/ml"), color: 6, axis: "y1", dashed: true, spanGaps: true },
        ]);
    }

    get groupTables() {
        const tables = [
            { name: "by_type", field: "animal_type", title: _t("By type"), label: _t("Type") },
            { name: "by_breed", field: "breed_id", title: _t("By breed"), label: _t("Breed") },
            { name: "by_pen", field: "pen_id", title: _t("By pen"), label: _t("Pen") },
        ];
        return tables.map((table) => ({
            ...table,
            columns: [
                { name: "name", label: table.label },
                { name: "count", label: _t("Animals"), number: true },
                { name: "in_milk", label: _t("In milk"), number: true, wide: true },
                { name: "total", label: _t("Milk kg"), number: true, wide: true },
                { name: "per_cow", label: _t("kg per cow"), number: true },
                { name: "sick", label: _t("Not healthy"), number: true },
            ],
            rows: (this.state.data[table.name] || this.pens[table.name]).map((group) => ({
                id: group.id || 0,
                cells: {
                    name: group.name,
                    count: this.format.number(group.count),
                    in_milk: this.format.number(group.in_milk),
                    total: group.cow_days ? this.kg(group.total) : "–",
                    per_cow: this.kg(group.per_cow, 1) ?? "–",
                    sick: this.format.number(group.sick),
                },
            })),
            onOpen: (row) =>
                this.openAnimals(row.cells.name, [
                    ...this.state.data.domains.animals,
                    [table.field, "=", row.id || false],
                ]),
        }));
    }

    get pensMore() {
        const { by_pen, pens } = this.pens;
        return pens > by_pen.length ? _t("Show all %s pens", this.format.number(pens)) : undefined;
    }

    get pensEmpty() {
        return { loading: _t("The pens follow in a moment."), error: this.pens.error, ready: _t("No animals.") }[this.pens.status];
    }

    openPens() {
        return this.openRecords("farm.pen", _t("Pens"), this.state.data.domains.herd);
    }

    rankingRows(name) {
        return this.ranking[name].map((animal) => ({
            id: animal.id,
            cells: {
                name: animal.name,
                pen: animal.pen,
                dim: animal.dim ? this.format.number(animal.dim) : "–",
                per_cow: this.kg(animal.per_cow, 1),
            },
        }));
    }

    get rankingColumns() {
        return [
            { name: "name", label: _t("Animal") },
            { name: "pen", label: _t("Pen") },
            { name: "dim", label: _t("Days in milk"), number: true, wide: true },
            { name: "per_cow", label: _t("kg a day"), number: true },
        ];
    }

    get watchColumns() {
        return [
            { name: "name", label: _t("Animal") },
            { name: "pen", label: _t("Pen") },
            { name: "health", label: _t("Health"), badge: true },
            { name: "action", label: _t("Next action") },
        ];
    }

    get watchRows() {
        return this.state.data.watch.map((animal) => ({
            id: animal.id,
            badge: { text: animal.health, tone: HEALTH_TONES[animal.health_status] || "warn" },
            cells: { name: animal.name, pen: animal.pen, action: this.nextAction(animal) },
        }));
    }

    nextAction(animal) {
        if (animal.withheld_until) {
            const until = this.format.shortDay(animal.withheld_until);
            return animal.days_left === 1
                ? _t("Discard milk today, last day")
                : _t("Discard milk until %(until)s (%(days)s days)", { until, days: animal.days_left });
        }
        return animal.health_status === "to_be_culled" ? _t("Decide on culling") : _t("Check and treat");
    }

    get watchMore() {
        const { watch, herd } = this.state.data;
        return herd.watch > watch.length ? _t("Show all %s animals", this.format.number(herd.watch)) : undefined;
    }

    openMilk(name, domain, context) {
        return this.openRecords(MILK, name, domain, context);
    }

    openAnimals(name, domain) {
        return this.openRecords(ANIMAL, name, domain);
    }

    openDay(index, series) {
        const step = this.stepOf(index, series);
        return this.openMilk(_t("Milk of %s", this.stepText(step)), [
            ...this.state.data.domains.herd,
            ["record_date", ">=", step[0]],
            ["record_date", "<=", step[1]],
        ]);
    }

    openAnimal(row) {
        return this.action.doAction("smart_dairy_farm.action_cow_card", {
            additionalContext: { active_id: row.id, active_model: ANIMAL },
        });
    }

    openWatch() {
        return this.openAnimals(_t("Animals that need attention"), this.state.data.domains.watch);
    }

    openSetup() {
        return this.action.doAction(this.farms.length ? "smart_dairy_farm.farm_animal_action" : "smart_dairy_farm.farm_farm_action");
    }
}

registry.category("actions").add("smart_dairy_performance.herd_dashboard", HerdDashboard);
