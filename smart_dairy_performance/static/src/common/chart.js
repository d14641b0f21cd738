/* global Chart */
import { Component, onWillStart, onWillUnmount, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { number } from "./format";

/**
 * A chart of Odoo's own Chart.js, with its figures as a table for those who cannot see it.
 *
 * `series`: [{label, values: (number|null)[], color: 1..6, type?: "line"|"bar", axis?: "y"|"y1", digits?}]
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
        fromValues: { type: Boolean, optional: true }, // the axes begin at the smallest value, not at 0
        onPoint: { type: Function, optional: true },
    };
    static defaultProps = { type: "line", units: {} };

    setup() {
        this.canvas = useRef("canvas");
        this.chart = null;
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
        const color = this.color(series.color);
        const sparse = series.values.filter((value) => value !== null).length < 40;
        return {
            label: series.label,
            data: series.values,
            type: series.type || this.props.type,
            yAxisID: series.axis || "y",
            borderColor: color,
            backgroundColor: (series.type || this.props.type) === "bar" ? color : `${color}22`,
            borderWidth: (series.type || this.props.type) === "bar" ? 0 : 2,
            borderDash: series.dashed ? [6, 4] : [],
            borderRadius: 3,
            pointRadius: sparse ? 3 : 0,
            pointHitRadius: 12,
            pointHoverRadius: 5,
            cubicInterpolationMode: "monotone", // no bulge below zero between two days
            spanGaps: Boolean(series.spanGaps),
            fill: Boolean(series.fill),
        };
    }

    axis(id) {
        const style = getComputedStyle(this.canvas.el);
        return {
            position: id === "y" ? "left" : "right",
            beginAtZero: !this.props.fromValues,
            stacked: Boolean(this.props.stacked),
            grid: { drawOnChartArea: id === "y", color: style.getPropertyValue("--dairy-border") },
            ticks: { color: style.getPropertyValue("--dairy-muted"), maxTicksLimit: 6 },
            title: {
                display: Boolean(this.props.units[id]),
                text: this.props.units[id],
                color: style.getPropertyValue("--dairy-muted"),
            },
        };
    }

    draw() {
        this.chart?.destroy();
        const axes = [...new Set(this.props.series.map((series) => series.axis || "y"))];
        const scales = Object.fromEntries(axes.map((id) => [id, this.axis(id)]));
        const muted = getComputedStyle(this.canvas.el).getPropertyValue("--dairy-muted");
        this.chart = new Chart(this.canvas.el, {
            type: this.props.type,
            data: { labels: this.props.labels, datasets: this.props.series.map((series) => this.dataset(series)) },
            options: {
                animation: false,
                maintainAspectRatio: false,
                responsive: true,
                interaction: { mode: "index", intersect: false },
                onClick: (_event, points) => points.length && this.props.onPoint?.(points[0].index),
                onHover: (event, points) => {
                    event.native.target.style.cursor = points.length && this.props.onPoint ? "pointer" : "";
                },
                scales: {
                    ...scales,
                    x: {
                        stacked: Boolean(this.props.stacked),
                        grid: { display: false },
                        ticks: { color: muted, maxRotation: 0, autoSkipPadding: 16 },
                    },
                },
                plugins: {
                    legend: {
                        display: this.props.series.length > 1,
                        position: "bottom",
                        labels: { boxWidth: 14, color: muted },
                    },
                    tooltip: {
                        callbacks: {
                            label: (item) => {
                                const series = this.props.series[item.datasetIndex];
                                return `${series.label}: ${this.write(item.raw, series)}`;
                            },
                        },
                    },
                },
            },
        });
    }
}
