import { expect, test } from "vitest";
import { type Ledger, MAX_KEPT } from "#model/ports.ts";
import type { RepeatWindow } from "#model/repeat-window.ts";
import { ALERT } from "#test/support/alerts.ts";
import type { LedgerUnderTest } from "./ledger.ts";

let cases = 0;
/** The name of a window that no other case uses: a table may be shared. */
const freshId = () => `window/${ALERT.group} case ${++cases}`;
/** Keys that no other case uses. */
const freshKeys = (count: number, of = `case ${++cases}`) =>
  Array.from({ length: count }, (_, index) => `alert of a window ${of} ${index}`);
const MINUTE = 60_000;

/** A window with everything that one can have, which has counted this many. */
function windowOf(openedMs: number, count = 1): RepeatWindow {
  const { eventId, when } = ALERT;
  const first = { eventId, when, time: "11 Jun 11:15:00", differs: [] };
  const last = { eventId: 'ü 日本 👍 "\\', when, time: "11 Jun 11:16:00", differs: ["role deploy / session ci-42"] };
  const total = { count, first, last, occurrences: [first, last] };
  return {
    alert: ALERT,
    mention: { kind: "group", id: "S0123456789" },
    banner: "For team-a, which is gone.",
    destination: "slack_app:C0123456789",
    openedMs,
    untilMs: openedMs + 15 * MINUTE,
    closed: false,
    wakes: true,
    thread: { channelId: "C0123456789", ts: "1749633300.000100", destination: "slack_app:C0123456789" },
    total,
    untold: total,
  };
}

/** Opens a window. @returns its version */
async function opened(ledger: Ledger, id: string, window: RepeatWindow): Promise<number | undefined> {
  expect(await ledger.keepWindow(id, window, undefined, [])).toBe(true);
  return (await ledger.window(id))?.version;
}

/** What every {@link Ledger} does about windows: a part of `ledgerConformance`. */
export function windowConformance(open: () => LedgerUnderTest): void {
  test("keeps a window whole, for everybody, until another version of it is kept", async () => {
    const table = open();
    const [me, other] = [table.as("me"), table.as("other")];
    const [id, neverKept] = [freshId(), freshId()];
    const [first, second] = [windowOf(table.nowMs()), windowOf(table.nowMs(), 2)];
    const before = await me.window(id);
    const version = await opened(me, id, first);
    const kept = await other.window(id);
    const isReplaced = await other.keepWindow(id, second, version, []);
    const replaced = await me.window(id);
    expect({ before, kept: kept?.window, isReplaced, replaced: replaced?.window }).toEqual({
      before: undefined,
      kept: first,
      isReplaced: true,
      replaced: second,
    });
    expect(replaced?.version).not.toBe(version);
    expect(await me.window(neverKept)).toBeUndefined();
  });

  test("replaces no other version of a window than the one that is named, and none where none is named", async () => {
    const table = open();
    const ledger = table.as("me");
    const [id, neverKept] = [freshId(), freshId()];
    const version = await opened(ledger, id, windowOf(table.nowMs()));
    const second = windowOf(table.nowMs(), 2);
    await ledger.keepWindow(id, second, version, []);
    const late = windowOf(table.nowMs(), 3);
    expect({
      late: [
        await ledger.keepWindow(id, late, version, []),
        await ledger.keepWindow(id, late, undefined, []),
        await ledger.keepWindow(id, undefined, version, []),
        await ledger.keepWindow(id, undefined, undefined, []),
        await ledger.keepWindow(neverKept, late, version, []),
        await ledger.keepWindow(neverKept, undefined, version, []),
      ],
      kept: (await ledger.window(id))?.window,
      neverKept: await ledger.window(neverKept),
    }).toEqual({ late: Array(6).fill(false), kept: second, neverKept: undefined });
  });

  test("knows with the window, or not at all, that keys were told", async () => {
    const table = open();
    const [me, other] = [table.as("me"), table.as("other")];
    const id = freshId();
    const [together, later, untold] = [freshKeys(MAX_KEPT), freshKeys(2), freshKeys(2)];
    const untilMs = table.nowMs() + MINUTE;
    for (const key of [together[0] ?? "", ...later, ...untold]) await me.claim(key, untilMs);
    const isKept = await me.keepWindow(id, windowOf(table.nowMs()), undefined, together);
    const stored = await other.window(id);
    const refused = [
      await me.keepWindow(id, windowOf(table.nowMs(), 2), undefined, untold),
      await me.keepWindow(id, undefined, (stored?.version ?? 0) + 1, untold),
    ];
    const isForgotten = await me.keepWindow(id, undefined, stored?.version, later);
    // Nothing that comes too late changes what was told.
    await me.release(together[0] ?? "");
    const keys = [...together, ...later, ...untold];
    expect({ isKept, refused, isForgotten, delivered: await other.delivered(keys) }).toEqual({
      isKept: true,
      refused: [false, false],
      isForgotten: true,
      delivered: new Set([...together, ...later]),
    });
    expect([await other.claim(together[1] ?? "", untilMs), await other.claim(untold[0] ?? "", untilMs)]).toEqual([
      { kind: "delivered" },
      { kind: "held", untilMs },
    ]);
  });

  test("forgets a window, and does not take one that is opened later for it", async () => {
    const table = open();
    const [me, other] = [table.as("me"), table.as("other")];
    const id = freshId();
    const versions = [await opened(me, id, windowOf(table.nowMs()))];
    for (const count of [2, 3, 4]) {
      await me.keepWindow(id, windowOf(table.nowMs(), count), versions.at(-1), []);
      versions.push((await me.window(id))?.version);
    }
    const isForgotten = await me.keepWindow(id, undefined, versions.at(-1), []);
    const gone = await other.window(id);
    table.advance(MINUTE);
    const anew = windowOf(table.nowMs());
    await opened(other, id, anew);
    const keys = freshKeys(1);
    const late: boolean[] = [];
    for (const version of versions) {
      late.push(await me.keepWindow(id, windowOf(table.nowMs(), 99), version, keys));
      late.push(await me.keepWindow(id, undefined, version, keys));
    }
    const kept = (await other.window(id))?.window;
    expect({ isForgotten, gone, late, kept, told: await me.delivered(keys) }).toEqual({
      isForgotten: true,
      gone: undefined,
      late: Array(8).fill(false),
      kept: anew,
      told: new Set(),
    });
  });

  test.each([
    ["opens", false],
    ["changes", true],
  ])("lets one of twenty who do so at once be who %s a window, with the keys of its own", async (_does, isThere) => {
    const table = open();
    const id = freshId();
    const version = isThere ? await opened(table.as("me"), id, windowOf(table.nowMs())) : undefined;
    const of = `raced for in ${id}`;
    const keys = freshKeys(20, of);
    const answers = await Promise.all(
      keys.map((key, index) =>
        table.as(`process ${index}`).keepWindow(id, windowOf(table.nowMs(), 100 + index), version, [key]),
      ),
    );
    const winners = keys.filter((_, index) => answers[index]);
    const kept = await table.as("me").window(id);
    expect({ winners: winners.length, told: await table.as("me").delivered(keys), kept: kept?.window }).toEqual({
      winners: 1,
      told: new Set(winners),
      kept: windowOf(table.nowMs(), 100 + answers.indexOf(true)),
    });
  });

  test("lets two who count at the same time lose nothing, when who lost looks again", async () => {
    const table = open();
    const id = freshId();
    await opened(table.as("me"), id, windowOf(table.nowMs(), 0));
    const keys = freshKeys(40);
    const countOne = async (ledger: Ledger, key: string) => {
      for (;;) {
        const stored = await ledger.window(id);
        if (stored === undefined) throw new Error("the window is gone");
        const { window, version } = stored;
        const total = { ...window.total, count: window.total.count + 1 };
        if (await ledger.keepWindow(id, { ...window, total }, version, [key])) return;
      }
    };
    const halves = [keys.slice(0, 20), keys.slice(20)] as const;
    await Promise.all(
      halves.map(async (half, index) => {
        for (const key of half) await countOne(table.as(`process ${index}`), key);
      }),
    );
    const ledger = table.as("me");
    expect([(await ledger.window(id))?.window.total.count, await ledger.delivered(keys)]).toEqual([
      keys.length,
      new Set(keys),
    ]);
  });

  test("keeps windows and keys apart, whatever they are called", async () => {
    const table = open();
    const ledger = table.as("me");
    const id = freshId();
    const [key = ""] = freshKeys(1);
    await opened(ledger, id, windowOf(table.nowMs()));
    await ledger.confirm(key);
    expect([await ledger.delivered([id]), await ledger.window(key)]).toEqual([new Set(), undefined]);
  });
}
