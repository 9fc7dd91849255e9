import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { LogFileError } from "#model/errors.ts";
import { insight, keyOf, logFile, record, s3Payload, trailStoppedBySomebody } from "#test/support/records.ts";
import { type Simulation, type SimulationOptions, simulate } from "#test/support/simulation.ts";
import { headlineOf, textsOf } from "#test/support/told.ts";

/** No record is known that wording fails on, so this one stands for it: every call and Insight with this account. */
const UNWORDABLE = "444444444444";
// Files share what they have loaded: this one loads all anew, and leaves nothing to the next.
vi.hoisted(() => vi.resetModules());
afterAll(() => {
  vi.doUnmock("#alerts/account.ts");
  vi.resetModules();
});
vi.mock("#alerts/account.ts", async (importOriginal) => {
  const actual = await importOriginal<typeof import("#alerts/account.ts")>();
  const failing =
    <Args extends readonly [string | undefined, ...unknown[]], R>(words: (...args: Args) => R) =>
    (...args: Args): R => {
      if (args[0] === UNWORDABLE) throw new RangeError("no words");
      return words(...args);
    };
  return { ...actual, nameOf: failing(actual.nameOf), accountInWords: failing(actual.accountInWords) };
});

const [A, B] = ["111111111111", "222222222222"] as const;
/** Whose alerts go to the channel `team-b`, and all others to `default`. */
const TWO_CHANNELS = {
  channels: ["team-b"],
  document: {
    routing: [
      {
        routes: [
          { accounts: [B], destination: { kind: "slack_webhook", name: "accounts B", hookParameter: "/hooks/team-b" } },
        ],
        default: { kind: "slack_webhook", name: "default", hookParameter: "/hooks/default" },
      },
    ],
  },
};
const alert = (eventID: string, accountId: string = A) => trailStoppedBySomebody(accountId, eventID);
const ids = (count: number, prefix = "e") => Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
const inDefault = (eventIds: readonly string[]) => eventIds.map((id) => `default ${id}`);

let open: Simulation | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

/** A simulation whose bucket holds these files, by name. */
async function deployed(
  files: Readonly<Record<string, Uint8Array>>,
  options: SimulationOptions = {},
): Promise<Simulation> {
  open = await simulate(options);
  for (const [name, bytes] of Object.entries(files)) open.objects.files.set(keyOf(name), bytes);
  return open;
}

/** What must be true in the end: these alerts in Slack, each once and in this order; nothing waits; nothing was lost. */
function expectTold(simulation: Simulation, told: readonly string[], deadLetters: readonly unknown[] = []): void {
  expect({ told: simulation.told(), deadLetters: simulation.deadLetters }).toEqual({ told, deadLetters });
  expectIdentities(simulation);
}

function expectIdentities({ lines }: Simulation): void {
  expect(lines.filter((line) => line.includes("counts do not reconcile"))).toEqual([]);
}

/** The notices in Slack, by headline. */
function notices({ slack }: Simulation): readonly string[] {
  return slack
    .received()
    .filter(({ payload }) => !textsOf(payload).join("\n").includes("eventID: "))
    .map(headlineOf);
}

const secondsSince = ({ clock }: Simulation, beginMs: number) => (clock.nowMs() - beginMs) / 1000;

/** The digest file of an hour, as CloudTrail writes it, over files of the bucket. */
function digest(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const logFiles = Object.entries(files).map(([name, bytes]) => ({
    s3Bucket: "example-cloudtrail-logs",
    s3Object: keyOf(name),
    hashValue: createHash("sha256").update(gunzipSync(bytes)).digest("hex"),
    hashAlgorithm: "SHA-256",
  }));
  return gzipSync(JSON.stringify({ awsAccountId: A, digestEndTime: "2025-06-11T10:00:00Z", logFiles }));
}

// Slack

test("Slack answers 429 three times with Retry-After → every alert arrives once, in the same invocation", async () => {
  const simulation = await deployed({ a: logFile(alert("e1"), alert("e2")) });
  simulation.slack.answerNext("default", { status: 429, body: "rate_limited", retryAfterSeconds: 7, times: 3 });
  const beginMs = simulation.clock.nowMs();
  await simulation.notify(keyOf("a"));
  expectTold(simulation, inDefault(["e1", "e2"]));
  expect({ endings: simulation.endings, waited: secondsSince(simulation, beginMs) >= 21 }).toEqual({
    endings: ["done"],
    waited: true,
  });
});

test("Slack asks to wait longer than the invocation may run → the payload is handed back, and every alert arrives once", async () => {
  const simulation = await deployed({ a: logFile(alert("e1"), alert("e2")) }, { timeoutMs: 30_000 });
  simulation.slack.answerNext("default", { status: 429, body: "rate_limited", retryAfterSeconds: 60, times: 2 });
  await simulation.notify(keyOf("a"));
  await simulation.settle();
  expectTold(simulation, inDefault(["e1", "e2"]));
  expect(simulation.endings.length).toBeGreaterThan(1);
});

test("Slack is out for ten minutes → every alert arrives once, within 15 minutes after it is back", async () => {
  const simulation = await deployed({ a: logFile(...ids(3).map((id) => alert(id))) });
  const beginMs = simulation.clock.nowMs();
  const backMs = beginMs + 600_000;
  simulation.change((world) => ({
    ...world,
    fetch: (input, init) =>
      world.clock.nowMs() < backMs ? Promise.reject(new TypeError("fetch failed")) : world.fetch(input, init),
  }));
  await simulation.notify(keyOf("a"));
  await simulation.settle();
  expectTold(simulation, inDefault(ids(3)));
  expect(secondsSince(simulation, backMs)).toBeLessThan(900);
});

test("Slack fails at one message each time → the others arrive, and that one rests as a dead letter", async () => {
  const simulation = await deployed(
    { a: logFile(alert("e1"), alert("e2"), alert("e3")), b: logFile(alert("e4")) },
    { maxAttempts: 3 },
  );
  simulation.change((world) => ({
    ...world,
    fetch: async (input, init) =>
      String(init?.body).includes("eventID: e1")
        ? new Response("rollup_error", { status: 500 })
        : world.fetch(input, init),
  }));
  await simulation.notify(keyOf("a"), keyOf("b"));
  await simulation.settle();
  expectTold(simulation, inDefault(["e2", "e3", "e4"]), [s3Payload(keyOf("a"), keyOf("b"))]);
});

test("Slack asks for minutes of patience, more than an invocation has → nobody asks it before", async () => {
  const simulation = await deployed({ a: logFile(alert("e1")), b: logFile(alert("e2")) }, { timeoutMs: 60_000 });
  const askedMs: number[] = [];
  const beginMs = simulation.clock.nowMs();
  simulation.change((world) => ({
    ...world,
    fetch: async (input, init) => {
      askedMs.push(world.clock.nowMs() - beginMs);
      if (askedMs.length > 1) return world.fetch(input, init);
      return new Response("rate_limited", { status: 429, headers: { "retry-after": "300" } });
    },
  }));
  await simulation.notify(keyOf("a"));
  await simulation.notify(keyOf("b"));
  await simulation.settle();
  expect([...simulation.told()].sort()).toEqual(inDefault(["e1", "e2"]));
  expect({ first: askedMs[0], early: askedMs.slice(1).filter((ms) => ms < 300_000) }).toEqual({ first: 0, early: [] });
});

test("Slack posts, but its answer is lost → the alert arrives, and at most once more for each lost answer", async () => {
  const simulation = await deployed({ a: logFile(alert("e1"), alert("e2")) });
  simulation.slack.answerNext("default", { destroySocket: "after-posting" });
  await simulation.notify(keyOf("a"));
  await simulation.settle();
  expectTold(simulation, inDefault(["e1", "e1", "e2"]));
});

test("Slack refuses a payload → it arrives as plain text, and the others as they are", async () => {
  const simulation = await deployed({ a: logFile(alert("e1"), alert("e2")) });
  simulation.slack.answerNext("default", { status: 400, body: "invalid_blocks" });
  await simulation.notify(keyOf("a"));
  expectTold(simulation, inDefault(["e1", "e2"]));
  expect(simulation.outcomes[0]?.answers).toEqual({ throttled: 0, ambiguous: 0, degraded: 1 });
});

test("Slack refuses a payload even as plain text → it rests as a dead letter, and the others arrive", async () => {
  const simulation = await deployed({ a: logFile(alert("e1"), alert("e2")) }, { maxAttempts: 3 });
  simulation.change((world) => ({
    ...world,
    fetch: async (input, init) =>
      String(init?.body).includes("eventID: e1") ? new Response("no_text", { status: 400 }) : world.fetch(input, init),
  }));
  await simulation.notify(keyOf("a"));
  await simulation.settle();
  expectTold(simulation, inDefault(["e2"]), [s3Payload(keyOf("a"))]);
});

test("the hook of one account is dead → its alerts come to the default channel with a banner, the others unaffected", async () => {
  const file = logFile(alert("e1", B), alert("e2"), alert("e3", B));
  const simulation = await deployed({ a: file }, TWO_CHANNELS);
  simulation.slack.answerNext("team-b", { status: 404, body: "no_service", times: 9 });
  await simulation.notify(keyOf("a"));
  const banners = simulation.slack
    .received()
    .filter(({ payload }) => JSON.stringify(payload).includes("accounts B, which cannot be told any more"));
  expect({
    told: [...simulation.told()].sort(),
    banners: banners.length,
    endings: simulation.endings,
    dead: simulation.outcomes[0]?.deadDestinations,
    askedOnce: simulation.slack.refused().filter(({ channel }) => channel === "team-b").length,
  }).toEqual({
    told: inDefault(["e1", "e2", "e3"]),
    banners: 2,
    endings: ["done"],
    dead: ["accounts B"],
    askedOnce: 1,
  });
});

test("the only hook is dead until it is replaced → every alert waits, and arrives once", async () => {
  const simulation = await deployed({ a: logFile(alert("e1"), alert("e2")) });
  const good = simulation.parameters.values.get("/hooks/default") ?? "";
  simulation.parameters.values.set("/hooks/default", `${simulation.slack.url}/services/T0/B0/gone`);
  await simulation.notify(keyOf("a"));
  expect(simulation.told()).toEqual([]);
  simulation.parameters.values.set("/hooks/default", good);
  await simulation.settle();
  expectTold(simulation, inDefault(["e1", "e2"]));
});

test("a storm of 10,000 matches in one file → every alert arrives once, at one message per second, over many invocations", async () => {
  const all = ids(10_000);
  // The longest that AWS lets an invocation run.
  const simulation = await deployed({ a: logFile(...all.map((id) => alert(id))) }, { timeoutMs: 900_000 });
  const posted: { readonly id: string; readonly atMs: number }[] = [];
  simulation.change((world) => ({
    ...world,
    // Ten thousand requests over HTTP would only take their time.
    fetch: async (_input, init) => {
      const [, id = ""] = /eventID: (e\d+)/.exec(String(init?.body)) ?? [];
      posted.push({ id, atMs: world.clock.nowMs() });
      return new Response("ok");
    },
  }));
  const beginMs = simulation.clock.nowMs();
  await simulation.notify(keyOf("a"));
  await simulation.settle();
  const gaps = posted.slice(1).map(({ atMs }, index) => atMs - (posted[index]?.atMs ?? 0));
  expect({
    posted: posted.map(({ id }) => id),
    tooFast: gaps.filter((ms) => ms < 1_000).length,
    deadLetters: simulation.deadLetters,
    hours: Math.round(secondsSince(simulation, beginMs) / 360) / 10,
  }).toEqual({ posted: all, tooFast: 0, deadLetters: [], hours: 2.8 });
  expectIdentities(simulation);
}, 60_000);

test("a hundred notifications at once share one hook → every alert arrives once, and no attempts are used up by waiting", async () => {
  const names = ids(100, "file");
  const files = Object.fromEntries(names.map((name) => [name, logFile(alert(name))]));
  // An answer that is longer under way than the next turn away.
  const simulation = await deployed(files, { answerMs: 1_500 });
  const beginMs = simulation.clock.nowMs();
  // Those that are handed back come again while the others still wait for their turns.
  await Promise.all([...names.map((name) => simulation.notify(keyOf(name))), simulation.settle()]);
  const handedBack = simulation.outcomes.filter((outcome) => outcome.handedBack?.count === 1).length;
  expect({
    told: [...simulation.told()].sort(),
    refused: simulation.slack.refused(),
    deadLetters: simulation.deadLetters,
    // 61 turns come within the minute that an invocation waits for one.
    handedBackAtOnce: simulation.endings.slice(0, 39).filter((ending) => ending.startsWith("not finished: ")).length,
    attemptsOfOne: simulation.mostReceives,
    handedBack,
    minutes: Math.ceil(secondsSince(simulation, beginMs) / 60),
  }).toEqual({
    told: inDefault(names).sort(),
    refused: [],
    deadLetters: [],
    handedBackAtOnce: 39,
    attemptsOfOne: 2,
    handedBack: 78,
    minutes: 2,
  });
  expectIdentities(simulation);
});

// The process

test("the process is killed after Slack's ok and before the ledger knows → the alert arrives, once more at most", async () => {
  const simulation = await deployed({ a: logFile(alert("e1"), alert("e2")) });
  simulation.killNext((_moment, name) => name === "before confirm");
  await simulation.notify(keyOf("a"));
  await simulation.settle();
  expect(simulation.endings[0]).toBe("killed");
  expectTold(simulation, inDefault(["e1", "e1", "e2"]));
});

test("the process is killed after the ledger knows → nothing is told twice", async () => {
  const simulation = await deployed({ a: logFile(alert("e1"), alert("e2")) });
  simulation.killNext((_moment, name) => name === "after confirm");
  await simulation.notify(keyOf("a"));
  await simulation.settle();
  expect(simulation.endings[0]).toBe("killed");
  expectTold(simulation, inDefault(["e1", "e2"]));
});

test("40 files with 30 seconds left → what is not begun is handed back, and every alert arrives once", async () => {
  const names = ids(40, "file");
  const files = Object.fromEntries(names.map((name) => [name, logFile(alert(`${name}-a`), alert(`${name}-b`))]));
  const simulation = await deployed(files, { timeoutMs: 30_000 });
  await simulation.notify(...names.map((name) => keyOf(name)));
  const inTheFirst = simulation.told().length;
  await simulation.settle();
  expectTold(simulation, inDefault(names.flatMap((name) => [`${name}-a`, `${name}-b`])));
  expect({
    some: inTheFirst > 10,
    notAll: inTheFirst < 80,
    ended: simulation.endings.filter((ending) => ending === "timed out"),
  }).toEqual({
    some: true,
    notAll: true,
    ended: [],
  });
});

test("SSM throttles at a cold start → the payload comes again, and every alert arrives once", async () => {
  const simulation = await deployed({ a: logFile(alert("e1")) });
  const throttled = () => Object.assign(new Error("Rate exceeded"), { name: "ThrottlingException" });
  simulation.parameters.failNext(throttled(), throttled(), throttled());
  await simulation.notify(keyOf("a"));
  await simulation.settle();
  expectTold(simulation, inDefault(["e1"]));
});

test("permission to read the configuration is missing for hours → messages come again, and metrics say that they fail", async () => {
  const simulation = await deployed({ a: logFile(alert("e1")) });
  let denied = true;
  simulation.change((world) => ({
    ...world,
    parameters: {
      get: async (names) => {
        if (denied) throw Object.assign(new Error("not authorized"), { name: "AccessDeniedException" });
        return world.parameters.get(names);
      },
    },
  }));
  simulation.afterEach(() => {
    denied = simulation.endings.length < 5;
  });
  await simulation.notify(keyOf("a"));
  await simulation.settle();
  expectTold(simulation, inDefault(["e1"]));
  const failing = simulation.lines.filter((line) => JSON.parse(line).MessagesFailed === 1);
  expect(failing.length).toBe(4);
});

test("KMS throttles when the hook is read → the function waits, and every alert arrives once", async () => {
  const simulation = await deployed({ a: logFile(alert("e1")) });
  let asked = 0;
  simulation.change((world) => ({
    ...world,
    parameters: {
      get: async (names) => {
        asked += names.includes("/hooks/default") ? 1 : 0;
        if (asked === 1 && names.includes("/hooks/default")) {
          throw Object.assign(new Error("Rate exceeded"), { name: "ThrottlingException" });
        }
        return world.parameters.get(names);
      },
    },
  }));
  await simulation.notify(keyOf("a"));
  expectTold(simulation, inDefault(["e1"]));
  expect({ asked, endings: simulation.endings }).toEqual({ asked: 2, endings: ["done"] });
});

// What comes in

test("the same notification comes five times at once → every alert arrives once", async () => {
  // While one waits for Slack's answer, the turns of the others come.
  const simulation = await deployed({ a: logFile(...ids(5).map((id) => alert(id))) }, { answerMs: 2_500 });
  await Promise.all(ids(5).map(() => simulation.notify(keyOf("a"))));
  await simulation.settle();
  expectTold(simulation, inDefault(ids(5)));
  expect(simulation.slack.refused()).toEqual([]);
});

test("an alert cannot be put into words → it arrives in the record's own, once, and so do the others; log and metric tell", async () => {
  const simulation = await deployed({
    a: logFile(alert("e1"), alert("e2", UNWORDABLE), alert("e3")),
    b: logFile(insight({ eventID: "i1", recipientAccountId: UNWORDABLE }), alert("e4")),
  });
  await simulation.notify(keyOf("a"), keyOf("b"));
  await simulation.notify(keyOf("a"), keyOf("b"));
  await simulation.settle();
  expectTold(simulation, inDefault(["e1", "e2", "e3", "e4"]));
  const lines = simulation.lines.map((line) => JSON.parse(line));
  expect({
    notices: notices(simulation),
    endings: simulation.endings,
    refused: simulation.slack.refused(),
    counted: simulation.outcomes.map(({ wording }) => wording),
    metrics: lines.map(({ WordingErrors }) => WordingErrors).filter((count) => count !== undefined),
    logged: lines.filter(({ level }) => level === "ERROR").map(({ eventID, reason }) => `${eventID}: ${reason}`),
  }).toEqual({
    notices: ["🟡 MEDIUM · CloudTrail Insight"],
    endings: ["done", "done"],
    refused: [],
    counted: [{ failed: 2 }, { failed: 2 }],
    metrics: [2, 2],
    logged: ["e2: no words", "i1: no words", "e2: no words", "i1: no words"],
  });
});

test("files come out of order → every alert arrives once, in the order of the files' arrival", async () => {
  const simulation = await deployed({ a: logFile(alert("e1")), b: logFile(alert("e2")), c: logFile(alert("e3")) });
  for (const name of ["c", "a", "b"]) await simulation.notify(keyOf(name));
  expectTold(simulation, inDefault(["e3", "e1", "e2"]));
});

test("two trails log the same call, and EventBridge brings it too → it is told once", async () => {
  const simulation = await deployed({ a: logFile(alert("e1")), b: logFile(alert("e1")) });
  await simulation.notify(keyOf("a"), keyOf("b"));
  await simulation.send({
    id: "1",
    source: "aws.cloudtrail",
    "detail-type": "AWS API Call via CloudTrail",
    detail: alert("e1"),
  });
  expectTold(simulation, inDefault(["e1"]));
});

test.each([
  ["is missing at first", new LogFileError("s3://… could not be read: NoSuchKey", { missing: true })],
  ["is forbidden until the policy is mended", new LogFileError("s3://… could not be read: AccessDenied")],
  ["is throttled by S3", new LogFileError("s3://… could not be read: SlowDown")],
])("an object %s → the other files are told at once, and its alerts once it can be read", async (_name, error) => {
  const simulation = await deployed({ a: logFile(alert("e1")), b: logFile(alert("e2")) });
  simulation.objects.files.set(keyOf("a"), error);
  await simulation.notify(keyOf("a"), keyOf("b"));
  const atOnce = simulation.told();
  simulation.objects.files.set(keyOf("a"), logFile(alert("e1")));
  await simulation.settle();
  expect(atOnce).toEqual(inDefault(["e2"]));
  expectTold(simulation, inDefault(["e2", "e1"]));
});

test("one corrupt file among ten → the other nine are told once over all retries, and the payload rests as a dead letter", async () => {
  const names = ids(10, "file");
  const files = Object.fromEntries(names.map((name) => [name, logFile(alert(name))]));
  const simulation = await deployed({ ...files, file4: logFile(alert("file4")).subarray(0, 40) });
  await simulation.notify(...names.map((name) => keyOf(name)));
  await simulation.settle();
  const payload = s3Payload(...names.map((name) => keyOf(name)));
  expectTold(simulation, inDefault(names.filter((name) => name !== "file4")), [payload]);
  expect(simulation.endings.length).toBe(51);
});

test("one malformed record among 5,000 → it is reported once, and every other record is judged", async () => {
  const records = Array.from({ length: 5_000 }, (_, index) => JSON.stringify(record({ eventID: `q${index}` })));
  records[17] = JSON.stringify(alert("e1"));
  records[2_500] = '{"eventName": StopLogging, "eventID": "broken"}';
  records[4_999] = JSON.stringify(alert("e2"));
  const simulation = await deployed({ a: gzipSync(`{"Records":[${records.join(",")}]}`) });
  await simulation.notify(keyOf("a"));
  expectTold(simulation, inDefault(["e1", "e2"]));
  expect({
    notices: notices(simulation),
    records: simulation.outcomes[0]?.records,
    endings: simulation.endings,
  }).toEqual({
    notices: ["🟡 MEDIUM · A record could not be judged"],
    records: { in: 5_000, alerted: 2, ignored: 0, unmatched: 4_997, failed: 1 },
    endings: ["done"],
  });
});

test("a record is made to stop the judging (long keys, many values) → it is judged, and so is what stands beside it", async () => {
  const hostile = { ...record({ eventID: "h1" }), requestParameters: { ["k".repeat(17_000)]: Array(4_000).fill(1) } };
  const simulation = await deployed({ a: logFile(hostile, alert("e1")) });
  await simulation.notify(keyOf("a"));
  expectTold(simulation, inDefault(["e1"]));
  expect(simulation.outcomes[0]?.records).toMatchObject({ in: 2, alerted: 1, unmatched: 1 });
});

test("a rule throws → it is reported once a day, the other rules are asked, and nothing is told twice", async () => {
  const document = { rules: ["requestParameters.missing[0].name == 'x'"] };
  const simulation = await deployed({ a: logFile(alert("e1")), b: logFile(alert("e2")) }, { document });
  await simulation.notify(keyOf("a"));
  await simulation.notify(keyOf("b"));
  expectTold(simulation, inDefault(["e1", "e2"]));
  expect(notices(simulation)).toEqual(["🟠 HIGH · A rule does not work"]);
});

test("poison messages of every kind → each rests as a dead letter, and what came with it is told", async () => {
  const simulation = await deployed({ a: logFile(alert("e1")) }, { maxAttempts: 3 });
  const poison = ["no JSON", { Records: [{ eventSource: "aws:other" }] }, null, { awslogs: { data: "?" } }, 7];
  for (const payload of poison) await simulation.send(payload);
  await simulation.notify(keyOf("a"));
  await simulation.settle();
  expectTold(simulation, inDefault(["e1"]), poison);
});

test("folders of every kind are mixed → records are judged, and the rest is counted by kind", async () => {
  const folders = ["CloudTrail", "CloudTrail-Insight", "CloudTrail-NetworkActivity", "CloudTrail-Aggregated"];
  const simulation = await deployed({});
  const keys = [...folders, "CloudTrail-Other"].map((folder) => keyOf("a", folder));
  keys.forEach((key, index) => void simulation.objects.files.set(key, logFile(alert(`e${index + 1}`))));
  await simulation.notify(...keys, "AWSLogs/111111111111/CloudTrail/");
  expectTold(simulation, inDefault(ids(4)));
  expect(simulation.outcomes[0]?.objects).toEqual({
    in: 6,
    failed: 0,
    log: 1,
    digest: 0,
    insight: 1,
    "network-activity": 1,
    aggregated: 1,
    other: 2,
  });
});

// The ledger

test("the ledger's table is down → every alert arrives, and the failure is counted", async () => {
  const simulation = await deployed({ a: logFile(alert("e1"), alert("e2")) });
  simulation.table.failure = new Error("connect ECONNREFUSED");
  await simulation.notify(keyOf("a"));
  expectTold(simulation, inDefault(["e1", "e2"]));
  expect({ ledger: simulation.outcomes[0]?.ledger, endings: simulation.endings }).toEqual({
    ledger: { failed: 1 },
    endings: ["done"],
  });
  expect(simulation.lines.filter((line) => line.includes("the ledger does not know all that was told")).length).toBe(1);
});

test("the ledger's table is down for a part of a file → every alert arrives once, also after the hour's digest file", async () => {
  const files = { a: logFile(...ids(6).map((id) => alert(id))) };
  const simulation = await deployed(files);
  const digestKey = keyOf("digest", "CloudTrail-Digest");
  simulation.objects.files.set(digestKey, digest(files));
  simulation.slack.onMessage(() => {
    const count = simulation.slack.received().length;
    simulation.table.failure = count >= 2 && count < 5 ? new Error("ProvisionedThroughputExceeded") : undefined;
  });
  await simulation.notify(keyOf("a"));
  await simulation.notify(keyOf("a"));
  await simulation.notify(digestKey);
  expectTold(simulation, inDefault(ids(6)));
  expect(simulation.outcomes.map(({ completeness }) => completeness?.missing)).toEqual([0, 0, 0]);
});

// Completeness

test("a notification never comes → the hour's digest file names the log file, and its alerts arrive once", async () => {
  const files = { a: logFile(alert("e1")), b: logFile(alert("e2")) };
  const simulation = await deployed(files);
  const digestKey = keyOf("digest", "CloudTrail-Digest");
  simulation.objects.files.set(digestKey, digest(files));
  await simulation.notify(keyOf("a"));
  await simulation.notify(digestKey);
  await simulation.notify(digestKey);
  expectTold(simulation, inDefault(["e1", "e2"]));
  expect(simulation.outcomes.map(({ completeness }) => completeness)).toEqual([
    { missing: 0, altered: 0 },
    { missing: 1, altered: 0 },
    { missing: 0, altered: 0 },
  ]);
});

test.each([
  ["Slack does not take the notice", { status: 503, body: "unavailable", times: 9 }, undefined],
  ["the process is killed before it tells the notice", {}, "before fetch"],
] as const)(
  "a digest file names a file with a record that cannot be judged, and %s → the notice arrives once",
  async (_name, answer, killedAt) => {
    const files = { a: logFile(record(), null) };
    const simulation = await deployed(files);
    const digestKey = keyOf("digest", "CloudTrail-Digest");
    simulation.objects.files.set(digestKey, digest(files));
    simulation.slack.answerNext("default", answer);
    simulation.killNext((_moment, name) => name === killedAt);
    await simulation.notify(digestKey);
    const atFirst = { notices: notices(simulation), processed: simulation.table.objects.size };
    await simulation.settle();
    await simulation.notify(digestKey);
    expectTold(simulation, []);
    expect({ atFirst, notices: notices(simulation), processed: simulation.table.objects.size }).toEqual({
      atFirst: { notices: [], processed: 0 },
      notices: ["🟡 MEDIUM · A record could not be judged"],
      processed: 2,
    });
  },
);

test("the digest file's notification never comes either → reconciling finds it in the bucket", async () => {
  const files = { a: logFile(alert("e1")) };
  const simulation = await deployed(files);
  const digestKey = keyOf("x", "CloudTrail-Digest").replace("20250611T0915Z_x", "20250611T091500Z");
  simulation.objects.files.set(digestKey, digest(files));
  await simulation.send({ reconcile: { bucket: "example-cloudtrail-logs", prefix: "AWSLogs/", hours: 3 } });
  expectTold(simulation, inDefault(["e1"]));
});

test("a log file is changed before it is read → the digest file shows it, and an alert says so once", async () => {
  const files = { a: logFile(alert("e1")) };
  const simulation = await deployed({ a: logFile(record()) });
  const digestKey = keyOf("digest", "CloudTrail-Digest");
  simulation.objects.files.set(digestKey, digest(files));
  await simulation.notify(keyOf("a"));
  await simulation.notify(digestKey);
  await simulation.notify(digestKey);
  expectTold(simulation, []);
  expect(notices(simulation)).toEqual(["🔴 CRITICAL · A CloudTrail file is not what CloudTrail wrote"]);
});

test("a log file is removed before it is read → the digest file shows it, and an alert says so once", async () => {
  const simulation = await deployed({});
  const digestKey = keyOf("digest", "CloudTrail-Digest");
  simulation.objects.files.set(digestKey, digest({ a: logFile(alert("e1")) }));
  await simulation.notify(digestKey);
  await simulation.notify(digestKey);
  expectTold(simulation, []);
  expect({ notices: notices(simulation), endings: simulation.endings }).toEqual({
    notices: ["🔴 CRITICAL · A CloudTrail file is not what CloudTrail wrote"],
    endings: ["done", "done"],
  });
});

test("a digest file is replaced by something else → the next one shows it, and an alert says so once", async () => {
  const simulation = await deployed({});
  const [first, second] = [keyOf("first", "CloudTrail-Digest"), keyOf("second", "CloudTrail-Digest")];
  const [original, next] = [
    digest({}),
    { previousDigestS3Bucket: "example-cloudtrail-logs", previousDigestS3Object: first },
  ];
  const previousDigestHashValue = createHash("sha256").update(gunzipSync(original)).digest("hex");
  const content = {
    awsAccountId: A,
    digestEndTime: "2025-06-11T11:00:00Z",
    logFiles: [],
    ...next,
    previousDigestHashValue,
  };
  simulation.objects.files.set(second, gzipSync(JSON.stringify(content)));
  for (const spoilt of [Buffer.from("nothing to see"), digest({ a: logFile() }), undefined]) {
    if (spoilt === undefined) simulation.objects.files.delete(first);
    else simulation.objects.files.set(first, spoilt);
    await simulation.notify(second);
  }
  expect({ notices: [...new Set(notices(simulation))], endings: simulation.endings }).toEqual({
    notices: ["🔴 CRITICAL · A CloudTrail file is not what CloudTrail wrote"],
    endings: ["done", "done", "done"],
  });
});

test("reconciling runs every hour over the same hours → only what nobody has read is read", async () => {
  const files = { a: logFile(alert("e1")) };
  const simulation = await deployed(files);
  const digestKey = keyOf("x", "CloudTrail-Digest").replace("20250611T0915Z_x", "20250611T091500Z");
  simulation.objects.files.set(digestKey, digest(files));
  const request = { reconcile: { bucket: "example-cloudtrail-logs", prefix: "AWSLogs/", hours: 6 } };
  await simulation.send(request);
  const afterTheFirst = simulation.objects.asked.length;
  await simulation.send(request);
  expectTold(simulation, inDefault(["e1"]));
  expect({ afterTheFirst, afterTheSecond: simulation.objects.asked.length }).toEqual({
    afterTheFirst: 2,
    afterTheSecond: 2,
  });
});

test("reconciling finds no digest files → a warning says what to look at, and a metric counts it", async () => {
  const simulation = await deployed({ a: logFile(alert("e1")) });
  await simulation.send({ reconcile: { bucket: "example-cloudtrail-logs", prefix: "AWSLogs/", hours: 3 } });
  const lines = simulation.lines.map((line) => JSON.parse(line));
  expect({
    warned: lines.some(({ message }) => String(message).startsWith("there are no digest files")),
    counted: lines.some(({ DigestsNotFound }) => DigestsNotFound === 1),
    endings: simulation.endings,
  }).toEqual({ warned: true, counted: true, endings: ["done"] });
});

// After a mistake

test("dead letters are redriven after a fix → what was missing arrives once, and what was told stays told", async () => {
  const simulation = await deployed(
    { a: logFile(alert("e1")), b: logFile(alert("e2")).subarray(0, 30) },
    { maxAttempts: 2 },
  );
  await simulation.notify(keyOf("a"), keyOf("b"));
  await simulation.settle();
  expect(simulation.deadLetters.length).toBe(1);
  simulation.objects.files.set(keyOf("b"), logFile(alert("e2")));
  simulation.redrive();
  await simulation.settle();
  expectTold(simulation, inDefault(["e1", "e2"]));
});

test("two deployments' configuration is mixed (the hash differs) → nothing is judged by it, the payload waits, and every alert arrives once", async () => {
  const simulation = await deployed({ a: logFile(alert("e1")) });
  const [name = "", value = ""] =
    [...simulation.parameters.values].find(([parameter]) => parameter.includes("/configuration/")) ?? [];
  simulation.parameters.values.set(name, gzipSync(JSON.stringify({ rules: [] })).toString("base64"));
  await simulation.notify(keyOf("a"));
  const [mixed] = simulation.endings;
  simulation.parameters.values.set(name, value);
  await simulation.settle();
  expectTold(simulation, inDefault(["e1"]));
  expect(mixed).toContain("do not hold the configuration that this version was published with");
});
