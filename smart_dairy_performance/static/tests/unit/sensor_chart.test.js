import { describe, expect, test } from "@odoo/hoot";
import { holes, moment, seriesOf, ticks } from "@smart_dairy_performance/sensors/chart_logic";

const { DateTime } = luxon;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const at = (iso, zone = "UTC") => DateTime.fromISO(iso, { zone }).toMillis();

function chart(values = {}) {
    const start = at("2026-03-10T00:00");
    return {
        sensor: { name: "Barn", unit: "°C" },
        grain: "reading",
        gap: 30 * MINUTE,
        bounds: [],
        start,
        end: start + 6 * HOUR,
        zone: "UTC",
        points: [10, 20, 30, 90, 340].map((minutes) => [start + minutes * MINUTE, minutes]),
        ...values,
    };
}

describe("holes", () => {
    test("are the times longer than the gap, at both ends too", () => {
        const one = chart();
        const minutes = (from, to) => [one.start + from * MINUTE, one.start + to * MINUTE];
        expect(holes(one)).toEqual([minutes(30, 90), minutes(90, 340)]);
        const late = chart({ points: one.points.slice(3) });
        expect(holes(late)).toEqual([minutes(0, 90), minutes(90, 340)]);
        const silent = chart({ points: one.points.slice(0, 3) });
        expect(holes(silent)).toEqual([minutes(30, 360)]);
    });

    test("are none between points exactly as far apart as the gap", () => {
        const { start } = chart();
        const points = Array.from({ length: 13 }, (_one, index) => [start + index * 30 * MINUTE, 1]);
        expect(holes(chart({ points }))).toEqual([]);
    });

    test("without any point the whole span is one", () => {
        const one = chart({ points: [] });
        expect(holes(one)).toEqual([[one.start, one.end]]);
    });
});

describe("series", () => {
    test("readings are drawn at their time, and nothing is added", () => {
        const [line, ...others] = seriesOf(chart());
        expect(line.values.map(({ x, y }) => [x, y])).toEqual(chart().points);
        expect(others).toHaveLength(0);
    });

    test("0 is a value", () => {
        const { start } = chart();
        expect(seriesOf(chart({ points: [[start, 0]] }))[0].values).toEqual([{ x: start, y: 0 }]);
    });

    test("hours show the mean within lowest and highest", () => {
        const { start } = chart();
        const series = seriesOf(chart({ grain: "hour", points: [[start, 5, 1, 9]] }));
        expect(series.map((one) => one.values[0].y)).toEqual([1, 9, 5]);
        expect(series[1].fillTo).toBe("-1");
    });

    test("limits go from end to end", () => {
        const one = chart({ bounds: [{ kind: "law", value: 8 }] });
        const limit = seriesOf(one).at(-1);
        expect(limit.dashed).toBe(true);
        expect(limit.values).toEqual([
            { x: one.start, y: 8 },
            { x: one.end, y: 8 },
        ]);
    });
});

describe("ticks", () => {
    test("are whole hours of the zone", () => {
        const zone = "Asia/Kolkata";
        const start = at("2026-03-10T04:10", zone);
        const marks = ticks({ start, end: start + 6 * HOUR, zone });
        expect(marks.map((ms) => DateTime.fromMillis(ms, { zone }).toFormat("HH:mm"))).toEqual([
            "05:00",
            "06:00",
            "07:00",
            "08:00",
            "09:00",
            "10:00",
        ]);
    });

    test("days stay at midnight where summer time begins", () => {
        const zone = "Europe/Paris";
        const start = at("2026-03-26T12:00", zone);
        const marks = ticks({ start, end: start + 7 * 24 * HOUR, zone });
        expect(marks.map((ms) => DateTime.fromMillis(ms, { zone }).hour)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    });

    test("a year has no more than its share of marks", () => {
        const start = at("2026-01-01T00:00");
        const marks = ticks({ start, end: start + 365 * 24 * HOUR, zone: "UTC" });
        expect(marks.length).toBeLessThan(15);
        expect(marks.length).toBeGreaterThan(3);
    });
});

describe("moments", () => {
    test("are those of the company", () => {
        const ms = at("2026-03-10T20:00");
        expect(moment(ms, chart({ zone: "Asia/Kolkata" }))).toMatch(/0?1:30/);
        expect(moment(ms, chart({ zone: "Asia/Kolkata", grain: "day" }))).toMatch(/11/);
    });
});
