import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toAlert } from "#alerts/to-alert.ts";
import { guardedLedger } from "#ledger/guarded-ledger.ts";
import { destinationKey, ledgerKey, windowId } from "#ledger/keys.ts";
import type { Destination } from "#model/destination.ts";
import type { Alert, News, Notice } from "#model/news.ts";
import type { TellingLedger } from "#model/ports.ts";
import type { RepeatWindow } from "#model/repeat-window.ts";
import { fakeClock, fakeLedger } from "#test/support/fakes.ts";
import { trailStopped } from "#test/support/records.ts";

const HOOK: Destination = { kind: "slack_webhook", name: "team", hookParameter: "/hooks/team" };
const APP: Destination = { kind: "slack_app", name: "team", channelId: "C0123456789", tokenParameter: "/token" };
const TOPIC: Destination = { kind: "sns", name: "team", topicArn: "arn:aws:sns:eu-central-1:111111111111:team" };
const alert = (overrides: Parameters<typeof trailStopped>[1] = {}, severity: "high" | "low" = "high"): Alert =>
  toAlert(trailStopped("111111111111", { eventID: "e1", ...overrides }), [
    { id: "trail-stopped", origin: "default", severity },
  ]);
const NOTICE: Notice = { kind: "notice", severity: "low", title: "A rule does not work", facts: [] };

describe("the key of a destination", () => {
  test.each([
    [HOOK, "slack_webhook:/hooks/team"],
    [APP, "slack_app:C0123456789"],
    [TOPIC, "sns:arn:aws:sns:eu-central-1:111111111111:team"],
  ])("says where it leads: %j", (destination, key) => {
    expect(destinationKey(destination)).toBe(key);
    expect(destinationKey({ ...destination, name: "renamed" })).toBe(key);
  });
});

describe("the key of news", () => {
  test("is made of account, eventID and destination", () => {
    expect([
      ledgerKey(alert(), HOOK),
      ledgerKey(alert({ recipientAccountId: undefined, userIdentity: {} }), TOPIC),
    ]).toEqual([
      "alert/111111111111/e1/2025-06-11T09:15:00Z/cloudtrail.amazonaws.com StopLogging slack_webhook:/hooks/team",
      "alert/-/e1/2025-06-11T09:15:00Z/cloudtrail.amazonaws.com StopLogging sns:arn:aws:sns:eu-central-1:111111111111:team",
    ]);
  });

  test.each<[string, News, News]>([
    ["through another trail, in another order of its fields", alert(), alert({ userAgent: "aws-cli/2.15.0" })],
    [
      "by EventBridge, which writes some fields differently",
      alert(),
      alert({ eventVersion: "1.11", sharedEventID: "s" }),
    ],
    ["after its rules were given another severity", alert(), alert({}, "low")],
    ["of a notice that says the same", NOTICE, { ...NOTICE, facts: [] }],
  ])("is the same for the same call %s", (_name, one, other) => {
    expect(ledgerKey(other, HOOK)).toBe(ledgerKey(one, HOOK));
  });

  test.each<[string, News, News, Destination, Destination]>([
    ["account", alert(), alert({ recipientAccountId: "222222222222" }), HOOK, HOOK],
    ["eventID", alert(), alert({ eventID: "e2" }), HOOK, HOOK],
    ["call, where ids were removed", alert(), alert({ eventName: "DeleteTrail" }), HOOK, HOOK],
    ["time, where ids were removed", alert(), alert({ eventTime: "2025-06-11T09:15:01Z" }), HOOK, HOOK],
    ["eventID in upper case", alert(), alert({ eventID: "E1" }), HOOK, HOOK],
    ["hook", alert(), alert(), HOOK, { ...HOOK, hookParameter: "/hooks/other" }],
    ["kind of destination", alert(), alert(), HOOK, APP],
    ["content, where there is no eventID", alert({ eventID: "" }), alert({ eventID: "", userAgent: "x" }), HOOK, HOOK],
    ["occasion of a notice", { ...NOTICE, occasion: "2025-06-11" }, { ...NOTICE, occasion: "2025-06-12" }, HOOK, HOOK],
    ["fact of a notice", NOTICE, { ...NOTICE, facts: [{ label: "When", value: "now" }] }, HOOK, HOOK],
    ["kind of news", { ...NOTICE, title: "" }, alert({ eventID: "" }), HOOK, HOOK],
  ])("is another one for another %s", (_name, one, other, here, there) => {
    expect(ledgerKey(one, here)).not.toBe(ledgerKey(other, there));
  });

  test("is known by its content where it has no eventID, so that it is told once all the same", () => {
    const key = ledgerKey(alert({ eventID: "" }), HOOK);
    expect([key, ledgerKey(alert({ eventID: undefined }), HOOK)]).toEqual([
      expect.stringMatching(/^alert\/[0-9a-f]{64} slack_webhook:\/hooks\/team$/),
      key,
    ]);
  });

  test("fits into DynamoDB, whatever the record says and however long the name of a parameter is", () => {
    const longest: Destination = { ...HOOK, hookParameter: `/${"p".repeat(1_010)}` };
    const hostile = fc.oneof(
      fc.string({ unit: "binary", maxLength: 600 }),
      fc.constantFrom("日".repeat(490), "👍".repeat(249), "x".repeat(50_000), "\ud800".repeat(499), "/ ", "\u0000"),
    );
    let readable = 0;
    fc.assert(
      fc.property(hostile, hostile, (eventID, recipientAccountId) => {
        const key = ledgerKey(alert({ eventID, recipientAccountId }), longest);
        if (!/^alert\/[0-9a-f]{64} /.test(key)) readable += 1;
        expect(key.length).toBeLessThanOrEqual(2_000);
        // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
        expect(Buffer.byteLength(key)).toBeLessThanOrEqual(2_048);
      }),
      { seed: 12, numRuns: 500 },
    );
    expect(readable).toBeGreaterThan(20);
  });

  test("tells long ids apart by their ends", () => {
    const long = (end: string) => alert({ eventID: "x".repeat(5_000) + end });
    expect(ledgerKey(long("a"), HOOK)).not.toBe(ledgerKey(long("b"), HOOK));
    expect(ledgerKey(long("a"), HOOK)).toBe(ledgerKey(long("a"), HOOK));
  });
});

describe("the name of a window", () => {
  test("is made of the group and the destination", () => {
    const group = "0123456789abcdef0123456789abcdef";
    expect(windowId({ ...alert(), group }, destinationKey(APP))).toBe(`window/${group} slack_app:C0123456789`);
  });

  test("is another one for another group and another destination, and fits into DynamoDB", () => {
    const bob = { type: "IAMUser", arn: "arn:aws:iam::111111111111:user/bob" };
    const longest = destinationKey({ ...HOOK, hookParameter: `/${"p".repeat(1_010)}` });
    const names = [alert(), alert({ userIdentity: bob })].flatMap((each) =>
      [destinationKey(HOOK), destinationKey(APP), longest].map((destination) => windowId(each, destination)),
    );
    expect(new Set(names).size).toBe(6);
    expect(names.filter((name) => Buffer.byteLength(name) > 2_048)).toEqual([]);
  });
});

describe("a guarded ledger", () => {
  const once = { eventId: "e1", when: undefined, time: undefined, differs: [] };
  const WINDOW: RepeatWindow = {
    ...{ alert: alert(), destination: "slack_webhook:/hooks/team", openedMs: 1_000, untilMs: 901_000 },
    ...{ closed: false, wakes: false, total: { count: 1, first: once, last: once, occurrences: [once] } },
  };
  const CALLS: readonly (keyof TellingLedger)[] = [
    "delivered",
    "claim",
    "confirm",
    "release",
    "takeSlot",
    "window",
    "keepWindow",
  ];
  const callAll = async (ledger: TellingLedger, nowMs: number) => ({
    delivered: await ledger.delivered(["k"]),
    claim: await ledger.claim("k", nowMs + 60_000),
    again: await ledger.claim("k", nowMs + 60_000),
    confirm: await ledger.confirm("k"),
    release: await ledger.release("k"),
    slots: [
      await ledger.takeSlot("d", nowMs, nowMs + 1_000),
      await ledger.takeSlot("d", nowMs, nowMs + 1_000),
      // Too late, and nothing is taken.
      await ledger.takeSlot("d", nowMs, nowMs + 1_999),
      await ledger.takeSlot("d", nowMs, nowMs + 2_000),
      await ledger.takeSlot("e", nowMs, nowMs),
    ].map((ms) => ms !== undefined && ms - nowMs),
    windows: [await ledger.keepWindow("w", WINDOW, undefined, ["k2"]), (await ledger.window("w"))?.window],
  });
  const OPEN = {
    delivered: new Set(),
    claim: { kind: "mine" },
    again: { kind: "mine" },
    confirm: undefined,
    release: undefined,
    slots: [0, 1_000, false, 2_000, 0],
    // There is none, and nothing was kept: then every alert is told by itself.
    windows: [false, undefined],
  };

  test("says what the table says, while it answers", async () => {
    const clock = fakeClock();
    const failures: unknown[] = [];
    const ledger = guardedLedger(fakeLedger(clock), clock, (error) => failures.push(error));
    expect(await callAll(ledger, clock.nowMs())).toEqual({
      ...OPEN,
      again: { kind: "held", untilMs: clock.nowMs() + 60_000 },
      windows: [true, WINDOW],
    });
    expect(failures).toEqual([]);
  });

  test("lets everything be told without a table", async () => {
    const clock = fakeClock();
    const failures: unknown[] = [];
    const ledger = guardedLedger(undefined, clock, (error) => failures.push(error));
    expect(await callAll(ledger, clock.nowMs())).toEqual(OPEN);
    expect(failures).toEqual([]);
  });

  test.each(CALLS)("does so from the first call that fails, which is %s, and says so once", async (call) => {
    const clock = fakeClock();
    const table = fakeLedger(clock);
    let asked = 0;
    const failing: TellingLedger = {
      ...table,
      [call]: async () => {
        asked += 1;
        table.failure = new Error("nobody asks any more");
        throw new Error("table down");
      },
    };
    const failures: unknown[] = [];
    const ledger = guardedLedger({ ...table, ...failing }, clock, (error) => failures.push(String(error)));
    await callAll(ledger, clock.nowMs());
    await callAll(ledger, clock.nowMs());
    expect({ asked, failures }).toEqual({ asked: 1, failures: ["Error: table down"] });
  });

  test("says once that the table failed when several asked at once", async () => {
    const clock = fakeClock();
    const table = fakeLedger(clock);
    table.failure = new Error("table down");
    const failures: unknown[] = [];
    const ledger = guardedLedger(table, clock, (error) => failures.push(String(error)));
    const claims = await Promise.all(["a", "b", "c"].map((key) => ledger.claim(key, clock.nowMs())));
    expect({ claims, failures }).toEqual({ claims: Array(3).fill({ kind: "mine" }), failures: ["Error: table down"] });
  });
});
