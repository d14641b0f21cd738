/**
 * What was typed and not yet saved, kept in the browser per user, farm, day and session: a closed browser, an
 * empty battery or a barn without a network loses nothing.
 */

import { browser } from "@web/core/browser/browser";
import { user } from "@web/core/user";
import { session as webSession } from "@web/session";
import { COLUMNS, isDirty } from "./herd_entry_model";

const PREFIX = "smart_dairy.herd_entry";
const KEEP_DAYS = 14;

function key({ farmId, date, session }) {
    return [PREFIX, webSession.db, user.userId, farmId, date, session].join("|");
}

/** Write the unsaved rows; without any, the draft goes. Rows that are not shown (another pen) stay in it. */
export function storeDraft(sheet, rows) {
    const shown = new Set(rows.map((row) => row.animal_id));
    const lines = Object.fromEntries(
        Object.entries(readDraft(sheet)).filter(([id]) => !shown.has(Number(id)))
    );
    for (const row of rows) {
        if (isDirty(row)) {
            lines[row.animal_id] = { ...row.text };
        }
    }
    try {
        if (Object.keys(lines).length) {
            const draft = { at: Date.now(), lines };
            browser.localStorage.setItem(key(sheet), JSON.stringify(draft));
        } else {
            browser.localStorage.removeItem(key(sheet));
        }
    } catch (error) {
        // A full or forbidden store must not stop the milking: what is typed stays on the screen.
        console.warn("The draft of the whole-herd entry could not be kept.", error);
    }
}

/** @returns {Object} {animal id: {kg, fat, protein, scc}} */
export function readDraft(sheet) {
    try {
        return JSON.parse(browser.localStorage.getItem(key(sheet)))?.lines || {};
    } catch {
        return {};
    }
}

export function dropDraft(sheet, rows) {
    const clean = rows.map((row) => ({ ...row, text: { ...row.stored } }));
    storeDraft(sheet, clean);
}

/** Put the draft back into the rows; returns how many rows it filled. */
export function restoreDraft(sheet, rows) {
    const lines = readDraft(sheet);
    let count = 0;
    for (const row of rows) {
        const text = lines[row.animal_id];
        if (text) {
            for (const column of COLUMNS) {
                row.text[column] = text[column] ?? row.text[column];
            }
            count += isDirty(row) ? 1 : 0;
        }
    }
    return count;
}

/** Forget drafts of days long past. */
export function sweepDrafts() {
    const limit = Date.now() - KEEP_DAYS * 24 * 3600 * 1000;
    for (const name of Object.keys(browser.localStorage)) {
        if (name.startsWith(PREFIX)) {
            try {
                if (!(JSON.parse(browser.localStorage.getItem(name))?.at > limit)) {
                    browser.localStorage.removeItem(name);
                }
            } catch {
                browser.localStorage.removeItem(name);
            }
        }
    }
}
