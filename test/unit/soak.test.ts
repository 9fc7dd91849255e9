import { describe, expect, test } from "vitest";
import { makeLoad, type SoakFile, soakAccounts } from "#test/soak/load.ts";
import { seededRandom } from "#test/soak/random.ts";
import { type Promised, reconcile, type Seen } from "#test/soak/reconcile.ts";
import { logFile, trailStopped } from "#test/support/records.ts";

const ACCOUNT = "111111111111";
const file = (name: string, ...alerts: readonly string[]): SoakFile => ({
  ...{
    key: `${name}.json.gz`,
    account: ACCOUNT,
    bytes: logFile(...alerts.map((eventID) => trailStopped(ACCOUNT, { eventID }))),
  },
  ...{ records: alerts.length, alerts, fate: "usual" },
});
const message = (eventID: string, channel = "own") => ({
  ...{ channel, receivedAtMs: 0, ts: "0.0", revisions: [] },
  payload: { text: "A trail was stopped", blocks: [{ text: `eventID: ${eventID}` }] },
});
const row = (eventID: string) => `alert/${ACCOUNT}/${eventID}/2025-06-11T09:15:00Z/StopLogging slack_webhook:/hook`;
const promised: Promised = {
  ...{ bucket: "logs", files: [file("one", "a", "b"), file("two", "b")], channelsOf: () => ["own"] },
  ...{ notices: new Map(), postedUnheard: [], endedInTheMidst: 0 },
};
const seen: Seen = {
  messages: [message("a"), message("b")],
  rows: { delivered: [row("a"), row("b")], claimed: [], processed: ["s3://logs/one.json.gz", "s3://logs/two.json.gz"] },
  deadLetters: 0,
};
const problems = (promise: Partial<Promised>, sight: Partial<Seen>) =>
  reconcile({ ...promised, ...promise }, { ...seen, ...sight }).problems;

describe("the soak's comparison", () => {
  test("has nothing to say when everything is as promised", () => {
    expect(problems({}, {})).toEqual([]);
  });

  const twice = { messages: [...seen.messages, message("a")] };
  test.each<[string, Partial<Promised>, Partial<Seen>, readonly string[]]>([
    ["what is lost", {}, { messages: [message("a")] }, ["lost: b"]],
    ["what nobody expects", {}, { messages: [...seen.messages, message("c")] }, ["not expected: c in #own"]],
    [
      "what comes to others",
      {},
      { messages: [message("a"), message("b", "others")] },
      ["in the wrong channel: b in #others", "lost: b"],
    ],
    ["what is told again", {}, twice, ["told again without a reason: 1, and only 0 invocations ended in their midst"]],
    ["what was posted unheard", { postedUnheard: ["a"] }, twice, []],
    ["a process that ended in its midst", { endedInTheMidst: 1 }, twice, []],
    [
      "that another one was posted unheard",
      { postedUnheard: ["b"] },
      twice,
      ["told again without a reason: 1, and only 0 invocations ended in their midst"],
    ],
    ["a notice that is missing", { notices: new Map([["Altered", 1]]) }, {}, ["notice: 0 instead of 1 of Altered"]],
    [
      "rows that are missing, surplus or left",
      {},
      { rows: { delivered: [row("a"), row("a")], claimed: [row("b")], processed: ["s3://logs/one.json.gz"] } },
      [
        "delivered row: 2 instead of 1 of a",
        "delivered row: 0 instead of 1 of b",
        `claimed, and never confirmed: ${row("b")}`,
        "processed row: 0 instead of 1 of s3://logs/two.json.gz",
      ],
    ],
    ["dead letters", {}, { deadLetters: 2 }, ["2 dead letters are left"]],
  ])("sees %s", (_, promise, sight, expected) => {
    expect(problems(promise, sight)).toEqual(expected);
  });
});

describe("the soak's load", () => {
  const load = (seed: number) => makeLoad(200, soakAccounts(42), seededRandom(seed), new Date("2025-06-11T10:00:00Z"));

  test("is the same for the same seed", () => {
    const keys = (seed: number) => load(seed).files.map(({ key, fate, alerts }) => ({ key, fate, alerts }));
    expect(keys(1)).toEqual(keys(1));
    expect(keys(1)).not.toEqual(keys(2));
  });

  test("puts each file once but the silent ones, and notifies of early files first", () => {
    const { files, actions } = load(1);
    const puts = actions.filter(({ kind }) => kind === "put").map((action) => action.file);
    expect(new Set(puts)).toEqual(new Set(files.filter(({ fate }) => fate !== "silent")));
    expect(puts).toHaveLength(new Set(puts).size);
    const fates = Map.groupBy(files, ({ fate }) => fate);
    expect(["corrupt", "silent", "early"].map((fate) => fates.get(fate as SoakFile["fate"])?.length)).toEqual([
      2, 6, 2,
    ]);
    const early = actions
      .filter((action) => action.file.fate === "early")
      .map(({ kind, file: { key } }) => [key, kind]);
    for (const { key } of fates.get("early") ?? []) {
      expect(early.filter(([name]) => name === key).map(([, kind]) => kind)).toEqual(["notify", "put"]);
    }
  });
});
