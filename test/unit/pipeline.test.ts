import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { recordProblemsNotice, ruleProblemsNotice } from "#alerts/notices.ts";
import { toAlert } from "#alerts/to-alert.ts";
import type { Delivery, Destination, RouteTable } from "#model/destination.ts";
import type { News } from "#model/news.ts";
import { brokenIdentities, MAX_REPORTED } from "#model/outcome.ts";
import type { RuleDefinition } from "#model/rule.ts";
import { processPayload, type Stages } from "#pipeline.ts";
import { flatten } from "#records/flatten.ts";
import { readLogFile } from "#records/read.ts";
import { destinationsFor } from "#routing/destinations-for.ts";
import { decide } from "#rules/decide.ts";
import { createRuleSet } from "#rules/rule-set.ts";
import { decode } from "#sources/decode.ts";
import { objectKind } from "#sources/object-kind.ts";
import { fakeDeliver, fakeLog, fakeObjects } from "#test/support/fakes.ts";
import { BUCKET, keyOf, logFile, record, s3Entry, s3Payload, snsPayload, trailStopped } from "#test/support/records.ts";

const to = (name: string): Destination => ({ kind: "slack_webhook", name, hookParameter: `/hooks/${name}` });
const [A, B, C] = ["111111111111", "222222222222", "333333333333"] as const;
const ROUTING: readonly RouteTable[] = [
  {
    routes: [
      { accounts: [A], destination: to("team-a") },
      { accounts: [B], destination: to("team-b") },
    ],
    default: to("default"),
  },
];
const RULES: readonly RuleDefinition[] = [
  {
    id: "stopped",
    origin: "default",
    severity: "critical",
    title: "Stopped",
    expression: "eventName == 'StopLogging'",
  },
  { id: "quiet", origin: "ignore", severity: "medium", expression: "userAgent == 'quiet'" },
];
const DEAD: Delivery = { kind: "dead", reason: "Slack answered 404 (no_service)" };
const REFUSED: Delivery = { kind: "refused", reason: "Slack answered 400 (invalid_blocks)" };

/** What a test may set; everything else is real. */
interface Setting {
  readonly files?: Readonly<Record<string, Uint8Array | Error>>;
  readonly rules?: readonly RuleDefinition[];
  readonly routing?: readonly RouteTable[];
  readonly answer?: (news: News, destination: Destination) => Delivery | undefined;
}

/** One payload through the pipeline. The identities hold, whatever happens. */
async function run(payload: unknown, { files = {}, rules = RULES, routing = ROUTING, answer }: Setting = {}) {
  const { ruleSet } = createRuleSet(rules, {});
  const { deliver, told } = fakeDeliver(answer);
  const stages: Stages = {
    decode,
    objectKind,
    readLogFile,
    flatten,
    decide: (judgeable) => decide(ruleSet, judgeable),
    toAlert,
    problemNotices: (ruleProblems, recordProblems, total) => [
      ...(ruleProblems.length > 0 ? [ruleProblemsNotice(ruleProblems)] : []),
      ...(total > 0 ? [recordProblemsNotice(recordProblems, total)] : []),
    ],
    destinationsFor: (accountId) => destinationsFor(routing, accountId),
    maxBytes: 1_000_000,
  };
  const outcome = await processPayload(payload, stages, { objects: fakeObjects(files), deliver, log: fakeLog() });
  expect(brokenIdentities(outcome)).toEqual([]);
  const { in: objectsIn, failed, ...kinds } = outcome.objects;
  return {
    outcome,
    /** The counts that are not zero. */
    counts: Object.fromEntries(
      Object.entries({
        ...kinds,
        unread: failed,
        ...outcome.records,
        "alerts delivered": outcome.alerts.delivered,
        "alerts failed": outcome.alerts.failed,
        "notices delivered": outcome.notices.delivered,
        "notices failed": outcome.notices.failed,
        controls: outcome.controls.in,
      }).filter(([, count]) => count !== 0),
    ),
    failures: outcome.failures.map(({ what, reason }) => `${what}: ${reason}`),
    told: told.map(({ to, news }) => `${to}: ${news.kind === "alert" ? news.eventId : news.title}`),
    facts: told.flatMap(({ news }) => (news.kind === "notice" ? news.facts.map(({ value }) => value) : [])),
  };
}

const stopped = (eventID: string, accountId: string = A) => trailStopped(accountId, { eventID });
const at = (key: string) => `s3://${BUCKET}/${key}`;

describe("processPayload", () => {
  test("tells what the rules alert on, and counts the rest", async () => {
    const files = {
      [keyOf("x")]: logFile(record(), stopped("1"), trailStopped(A, { userAgent: "quiet" }), stopped("2")),
    };
    const { counts, failures, told } = await run(s3Payload(keyOf("x")), { files });
    expect({ counts, failures, told }).toEqual({
      counts: { log: 1, in: 4, alerted: 2, ignored: 1, unmatched: 1, "alerts delivered": 2 },
      failures: [],
      told: ["team-a: 1", "team-a: 2"],
    });
  });

  test("routes by the account in which the call took effect, and what has none to the default", async () => {
    const nowhere = trailStopped(A, { eventID: "4", recipientAccountId: undefined, userIdentity: {} });
    const files = { [keyOf("x")]: logFile(stopped("1", A), stopped("2", B), stopped("3", C), nowhere) };
    const { told } = await run(snsPayload(s3Payload(keyOf("x"))), { files });
    expect(told.sort()).toEqual(["default: 3", "default: 4", "team-a: 1", "team-b: 2"]);
  });

  test("counts an alert for two destinations twice", async () => {
    const files = { [keyOf("x")]: logFile(stopped("1")) };
    const { counts, told } = await run(s3Payload(keyOf("x")), {
      files,
      routing: [...ROUTING, { routes: [], default: to("audit") }],
    });
    expect({ counts, told }).toEqual({
      counts: { log: 1, in: 1, alerted: 1, "alerts delivered": 2 },
      told: ["team-a: 1", "audit: 1"],
    });
  });

  test.each([
    ["missing", {}, "could not be read: NoSuchKey"],
    ["forbidden", { [keyOf("bad")]: new Error("AccessDenied") }, ": AccessDenied"],
    ["truncated", { [keyOf("bad")]: logFile(stopped("9")).subarray(0, 40) }, "is not gzip: unexpected end of file"],
    ["too large", { [keyOf("bad")]: new Uint8Array(1_000_001) }, "holds more than 1000000 bytes"],
    ["no log file", { [keyOf("bad")]: new TextEncoder().encode("{}") }, 'has no list "Records"'],
  ])("tells the alerts of the other files when one is %s, and names that one", async (_name, bad, reason) => {
    const files = { [keyOf("a")]: logFile(stopped("1")), [keyOf("c")]: logFile(stopped("2")), ...bad };
    const { counts, failures, told } = await run(s3Payload(keyOf("a"), keyOf("bad"), keyOf("c")), { files });
    expect({ counts, failures, told }).toEqual({
      counts: { log: 3, unread: 1, in: 2, alerted: 2, "alerts delivered": 2 },
      failures: [expect.stringContaining(at(keyOf("bad")))],
      told: ["team-a: 1", "team-a: 2"],
    });
    expect(failures[0]).toContain(reason);
  });

  test("does not read what is no log file", async () => {
    const keys = [keyOf("d", "CloudTrail-Digest"), keyOf("x"), keyOf("i", "CloudTrail-Insight"), "AWSLogs/readme.txt"];
    const { counts, failures } = await run(s3Payload(...keys), { files: { [keyOf("x")]: logFile() } });
    expect({ counts, failures }).toEqual({ counts: { log: 1, digest: 1, insight: 1, other: 1 }, failures: [] });
  });

  test("counts records that cannot be judged, tells of them once, and judges the others", async () => {
    const files = {
      [keyOf("x")]: logFile(
        null,
        stopped("1"),
        7,
        [],
        {},
        { eventName: "" },
        { eventName: "X", deep: JSON.parse(`${"[".repeat(99)}${"]".repeat(99)}`) },
      ),
      [keyOf("y")]: logFile("text", stopped("2")),
    };
    const { counts, failures, told, facts } = await run(s3Payload(keyOf("x"), keyOf("y")), { files });
    const place = (name: string, index: number) => `${at(keyOf(name))} Records[${index}]`;
    expect({ counts, failures, told, facts }).toEqual({
      counts: { log: 2, in: 9, alerted: 2, failed: 7, "alerts delivered": 2, "notices delivered": 1 },
      failures: [],
      told: ["team-a: 1", "team-a: 2", "default: 7 records could not be judged"],
      facts: [
        `${place("x", 0)} is null`,
        `${place("x", 2)} is a number`,
        `${place("x", 3)} is a list`,
        `${place("x", 4)} has no eventName`,
        `${place("x", 5)} has no eventName`,
        `${place("x", 6)} is nested more than 64 deep`,
        `${place("y", 0)} is a string`,
        "No rule was asked about them; all other records were judged.",
      ],
    });
  });

  test("names the first twenty records that cannot be judged and counts them all", async () => {
    const files = { [keyOf("x")]: logFile(...Array(500).fill(null)) };
    const { outcome, told } = await run(s3Payload(keyOf("x")), { files });
    expect({ named: outcome.recordProblems.length, told }).toEqual({
      named: MAX_REPORTED,
      told: ["default: 500 records could not be judged"],
    });
  });

  test("survives records that were made to harm", async () => {
    const hostile = JSON.parse(
      '{"eventName":"StopLogging","eventID":"1","__proto__":{"recipientAccountId":"222222222222"},"constructor":{"prototype":{"polluted":true}},"userIdentity":{"arn":["<!channel>"],"toString":"x","type":{"a":1}},"recipientAccountId":{"toString":null},"errorCode":7}',
    );
    const { counts, told } = await run(s3Payload(keyOf("x")), { files: { [keyOf("x")]: logFile(hostile) } });
    expect({ counts, told, polluted: "polluted" in {} }).toEqual({
      counts: { log: 1, in: 1, alerted: 1, "alerts delivered": 1 },
      told: ["default: 1"],
      polluted: false,
    });
  });

  test("reports a rule that throws once, however often it does, and asks the others", async () => {
    const rules: readonly RuleDefinition[] = [
      { id: "throws", origin: "custom", severity: "low", expression: "event.missing[0] == 1" },
      ...RULES,
    ];
    const files = { [keyOf("x")]: logFile(stopped("1"), record(), stopped("2")), [keyOf("y")]: logFile(record()) };
    const { counts, told, outcome } = await run(s3Payload(keyOf("x"), keyOf("y")), { files, rules });
    expect({ counts, told, rules: [...outcome.ruleProblems.keys()] }).toEqual({
      counts: { log: 2, in: 4, alerted: 2, unmatched: 2, "alerts delivered": 2, "notices delivered": 1 },
      told: ["team-a: 1", "team-a: 2", "default: A rule does not work"],
      rules: ["throws"],
    });
  });

  test("does not try a dead destination with what follows, and leaves the others unaffected", async () => {
    const files = {
      [keyOf("x")]: logFile(stopped("1", A), stopped("2", B), stopped("3", A), stopped("4", A), stopped("5", B)),
    };
    const { counts, failures, told } = await run(s3Payload(keyOf("x")), {
      files,
      answer: (_news, { name }) => (name === "team-a" ? DEAD : undefined),
    });
    expect({ counts, failures, told: told.sort() }).toEqual({
      counts: { log: 1, in: 5, alerted: 5, "alerts delivered": 2, "alerts failed": 3 },
      failures: [`alert for the slack_webhook destination "team-a": ${DEAD.reason}`],
      told: ["team-a: 1", "team-b: 2", "team-b: 5"],
    });
  });

  test("goes on after a message that the destination refused", async () => {
    const files = { [keyOf("x")]: logFile(stopped("1"), stopped("2")) };
    const { counts, failures, told } = await run(s3Payload(keyOf("x")), {
      files,
      answer: (news) => (news.kind === "alert" && news.eventId === "1" ? REFUSED : undefined),
    });
    expect({ counts, failures, told }).toEqual({
      counts: { log: 1, in: 2, alerted: 2, "alerts delivered": 1, "alerts failed": 1 },
      failures: [`alert for the slack_webhook destination "team-a": ${REFUSED.reason}`],
      told: ["team-a: 1", "team-a: 2"],
    });
  });

  test("tells notices to the default, and a failed one is a failure", async () => {
    const payload = { Records: [s3Entry(keyOf("x"), { eventName: "ObjectRemoved:Delete" })] };
    const good = await run(payload);
    const bad = await run(payload, { answer: () => DEAD });
    expect({ good: [good.counts, good.told, good.failures], bad: [bad.counts, bad.failures] }).toEqual({
      good: [{ "notices delivered": 1 }, ["default: A CloudTrail log file was removed"], []],
      bad: [{ "notices failed": 1 }, [`notice for the slack_webhook destination "default": ${DEAD.reason}`]],
    });
  });

  test.each([
    ["a payload that nobody understands", { hello: 1 }, {}, [/^payload: the payload \(with hello\) is neither/]],
    ["the test event of S3", { Service: "Amazon S3", Event: "s3:TestEvent" }, { controls: 1 }, []],
    [
      "a message of SNS that is not JSON beside a good one",
      snsPayload("x", s3Payload(keyOf("x"))),
      { log: 1, in: 1, alerted: 1, "alerts delivered": 1 },
      [/^payload: a message of the topic .* is not JSON/],
    ],
  ])("takes %s for what it is", async (_name, payload, counts, failures) => {
    const result = await run(payload, { files: { [keyOf("x")]: logFile(stopped("1")) } });
    expect([result.counts, result.failures]).toEqual([
      counts,
      failures.map((pattern) => expect.stringMatching(pattern)),
    ]);
  });

  describe("when nobody is configured for an account", () => {
    const routing: readonly RouteTable[] = [{ routes: [{ accounts: [A], destination: to("team-a") }] }];

    test("does not hold back what others are told, and fails", async () => {
      const files = { [keyOf("x")]: logFile(stopped("1", B), stopped("2", A)), [keyOf("y")]: logFile(stopped("3", A)) };
      const { told, failures } = await run(s3Payload(keyOf("x"), keyOf("y")), { files, routing });
      expect({ told, failures }).toEqual({
        told: ["team-a: 2", "team-a: 3"],
        failures: [expect.stringContaining("there is no destination")],
      });
    });

    test("fails and does not throw when it is a notice", async () => {
      const files = { [keyOf("y")]: logFile(stopped("3", A), null) };
      const removed = s3Entry(keyOf("x"), { eventName: "ObjectRemoved:Delete" });
      const { told, failures } = await run({ Records: [removed, s3Entry(keyOf("y"))] }, { files, routing });
      expect({ told, failures }).toEqual({
        told: ["team-a: 3"],
        failures: Array(2).fill(expect.stringContaining("there is no destination")),
      });
    });
  });

  test("accounts for everything in any batch with any faults", async () => {
    const element = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(A, B, C).map((accountId) => ({ is: "alert" as const, accountId })) },
      fc.constantFrom({ is: "unmatched" as const }, { is: "ignored" as const }, { is: "failed" as const }),
    );
    const file = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.array(element, { maxLength: 6 }).map((elements) => ({ is: "good" as const, elements })),
      },
      fc.constantFrom(
        { is: "missing" as const },
        { is: "damaged" as const },
        { is: "digest" as const },
        { is: "removed" as const },
        { is: "undecodable" as const },
      ),
    );
    const kinds = fc.constantFrom<Delivery["kind"]>(
      "delivered",
      "delivered",
      "delivered",
      "throttled",
      "ambiguous",
      "refused",
      "dead",
    );
    const delivery = (kind: Delivery["kind"]): Delivery =>
      kind === "delivered"
        ? { kind }
        : kind === "throttled"
          ? { kind, retryAfterSeconds: 1, reason: kind }
          : { kind, reason: kind };

    let delivered = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { minLength: 1, maxLength: 6 }),
        fc.array(kinds, { minLength: 1, maxLength: 12 }),
        async (batch, answers) => {
          const files: Record<string, Uint8Array> = {};
          const entries = batch.map((item, index) => {
            const key = keyOf(`f${index}`, item.is === "digest" ? "CloudTrail-Digest" : "CloudTrail");
            if (item.is === "damaged") files[key] = logFile(stopped("x")).subarray(0, 30);
            if (item.is === "good") {
              files[key] = logFile(
                ...item.elements.map((one) => {
                  if (one.is === "alert") return stopped("x", one.accountId);
                  if (one.is === "ignored") return record({ userAgent: "quiet" });
                  return one.is === "failed" ? null : record();
                }),
              );
            }
            if (item.is === "undecodable")
              return s3Entry("", { s3: { bucket: { name: BUCKET }, object: { key: "%zz" } } });
            return s3Entry(key, item.is === "removed" ? { eventName: "ObjectRemoved:Delete" } : {});
          });
          let attempt = 0;
          let notDelivered = 0;
          const { outcome } = await run(
            { Records: entries },
            {
              files,
              answer: () => {
                const answer = delivery(answers[attempt++ % answers.length] ?? "delivered");
                if (answer.kind !== "delivered") notDelivered += 1;
                return answer;
              },
            },
          );
          delivered += outcome.alerts.delivered;
          const elements = batch.flatMap((item) => (item.is === "good" ? item.elements : []));
          const count = (is: string) => elements.filter((one) => one.is === is).length;
          const files_ = (...is: string[]) => batch.filter((item) => is.includes(item.is)).length;
          expect({
            records: outcome.records,
            alertsIn: outcome.alerts.in,
            noticesIn: outcome.notices.in,
            unread: outcome.objects.failed,
            failures: outcome.failures.length,
          }).toEqual({
            records: {
              in: elements.length,
              alerted: count("alert"),
              ignored: count("ignored"),
              unmatched: count("unmatched"),
              failed: count("failed"),
            },
            alertsIn: count("alert"),
            noticesIn: files_("removed") + Math.min(1, count("failed")),
            unread: files_("missing", "damaged"),
            failures: files_("missing", "damaged", "undecodable") + notDelivered,
          });
        },
      ),
      { seed: 8, numRuns: 300 },
    );
    expect(delivered).toBeGreaterThan(100);
  });
});
