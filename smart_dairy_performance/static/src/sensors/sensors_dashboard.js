import { useEffect, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError, RPCError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { Dashboard } from "../common/dashboard";
import { AlertList } from "./alert_list";
import { SensorChart } from "./sensor_chart";

const SENSOR = "farm.sensor";
const ALERT = "farm.sensor.alert";
const TONES = { ok: "ok", no_data: "warn", alert: "bad" };

export class SensorsDashboard extends Dashboard {
    static dashboard = "sensors";
    static template = "smart_dairy_performance.Frame";
    static components = { ...Dashboard.components, AlertList, SensorChart };
    static filtersTemplate = "smart_dairy_performance.SensorsFilters";
    static figuresTemplate = "smart_dairy_performance.SensorsFigures";
    static emptyTemplate = "smart_dairy_performance.SensorsEmpty";
    static hasPeriod = false; // how it is now; the chart has spans of its own

    setup() {
        super.setup();
        this.chosen = useState({ sensor: null, span: "day", chart: null, error: "" });
        this.turn = 0;
        useEffect(
            () => {
                this.loadChart();
            },
            () => [this.state.data, this.chosen.sensor, this.chosen.span]
        );
    }

    isEmpty(data) {
        return !data.now.sensors;
    }

    get farms() {
        return this.state.choices.farms || [];
    }

    get periodText() {
        return _t("now");
    }

    get tables() {
        return [
            { name: "sensors", label: _t("Sensors") },
            { name: "barns", label: _t("Barns") },
            { name: "tanks", label: _t("Tanks") },
            { name: "alerts", label: _t("Open alerts") },
        ];
    }

    // ------------------------------------------------------------ tiles

    get tiles() {
        const { now, domains } = this.state.data;
        const count = (name, label, tone, hint) => ({
            name,
            label,
            value: this.format.number(now[name]),
            note: _t("of %s sensors", this.format.number(now.sensors)),
            hint,
            tone: now[name] || name === "ok" ? tone : "ok",
            onOpen: () => this.openRecords(SENSOR, label, domains[name]),
        });
        const alerts = (name, label, tone) => ({
            name,
            label,
            value: this.format.number(now[name]),
            tone: now[name] ? tone : "ok",
            onOpen: () => this.openRecords(ALERT, label, domains[`${name}_alerts`]),
        });
        return [
            {
                ...alerts("new", _t("New alerts"), "bad"),
                note: now.snoozed ? _t("%s more are snoozed", this.format.number(now.snoozed)) : _t("nobody looks after them yet"),
            },
            { ...alerts("acknowledged", _t("Acknowledged alerts"), "warn"), note: _t("somebody looks after them") },
            count("ok", _t("Sensors in order"), "ok"),
            count("no_data", _t("Sensors without data"), "warn", _t("Silent for three of their intervals")),
            count("alert", _t("Sensors beyond a limit"), "bad"),
        ];
    }

    // ------------------------------------------------------------ alerts

    async act(method, id, ...args) {
        try {
            await this.orm.call(ALERT, method, [[id], ...args]);
        } finally {
            await this.load({ quiet: true });
        }
    }

    get moreAlerts() {
        const { now, alerts } = this.state.data;
        return now.open > alerts.length ? _t("Show all %s open alerts", this.format.number(now.open)) : undefined;
    }

    openAlert(id) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: ALERT,
            res_id: id,
            views: [[false, "form"]],
            target: "current",
        });
    }

    openAlerts() {
        return this.openRecords(ALERT, _t("Open alerts"), this.state.data.domains.open_alerts);
    }

    // ------------------------------------------------------------ lists

    since(iso) {
        if (!iso) {
            return _t("never");
        }
        const at = luxon.DateTime.fromISO(iso);
        const time = { hour: "2-digit", minute: "2-digit" };
        return at.hasSame(luxon.DateTime.now(), "day")
            ? at.toLocaleString(time)
            : at.toLocaleString({ day: "numeric", month: "short", ...time });
    }

    measured(value, unit, digits = 1) {
        return value === null ? "–" : `${this.format.number(value, digits)} ${unit}`;
    }

    silentBadge(row) {
        return { text: _t("No data since %s", this.since(row.at)), tone: "warn" };
    }

    get barnColumns() {
        return [
            { name: "name", label: _t("Barn") },
            { name: "temperature", label: _t("Temperature"), number: true },
            { name: "humidity", label: _t("Humidity"), number: true },
            { name: "thi", label: _t("THI"), number: true },
            { name: "state", label: _t("State"), badge: true },
        ];
    }

    /** Farms call their tanks and barns alike. */
    placeName(row) {
        const { barns, tanks } = this.state.data;
        const farms = new Set([...barns, ...tanks].map((place) => place.farm));
        return farms.size > 1 ? `${row.name} (${row.farm})` : row.name;
    }

    get barnRows() {
        return this.state.data.barns.map((row) => ({
            id: row.id,
            badge: row.silent
                ? this.silentBadge(row)
                : row.stress
                  ? { text: _t("Heat stress: THI from %s", this.format.number(row.threshold)), tone: "bad" }
                  : { text: _t("as of %s", this.since(row.at)), tone: "ok" },
            cells: {
                name: this.placeName(row),
                temperature: this.measured(row.temperature, "°C"),
                humidity: this.measured(row.humidity, "%", 0),
                thi: row.thi === null ? "–" : this.format.number(row.thi, 1),
                state: "",
            },
        }));
    }

    get tankColumns() {
        return [
            { name: "name", label: _t("Tank") },
            { name: "temperature", label: _t("Temperature"), number: true },
            { name: "level", label: _t("Level"), number: true },
            { name: "state", label: _t("State"), badge: true },
        ];
    }

    get tankRows() {
        return this.state.data.tanks.map((row) => ({
            id: row.id,
            ...(row.fill === null ? {} : { bar: Math.min(1, row.fill) }),
            badge: row.silent
                ? this.silentBadge(row)
                : row.warm
                  ? { text: _t("warmer than %s °C", this.format.number(row.limit, 1)), tone: "bad" }
                  : row.empty
                    ? { text: _t("empty"), tone: "info" }
                    : { text: _t("as of %s", this.since(row.at)), tone: "ok" },
            cells: {
                name: this.placeName(row),
                temperature: this.measured(row.temperature, "°C"),
                level: this.measured(row.level, "L", 0),
                state: "",
            },
        }));
    }

    openBarn(row) {
        const { sensors } = this.state.data.domains;
        const domain = ["|", ["barn_id", "=", row.id], ["pen_id.barn_id", "=", row.id]];
        return this.openRecords(SENSOR, row.cells.name, [...sensors, ...domain]);
    }

    openTank(row) {
        return this.openRecords(SENSOR, row.cells.name, [...this.state.data.domains.sensors, ["tank_id", "=", row.id]]);
    }

    get sensorColumns() {
        return [
            { name: "name", label: _t("Sensor") },
            { name: "type", label: _t("Type"), wide: true },
            { name: "place", label: _t("Place"), wide: true },
            { name: "value", label: _t("Now"), number: true },
            { name: "state", label: _t("State"), badge: true },
        ];
    }

    get sensorRows() {
        const words = { ok: _t("OK"), alert: _t("Beyond a limit") };
        return this.state.data.sensors.map((row) => ({
            id: row.id,
            badge:
                row.state === "no_data"
                    ? this.silentBadge(row)
                    : { text: words[row.state], tone: TONES[row.state] },
            cells: {
                name: row.name,
                type: row.type,
                place: row.place || "–",
                value: this.measured(row.value, row.unit),
                state: "",
            },
        }));
    }

    get moreSensors() {
        const { now, sensors } = this.state.data;
        return now.sensors > sensors.length ? _t("Show all %s sensors", this.format.number(now.sensors)) : undefined;
    }

    openSensors() {
        return this.openRecords(SENSOR, _t("Sensors"), this.state.data.domains.sensors);
    }

    openSensorList() {
        return this.action.doAction("smart_dairy_iot.farm_sensor_action");
    }

    // ------------------------------------------------------------ chart

    get spans() {
        return [
            { name: "hours", label: _t("6 hours") },
            { name: "day", label: _t("24 hours") },
            { name: "week", label: _t("7 days") },
            { name: "month", label: _t("30 days") },
            { name: "quarter", label: _t("90 days") },
            { name: "year", label: _t("12 months") },
        ];
    }

    /** The sensor that was chosen, else the first in the list: one that wants a look. */
    get sensorId() {
        return this.chosen.sensor || this.state.data?.sensors[0]?.id;
    }

    get chartTitle() {
        const { sensor, grain } = this.chosen.chart;
        const what = { reading: _t("readings"), hour: _t("by hour"), day: _t("by day") }[grain];
        return [sensor.name, sensor.place, what].filter(Boolean).join(" · ");
    }

    get chartNow() {
        const { sensor } = this.chosen.chart;
        return sensor.value === null
            ? _t("No data since %s", this.since(sensor.at))
            : `${this.measured(sensor.value, sensor.unit)} · ${this.since(sensor.at)}`;
    }

    choose(row) {
        this.chosen.sensor = row.id;
        document.querySelector(".o_dairy_sensor_chart")?.scrollIntoView({ behavior: "smooth", block: "nearest" });
    }

    showSensor(id) {
        this.choose({ id });
    }

    chooseSpan(span) {
        this.chosen.span = span;
    }

    openSensor() {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: SENSOR,
            res_id: this.sensorId,
            views: [[false, "form"]],
            target: "current",
        });
    }

    /** Read the chart's points; answers that a later question has overtaken are dropped. */
    async loadChart() {
        if (!this.sensorId) {
            return;
        }
        const turn = ++this.turn;
        try {
            const chart = await this.orm.silent.call(SENSOR, "get_chart", [[this.sensorId], this.chosen.span]);
            if (turn === this.turn) {
                Object.assign(this.chosen, { chart, error: "" });
            }
        } catch (error) {
            if (turn === this.turn) {
                Object.assign(this.chosen, { chart: null, error: this.explain(error) });
            }
            if (!(error instanceof RPCError || error instanceof ConnectionLostError)) {
                throw error;
            }
        }
    }
}

registry.category("actions").add("smart_dairy_performance.sensors_dashboard", SensorsDashboard);
