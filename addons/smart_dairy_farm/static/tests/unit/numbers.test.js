import { describe, expect, test } from "@odoo/hoot";
import { parseCount, parseDecimal } from "@smart_dairy_farm/numbers";

describe.current.tags("headless");

test("comma and point are the same", () => {
    expect(parseDecimal("12.5")).toBe(12.5);
    expect(parseDecimal("12,5")).toBe(12.5);
    expect(parseDecimal(" 0,05 ")).toBe(0.05);
    expect(parseDecimal(".5")).toBe(0.5);
    expect(parseDecimal("7.")).toBe(7);
    expect(parseDecimal("-3")).toBe(-3);
});

test("thousands are told from decimals by the other mark", () => {
    expect(parseDecimal("1,234.5")).toBe(1234.5);
    expect(parseDecimal("1.234,5")).toBe(1234.5);
    expect(parseDecimal("1 234,5")).toBe(1234.5);
    expect(parseDecimal("1'234.5")).toBe(1234.5);
});

test("nothing is null, nonsense is NaN, neither is 0", () => {
    for (const nothing of ["", "  ", null, undefined, false]) {
        expect(parseDecimal(nothing)).toBe(null);
    }
    for (const nonsense of ["x", "1,2,3", "1.2.3", "--1", "1e3", "12,34.5,6", "kg 12", ","]) {
        expect(Number.isNaN(parseDecimal(nonsense))).toBe(true, { message: nonsense });
    }
    expect(parseDecimal("0")).toBe(0);
});

test("a cell count groups its thousands, a yield does not", () => {
    expect(parseCount("1,250")).toBe(1250);
    expect(parseCount("1.250")).toBe(1250);
    expect(parseCount("187")).toBe(187);
    expect(parseCount("187,5")).toBe(187.5);
    expect(parseCount("")).toBe(null);
    expect(parseDecimal("1,250")).toBe(1.25);
});
