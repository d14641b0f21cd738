/* global Chart */
import { Component, onWillStart, onWillUnmount, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";

/** A curve over moments, with Odoo's Chart.js; `goal` is a dashed line. */
export class TrendChart extends Component {
    static template = "database_console.TrendChart";
    static props = { title: String, unit: String, points: Array, goal: { type: Number, optional: true } };

    setup() {
        this.canvas = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => this.draw(),
            () => [JSON.stringify(this.props.points)]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    draw() {
        this.chart?.destroy();
        if (!this.canvas.el) {
            return;
        }
        const style = getComputedStyle(this.canvas.el);
        const [line, muted] = ["--o-color-1", "--bs-secondary-color"].map((name) => style.getPropertyValue(name).trim());
        const labels = this.props.points.map(([moment]) =>
            luxon.DateTime.fromISO(moment).toLocaleString({ weekday: "short", hour: "2-digit", minute: "2-digit" })
        );
        const datasets = [
            {
                label: this.props.title,
                data: this.props.points.map(([, value]) => value),
                borderColor: line || "#714b67",
                backgroundColor: line || "#714b67",
                borderWidth: 2,
                pointRadius: labels.length < 40 ? 3 : 0,
                cubicInterpolationMode: "monotone",
            },
        ];
        if (this.props.goal !== undefined) {
            datasets.push({
                label: `${this.props.goal} ${this.props.unit}`,
                data: labels.map(() => this.props.goal),
                borderColor: muted || "#6c757d",
                borderDash: [6, 4],
                borderWidth: 1,
                pointRadius: 0,
            });
        }
        this.chart = new Chart(this.canvas.el, {
            type: "line",
            data: { labels, datasets },
            options: {
                animation: false,
                maintainAspectRatio: false,
                interaction: { mode: "index", intersect: false },
                scales: {
                    x: { grid: { display: false }, ticks: { maxRotation: 0, autoSkipPadding: 16 } },
                    y: { beginAtZero: this.props.goal !== undefined, title: { display: true, text: this.props.unit } },
                },
                plugins: { legend: { display: false } },
            },
        });
    }
}
