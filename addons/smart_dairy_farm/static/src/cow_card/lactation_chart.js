import { Component, onWillStart, onWillUnmount, useEffect, useRef, useState } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { _t } from "@web/core/l10n/translation";
import { formatFloat } from "@web/core/utils/numbers";

/** Milk by day in milk against what is expected of the breed and parity; one component can be laid over it. */
export class LactationChart extends Component {
    static template = "smart_dairy_farm.LactationChart";
    static props = { curve: Object };

    setup() {
        this.canvas = useRef("canvas");
        this.state = useState({ overlay: "" });
        this.chart = null;
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => this.draw(),
            () => [this.props.curve, this.state.overlay]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    get overlays() {
        const has = (name) => this.props.curve.points.some((point) => point[name] !== null);
        return [
            ["", _t("Milk only"), true],
            ["fat", _t("Fat %"), has("fat")],
            ["protein", _t("Protein %"), has("protein")],
            ["scc", _t("SCC ×1000"), has("scc")],
        ].filter(([, , shown]) => shown);
    }

    /** The same as the picture, for those who cannot see it. */
    get summary() {
        const points = this.props.curve.points;
        if (!points.length) {
            return "";
        }
        const best = points.reduce((a, b) => (b.kg > a.kg ? b : a));
        const last = points.at(-1);
        return _t(
            "Highest day %(best)s kg on day %(bestDay)s; last %(last)s kg on day %(lastDay)s.",
            {
                best: this.number(best.kg),
                bestDay: best.dim,
                last: this.number(last.kg),
                lastDay: last.dim,
            }
        );
    }

    get lastDay() {
        const { points, expected } = this.props.curve;
        return Math.max(305, points.at(-1)?.dim || 0, expected.at(-1)?.dim || 0);
    }

    get discarded() {
        return this.props.curve.points.some((point) => point.discarded);
    }

    number(value, digits = 1) {
        return formatFloat(value, { digits: [16, digits], trailingZeros: false });
    }

    color(name) {
        return getComputedStyle(this.canvas.el).getPropertyValue(name).trim();
    }

    datasets() {
        const { points, expected, parity, breed } = this.props.curve;
        const [milk, other] = [this.color("--dairy-series-1"), this.color("--dairy-series-2")];
        const sets = [
            {
                label: _t("Milk kg a day"),
                data: points.map((point) => ({ x: point.dim, y: point.kg })),
                borderColor: milk,
                backgroundColor: points.map((point) => (point.discarded ? this.color("--dairy-bad") : milk)),
                pointBorderColor: points.map((point) => (point.discarded ? this.color("--dairy-bad") : milk)),
                pointRadius: points.map((point) => (point.discarded ? 3 : points.length > 90 ? 0 : 2)),
                borderWidth: 2,
                tension: 0.2,
            },
        ];
        if (expected.length) {
            sets.push({
                label: _t("Expected: %(breed)s, lactation %(parity)s", { breed, parity }),
                data: expected.map((point) => ({ x: point.dim, y: point.kg })),
                borderColor: this.color("--dairy-series-3"),
                borderDash: [6, 4],
                borderWidth: 2,
                pointRadius: 0,
                tension: 0.3,
            });
        }
        const overlay = this.state.overlay;
        if (overlay) {
            sets.push({
                label: this.overlays.find(([name]) => name === overlay)[1],
                data: points
                    .filter((point) => point[overlay] !== null)
                    .map((point) => ({ x: point.dim, y: point[overlay] })),
                borderColor: other,
                backgroundColor: other,
                pointRadius: 3,
                borderWidth: 1,
                yAxisID: "other",
            });
        }
        return sets;
    }

    draw() {
        this.chart?.destroy();
        const text = this.color("--dairy-text");
        const title = (label) => ({ display: true, text: label, color: text });
        const overlay = this.overlays.find(([name]) => name && name === this.state.overlay);
        const scales = {
            x: {
                type: "linear",
                min: 0,
                max: this.lastDay,
                title: title(_t("Days since calving")),
                ticks: { color: text },
                grid: { display: false },
            },
            y: { beginAtZero: true, title: title(_t("kg a day")), ticks: { color: text } },
        };
        if (overlay) {
            scales.other = {
                position: "right",
                title: title(overlay[1]),
                ticks: { color: text },
                grid: { drawOnChartArea: false },
            };
        }
        this.chart = new Chart(this.canvas.el, {
            type: "line",
            data: { datasets: this.datasets() },
            options: {
                maintainAspectRatio: false,
                animation: false,
                interaction: { mode: "nearest", axis: "x", intersect: false },
                scales,
                plugins: {
                    legend: { position: "bottom", labels: { color: text, boxWidth: 24, boxHeight: 2 } },
                    tooltip: {
                        callbacks: {
                            title: (items) => _t("Day %s", items[0]?.parsed.x),
                            label: (item) => `${item.dataset.label}: ${this.number(item.parsed.y, 2)}`,
                        },
                    },
                },
            },
        });
    }
}
