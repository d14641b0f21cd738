import { beforeEach, describe, expect, test } from "@odoo/hoot";
import { browser } from "@web/core/browser/browser";
import { patchWithCleanup } from "@web/../tests/web_test_helpers";
import { localization } from "@web/core/l10n/localization";
import {
    dropDraft,
    readDraft,
    restoreDraft,
    storeDraft,
    sweepDrafts,
} from "@smart_dairy_farm/herd_entry/herd_entry_draft";
import {
    hasErrors,
    isDirty,
    judge,
    makeRow,
    toLine,
    toText,
    totals,
} from "@smart_dairy_farm/herd_entry/herd_entry_model";

describe.current.tags("headless");

const LIMITS = {
    max_session_kg: 50,
    max_day_kg: 100,
    min_fat: 0.5,
    max_fat: 15,
    min_protein: 0.5,
    max_protein: 10,
    min_scc: 0,
    max_scc: 99999,
    low_percent: 50,
    high_percent: 170,
    scc_high_percent: 400,
    min_history: 3,
};
const SHEET = { farmId: 7, date: "2026-01-31", session: "morning" };

function row(id, text = {}, line = {}) {
    const made = makeRow({ animal_id: id, seen: "", discarded: false, averages: {}, values: {}, ...line });
    Object.assign(made.text, text);
    return made;
}

function judged(text, line = {}, session = "morning") {
    const made = row(1, text, line);
    judge(made, LIMITS, session);
    return made;
}

beforeEach(() => patchWithCleanup(localization, { decimalPoint: ".", thousandsSep: ",", grouping: [3, 0] }));

describe("rows", () => {
    test("what is unknown is shown empty, 0 as 0", () => {
        const made = row(1, {}, { values: { kg: 12.5, fat: false, protein: null, scc: 0 } });
        expect(made.stored).toEqual({ kg: "12.5", fat: "", protein: "", scc: "0" });
        expect(made.text).toEqual(made.stored);
        expect(isDirty(made)).toBe(false);
    });

    test("the user's decimal mark", () => {
        patchWithCleanup(localization, { decimalPoint: "," });
        expect(toText("kg", 12.5)).toBe("12,5");
        expect(toText("scc", 1250)).toBe("1250");
    });

    test("the same number written otherwise is no change", () => {
        const made = row(1, { kg: "12,50" }, { values: { kg: 12.5 } });
        expect(isDirty(made)).toBe(false);
        made.text.kg = "12,51";
        expect(isDirty(made)).toBe(true);
        made.text.kg = "x";
        expect(isDirty(made)).toBe(true);
    });

    test("numbers travel as text with a point, what is empty as null", () => {
        const made = row(4, { kg: "12,3", scc: "1,250" }, { seen: "then" });
        expect(toLine(made)).toEqual({
            animal_id: 4,
            seen: "then",
            kg: "12.3",
            fat: null,
            protein: null,
            scc: "1250",
        });
    });
});

describe("judgement", () => {
    test("impossible values are refused", () => {
        for (const text of [{ kg: "-1" }, { kg: "50.01" }, { kg: "x" }, { kg: "9", fat: "15.1" }, { fat: "4" }]) {
            expect(hasErrors(judged(text))).toBe(true, { message: JSON.stringify(text) });
        }
        for (const text of [{}, { kg: "0" }, { kg: "50" }, { kg: "9", fat: "15", scc: "0" }]) {
            expect(hasErrors(judged(text))).toBe(false, { message: JSON.stringify(text) });
        }
    });

    test("a whole day may be more than a milking", () => {
        expect(hasErrors(judged({ kg: "60" }, {}, "day"))).toBe(false);
        expect(hasErrors(judged({ kg: "100.5" }, {}, "day"))).toBe(true);
    });

    test("an entered milking cannot be emptied", () => {
        expect(judged({ kg: "" }, { values: { kg: 9 } }).errors.kg).not.toBe("");
        expect(judged({ kg: "" }).errors.kg).toBe("");
    });

    test("unusual values are pointed out and accepted", () => {
        const line = { averages: { kg: [10, 7], scc: [100, 3] } };
        for (const [text, field] of [
            [{ kg: "17.1" }, "kg"],
            [{ kg: "4.9" }, "kg"],
            [{ kg: "10", scc: "401" }, "scc"],
        ]) {
            const made = judged(text, line);
            expect(made.remarks[field]).not.toBe("");
            expect(hasErrors(made)).toBe(false);
        }
        for (const text of [{ kg: "17" }, { kg: "5" }, { kg: "10", scc: "1" }]) {
            expect(Object.values(judged(text, line).remarks).join("")).toBe("");
        }
    });

    test("too short a history says nothing", () => {
        expect(judged({ kg: "40" }, { averages: { kg: [10, 2] } }).remarks.kg).toBe("");
    });
});

describe("totals", () => {
    test("a cow without an entry adds nothing; discarded milk is not saleable", () => {
        const rows = [
            row(1, { kg: "10,5" }),
            row(2, { kg: "8" }, { discarded: true }),
            row(3),
            row(4, {}, { values: { kg: 6 } }),
        ];
        expect(totals(rows)).toEqual({ cows: 4, entered: 3, kg: 24.5, saleable: 16.5, unsaved: 2, wrong: 0 });
    });

    test("what is wrong is counted, not added", () => {
        const wrong = judged({ kg: "99" });
        const nonsense = judged({ kg: "x" });
        const refused = Object.assign(row(3, { kg: "5" }), { refusal: "no" });
        expect(totals([wrong, nonsense, refused])).toEqual({
            cows: 3,
            entered: 1,
            kg: 5,
            saleable: 5,
            unsaved: 3,
            wrong: 3,
        });
    });
});

describe("drafts", () => {
    test("what is typed comes back, and only that", () => {
        storeDraft(SHEET, [row(1, { kg: "12,5" }), row(2)]);
        const rows = [row(1), row(2), row(3)];
        expect(restoreDraft(SHEET, rows)).toBe(1);
        expect(rows.map((each) => each.text.kg)).toEqual(["12,5", "", ""]);
    });

    test("each farm, day and session has its own", () => {
        storeDraft(SHEET, [row(1, { kg: "9" })]);
        for (const other of [{ farmId: 8 }, { date: "2026-02-01" }, { session: "evening" }]) {
            expect(readDraft({ ...SHEET, ...other })).toEqual({});
        }
        expect(Object.keys(readDraft(SHEET))).toEqual(["1"]);
    });

    test("rows of another pen stay in it", () => {
        storeDraft(SHEET, [row(1, { kg: "9" })]);
        storeDraft(SHEET, [row(2, { kg: "7" })]);
        expect(Object.keys(readDraft(SHEET))).toEqual(["1", "2"]);
        dropDraft(SHEET, [row(1)]);
        expect(Object.keys(readDraft(SHEET))).toEqual(["2"]);
        dropDraft(SHEET, [row(2, { kg: "7" })]);
        expect(Object.keys(browser.localStorage).filter((name) => name.includes("herd_entry"))).toEqual([]);
    });

    test("a row saved meanwhile is not counted as restored", () => {
        storeDraft(SHEET, [row(1, { kg: "9" })]);
        expect(restoreDraft(SHEET, [row(1, {}, { values: { kg: 9 } })])).toBe(0);
    });

    test("old and broken drafts are swept", () => {
        storeDraft(SHEET, [row(1, { kg: "9" })]);
        browser.localStorage.setItem("smart_dairy.herd_entry|old", JSON.stringify({ at: 1, lines: {} }));
        browser.localStorage.setItem("smart_dairy.herd_entry|broken", "{");
        browser.localStorage.setItem("somebody.else", "{");
        sweepDrafts();
        expect(browser.localStorage.getItem("smart_dairy.herd_entry|old")).toBe(null);
        expect(browser.localStorage.getItem("smart_dairy.herd_entry|broken")).toBe(null);
        expect(browser.localStorage.getItem("somebody.else")).toBe("{");
        expect(Object.keys(readDraft(SHEET))).toEqual(["1"]);
    });

    test("a full store does not stop the milking", () => {
        patchWithCleanup(console, { warn: () => expect.step("warned") });
        patchWithCleanup(browser, {
            localStorage: {
                getItem: () => null,
                setItem: () => {
                    throw new Error("full");
                },
            },
        });
        storeDraft(SHEET, [row(1, { kg: "9" })]);
        expect.verifySteps(["warned"]);
    });
});
