/* global Chart */
import { Component, onWillStart, onWillUnmount, useEffect, useRef, useState } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { _t } from "@web/core/l10n/translation";
import { number } from "./format";

/**
 * A chart of Odoo's own Chart.js, with its figures as a table for those who cannot see it.
 *
 * `series`: [{label, values: (number|null)[], color: 1..6, type?: "line"|"bar", axis?: "y"|"y1", digits?, compared?}]
 * `compared` marks another period's values: drawn thin and grey. `onPoint(index, series)` opens what is behind a point,
 * by click, or with the arrow keys and Enter.
 * A null value is a gap, not a zero; `spanGaps` draws the line on to the next known value (tests every few weeks).
 */
export class DairyChart extends Component {
    static template = "smart_dairy_performance.Chart";
    static props = {
        name: String,
        title: String,
        labels: Array,
        series: Array,
        type: { type: String, optional: true },
        units: { type: Object, optional: true },
        stacked: { type: Boolean, optional: true },
        heading: { type: String, optional: true }, // of the first column of the figures
        fromValues: { type: Boolean, optional: true }, // the axes begin at the smallest value, not at 0
        onPoint: { type: Function, optional: true },
    };
    static defaultProps = { type: "line", units: {}, heading: _t("Day") };

    setup() {
        this.canvas = useRef("canvas");
        this.chart = null;
        this.active = null;
        this.state = useState({ spoken: "" });
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => this.draw(),
            () => [JSON.stringify([this.props.labels, this.props.series])]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    get summary() {
        return this.props.series
            .map((series) => {
                const known = series.values.filter((value) => value !== null);
                return known.length
                    ? `${series.label}: ${this.write(Math.min(...known), series)} – ${this.write(Math.max(...known), series)}`
                    : "";
            })
            .filter(Boolean)
            .join("; ");
    }

    write(value, series) {
        return value === null ? "–" : number(value, series.digits ?? 0);
    }

    /** Colours are the page's custom properties: a theme changes them in one place. */
    color(index) {
        return getComputedStyle(this.canvas.el).getPropertyValue(`--dairy-series-${index}`).trim() || "#5b6770";
    }

    dataset(series) {
        const color = series.compared ? this.muted : this.color(series.color);
        const sparse = series.values.filter((value) => value !== null).length < 40;
        return {
            label: series.label,
            data: series.values,
            type: series.type || this.props.type,
            yAxisID: series.axis || "y",
            borderColor: color,
            backgroundColor: (series.type || this.props.type) === "bar" ? color : `${color}22`,
            borderWidth: (series.type || this.props.type) === "bar" ? 0 : series.compared ? 1.5 : 2,
            borderDash: series.compared ? [2, 3] : series.dashed ? [6, 4] : [],
            borderRadius: 3,
            pointRadius: sparse && !series.compared ? 3 : 0,
            pointHitRadius: 12,
            pointHoverRadius: 5,
            cubicInterpolationMode: "monotone", // no bulge below zero between two days
            spanGaps: Boolean(series.spanGaps),
            fill: Boolean(series.fill),
        };
    }

    get muted() {
        return getComputedStyle(this.canvas.el).getPropertyValue("--dairy-muted").trim();
    }

    axis(id) {
        const style = getComputedStyle(this.canvas.el);
        const unit = this.props.units[id] || this.props.series.find((series) => (series.axis || "y") === id).label;
        return {
            position: id === "y" ? "left" : "right",
            beginAtZero: !this.props.fromValues,
            stacked: Boolean(this.props.stacked),
            grid: { drawOnChartArea: id === "y", color: style.getPropertyValue("--dairy-border") },
            ticks: { color: style.getPropertyValue("--dairy-muted"), maxTicksLimit: 6 },
            title: {
                display: true,
                text: unit,
                color: style.getPropertyValue("--dairy-muted"),
            },
        };
    }

    /** New values of the same series only move the lines; anything else is drawn anew. */
    draw() {
        const { labels, series, units, stacked } = this.props;
        const shape = JSON.stringify([series.map(({ values, ...one }) => one), units, stacked]);
        const data = { labels, datasets: series.map((one) => this.dataset(one)) };
        if (this.chart && shape === this.shape) {
            this.chart.data = data;
            this.chart.update("none");
            return;
        }
        this.shape = shape;
        this.chart?.destroy();
        const axes = [...new Set(series.map((one) => one.axis || "y"))];
        const muted = this.muted;
        this.chart = new Chart(this.canvas.el, {
            type: this.props.type,
            data,
            options: {
                animation: false,
                maintainAspectRatio: false,
                responsive: true,
                interaction: { mode: "index", intersect: false },
                onClick: (event, points, chart) => {
                    const [nearest] = chart.getElementsAtEventForMode(event, "nearest", { intersect: false }, false);
                    if (points.length && nearest) {
                        this.open(nearest.index, nearest.datasetIndex);
                    }
                },
                onHover: (event, points) => {
                    event.native.target.style.cursor = points.length && this.props.onPoint ? "pointer" : "";
                },
                scales: {
                    ...Object.fromEntries(axes.map((id) => [id, this.axis(id)])),
                    x: {
                        stacked: Boolean(stacked),
                        grid: { display: false },
                        ticks: { color: muted, maxRotation: 0, autoSkip: labels.length > 7, autoSkipPadding: 16 },
                    },
                },
                plugins: {
                    legend: {
                        display: series.length > 1,
                        position: "bottom",
                        labels: { boxWidth: 14, color: muted },
                    },
                    tooltip: {
                        callbacks: {
                            label: (item) => {
                                const one = this.props.series[item.datasetIndex];
                                return `${one.label}: ${this.write(item.raw, one)}`;
                            },
                        },
                    },
                },
            },
        });
    }

    open(index, datasetIndex) {
        this.props.onPoint?.(index, this.props.series[datasetIndex]);
    }

    /** Show and say the point at `index` (`null`: none), as the mouse would. */
    point(index) {
        this.active = index;
        const points =
            index === null
                ? []
                : this.props.series.flatMap((one, datasetIndex) =>
                      one.values[index] === null ? [] : [{ datasetIndex, index }]
                  );
        this.chart.setActiveElements(points);
        this.chart.tooltip.setActiveElements(points, { x: 0, y: 0 });
        this.chart.update("none");
        const values = points.map(({ datasetIndex }) => {
            const one = this.props.series[datasetIndex];
            return `${one.label}: ${this.write(one.values[index], one)}`;
        });
        this.state.spoken = index === null ? "" : `${this.props.labels[index]}. ${values.join("; ")}`;
    }

    onKey(ev) {
        const last = this.props.labels.length - 1;
        const current = this.active ?? last + 1;
        const moves = {
            ArrowLeft: Math.max(0, current - 1),
            ArrowRight: Math.min(last, this.active === null ? 0 : current + 1),
            Home: 0,
            End: last,
        };
        if (ev.key in moves) {
            ev.preventDefault();
            this.point(moves[ev.key]);
        } else if (ev.key === "Enter" && this.active !== null) {
            ev.preventDefault();
            this.open(this.active, 0);
        }
    }
}
