import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alterationNotices } from "#alerts/completeness-notices.ts";
import { insightNotices } from "#alerts/insight-notices.ts";
import { recordProblemsNotice, ruleProblemsNotice } from "#alerts/notices.ts";
import { plainAlert, plainInsightNotice } from "#alerts/plain-news.ts";
import { joined, moreNotice, repeatsOf, together } from "#alerts/repeats.ts";
import { toAlert } from "#alerts/to-alert.ts";
import { findDigests } from "#completeness/find-digests.ts";
import { readDigest } from "#completeness/read-digest.ts";
import { guardedLedger } from "#ledger/guarded-ledger.ts";
import { destinationKey, ledgerKey, windowId } from "#ledger/keys.ts";
import type { Delivery, Destination, RouteTable } from "#model/destination.ts";
import { LogFileError } from "#model/errors.ts";
import { DEFAULT_LIMITS, type Limits } from "#model/log-file.ts";
import type { Alert, News, Repeats } from "#model/news.ts";
import { brokenIdentities, MAX_REPORTED, newOutcome } from "#model/outcome.ts";
import type { ObjectStore } from "#model/ports.ts";
import type { RuleDefinition } from "#model/rule.ts";
import { PLAIN_MESSAGES } from "#model/settings.ts";
import { processPayload, type Stages } from "#pipeline.ts";
import { unfoldAggregated } from "#records/aggregated.ts";
import { flatten } from "#records/flatten.ts";
import { openLogFile } from "#records/open-log-file.ts";
import { targetsFor } from "#routing/targets-for.ts";
import { decide } from "#rules/decide.ts";
import { createRuleSet } from "#rules/rule-set.ts";
import { decode } from "#sources/decode.ts";
import { objectKind } from "#sources/object-kind.ts";
import { digest, digestFile, digestKeyOf, sealOf } from "#test/support/digests.ts";
import {
  type FakeClock,
  type FakeLedger,
  fakeClock,
  fakeDeliver,
  fakeLedger,
  fakeLog,
  fakeObjects,
  fakeTags,
} from "#test/support/fakes.ts";
import {
  aggregated,
  BUCKET,
  eventBridgePayload,
  insight,
  insightEnd,
  keyOf,
  logFile,
  logsPayload,
  record,
  s3Entry,
  s3Payload,
  snsPayload,
  sqsPayload,
  trailStopped,
  trailStoppedBySomebody,
} from "#test/support/records.ts";

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
/** The same without anybody who is told instead. */
const WITHOUT_DEFAULT: readonly RouteTable[] = ROUTING.map(({ routes }) => ({ routes }));
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
  readonly remainingMs?: () => number;
  readonly limits?: Partial<Limits>;
  readonly clock?: FakeClock;
  /** Instead of what lists the bucket. */
  readonly list?: ObjectStore["list"];
  /** A table of earlier runs; null when it is switched off. */
  readonly ledger?: FakeLedger | null;
}

/** One payload through the pipeline. The identities hold, whatever happens. */
async function run(payload: unknown, setting: Setting = {}) {
  const { files = {}, rules = RULES, routing = ROUTING, answer, remainingMs = () => 300_000 } = setting;
  const { ruleSet } = createRuleSet(rules, {});
  const { deliver, told } = fakeDeliver(answer);
  const { clock = fakeClock() } = setting;
  const ledger = setting.ledger === null ? undefined : (setting.ledger ?? fakeLedger(clock));
  const limits = { ...DEFAULT_LIMITS, ...setting.limits };
  const stages: Stages = {
    decode,
    objectKind,
    readLogFile: (chunks, name) => openLogFile(chunks, name, limits),
    unfold: unfoldAggregated,
    flatten: (element) => flatten(element, limits),
    decide: (judgeable) => decide(ruleSet, judgeable),
    confirm: async (suspects) => suspects,
    toAlert: (judged, matched, logFile) => toAlert(judged, matched, { logFile }),
    plainAlert,
    insightNotices,
    plainInsightNotice,
    problemNotices: (ruleProblems, recordProblems, total) => [
      ...(ruleProblems.length > 0 ? [ruleProblemsNotice(ruleProblems, "2025-06-11")] : []),
      ...(total > 0 ? [recordProblemsNotice(recordProblems, total)] : []),
    ],
    targetsFor: (news) => targetsFor({ routes: [], routing, mention: undefined }, news),
    together: (alerts) => together(alerts, PLAIN_MESSAGES),
    repeatsOf: (alerts, standing) => repeatsOf(alerts, standing, PLAIN_MESSAGES),
    joined,
    moreNotice: (alert: Alert, repeats: Repeats, occasion: string) =>
      moreNotice(alert, repeats, occasion, PLAIN_MESSAGES),
    ledgerKey,
    destinationKey,
    windowId,
    windowMs: 0,
    guard: (ledger, onFailure) => guardedLedger(ledger, clock, onFailure),
    readDigest,
    findDigests: (store, request) => findDigests(store, request, clock.nowMs()),
    alterationNotices,
  };
  const objects = fakeObjects(files);
  const ports = {
    objects: { ...objects, list: setting.list ?? objects.list },
    ledger,
    deliver,
    wake: async () => {},
    tags: fakeTags(),
    clock,
    log: fakeLog(),
    remainingMs,
  };
  const outcome = await processPayload(payload, stages, ports);
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
        "alerts grouped": outcome.alerts.grouped,
        "alerts told before": outcome.alerts.alreadyDelivered,
        "alerts failed": outcome.alerts.failed,
        "notices delivered": outcome.notices.delivered,
        "notices told before": outcome.notices.alreadyDelivered,
        "notices failed": outcome.notices.failed,
        "handed back": outcome.handedBack.count,
        "ledger errors": outcome.ledger.failed,
        "dead destinations": outcome.deadDestinations.size,
        ...outcome.limits,
        controls: outcome.controls.in,
        messages: outcome.messages.in,
        "messages failed": outcome.messages.failed,
      }).filter(([, count]) => count !== 0),
    ),
    failures: outcome.failures.map(({ what, reason }) => `${what}: ${reason}`),
    failedIds: outcome.failures.map(({ ackId }) => ackId),
    told: told.map(({ to, news }) => `${to}: ${news.kind === "alert" ? news.eventId : news.title}`),
    facts: told.flatMap(({ news }) => (news.kind === "notice" ? news.facts.map(({ value }) => value) : [])),
  };
}

const stopped = (eventID: string, accountId: string = A) => trailStoppedBySomebody(accountId, eventID);
/** What a topic puts into a queue. */
const snsJson = (message: unknown) => ({
  Type: "Notification",
  TopicArn: "arn:aws:sns:eu-central-1:111111111111:cloudtrail",
  Message: JSON.stringify(message),
});
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

  test("tells what one actor did several times in one message, of which each counts", async () => {
    const again = (eventID: string) => trailStopped(A, { eventID });
    const files = { [keyOf("x")]: logFile(again("1"), stopped("2"), again("3"), again("4"), again("1")) };
    const { counts, failures, told } = await run(s3Payload(keyOf("x")), { files });
    expect({ counts, failures, told }).toEqual({
      counts: {
        ...{ log: 1, in: 5, alerted: 5, "alerts delivered": 2 },
        ...{ "alerts grouped": 2, "alerts told before": 1 },
      },
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

  test.each<[string, keyof Limits, number, string]>([
    ["unpacks to too many bytes", "file_bytes", 5_000, "unpacks to more than 5000 bytes (limits.file_bytes)"],
    ["holds too many records", "file_records", 2, "holds more than 2 records (limits.file_records)"],
  ])(
    "tells what stands before the limit when a file %s, counts that, and reads the others",
    async (_name, limit, max, reason) => {
      const many = Array.from({ length: 50 }, (_, index) => stopped(`many ${index}`));
      const files = {
        [keyOf("a")]: logFile(stopped("1")),
        [keyOf("bad")]: logFile(...many),
        [keyOf("c")]: logFile(stopped("2")),
      };
      const { outcome, counts, failures, told } = await run(s3Payload(keyOf("a"), keyOf("bad"), keyOf("c")), {
        files,
        limits: { [limit]: max },
      });
      const { alerted } = outcome.records;
      expect({ counts, failures, told: told.filter((line) => !line.includes("many")) }).toEqual({
        counts: { log: 3, unread: 1, in: alerted, alerted, "alerts delivered": alerted, [limit]: 1 },
        failures: [expect.stringContaining(reason)],
        told: ["team-a: 1", "team-a: 2"],
      });
      expect(alerted).toBeGreaterThan(2);
      expect(alerted).toBeLessThan(52);
    },
  );

  test("does not read what holds no records, nor digest files when there is no ledger to compare them with", async () => {
    const keys = [
      keyOf("d", "CloudTrail-Digest"),
      keyOf("x"),
      "AWSLogs/readme.txt",
      "AWSLogs/111111111111/CloudTrail/",
    ];
    const { counts, failures } = await run(s3Payload(...keys), { files: { [keyOf("x")]: logFile() }, ledger: null });
    expect({ counts, failures }).toEqual({ counts: { log: 1, digest: 1, other: 2 }, failures: [] });
  });

  describe("with the ledger of earlier runs", () => {
    const PAYLOAD = s3Payload(keyOf("x"), keyOf("y"));
    const files = { [keyOf("x")]: logFile(stopped("1"), stopped("2", B), null), [keyOf("y")]: logFile(stopped("3")) };

    test("tells nothing again when a payload comes again, and remembers what it read", async () => {
      const clock = fakeClock();
      const ledger = fakeLedger(clock);
      const first = await run(PAYLOAD, { files, clock, ledger });
      const second = await run(PAYLOAD, { files, clock, ledger: ledger.as("another process") });
      expect({ counts: [first.counts, second.counts], told: second.told, objects: [...ledger.objects].sort() }).toEqual(
        {
          counts: [
            { log: 2, in: 4, alerted: 3, failed: 1, "alerts delivered": 3, "notices delivered": 1 },
            { log: 2, in: 4, alerted: 3, failed: 1, "alerts told before": 3, "notices told before": 1 },
          ],
          told: [],
          objects: [keyOf("x"), keyOf("y")].map((key) => [at(key), sealOf(files[key] ?? new Uint8Array())]),
        },
      );
    });

    test("goes on where a run stopped, and the retries of a batch with a corrupt file tell nothing again", async () => {
      const clock = fakeClock();
      const ledger = fakeLedger(clock);
      const corrupt = { ...files, [keyOf("y")]: logFile(stopped("3")).subarray(0, 40) };
      const runs = [
        await run(PAYLOAD, { files: corrupt, clock, ledger }),
        await run(PAYLOAD, { files: corrupt, clock, ledger }),
        await run(PAYLOAD, { files, clock, ledger }),
      ];
      expect(runs.map(({ counts, told }) => ({ unread: counts.unread, told }))).toEqual([
        { unread: 1, told: ["team-a: 1", "team-b: 2", "default: A record could not be judged"] },
        { unread: 1, told: [] },
        { unread: undefined, told: ["team-a: 3"] },
      ]);
    });

    test("does not take a file for processed of which an alert was not told", async () => {
      const clock = fakeClock();
      const ledger = fakeLedger(clock);
      const answer = (_news: News, { name }: Destination) => (name === "team-b" ? REFUSED : undefined);
      await run(PAYLOAD, { files, clock, ledger, answer });
      const afterFailure = [...ledger.objects.keys()];
      await run(PAYLOAD, { files, clock, ledger });
      expect({ afterFailure, afterRetry: [...ledger.objects.keys()].sort() }).toEqual({
        afterFailure: [at(keyOf("y"))],
        afterRetry: [at(keyOf("x")), at(keyOf("y"))],
      });
    });

    test.each<[string, readonly unknown[]]>([
      ["two trails", [s3Payload(keyOf("x")), s3Payload(keyOf("other-trail"))]],
      ["EventBridge and S3", [eventBridgePayload(stopped("1")), s3Payload(keyOf("x"))]],
      [
        "S3 and CloudWatch Logs",
        [
          s3Payload(keyOf("x")),
          logsPayload({
            messageType: "DATA_MESSAGE",
            logGroup: "g",
            logStream: "s",
            logEvents: [{ message: JSON.stringify(stopped("1")) }],
          }),
        ],
      ],
    ])("tells once what comes by %s", async (_name, payloads) => {
      const clock = fakeClock();
      const ledger = fakeLedger(clock);
      const both = { [keyOf("x")]: logFile(stopped("1")), [keyOf("other-trail")]: logFile(record(), stopped("1")) };
      const told: string[] = [];
      for (const payload of payloads) told.push(...(await run(payload, { files: both, clock, ledger })).told);
      expect(told).toEqual(["team-a: 1"]);
    });

    test("tells and finishes all the same when the table cannot be reached, and counts it", async () => {
      const clock = fakeClock();
      const ledger = fakeLedger(clock);
      ledger.failure = new Error("ResourceNotFoundException");
      const { counts, failures, told } = await run(PAYLOAD, { files, clock, ledger });
      expect({ counts, failures, told }).toEqual({
        // Nobody asks it again.
        counts: {
          log: 2,
          in: 4,
          alerted: 3,
          failed: 1,
          "alerts delivered": 3,
          "notices delivered": 1,
          "ledger errors": 1,
        },
        failures: [],
        told: ["team-a: 1", "team-b: 2", "team-a: 3", "default: A record could not be judged"],
      });
    });

    test("tells everything each time when it is switched off", async () => {
      const runs = [await run(PAYLOAD, { files, ledger: null }), await run(PAYLOAD, { files, ledger: null })];
      expect(runs.map(({ counts }) => counts["alerts delivered"])).toEqual([3, 3]);
    });
  });

  describe("with digest files", () => {
    const HOUR = digestKeyOf("20250611T090000Z");
    const came = logFile(stopped("1"));
    const lost = logFile(stopped("2", B), record());
    const seals = { [keyOf("came")]: sealOf(came), [keyOf("lost")]: sealOf(lost) };
    const files = { [keyOf("came")]: came, [keyOf("lost")]: lost, [HOUR]: digestFile(digest(seals)) };
    const afterwards = async (payload: unknown, setting: Setting = {}) => {
      const clock = fakeClock();
      const ledger = fakeLedger(clock);
      await run(s3Payload(keyOf("came")), { files, clock, ledger });
      return { clock, ledger, result: await run(payload, { files, clock, ledger, ...setting }) };
    };

    // Who asks for digest files is spared those that were read to their end.
    test.each<[string, number, unknown]>([
      ["when the digest file comes", 1, s3Payload(HOUR)],
      ["when somebody asks for it", 0, { reconcile: { bucket: BUCKET, prefix: "AWSLogs/", hours: 3 } }],
      ["when somebody asks for it through a queue", 0, sqsPayload({ m1: { reconcile: { bucket: BUCKET, hours: 1 } } })],
    ])("a file whose notification never came is told %s, and once", async (_name, readAgain, payload) => {
      const { clock, ledger, result } = await afterwards(payload);
      const again = await run(payload, { files, clock, ledger });
      const known = [HOUR, keyOf("lost")].map((key) => ledger.objects.get(at(key)));
      expect({
        objects: result.outcome.objects,
        alerts: result.outcome.alerts.delivered,
        completeness: result.outcome.completeness,
        failures: result.failures,
        told: result.told,
        known,
        again: [again.told, again.outcome.completeness, again.outcome.objects.in],
      }).toEqual({
        objects: { ...newOutcome().objects, in: 2, digest: 1, log: 1 },
        alerts: 1,
        completeness: { missing: 1, altered: 0 },
        failures: [],
        told: ["team-b: 2"],
        known: [sealOf(files[HOUR] ?? came), seals[keyOf("lost")]],
        again: [[], { missing: 0, altered: 0 }, readAgain],
      });
    });

    test("a digest file of which a file could not be read is read again by whoever asks", async () => {
      const payload = { reconcile: { bucket: BUCKET, hours: 3 } };
      const forbidden = { ...files, [keyOf("lost")]: new LogFileError("AccessDenied") };
      const { clock, ledger, result } = await afterwards(payload, { files: forbidden });
      const again = await run(payload, { files, clock, ledger });
      expect([result.failures, again.told, again.failures]).toEqual([
        [`${at(keyOf("lost"))}: AccessDenied`],
        ["team-b: 2"],
        [],
      ]);
    });

    test("a file that is not what CloudTrail wrote is told to its account, once", async () => {
      const forged = { ...files, [keyOf("lost")]: logFile(record()) };
      const { clock, ledger, result } = await afterwards(s3Payload(HOUR), { files: forged });
      const again = await run(s3Payload(HOUR), { files: forged, clock, ledger });
      expect([result.told, result.outcome.completeness, again.told, again.counts["notices told before"]]).toEqual([
        ["team-a: A CloudTrail file is not what CloudTrail wrote"],
        { missing: 1, altered: 1 },
        [],
        1,
      ]);
    });

    test("a file that cannot be read now is counted, fails its message, and comes again", async () => {
      const forbidden = { ...files, [keyOf("lost")]: new LogFileError("AccessDenied") };
      const { clock, ledger, result } = await afterwards(
        sqsPayload({ m1: s3Payload(HOUR), m2: s3Payload(keyOf("came")) }),
        {
          files: forbidden,
        },
      );
      const again = await run(s3Payload(HOUR), { files, clock, ledger });
      expect([result.failures, result.failedIds, result.outcome.objects, again.told]).toEqual([
        [`${at(keyOf("lost"))}: AccessDenied`],
        ["m1"],
        { ...newOutcome().objects, in: 3, digest: 1, log: 2, failed: 1 },
        ["team-b: 2"],
      ]);
    });

    test("they are handed back when there is no time for them, or for what is missing", async () => {
      const none = await afterwards(s3Payload(HOUR), { remainingMs: () => 4_999 });
      let leftMs = 5_000;
      const little = await afterwards(s3Payload(HOUR), { remainingMs: () => leftMs-- });
      const failure = (what: string) => [{ what: at(what), reason: "no time was left for it", soon: true }];
      expect(
        [none, little].map(({ result, ledger }) => [result.outcome.failures, ledger.objects.has(at(HOUR))]),
      ).toEqual([
        [failure(HOUR), false],
        [failure(keyOf("lost")), false],
      ]);
    });

    test("they come again while the table cannot be reached, because nothing can be compared", async () => {
      const clock = fakeClock();
      const ledger = fakeLedger(clock);
      ledger.failure = new Error("table down");
      const { counts, failures } = await run(s3Payload(HOUR), { files, clock, ledger });
      expect({ counts, failures }).toEqual({ counts: { digest: 1, unread: 1 }, failures: [`${at(HOUR)}: table down`] });
    });

    test("a bucket that cannot be listed fails the request", async () => {
      const payload = sqsPayload({ m1: { reconcile: { bucket: BUCKET, hours: 1 } } });
      const list = async () => {
        throw new LogFileError(
          "the keys below s3://example-cloudtrail-logs/AWSLogs/ could not be listed: AccessDenied",
        );
      };
      const { failures, failedIds } = await run(payload, { list });
      expect([failures, failedIds]).toEqual([
        ["reconciling: the keys below s3://example-cloudtrail-logs/AWSLogs/ could not be listed: AccessDenied"],
        ["m1"],
      ]);
    });
  });

  test("tells the alerts of a large file before it has read on, and all of them", async () => {
    const ids = Array.from({ length: 2_600 }, (_, index) => `${index}`);
    let asked = 0;
    let atFirst: number | undefined;
    const clock = fakeClock();
    const ledger = fakeLedger(clock);
    const delivered = ledger.delivered.bind(ledger);
    ledger.delivered = async (keys) => {
      asked = Math.max(asked, keys.length);
      atFirst ??= keys.length;
      return delivered(keys);
    };
    const { counts } = await run(s3Payload(keyOf("x")), {
      files: { [keyOf("x")]: logFile(...ids.map((id) => stopped(id))) },
      clock,
      ledger,
    });
    expect({ counts, bounded: asked < 2_000, early: (atFirst ?? 0) < 2_000 }).toEqual({
      counts: { log: 1, in: 2_600, alerted: 2_600, "alerts delivered": 2_600 },
      bounded: true,
      early: true,
    });
  });

  test("stops reading while there is time to hand the rest back, and tells what it has read", async () => {
    let leftMs = 100_000;
    const chunks: number[] = [];
    const rows = Array.from({ length: 5_000 }, (_, index) =>
      index === 3 ? stopped("1") : record({ eventID: `${index}` }),
    );
    const clock = fakeClock();
    const { counts, failures, outcome, told } = await run(s3Payload(keyOf("x")), {
      files: { [keyOf("x")]: logFile(...rows) },
      clock,
      rules: [...RULES, { id: "slow", origin: "ignore", severity: "low", expression: "eventID == 'never'" }],
      remainingMs: () => {
        chunks.push(leftMs);
        leftMs -= 32_000;
        return leftMs;
      },
    });
    const read = outcome.records.in;
    expect({ counts, failures, soon: outcome.failures.map(({ soon }) => soon), told }).toEqual({
      counts: { log: 1, unread: 1, in: read, alerted: 1, unmatched: read - 1, "alerts failed": 1, "handed back": 2 },
      failures: [
        'alert for the slack_webhook destination "team-a": its turn would have come too late',
        `${at(keyOf("x"))}: no time was left for what follows Records[${read - 1}]`,
      ],
      soon: [undefined, true],
      told: [],
    });
    expect(read).toBeLessThan(5_000);
  });

  describe("from a queue", () => {
    const GET_OBJECT: RuleDefinition = {
      id: "read",
      origin: "custom",
      severity: "low",
      expression: "eventName == 'GetObject'",
    };

    test("accounts for every object by the kind of its folder, whichever are mixed", async () => {
      const network = keyOf("n", "CloudTrail-NetworkActivity");
      const insights = keyOf("i", "CloudTrail-Insight");
      const sums = keyOf("s", "CloudTrail-Aggregated");
      const hour = keyOf("d", "CloudTrail-Digest");
      const both = aggregated({
        eventId: "sum2",
        summary: {
          primaryDimension: { dimension: "eventName", statistics: [{ name: "GetObject" }, { name: "PutObject" }] },
        },
      });
      const x = logFile(stopped("1"), record());
      const files = {
        [keyOf("x")]: x,
        [keyOf("y")]: logFile(stopped("2", B)),
        [hour]: digestFile(digest({ [keyOf("x")]: sealOf(x) })),
        [network]: logFile(
          record({ eventID: "3", eventName: "GetObject", eventCategory: "NetworkActivity" }),
          record(),
        ),
        [insights]: logFile(insight(), insightEnd()),
        [sums]: new TextEncoder().encode(JSON.stringify([aggregated({ eventId: "sum1" }), both])),
      };
      const payload = sqsPayload({
        m1: s3Payload(keyOf("x"), hour, insights),
        m2: { s3Bucket: BUCKET, s3ObjectKey: [network, sums, "AWSLogs/readme.txt"] },
        m3: s3Payload(keyOf("y")),
      });
      const { outcome, failures, told } = await run(payload, { files, rules: [...RULES, GET_OBJECT] });
      expect({ outcome, failures, told }).toEqual({
        outcome: {
          ...newOutcome(),
          objects: {
            in: 7,
            log: 2,
            digest: 1,
            insight: 1,
            "network-activity": 1,
            aggregated: 1,
            other: 1,
            failed: 0,
          },
          records: { in: 10, alerted: 7, ignored: 0, unmatched: 3, failed: 0 },
          news: { alerts: 5, insights: 2, copies: 6 },
          alerts: { in: 5, delivered: 5, alreadyDelivered: 0, grouped: 0, failed: 0 },
          notices: { in: 1, delivered: 1, alreadyDelivered: 0, grouped: 0, failed: 0 },
          messages: { in: 3, failed: 0 },
        },
        failures: [],
        told: [
          "team-a: 1",
          "team-a: Unusual rate of calls: iam.amazonaws.com CreateUser (ended)",
          "team-a: 3",
          "team-a: sum1",
          "team-a: sum2/GetObject",
          "team-b: 2",
        ],
      });
    });

    test("gives each failure the id of its own message, and the others none", async () => {
      const files = { [keyOf("good")]: logFile(stopped("1")), [keyOf("bad")]: logFile().subarray(0, 9) };
      const payload = sqsPayload({
        fine: s3Payload(keyOf("good")),
        missing: s3Payload(keyOf("missing"), keyOf("good")),
        damaged: snsJson(s3Payload(keyOf("good"), keyOf("bad"), keyOf("missing"))),
        strange: "hello",
        test: { Service: "Amazon S3", Event: "s3:TestEvent" },
        half: { s3Bucket: BUCKET, s3ObjectKey: [keyOf("bad"), keyOf("good")] },
      });
      const { counts, failures, failedIds, told } = await run(payload, { files });
      expect({ counts, failures: failures.length, failedIds, told }).toEqual({
        counts: {
          log: 8,
          unread: 4,
          in: 4,
          alerted: 4,
          "alerts delivered": 1,
          "alerts told before": 3,
          controls: 1,
          messages: 6,
          "messages failed": 4,
        },
        failures: 5,
        failedIds: ["missing", "damaged", "damaged", "strange", "half"],
        told: ["team-a: 1"],
      });
    });

    test("fails the messages whose alerts did not arrive, and no others", async () => {
      const files = { [keyOf("a")]: logFile(stopped("1", A)), [keyOf("b")]: logFile(stopped("2", B)) };
      const payload = sqsPayload({
        m1: s3Payload(keyOf("a")),
        m2: s3Payload(keyOf("b")),
        m3: s3Payload(keyOf("b"), keyOf("a")),
      });
      const { counts, failedIds, told } = await run(payload, {
        files,
        routing: WITHOUT_DEFAULT,
        answer: (_news, { name }) => (name === "team-a" ? DEAD : undefined),
      });
      expect({ counts, failedIds, told }).toEqual({
        counts: {
          log: 4,
          in: 4,
          alerted: 4,
          "alerts delivered": 1,
          "alerts told before": 1,
          "alerts failed": 2,
          "dead destinations": 1,
          messages: 3,
          "messages failed": 2,
        },
        failedIds: ["m1", "m3"],
        told: ["team-a: 1", "team-b: 2"],
      });
    });

    test("brings back only the messages that a notice is about which cannot be told", async () => {
      const files = { [keyOf("x")]: logFile(null), [keyOf("y")]: logFile(stopped("1")), [keyOf("z")]: logFile(7) };
      const messages = { m1: s3Payload(keyOf("x")), m2: s3Payload(keyOf("y")), m3: s3Payload(keyOf("z")) };
      const { counts, failures, failedIds, told } = await run(sqsPayload(messages), {
        files,
        answer: (_news, { name }) => (name === "default" ? DEAD : undefined),
      });
      const failure = `notice for the slack_webhook destination "default": ${DEAD.reason}`;
      expect({ counts, failures, failedIds, told }).toEqual({
        counts: {
          log: 3,
          in: 3,
          alerted: 1,
          failed: 2,
          "alerts delivered": 1,
          "notices failed": 1,
          "dead destinations": 1,
          messages: 3,
          "messages failed": 2,
        },
        failures: [failure, failure],
        failedIds: ["m1", "m3"],
        told: ["team-a: 1", "default: 2 records could not be judged"],
      });
    });

    test("hands back what it has no time for, once a message took as long as what is left", async () => {
      const names = ["a", "b", "c", "d", "e"];
      const files = Object.fromEntries(names.map((name) => [keyOf(name), logFile(stopped(name))]));
      const messages = Object.fromEntries(names.map((name) => [name, s3Payload(keyOf(name))]));
      let leftMs = 100_000;
      const { outcome, failures, failedIds, told } = await run(sqsPayload(messages), {
        files,
        answer: () => {
          leftMs -= 30_000;
          return undefined;
        },
        remainingMs: () => leftMs,
      });
      const soon = outcome.failures.map((failure) => failure.soon);
      expect({ failures, failedIds, soon, handedBack: outcome.handedBack, told }).toEqual({
        failures: ["c", "d", "e"].map((name) => `${at(keyOf(name))}: no time was left for it`),
        failedIds: ["c", "d", "e"],
        soon: [true, true, true],
        handedBack: { count: 3 },
        told: ["team-a: a", "team-a: b"],
      });
    });

    test("tries a destination that does not take messages once for all of them, and brings all of those back", async () => {
      const files = { [keyOf("x")]: logFile(stopped("1")), [keyOf("y")]: logFile(stopped("2"), stopped("3", B)) };
      const asked: string[] = [];
      const { failedIds, told } = await run(sqsPayload({ m1: s3Payload(keyOf("x")), m2: s3Payload(keyOf("y")) }), {
        files,
        routing: WITHOUT_DEFAULT,
        answer: (_news, { name }) => {
          asked.push(name);
          return name === "team-a" ? DEAD : undefined;
        },
      });
      expect({ failedIds, asked, told }).toEqual({
        failedIds: ["m1", "m2"],
        asked: ["team-a", "team-b"],
        told: ["team-a: 1", "team-b: 3"],
      });
    });

    test("fails exactly the messages of which something failed, in any batch", async () => {
      const files = {
        [keyOf("alert")]: logFile(stopped("1")),
        [keyOf("quiet")]: logFile(record(), null),
        [keyOf("damaged")]: logFile().subarray(0, 9),
      };
      const part = fc.constantFrom("alert", "quiet", "damaged", "missing");
      const body = fc.oneof(
        fc.array(part, { minLength: 1, maxLength: 3 }),
        fc.constantFrom("no JSON", "removed", "test"),
      );
      const bodyOf = (given: readonly string[] | string): unknown => {
        if (typeof given !== "string") return s3Payload(...given.map((name) => keyOf(name)));
        if (given === "removed") return { Records: [s3Entry("x", { eventName: "ObjectRemoved:Delete" })] };
        return given === "test" ? { Service: "Amazon S3", Event: "s3:TestEvent" } : given;
      };
      const isBad = (given: readonly string[] | string) =>
        given === "no JSON" || (typeof given !== "string" && given.some((name) => /damaged|missing/.test(name)));
      let failed = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(body, { minLength: 1, maxLength: 6 }), async (bodies) => {
          const messages = bodies.map((given, index) => [`m${index}`, given] as const);
          const bad = messages.filter(([, given]) => isBad(given)).map(([id]) => id);
          const payload = sqsPayload(Object.fromEntries(messages.map(([id, given]) => [id, bodyOf(given)])));
          const { outcome, failedIds } = await run(payload, { files });
          failed += bad.length;
          expect({ ids: [...new Set(failedIds)], messages: outcome.messages }).toEqual({
            ids: bad,
            messages: { in: bodies.length, failed: bad.length },
          });
        }),
        { seed: 34, numRuns: 200 },
      );
      expect(failed).toBeGreaterThan(100);
    });

    test("counts no messages where there is no queue", async () => {
      const { outcome } = await run(s3Payload(keyOf("missing")));
      expect([outcome.messages, outcome.failures.map((failure) => "ackId" in failure)]).toEqual([
        { in: 0, failed: 0 },
        [false],
      ]);
    });
  });

  describe("an Insight", () => {
    const KEY = keyOf("i", "CloudTrail-Insight");
    const TITLE = "Unusual rate of calls: iam.amazonaws.com CreateUser";
    const quiet: RuleDefinition = {
      id: "known",
      origin: "ignore",
      severity: "medium",
      expression: "insightDetails.eventName == 'CreateUser' && recipientAccountId == '222222222222'",
    };
    const other = { sharedEventID: "other", recipientAccountId: B };

    test("is told to the channel of its account, start and end once", async () => {
      const files = { [KEY]: logFile(insight(), insight(other), insightEnd()) };
      const { counts, told } = await run(s3Payload(KEY), { files });
      expect({ counts, told: told.sort() }).toEqual({
        counts: { insight: 1, in: 3, alerted: 3, "notices delivered": 2 },
        told: [`team-a: ${TITLE} (ended)`, `team-b: ${TITLE}`],
      });
    });

    test("is kept back by an ignore rule, and counted as ignored", async () => {
      const files = { [KEY]: logFile(insight(), insight(other), insightEnd(other)) };
      const { counts, told } = await run(s3Payload(KEY), { files, rules: [...RULES, quiet] });
      expect({ counts, told }).toEqual({
        counts: { insight: 1, in: 3, alerted: 1, ignored: 2, "notices delivered": 1 },
        told: [`team-a: ${TITLE}`],
      });
    });

    test("is told as what it is, and not a second time by a rule that matches it", async () => {
      const rules: readonly RuleDefinition[] = [
        { id: "any", origin: "custom", severity: "low", expression: "eventType == 'AwsCloudTrailInsight'" },
      ];
      const { counts, told } = await run(eventBridgePayload(insight(), "AWS Insight via CloudTrail"), { rules });
      expect({ counts, told }).toEqual({
        counts: { in: 1, alerted: 1, "notices delivered": 1 },
        told: [`team-a: ${TITLE}`],
      });
    });

    test("that cannot be told is a failure", async () => {
      const { counts, failures } = await run(eventBridgePayload(insight(), "AWS Insight via CloudTrail"), {
        answer: () => DEAD,
      });
      expect({ counts, failures }).toEqual({
        counts: { in: 1, alerted: 1, "notices failed": 1, "dead destinations": 2 },
        // The default, which should hear of it instead, is dead as well.
        failures: [`notice for the slack_webhook destination "team-a": ${DEAD.reason}`],
      });
    });
  });

  describe("records that come by themselves", () => {
    const logs = (...messages: readonly unknown[]) =>
      logsPayload({
        messageType: "DATA_MESSAGE",
        logGroup: "trail",
        logStream: "stream",
        logEvents: messages.map((message) => ({
          message: typeof message === "string" ? message : JSON.stringify(message),
        })),
      });

    test.each<[string, unknown, object, readonly string[]]>([
      [
        "EventBridge, an alert",
        eventBridgePayload(stopped("1", B)),
        { in: 1, alerted: 1, "alerts delivered": 1 },
        ["team-b: 1"],
      ],
      ["EventBridge, no alert", eventBridgePayload(record()), { in: 1, unmatched: 1 }, []],
      [
        "EventBridge through a queue",
        sqsPayload({ m1: eventBridgePayload(stopped("1")), m2: eventBridgePayload(record({ userAgent: "quiet" })) }),
        { in: 2, alerted: 1, ignored: 1, "alerts delivered": 1, messages: 2 },
        ["team-a: 1"],
      ],
      [
        "CloudWatch Logs",
        logs(stopped("1"), record(), stopped("2", B), record({ userAgent: "quiet" })),
        { in: 4, alerted: 2, ignored: 1, unmatched: 1, "alerts delivered": 2 },
        ["team-a: 1", "team-b: 2"],
      ],
      ["CloudWatch Logs without log events", logs(), {}, []],
      ["a control message", logsPayload({ messageType: "CONTROL_MESSAGE" }), { controls: 1 }, []],
    ])("are judged as those of a file: %s", async (_name, payload, counts, told) => {
      const result = await run(payload);
      expect({ counts: result.counts, told: result.told, failures: result.failures }).toEqual({
        counts,
        told,
        failures: [],
      });
    });

    test("are counted and reported where they are no JSON, and the others are judged", async () => {
      const { counts, told, facts, failures } = await run(logs("agent restarted", stopped("1"), "{", 7));
      const place = "the log stream stream of the log group trail";
      expect({ counts, told, facts, failures }).toEqual({
        counts: { in: 4, alerted: 1, failed: 3, "alerts delivered": 1, "notices delivered": 1 },
        told: ["team-a: 1", "default: 3 records could not be judged"],
        facts: [
          `record 1 of ${place} is a string`,
          `record 3 of ${place} is a string`,
          `record 4 of ${place} is a number`,
          "No rule was asked about them; all other records were judged.",
        ],
        failures: [],
      });
    });

    test("never throw, whatever they are", async () => {
      const hostile = { toString: null, valueOf: null };
      const details = [null, [], "x", { ...aggregated({ eventType: hostile, eventId: hostile, summary: {} }) }];
      for (const detail of details) {
        expect((await run(eventBridgePayload(detail))).counts).toEqual({ in: 1, failed: 1, "notices delivered": 1 });
      }
    });
  });

  test("tells an alarm to the channel of its account, and in SQS by the message's id", async () => {
    const alarm = (AWSAccountId: string | undefined) => ({
      AlarmName: "root-use",
      NewStateValue: "ALARM",
      AWSAccountId,
    });
    const title = "The CloudWatch alarm root-use is in alarm";
    const direct = await run(snsPayload(alarm(B), alarm(C), alarm(undefined)));
    const queued = await run(sqsPayload({ m1: snsJson(alarm(A)), m2: snsJson(alarm(B)) }), {
      routing: WITHOUT_DEFAULT,
      answer: (_news, { name }) => (name === "team-b" ? DEAD : undefined),
    });
    expect({ direct: [direct.counts, direct.told], queued: [queued.counts, queued.told, queued.failedIds] }).toEqual({
      direct: [{ "notices delivered": 3 }, [`team-b: ${title}`, `default: ${title}`, `default: ${title}`]],
      queued: [
        { "notices delivered": 1, "notices failed": 1, "dead destinations": 1, messages: 2, "messages failed": 1 },
        [`team-a: ${title}`, `team-b: ${title}`],
        ["m2"],
      ],
    });
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
      counts: {
        log: 2,
        in: 9,
        alerted: 2,
        failed: 7,
        "alerts delivered": 2,
        "notices delivered": 1,
        record_depth: 1,
      },
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
      routing: WITHOUT_DEFAULT,
      answer: (_news, { name }) => (name === "team-a" ? DEAD : undefined),
    });
    expect({ counts, failures, told: told.sort() }).toEqual({
      counts: { log: 1, in: 5, alerted: 5, "alerts delivered": 2, "alerts failed": 3, "dead destinations": 1 },
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
      bad: [
        { "notices failed": 1, "dead destinations": 1 },
        [`notice for the slack_webhook destination "default": ${DEAD.reason}`],
      ],
    });
  });

  test.each([
    [
      "a payload that nobody understands",
      { hello: 1 },
      {},
      [/^payload: the payload \(with hello\) is of an unknown shape; expected an S3 event notification, /],
    ],
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
      {
        weight: 3,
        arbitrary: fc.record({ is: fc.constant("alert" as const), accountId: fc.constantFrom(A, B, C), id: fc.nat(5) }),
      },
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
    /** By what a call of the ledger fails, if at all: from the call with this number on. */
    const ledgers = fc.oneof(
      { weight: 2, arbitrary: fc.constant(Number.POSITIVE_INFINITY) },
      fc.nat(20),
      fc.constant(null),
    );

    const seen = { delivered: 0, failed: 0, toldBefore: 0, withoutLedger: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { minLength: 1, maxLength: 6 }),
        fc.array(kinds, { minLength: 1, maxLength: 12 }),
        ledgers,
        async (batch, answers, failingFrom) => {
          const files: Record<string, Uint8Array> = {};
          const entries = batch.map((item, index) => {
            const key = keyOf(`f${index}`, item.is === "digest" ? "CloudTrail-Digest" : "CloudTrail");
            if (item.is === "damaged") files[key] = logFile(stopped("x")).subarray(0, 30);
            if (item.is === "digest") files[key] = digestFile(digest({}));
            if (item.is === "good") {
              files[key] = logFile(
                ...item.elements.map((one) => {
                  if (one.is === "alert") return stopped(`${one.accountId}-${one.id}`, one.accountId);
                  if (one.is === "ignored") return record({ userAgent: "quiet" });
                  return one.is === "failed" ? null : record();
                }),
              );
            }
            if (item.is === "undecodable")
              return s3Entry("", { s3: { bucket: { name: BUCKET }, object: { key: "%zz" } } });
            return s3Entry(key, item.is === "removed" ? { eventName: "ObjectRemoved:Delete" } : {});
          });
          const clock = fakeClock();
          const ledger = fakeLedger(clock);
          let calls = 0;
          const counting = new Proxy(ledger, {
            get: (target, name, receiver) => {
              if (failingFrom !== null && calls++ >= failingFrom) target.failure = new Error("table down");
              return Reflect.get(target, name, receiver);
            },
          });
          let attempt = 0;
          const deliveredIds: string[] = [];
          let deliveredNotices = 0;
          const { outcome } = await run(
            { Records: entries },
            {
              files,
              clock,
              ledger: failingFrom === null ? null : counting,
              answer: (news) => {
                const answer = delivery(answers[attempt++ % answers.length] ?? "delivered");
                if (answer.kind === "delivered" && news.kind === "alert") deliveredIds.push(news.eventId);
                else if (answer.kind === "delivered") deliveredNotices += 1;
                return answer;
              },
            },
          );
          const elements = batch.flatMap((item) => (item.is === "good" ? item.elements : []));
          const count = (is: string) => elements.filter((one) => one.is === is).length;
          const files_ = (...is: string[]) => batch.filter((item) => is.includes(item.is)).length;
          const expectedIds = new Set(
            elements.flatMap((one) => (one.is === "alert" ? [`${one.accountId}-${one.id}`] : [])),
          );
          const { alerts, notices } = outcome;
          const untold = alerts.failed + notices.failed;
          const remembers = failingFrom === Number.POSITIVE_INFINITY;
          seen.delivered += alerts.delivered;
          seen.failed += alerts.failed;
          seen.toldBefore += alerts.alreadyDelivered;
          seen.withoutLedger += remembers ? 0 : 1;
          const distinct = new Set(deliveredIds);
          expect({
            records: outcome.records,
            alertsIn: alerts.in,
            delivered: alerts.delivered,
            noticesIn: notices.in,
            noticesDelivered: notices.delivered,
            unread: outcome.objects.failed,
            toldTwice: remembers ? deliveredIds.length - distinct.size : 0,
            invented: [...distinct].filter((id) => !expectedIds.has(id)),
            // What was not told is among the failures, and nothing is that was.
            lost: alerts.failed === 0 ? [...expectedIds].filter((id) => !distinct.has(id)) : [],
            hasFailures: outcome.failures.length > 0,
          }).toEqual({
            records: {
              in: elements.length,
              alerted: count("alert"),
              ignored: count("ignored"),
              unmatched: count("unmatched"),
              failed: count("failed"),
            },
            alertsIn: count("alert"),
            delivered: deliveredIds.length,
            noticesIn: files_("removed") + Math.min(1, count("failed")),
            noticesDelivered: deliveredNotices,
            // A digest file cannot be compared with a table that does not answer.
            unread: failingFrom === null || remembers ? files_("missing", "damaged") : expect.any(Number),
            toldTwice: 0,
            invented: [],
            lost: [],
            hasFailures: untold + outcome.objects.failed + files_("undecodable") > 0,
          });
        },
      ),
      { seed: 8, numRuns: 400 },
    );
    expect(Object.entries(seen).filter(([, count]) => count < 50)).toEqual([]);
  }, 30_000);
});
