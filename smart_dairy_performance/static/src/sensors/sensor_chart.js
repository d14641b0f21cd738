/* global Chart */
import { Component, onWillStart, onWillUnmount, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { _t } from "@web/core/l10n/translation";
import { number } from "../common/format";
import { holes, moment, seriesOf, ticks } from "./chart_logic";

const DIGITS = 1;

/** One sensor over time, on a true time axis: gaps are gaps, and limits are drawn. `chart` is what the server sent. */
export class SensorChart extends Component {
    static template = "smart_dairy_performance.SensorChart";
    static props = { chart: Object };

    setup() {
        this.canvas = useRef("canvas");
        this.chart = null;
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => this.draw(),
            () => [this.props.chart]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    get heading() {
        return this.props.chart.grain === "day" ? _t("Day") : _t("Time");
    }

    get columns() {
        return this.props.chart.grain === "reading" ? [_t("Value")] : [_t("Mean"), _t("Lowest"), _t("Highest")];
    }

    /** The newest first: who reads figures wants to know how it is. */
    get rows() {
        const { chart } = this.props;
        return chart.points
            .slice(-200)
            .reverse()
            .map(([ms, ...values]) => ({
                ms,
                time: moment(ms, chart),
                values: values.map((value) => number(value, DIGITS)),
            }));
    }

    get summary() {
        const { points, sensor } = this.props.chart;
        const values = points.map((point) => point[1]);
        const range = _t("%(sensor)s: %(lowest)s – %(highest)s %(unit)s", {
            sensor: sensor.name,
            lowest: number(Math.min(...values), DIGITS),
            highest: number(Math.max(...values), DIGITS),
            unit: sensor.unit,
        });
        return [range, this.holesText].filter(Boolean).join(". ");
    }

    get holesText() {
        const found = holes(this.props.chart);
        if (!found.length) {
            return "";
        }
        const [from, to] = found.at(-1);
        return _t("No data %(times)s times, last from %(from)s to %(to)s", {
            times: found.length,
            from: moment(from, this.props.chart),
            to: moment(to, this.props.chart),
        });
    }

    property(name) {
        return getComputedStyle(this.canvas.el).getPropertyValue(name).trim();
    }

    dataset(series) {
        const color = this.property(`--dairy-series-${series.color}`);
        return {
            label: series.label,
            data: series.values,
            borderColor: color,
            backgroundColor: `${color}22`,
            borderWidth: series.edge ? 0 : series.dashed ? 1.5 : 2,
            borderDash: series.dashed ? [6, 4] : [],
            pointRadius: series.edge || series.dashed ? 0 : series.values.length < 60 ? 3 : 1,
            pointHitRadius: series.dashed ? 0 : 8,
            fill: series.fillTo || false,
            spanGaps: series.dashed ? true : this.props.chart.gap,
        };
    }

    draw() {
        const { chart } = this.props;
        const muted = this.property("--dairy-muted");
        const series = seriesOf(chart);
        this.chart?.destroy();
        this.chart = new Chart(this.canvas.el, {
            type: "line",
            data: { datasets: series.map((one) => this.dataset(one)) },
            options: {
                animation: false,
                maintainAspectRatio: false,
                responsive: true,
                parsing: false,
                interaction: { mode: "nearest", axis: "x", intersect: false },
                scales: {
                    x: {
                        type: "linear",
                        min: chart.start,
                        max: chart.end,
                        grid: { display: false },
                        afterBuildTicks: (axis) => {
                            axis.ticks = ticks(chart).map((value) => ({ value }));
                        },
                        ticks: {
                            color: muted,
                            maxRotation: 0,
                            autoSkipPadding: 16,
                            callback: (value) => this.tick(value),
                        },
                    },
                    y: {
                        grid: { color: this.property("--dairy-border") },
                        ticks: { color: muted, maxTicksLimit: 6 },
                        title: { display: true, text: chart.sensor.unit, color: muted },
                    },
                },
                plugins: {
                    legend: {
                        position: "bottom",
                        labels: { boxWidth: 14, color: muted, filter: (item) => !series[item.datasetIndex].edge },
                    },
                    tooltip: {
                        filter: (item) => !series[item.datasetIndex].dashed,
                        callbacks: {
                            title: ([item]) => (item ? moment(item.raw.x, chart) : ""),
                            label: (item) =>
                                `${series[item.datasetIndex].label}: ${number(item.raw.y, DIGITS)} ${chart.sensor.unit}`,
                        },
                    },
                },
            },
        });
    }

    /** Hours within two days, otherwise days. */
    tick(ms) {
        const { start, end, zone } = this.props.chart;
        const at = luxon.DateTime.fromMillis(ms, { zone });
        return end - start <= 2 * 86_400_000
            ? at.toLocaleString({ hour: "2-digit", minute: "2-digit" })
            : at.toLocaleString({ day: "numeric", month: "short" });
    }
}
