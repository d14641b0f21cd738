/** What the chart of a sensor draws, from what the server sent; no component, so that it can be tested alone. */
import { _t } from "@web/core/l10n/translation";

const { DateTime } = luxon;
const BOUNDS = {
    low: () => _t("Low limit"),
    high: () => _t("High limit"),
    law: () => _t("Law: cooled to"),
};

/** Series of a chart over time: values are {x: ms, y}; a hole of more than `gap` ms stays one. */
export function seriesOf(chart) {
    const { points, grain, sensor, bounds, start, end } = chart;
    const at = (index) => points.map((point) => ({ x: point[0], y: point[index] }));
    const range =
        grain === "reading"
            ? []
            : [
                  { label: _t("Lowest"), values: at(2), color: 1, edge: true },
                  { label: _t("Highest"), values: at(3), color: 1, edge: true, fillTo: "-1" },
              ];
    const label = grain === "reading" ? sensor.name : _t("%s, mean", sensor.name);
    return [
        ...range,
        { label, values: at(1), color: 1 },
        ...bounds.map(({ kind, value }) => ({
            label: BOUNDS[kind](),
            values: [
                { x: start, y: value },
                { x: end, y: value },
            ],
            color: 5,
            dashed: true,
        })),
    ];
}

/** Times without data, in which the chart shows a hole: [[ms, ms]]. The time since the newest point is one, too. */
export function holes({ points, gap, start, end }) {
    const times = [start, ...points.map((point) => point[0]), end];
    return times.slice(1).flatMap((time, index) => (time - times[index] > gap ? [[times[index], time]] : []));
}

/** A moment as people write it: the time where the chart shows readings of a day, else the day too. */
export function moment(ms, chart) {
    const at = DateTime.fromMillis(ms, { zone: chart.zone });
    if (chart.grain === "day") {
        return at.toLocaleString({ day: "numeric", month: "short", year: "numeric" });
    }
    return at.toLocaleString(
        chart.grain === "reading"
            ? { hour: "2-digit", minute: "2-digit" }
            : { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }
    );
}

/** Where the marks of the time axis are: whole hours or days of the chart's time zone, at most `most` of them. */
export function ticks({ start, end, zone }, most = 8) {
    const hour = 3_600_000;
    const steps = [1, 2, 3, 6, 12, 24, 48, 168, 336, 720, 1440].map((hours) => hours * hour);
    const step = steps.find((one) => (end - start) / one <= most) || steps.at(-1);
    const marks = [];
    let at = DateTime.fromMillis(start, { zone }).startOf("day");
    const hours = step / hour;
    while (at.toMillis() <= end) {
        if (at.toMillis() >= start) {
            marks.push(at.toMillis());
        }
        at = hours % 24 ? at.plus({ hours }) : at.plus({ days: hours / 24 }); // days are not always 24 hours
    }
    return marks;
}
