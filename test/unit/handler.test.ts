import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type BatchResult, createHandler } from "#handler.ts";
import { IncompleteError } from "#model/errors.ts";
import { brokenIdentities, type Outcome } from "#model/outcome.ts";
import type { SelfCheckResult } from "#self-check.ts";
import { accessDenied, configuration, type FakeWorld, fakeWorld, published } from "#test/support/fakes.ts";
import {
  BUCKET,
  keyOf,
  logFile,
  type RawRecord,
  record,
  s3Payload,
  sqsPayload,
  trailStopped,
  trailStoppedBySomebody,
} from "#test/support/records.ts";
import { type SlackStandIn, startSlackStandIn } from "#test/support/slack-stand-in/server.ts";

const KEY = keyOf("x");
const SELF_CHECK = { selfCheck: true };
const HOOK = { kind: "slack_webhook", name: "default", hookParameter: "/hooks/default" };
const DENIED = { errorCode: "AccessDenied", eventName: "GetObject" };

let slack: SlackStandIn;
beforeEach(async () => {
  slack = await startSlackStandIn();
});
afterEach(() => slack.close());

/** A handler in a world of fakes, with the stand-in behind the default hook. */
function setUp({
  document = configuration(),
  files = { [KEY]: logFile(trailStopped()) },
  hooks = { "/hooks/default": slack.hook("default") },
  logLevel = "DEBUG",
}: Parameters<typeof fakeWorld>[0] = {}) {
  const world = fakeWorld({ document, files, hooks, logLevel, slackApiUrl: `${slack.url}/api/` });
  return { world, handle: createHandler(world) };
}

/** What a batch of a queue looks like after some attempts. @param receives how often each message was handed out, by id */
function handedOut(payload: unknown, receives: Readonly<Record<string, number>>): unknown {
  const { Records } = Object(payload);
  return {
    Records: Records.map((message: RawRecord) => ({
      ...message,
      receiptHandle: `handle of ${message.messageId}`,
      attributes: { ApproximateReceiveCount: String(receives[String(message.messageId)] ?? 1) },
    })),
  };
}

/** An alert of its own. */
const alert = (eventID: string, accountId = "111111111111") => trailStoppedBySomebody(accountId, eventID);

/** The message texts that a channel got. */
const texts = (channel = "default") => slack.received(channel).map(({ payload }) => Object(payload).text);

/** The log as JSON: every line parses, none holds a secret, and the counts of each outcome reconcile. */
function logOf(world: FakeWorld) {
  const lines = world.lines.map((line) => JSON.parse(line));
  const secrets = [
    slack.hook("default"),
    new URL(slack.hook("default")).pathname,
    slack.hook("default").slice(-24),
    "xoxb-",
  ];
  expect(secrets.filter((secret) => world.lines.join("\n").includes(secret))).toEqual([]);
  expect(lines.filter(({ message }) => message === "counts do not reconcile")).toEqual([]);
  return lines;
}

function outcomeOf(answer: Outcome | BatchResult | SelfCheckResult): Outcome {
  if (!("records" in answer)) throw new Error("the handler answered no outcome");
  expect(brokenIdentities(answer)).toEqual([]);
  return answer;
}

const TOLD_ONE = { in: 1, delivered: 1, alreadyDelivered: 0, grouped: 0, failed: 0 };

describe("a payload", () => {
  test("is told in Slack, counted, and answered with its outcome", async () => {
    const { world, handle } = setUp();
    const outcome = outcomeOf(await handle(s3Payload(KEY)));
    expect({ texts: texts(), alerts: outcome.alerts, failures: outcome.failures, logged: logOf(world).at(-2) }).toEqual(
      {
        texts: ["🔴 CRITICAL · CloudTrail logging stopped"],
        alerts: TOLD_ONE,
        failures: [],
        logged: expect.objectContaining({
          level: "INFO",
          message: "outcome",
          alerts: TOLD_ONE,
          deadDestinations: [],
        }),
      },
    );
  });

  test("that was not finished is an IncompleteError that names the file, after everything else was told", async () => {
    const { world, handle } = setUp();
    const error = await handle(s3Payload(keyOf("missing"), KEY)).catch((thrown) => thrown);
    expect({
      is: error instanceof IncompleteError,
      message: error.message,
      texts: texts(),
      errors: logOf(world).filter(({ level }) => level === "ERROR"),
    }).toEqual({
      is: true,
      message: `not finished: s3://${BUCKET}/${keyOf("missing")}: s3://${BUCKET}/${keyOf("missing")} could not be read: NoSuchKey`,
      texts: ["🔴 CRITICAL · CloudTrail logging stopped"],
      errors: [
        expect.objectContaining({
          message: "not finished; AWS will bring it again",
          what: `s3://${BUCKET}/${keyOf("missing")}`,
        }),
      ],
    });
  });

  test("that failed in many places names the first five", async () => {
    const { handle } = setUp();
    const keys = Array.from({ length: 8 }, (_, index) => keyOf(`missing${index}`));
    await expect(handle(s3Payload(...keys))).rejects.toThrow(/^not finished: (s3:[^;]*; ){5}and 3 more$/);
  });

  test.each([
    ["is dead", { status: 404, body: "no_service" }],
    ["quotes itself", { status: 403, body: "https://hooks.slack.com/services/T0/B0/secret" }],
    ["breaks the connection", { destroySocket: "before-posting" as const, times: 9 }],
  ])("writes no hook into log or error when the hook %s", async (_name, answer) => {
    const { world, handle } = setUp();
    slack.answerNext("default", answer);
    const error = await handle(s3Payload(KEY)).catch((thrown) => thrown);
    logOf(world);
    expect([error instanceof IncompleteError, /services|T0|secret/.test(`${error.message} ${world.lines}`)]).toEqual([
      true,
      false,
    ]);
  });

  test.each([
    ["CRITICAL", []],
    ["WARNING", []],
    ["INFO", ["INFO"]],
    ["nonsense", ["INFO"]],
  ])("writes lines from the level %s on, and its metrics in any case", async (logLevel, levels) => {
    const { world, handle } = setUp({ logLevel });
    await handle(s3Payload(KEY));
    expect(logOf(world).map((line) => ("_aws" in line ? "metrics" : line.level))).toEqual([...levels, "metrics"]);
  });

  test("reads the configuration and the hook once for several payloads", async () => {
    const { world, handle } = setUp({
      files: Object.fromEntries(["1", "2", "3"].map((id) => [keyOf(id), logFile(alert(id))])),
    });
    for (const id of ["1", "2", "3"]) await handle(s3Payload(keyOf(id)));
    expect({ asked: world.parameters.asked, told: texts().length }).toEqual({
      asked: [[world.environment.CONFIGURATION_PARAMETERS], ["/hooks/default"]],
      told: 3,
    });
  });

  test("is taken by the next invocation when a cold start fails", async () => {
    const { world, handle } = setUp();
    world.parameters.failNext(new Error("ThrottlingException"));
    await expect(handle(s3Payload(KEY))).rejects.toThrow("ThrottlingException");
    await handle(s3Payload(KEY));
    expect(texts()).toEqual(["🔴 CRITICAL · CloudTrail logging stopped"]);
  });

  test("for which nobody is configured is an IncompleteError, and the counts are logged", async () => {
    const { world, handle } = setUp({
      document: configuration({ routing: [] }),
      files: { [KEY]: logFile(trailStopped(), null) },
    });
    const error = await handle(s3Payload(KEY)).catch((thrown) => thrown);
    expect({
      is: error instanceof IncompleteError,
      logged: logOf(world).some(({ message }) => message === "outcome"),
    }).toEqual({ is: true, logged: true });
  });
});

describe("a payload of an unknown shape", () => {
  test.each([
    [{ hello: "secret" }, "the payload (with hello) is of an unknown shape; expected an S3 event notification, "],
    [null, "the payload (null) is of an unknown shape; expected an S3 event notification, "],
    [{ Records: [] }, "the payload (with Records) is of an unknown shape; expected an S3 event notification, "],
  ])("is refused with a sentence that names what was expected: %j", async (payload, sentence) => {
    const { handle } = setUp();
    const error = await handle(payload).catch((thrown) => thrown);
    expect({ is: error instanceof IncompleteError, message: error.message, sent: slack.received().length }).toEqual({
      is: true,
      message: expect.stringContaining(`not finished: payload: ${sentence}`),
      sent: 0,
    });
    expect(error.message).not.toContain("secret");
  });

  test("is not what S3 sends to test a notification", async () => {
    const { handle } = setUp();
    const outcome = outcomeOf(await handle({ Service: "Amazon S3", Event: "s3:TestEvent" }));
    expect([outcome.controls, outcome.failures, slack.received().length]).toEqual([{ in: 1 }, [], 0]);
  });
});

describe("a batch of a queue", () => {
  const TOLD = "🔴 CRITICAL · CloudTrail logging stopped";
  const TEST_EVENT = { Service: "Amazon S3", Event: "s3:TestEvent" };
  const CORRUPT = keyOf("corrupt");
  const OTHER = keyOf("other");
  const files = {
    [KEY]: logFile(alert("1")),
    [OTHER]: logFile(alert("2")),
    [CORRUPT]: logFile(alert("3")).subarray(0, 40),
  };
  const failed = (...ids: readonly string[]) => ({
    batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
  });

  test.each<[string, Readonly<Record<string, unknown>>, readonly string[], readonly string[]]>([
    ["that was finished", { m1: s3Payload(KEY), m2: s3Payload(OTHER) }, [], [TOLD, TOLD]],
    ["with one payload twice", { m1: s3Payload(KEY), m2: s3Payload(KEY) }, [], [TOLD]],
    ["in which nothing is to do", { m1: TEST_EVENT, m2: "CloudTrail validation message." }, [], []],
    [
      "with one corrupt file",
      { m1: s3Payload(KEY), m2: s3Payload(CORRUPT), m3: s3Payload(OTHER) },
      ["m2"],
      [TOLD, TOLD],
    ],
    [
      "with a corrupt file beside a good one in a message",
      { m1: s3Payload(CORRUPT, KEY), m2: TEST_EVENT },
      ["m1"],
      [TOLD],
    ],
    [
      "with two bad files in one message",
      { m1: s3Payload(CORRUPT, keyOf("missing")), m2: s3Payload(KEY) },
      ["m1"],
      [TOLD],
    ],
    ["with a message of an unknown shape", { m1: { hello: 1 }, m2: s3Payload(KEY) }, ["m1"], [TOLD]],
    ["of nothing but a message that is no JSON", { m1: "hello" }, ["m1"], []],
  ])("is answered with the messages that are to come again: one %s", async (_name, messages, ids, told) => {
    const { world, handle } = setUp({ files });
    expect({ answer: await handle(sqsPayload(messages)), told: texts() }).toEqual({ answer: failed(...ids), told });
    expect(logOf(world).findLast(({ message }) => message === "outcome")).toMatchObject({
      messages: { in: Object.keys(messages).length, failed: ids.length },
    });
  });

  describe("for an account whose hook is dead", () => {
    const dead = { kind: "slack_webhook", name: "team-b", hookParameter: "/hooks/dead" };
    const routes = [{ accounts: ["222222222222"], destination: dead }];
    const batch = { m1: s3Payload(keyOf("b1")), m2: s3Payload(KEY), m3: s3Payload(keyOf("b2")), m4: s3Payload(OTHER) };
    const setUpDead = (routing: unknown) => {
      slack.answerNext("dead", { status: 404, body: "no_service", times: 9 });
      return setUp({
        document: configuration({ routing }),
        hooks: { "/hooks/default": slack.hook("default"), "/hooks/dead": slack.hook("dead") },
        files: {
          ...files,
          [keyOf("b1")]: logFile(alert("b1", "222222222222")),
          [keyOf("b2")]: logFile(alert("b2", "222222222222")),
        },
      });
    };

    test("tells the default instead, below a banner, and tries the dead one once", async () => {
      const { world, handle } = setUpDead([{ routes, default: HOOK }]);
      const answer = await handle(sqsPayload(batch));
      const banners = slack.received("default").map(({ payload }) => Object(payload).blocks[0].elements?.[0]?.text);
      const banner = "For team-b, which cannot be told any more: Slack answered 404 (no_service). Give it a new hook.";
      expect({ answer, told: texts(), banners, asked: slack.refused().length }).toEqual({
        answer: failed(),
        told: [TOLD, TOLD, TOLD, TOLD],
        banners: [banner, undefined, banner, undefined],
        asked: 1,
      });
      expect(logOf(world).filter(({ level }) => level === "ERROR")).toEqual([
        {
          level: "ERROR",
          message: "a destination is dead",
          destination: "team-b",
          reason: "Slack answered 404 (no_service)",
        },
      ]);
    });

    test("is answered with its messages when there is nobody else, and the others are told", async () => {
      const { handle } = setUpDead([{ routes: [...routes, { accounts: ["111111111111"], destination: HOOK }] }]);
      expect({ answer: await handle(sqsPayload(batch)), told: texts(), dead: texts("dead") }).toEqual({
        answer: failed("m1", "m3"),
        told: [TOLD, TOLD],
        dead: [],
      });
    });
  });

  test("logs each failure with its message's file, and nothing twice", async () => {
    const { world, handle } = setUp({ files });
    await handle(sqsPayload({ m1: s3Payload(CORRUPT), m2: s3Payload(KEY) }));
    expect(logOf(world).filter(({ level }) => level === "ERROR")).toEqual([
      expect.objectContaining({
        message: "not finished; AWS will bring it again",
        what: `s3://${BUCKET}/${CORRUPT}`,
        reason: expect.stringContaining("is not gzip"),
      }),
    ]);
  });

  test.each<[string, Parameters<typeof configuration>[0], readonly unknown[]]>([
    ["about a rule that throws", { rules: ["event.missing[0] == 1"] }, [record()]],
    ["about a record that cannot be judged", {}, [null]],
  ])("hands back the message that a notice is %s, when it cannot be told", async (_name, overrides, records) => {
    const { handle } = setUp({ document: configuration(overrides), files: { [KEY]: logFile(...records) } });
    slack.answerNext("default", { status: 404, body: "no_service" });
    expect(await handle(sqsPayload({ m1: s3Payload(KEY), m2: TEST_EVENT }))).toEqual(failed("m1"));
    expect(await handle(sqsPayload({ m1: s3Payload(KEY), m2: TEST_EVENT }))).toEqual(failed());
    expect(texts()).toHaveLength(1);
  });

  test("hands back nothing for a rule that does not compile, but tells it with the next payload", async () => {
    const document = configuration({ rules: ["eventName =="] });
    const { handle } = setUp({ document, files: { [KEY]: logFile(record()) } });
    slack.answerNext("default", { status: 404, body: "no_service" });
    expect(await handle(sqsPayload({ m1: s3Payload(KEY) }))).toEqual(failed());
    expect(texts()).toEqual([]);
    expect(await handle(sqsPayload({ m2: s3Payload(KEY) }))).toEqual(failed());
    expect(texts()).toEqual(["🟠 HIGH · A rule does not work"]);
  });

  test("hands back the messages for which Lambda leaves no time", async () => {
    const { world, handle } = setUp({ files });
    slack.answerNext("default", { status: 429, retryAfterSeconds: 30, body: "rate_limited" });
    const deadlineMs = world.clock.nowMs() + 80_000;
    const context = { getRemainingTimeInMillis: () => deadlineMs - world.clock.nowMs() };
    const batch = handedOut(sqsPayload({ m1: s3Payload(KEY), m2: s3Payload(OTHER) }), { m2: 4 });
    expect({ answer: await handle(batch, context), told: texts(), delays: [...world.queue.delays] }).toEqual({
      answer: failed("m2"),
      told: [TOLD],
      // Only time was short: there is nothing to wait for.
      delays: [["m2", 0]],
    });
  });

  test("waits longer with each attempt for what failed, and not for what had no time", async () => {
    const { world, handle } = setUp({ files });
    const receives = { m1: 1, m2: 2, m3: 3, m4: 4, m5: 7, m6: 8, m7: 50, m8: 9 };
    const messages = Object.fromEntries(Object.keys(receives).map((id) => [id, s3Payload(CORRUPT)]));
    const payload = handedOut(sqsPayload({ ...messages, m8: s3Payload(KEY) }), receives);
    await handle(payload);
    expect(Object.fromEntries(world.queue.delays)).toEqual({
      m1: 10,
      m2: 20,
      m3: 40,
      m4: 80,
      m5: 640,
      m6: 900,
      m7: 900,
    });
  });

  test("waits for a message of which one part failed and another had no time", async () => {
    const { world, handle } = setUp({ files });
    slack.answerNext("default", { status: 429, retryAfterSeconds: 30, body: "rate_limited" });
    const deadlineMs = world.clock.nowMs() + 80_000;
    const context = { getRemainingTimeInMillis: () => deadlineMs - world.clock.nowMs() };
    await handle(handedOut(sqsPayload({ m1: s3Payload(CORRUPT, KEY, OTHER) }), { m1: 2 }), context);
    expect([...world.queue.delays]).toEqual([["m1", 20]]);
  });

  test("is answered all the same when the queue does not take a delay", async () => {
    const { world, handle } = setUp({ files });
    world.queue.failure = new Error("AccessDenied");
    const payload = handedOut(sqsPayload({ m1: s3Payload(CORRUPT), m2: s3Payload(KEY), m3: s3Payload(CORRUPT) }), {});
    expect(await handle(payload)).toEqual(failed("m1", "m3"));
    expect(logOf(world).filter(({ level }) => level === "WARNING")).toEqual(
      ["m1", "m3"].map((id) => ({
        level: "WARNING",
        message: "a message comes again later than it could",
        id,
        reason: "AccessDenied",
      })),
    );
  });

  test("is handed back whole when a cold start fails, and taken by the next invocation", async () => {
    const { world, handle } = setUp({ files });
    world.parameters.failNext(new Error("ThrottlingException"));
    const payload = handedOut(sqsPayload({ m1: s3Payload(KEY), m2: TEST_EVENT, m3: "no JSON" }), { m2: 3 });
    const first = await handle(payload);
    const errors = logOf(world).filter(({ level }) => level === "ERROR");
    expect({ first, errors, delays: [...world.queue.delays], told: texts() }).toEqual({
      first: failed("m1", "m2", "m3"),
      errors: [
        {
          level: "ERROR",
          message: "the function could not start; its messages come again",
          reason: "ThrottlingException",
        },
      ],
      delays: [
        ["m1", 10],
        ["m2", 40],
        ["m3", 10],
      ],
      told: [],
    });
    expect(await handle(payload)).toEqual(failed("m3"));
    expect(texts()).toEqual([TOLD]);
  });
});

describe("a rule that does not compile", () => {
  const BROKEN = configuration({
    rules: ["eventName ==", "eventName == 'StopLogging'"],
    events_to_track: ["not a name"],
  });

  test("is logged, told once for several payloads, and the others work", async () => {
    const { world, handle } = setUp({
      document: configuration({ rules: ["eventName =="] }),
      files: { [KEY]: logFile(alert("1")), [keyOf("y")]: logFile(alert("2")) },
    });
    await handle(s3Payload(KEY));
    await handle(s3Payload(keyOf("y")));
    expect({
      told: texts().sort(),
      logged: logOf(world)
        .filter(({ level }) => level === "ERROR")
        .map(({ message, rule }) => [message, rule]),
    }).toEqual({
      told: [
        "🔴 CRITICAL · CloudTrail logging stopped",
        "🔴 CRITICAL · CloudTrail logging stopped",
        "🟠 HIGH · A rule does not work",
      ].sort(),
      logged: [["a rule was left out", "rules[0]"]],
    });
  });

  test("is told in one message with all others like it", async () => {
    const { handle } = setUp({ document: BROKEN, files: { [KEY]: logFile() } });
    await handle(s3Payload(KEY));
    expect(texts()).toEqual(["🟠 HIGH · 2 rules do not work"]);
  });

  test("is told with a later payload when it could not be told with the first", async () => {
    const { handle } = setUp({ document: configuration({ rules: ["eventName =="] }), files: { [KEY]: logFile() } });
    slack.answerNext("default", { status: 404, body: "no_service" });
    await expect(handle(s3Payload(KEY))).rejects.toThrow(IncompleteError);
    await handle(s3Payload(KEY));
    await handle(s3Payload(KEY));
    expect(texts()).toEqual(["🟠 HIGH · A rule does not work"]);
  });

  test.each([
    ["does not compile", "eventName =="],
    ["throws", "event.missing[0] == 1"],
  ])("or %s is not told when the user does not want that", async (_name, rule) => {
    const { handle } = setUp({ document: configuration({ rules: [rule], rule_evaluation_errors_to_slack: false }) });
    await handle(s3Payload(KEY));
    expect(texts()).toEqual(["🔴 CRITICAL · CloudTrail logging stopped"]);
  });
});

describe("a rule that throws", () => {
  const setUpThrowing = () =>
    setUp({
      document: configuration({ rules: ["event.missing[0] == 1"] }),
      files: { [KEY]: logFile(record(), alert("1"), record()), [keyOf("y")]: logFile(alert("2"), record()) },
    });

  test("is told once per invocation, and the others work", async () => {
    const { handle } = setUpThrowing();
    await handle(s3Payload(KEY, keyOf("y")));
    expect(texts()).toEqual([
      "🔴 CRITICAL · CloudTrail logging stopped",
      "🔴 CRITICAL · CloudTrail logging stopped",
      "🟠 HIGH · A rule does not work",
    ]);
  });

  test("is told once a day, however many invocations it fails in", async () => {
    const { world, handle } = setUpThrowing();
    const told: number[] = [];
    for (const hours of [0, 1, 13, 1]) {
      world.clock.advance(hours * 3_600_000);
      await handle(s3Payload(KEY));
      told.push(texts().filter((text) => text.includes("does not work")).length);
    }
    // From 09:20 to 10:20 to 23:20 to 00:20.
    expect(told).toEqual([1, 1, 1, 2]);
  });
});

describe("a title of the user's that throws", () => {
  test("is told as a rule that does not work, once per invocation, and every alert comes with our title", async () => {
    const rule_overrides = { "trail-stopped": { title: "requestParameters.missing[0]" } };
    const { world, handle } = setUp({
      document: configuration({ rule_overrides }),
      files: { [KEY]: logFile(alert("1"), alert("2")) },
    });
    const outcome = outcomeOf(await handle(s3Payload(KEY)));
    expect([outcome.alerts, outcome.ruleProblems.size, texts()]).toEqual([
      { ...TOLD_ONE, in: 2, delivered: 2 },
      1,
      [
        "🔴 CRITICAL · CloudTrail logging stopped",
        "🔴 CRITICAL · CloudTrail logging stopped",
        "🟠 HIGH · A rule does not work",
      ],
    ]);
    expect(logOf(world)).toContainEqual(
      expect.objectContaining({
        message: "a rule failed",
        rule: "trail-stopped",
        reason: expect.stringMatching(/^its title/),
      }),
    );
  });
});

describe("names of accounts", () => {
  const asking = configuration({ messages: { account_names_from_organizations: true } });
  const shown = () => JSON.stringify(slack.received("default").map(({ payload }) => payload));

  test("come from AWS Organizations where the configuration says so", async () => {
    const { world, handle } = setUp({ document: asking });
    world.accounts.pages = [{ "111111111111": "payments" }];
    await handle(s3Payload(KEY));
    await handle(s3Payload(KEY));
    expect([world.accounts.asked, shown()]).toEqual([1, expect.stringContaining("payments (111111111111)")]);
  });

  test("stand in notices, too", async () => {
    const { world, handle } = setUp({ document: asking });
    world.accounts.pages = [{ "111111111111": "payments" }];
    await handle({
      AlarmName: "root-use",
      AWSAccountId: "111111111111",
      AlarmArn: "arn:aws:cloudwatch:eu-central-1:111111111111:alarm:root-use",
      NewStateValue: "ALARM",
      StateChangeTime: "2025-06-11T09:15:00.000+0000",
    });
    expect(shown()).toContain("payments (111111111111)");
  });

  test("are not asked for by a self-check or without being configured", async () => {
    const first = setUp({ document: asking });
    await first.handle(SELF_CHECK);
    const second = setUp();
    await second.handle(s3Payload(KEY));
    expect([first.world.accounts.asked, second.world.accounts.asked]).toEqual([0, 0]);
  });

  test("are all that a failure costs", async () => {
    const { world, handle } = setUp({ document: asking });
    world.accounts.pages = [new Error("AccessDeniedException")];
    const outcome = outcomeOf(await handle(s3Payload(KEY)));
    expect([outcome.alerts, outcome.failures]).toEqual([TOLD_ONE, []]);
    expect(logOf(world)).toContainEqual(expect.objectContaining({ level: "WARNING", reason: "AccessDeniedException" }));
  });
});

describe("metrics", () => {
  /** Every line of metrics, checked against the specification. */
  function metricsOf(world: FakeWorld) {
    const lines = logOf(world).filter((line) => "_aws" in line);
    for (const line of lines) {
      expect(Number.isInteger(line._aws.Timestamp)).toBe(true);
      for (const { Namespace, Dimensions, Metrics } of line._aws.CloudWatchMetrics) {
        expect(Namespace).toMatch(/^[\w./-]{1,1024}$/);
        expect([Dimensions.length, Dimensions[0].length <= 30, Metrics.length <= 100]).toEqual([1, true, true]);
        for (const name of Dimensions[0]) expect(line[name]).toMatch(/^[\x21-\x7e][\x20-\x7e]{0,1023}$/);
        const names: readonly string[] = Metrics.map(({ Name }: { Name: string }) => Name);
        expect(new Set(names).size).toBe(names.length);
        expect(names.filter((name) => !(line[name] >= 0))).toEqual([]);
        expect(Metrics.every(({ Unit }: { Unit: string }) => Unit === "Count")).toBe(true);
      }
    }
    return lines;
  }
  /** Namespace, dimensions and the counts that are not zero, of each set in a line. */
  const sets = (line: Readonly<Record<string, unknown>>) =>
    Object(line._aws).CloudWatchMetrics.map(
      (set: { Namespace: string; Dimensions: readonly string[][]; Metrics: readonly { Name: string }[] }) => [
        set.Namespace,
        Object.fromEntries((set.Dimensions[0] ?? []).map((name) => [name, line[name]])),
        Object.fromEntries(set.Metrics.flatMap(({ Name }) => (line[Name] === 0 ? [] : [[Name, line[Name]]]))),
      ],
    );
  const OWN = { FunctionName: "cloudtrail-to-slack" };

  test("are one line for an invocation, in which refused calls stand under their old names", async () => {
    const records = [
      record({ ...DENIED, eventID: "1" }),
      record({ ...DENIED, eventID: "2", userAgent: "quiet" }),
      record({ errorCode: "Client.UnauthorizedOperation", eventID: "3" }),
      record({ eventID: "4" }),
    ];
    const { world, handle } = setUp({
      document: configuration({ ignore_rules: ["userAgent == 'quiet'"] }),
      files: { [KEY]: logFile(...records) },
    });
    await handle(s3Payload(KEY, keyOf("d", "CloudTrail-Digest"), "readme.txt")).catch(() => {});
    expect(metricsOf(world).map(sets)).toEqual([
      [
        [
          "CloudTrailToSlack",
          OWN,
          {
            FromCloudTrail: 6,
            ObjectsIn: 3,
            ObjectsFailed: 1,
            LogFiles: 1,
            DigestFiles: 1,
            OtherObjects: 1,
            RecordsIn: 4,
            RecordsAlerted: 2,
            RecordsIgnored: 1,
            RecordsUnmatched: 1,
            AlertsIn: 2,
            AlertsDelivered: 2,
          },
        ],
        ["CloudTrailToSlack/AccessDeniedEvents", {}, { TotalAccessDeniedEvents: 3, TotalIgnoredAccessDeniedEvents: 1 }],
      ],
    ]);
  });

  test.each([
    [
      "the user does not want them",
      { document: configuration({ push_access_denied_cloudwatch_metrics: false }) },
      s3Payload(KEY),
    ],
    ["there were no records", {}, { Service: "Amazon S3", Event: "s3:TestEvent" }],
  ])("leave refused calls out when %s", async (_name, setting, payload) => {
    const { world, handle } = setUp(setting);
    await handle(payload);
    expect(metricsOf(world).map((line) => sets(line).map(([namespace]: readonly unknown[]) => namespace))).toEqual([
      ["CloudTrailToSlack"],
    ]);
  });

  test("name each rule that failed in a line of its own", async () => {
    const { world, handle } = setUp({
      document: configuration({
        rules: ["event.missing[0] == 1", { id: "other", expression: "event.missing[0] == 2" }, "eventName == 'x'"],
      }),
      files: { [KEY]: logFile(record(), record()) },
    });
    await handle(s3Payload(KEY));
    const [own, ...rules] = metricsOf(world);
    expect({ own: own?.RuleErrors, rules: rules.map(sets) }).toEqual({
      own: 2,
      rules: ["rules[0]", "other"].map((Rule) => [["CloudTrailToSlack", { ...OWN, Rule }, { RuleErrors: 1 }]]),
    });
  });

  test("count what an eye should be kept on", async () => {
    const { world, handle } = setUp({
      files: { [KEY]: logFile(alert("1"), alert("2"), alert("3"), null), [keyOf("y")]: logFile(alert("1")) },
    });
    slack.answerNext("default", { status: 429, body: "rate_limited", retryAfterSeconds: 1 });
    slack.answerNext("default", { status: 400, body: "invalid_blocks" });
    slack.answerNext("default", { status: 200, body: "ok" });
    slack.answerNext("default", { status: 200, body: "ok" });
    // The third alert, and the notice at the end.
    slack.answerNext("default", { status: 503, body: "", times: 6 });
    await handle(handedOut(sqsPayload({ m1: s3Payload(KEY), m2: s3Payload(keyOf("y")) }), {}));
    expect(metricsOf(world).map((line) => sets(line)[0]?.[2])).toEqual([
      {
        FromCloudTrail: 7,
        ObjectsIn: 2,
        LogFiles: 2,
        RecordsIn: 5,
        RecordsAlerted: 4,
        RecordsFailed: 1,
        AlertsIn: 4,
        AlertsDelivered: 2,
        AlertsAlreadyDelivered: 1,
        AlertsFailed: 1,
        NoticesIn: 1,
        NoticesFailed: 1,
        MessagesIn: 2,
        MessagesFailed: 1,
        ThrottledAnswers: 1,
        AmbiguousAnswers: 2,
        DegradedMessages: 1,
      },
    ]);
  });

  test("count the ledger's failure once, because it is not asked again", async () => {
    const { world, handle } = setUp();
    world.table.failure = new Error("ResourceNotFoundException");
    await handle(s3Payload(KEY));
    expect({
      told: texts(),
      metrics: metricsOf(world).map(({ LedgerErrors, AlertsDelivered }) => [LedgerErrors, AlertsDelivered]),
    }).toEqual({
      told: ["🔴 CRITICAL · CloudTrail logging stopped"],
      metrics: [[1, 1]],
    });
  });

  test("are written when the invocation fails, and not by a self-check", async () => {
    const { world, handle } = setUp();
    await handle(SELF_CHECK);
    await expect(handle(s3Payload(keyOf("missing")))).rejects.toThrow(IncompleteError);
    expect(metricsOf(world).map((line) => sets(line)[0]?.[2])).toEqual([
      { FromCloudTrail: 1, ObjectsIn: 1, ObjectsFailed: 1, LogFiles: 1 },
    ]);
  });
});

describe("without a ledger", () => {
  test("asks for no table, and tells each time", async () => {
    const { world, handle } = setUp({ document: configuration({ ledger: { table: null, retention_days: 30 } }) });
    world.table.failure = new Error("nobody asks");
    await handle(s3Payload(KEY));
    const outcome = outcomeOf(await handle(s3Payload(KEY)));
    expect({ told: texts().length, ledger: outcome.ledger, alerts: outcome.alerts }).toEqual({
      told: 2,
      ledger: { failed: 0 },
      alerts: TOLD_ONE,
    });
  });
});

describe("the self-check", () => {
  test("lists the rules in Python with what they become", async () => {
    const python = "'userIdentity.accountId' in event and event['userIdentity.accountId'] == '11111111111'";
    const { handle } = setUp({ document: configuration({ ignore_rules: python }) });
    const answer = await handle(SELF_CHECK);
    expect(answer).toMatchObject({ ok: true, problems: [], warnings: [] });
    expect(Object(answer).translations).toEqual({ "ignore_rules[0]": expect.stringContaining("'11111111111'") });
  });

  test("warns of what holds, but perhaps not as it was meant", async () => {
    const { handle } = setUp({ document: configuration({ rules: ["requestParameters.names[0] == 'a'"] }) });
    expect(await handle(SELF_CHECK)).toMatchObject({
      ok: true,
      problems: [],
      warnings: [expect.stringMatching(/^rules\[0\]: the expression .*names/s)],
    });
  });

  test("is content with a configuration that works, and sends nothing", async () => {
    const { world, handle } = setUp();
    expect({ answer: await handle(SELF_CHECK), sent: slack.received().length, log: logOf(world) }).toEqual({
      answer: { ok: true, problems: [], warnings: [], translations: {} },
      sent: 0,
      log: [],
    });
  });

  test.each([
    [
      "a rule that does not compile",
      { rules: ["eventName == 'A'", "eventName =="] },
      [/^rules\[1\]: the expression ends too early at line 1, column 13:\n {2}eventName ==\n {14}\^$/],
    ],
    [
      "an ignore rule that does not compile",
      { ignore_rules: "eventName == 'A', eventName |x" },
      [/^ignore_rules\[1\]: the expression uses the unknown transform "x"/],
    ],
    ["an event that is no name", { events_to_track: ["a b"] }, [/^events_to_track: "a b" is no event name/]],
    [
      "two rules with one id",
      {
        rules: [
          { id: "a", expression: "eventName == 'A'" },
          { id: "a", expression: "eventName == 'B'" },
        ],
      },
      [/^a: another rule has the same id/],
    ],
    [
      "the id of a default rule",
      { rules: [{ id: "root-activity", expression: "a" }] },
      [/^root-activity: another rule has the same id/],
    ],
    [
      "several mistakes",
      { rules: ["|"], ignore_rules: ["a b"], events_to_track: "-" },
      [/^events_to_track: /, /^rules\[0\]: /, /^ignore_rules\[0\]: /],
    ],
    [
      "a document of the wrong shape",
      { use_default_rules: 1, events_to_track: 2 },
      [/^use_default_rules: /, /^events_to_track: /],
    ],
  ])("answers with the place of %s", async (_name, overrides, problems) => {
    const { handle } = setUp({ document: configuration(overrides) });
    expect(await handle(SELF_CHECK)).toMatchObject({
      ok: false,
      problems: problems.map((pattern) => expect.stringMatching(pattern)),
    });
  });

  test("answers that the configuration is no JSON", async () => {
    const { handle } = setUp({ document: "{" });
    expect(await handle(SELF_CHECK)).toMatchObject({
      ok: false,
      problems: [expect.stringMatching(/^the configuration is not gzip of JSON: /)],
    });
  });

  test.each([
    [
      "a hook that is missing",
      HOOK,
      {},
      /^the secret of the destination "default" cannot be read from SSM: SSM has no parameter \/hooks\/default /,
    ],
    [
      "a hook that points elsewhere",
      HOOK,
      { "/hooks/default": "https://hooks.example.com/services/T0/B0/secret" },
      /^the hook in the SSM parameter \/hooks\/default points at the host hooks\.example\.com, which is not in allowed_hook_hosts \(hooks\.slack\.com\)$/,
    ],
    [
      "a hook that is no URL",
      HOOK,
      { "/hooks/default": "to be filled in" },
      /^the hook in the SSM parameter \/hooks\/default is not a URL/,
    ],
    [
      "a token that is missing",
      { kind: "slack_app", name: "app", channelId: "C1", tokenParameter: "/token" },
      {},
      /^the secret of the destination "app" cannot be read from SSM: SSM has no parameter \/token /,
    ],
  ])("throws a sentence about %s", async (_name, destination, hooks, message) => {
    const { handle } = setUp({
      document: configuration({ routing: [{ routes: [{ accounts: ["111111111111"], destination }] }] }),
      hooks,
    });
    const error = await handle(SELF_CHECK).catch((thrown) => thrown);
    expect([error.message, `${error.stack}`.includes("T0/B0")]).toEqual([expect.stringMatching(message), false]);
  });

  test("reads the hooks of routes, too", async () => {
    const destination = {
      kind: "slack_webhook",
      name: "route on call (/hooks/on-call)",
      hookParameter: "/hooks/on-call",
    };
    const { handle } = setUp({
      document: configuration({ routes: [{ name: "on call", destinations: [destination], continue: false }] }),
    });
    await expect(handle(SELF_CHECK)).rejects.toThrow(
      'the secret of the destination "route on call (/hooks/on-call)" cannot be read',
    );
  });

  test("is content once a hook was mended", async () => {
    const { world, handle } = setUp({ hooks: { "/hooks/default": "https://hooks.example.com/services/T0/B0/secret" } });
    await expect(handle(SELF_CHECK)).rejects.toThrow("hooks.example.com");
    world.parameters.values.set("/hooks/default", slack.hook("default"));
    expect(await handle(SELF_CHECK)).toEqual({ ok: true, problems: [], warnings: [], translations: {} });
  });

  test.each([
    ["the configuration", 3, 0],
    ["the hook", 0, 3],
  ])("waits while AWS denies access to %s", async (_name, before, after) => {
    const { world, handle } = setUp();
    world.parameters.failNext(...Array.from({ length: before }, accessDenied));
    if (after > 0) {
      const get = world.parameters.get.bind(world.parameters);
      let left = after;
      world.parameters.get = async (names) => {
        if (names.includes("/hooks/default") && left-- > 0) throw accessDenied();
        return get(names);
      };
    }
    expect({ answer: await handle(SELF_CHECK), slept: world.clock.slept }).toEqual({
      answer: { ok: true, problems: [], warnings: [], translations: {} },
      slept: [5_000, 5_000, 5_000],
    });
  });

  test("gives up when AWS denies access for a minute", async () => {
    const { world, handle } = setUp();
    world.parameters.failNext(...Array.from({ length: 12 }, accessDenied));
    await expect(handle(SELF_CHECK)).rejects.toThrow("not authorized");
    expect(world.clock.slept).toEqual(Array(11).fill(5_000));
  });

  test("does not wait when something else is wrong", async () => {
    const { world, handle } = setUp();
    world.parameters.failNext(new Error("ThrottlingException"));
    await expect(handle(SELF_CHECK)).rejects.toThrow("ThrottlingException");
    expect(world.clock.slept).toEqual([]);
  });

  test("throws when the parameters hold another configuration than the version was published with", async () => {
    const { world, handle } = setUp();
    const other = published(configuration({ rules: ["a"] })).values;
    for (const [name, value] of Object.entries(other)) world.parameters.values.set(name, value);
    await expect(handle(SELF_CHECK)).rejects.toThrow("apply again");
  });

  test("says where a template cannot be used", async () => {
    const rule_overrides = { "trail-stopped": { title: "Trail stopped", details: { Who: "userIdentity.arnn" } } };
    const { handle } = setUp({ document: configuration({ rule_overrides }) });
    expect(await handle(SELF_CHECK)).toMatchObject({
      ok: false,
      problems: [
        expect.stringMatching(/^trail-stopped: title: the expression has an unexpected "stopped" at line 1, column 7:/),
        expect.stringMatching(
          /^trail-stopped: details\["Who"\]: the expression names userIdentity\.arnn, .*did you mean/,
        ),
      ],
    });
  });

  test.each([[{ selfCheck: false }], [{ selfCheck: "true" }]])("is not asked by %j", async (payload) => {
    const { handle } = setUp();
    await expect(handle(payload)).rejects.toThrow(IncompleteError);
  });
});
