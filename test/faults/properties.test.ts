import fc from "fast-check";
import { expect, test } from "vitest";
import { LogFileError } from "#model/errors.ts";
import { digest, digestFile, digestKeyOf, sealOf } from "#test/support/digests.ts";
import { RETRY_QUEUE } from "#test/support/fakes.ts";
import { keyOf, logFile, record, trailStopped, trailStoppedBySomebody } from "#test/support/records.ts";
import { type Kill, simulate } from "#test/support/simulation.ts";
import type { ScriptedAnswer } from "#test/support/slack-stand-in/server.ts";
import { textsOf } from "#test/support/told.ts";

const [A, B] = ["111111111111", "222222222222"] as const;
const DOCUMENT = {
  // Throws at every record that it is asked about.
  rules: ["requestParameters.missing[0].name == 'x'"],
  ignore_rules: ["userAgent == 'quiet'"],
  routing: [
    {
      routes: [{ accounts: [B], destination: { kind: "slack_webhook", name: "B", hookParameter: "/hooks/team-b" } }],
      default: { kind: "slack_webhook", name: "default", hookParameter: "/hooks/default" },
    },
  ],
};

/** Elements of a log file: what comes of each is known beforehand. */
const KINDS = ["alert A", "alert B", "ignored", "unmatched", "no record"] as const;
const element = fc.record({ kind: fc.constantFrom(...KINDS), id: fc.integer({ min: 1, max: 12 }) });

const ANSWERS: Readonly<Record<string, ScriptedAnswer>> = {
  throttled: { status: 429, body: "rate_limited", retryAfterSeconds: 3 },
  failing: { status: 503, body: "unavailable" },
  refused: { status: 400, body: "invalid_blocks" },
  "lost before posting": { destroySocket: "before-posting" },
  "lost after posting": { destroySocket: "after-posting" },
  dead: { status: 404, body: "no_service" },
};

const scenario = fc.record({
  files: fc.array(fc.array(element, { maxLength: 6 }), { minLength: 1, maxLength: 4 }),
  /** A notification names some of the files; the hour's digest file names all. */
  payloads: fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }) },
      { weight: 1, arbitrary: fc.constant("digest" as const) },
    ),
    { minLength: 1, maxLength: 5 },
  ),
  /** Whether they come at once, and what failed comes again meanwhile; otherwise each comes after the other is done. */
  atOnce: fc.boolean(),
  answerMs: fc.constantFrom(0, 1_500, 4_000),
  answers: fc.array(
    fc.tuple(fc.constantFrom("default", "team-b"), fc.option(fc.constantFrom(...Object.keys(ANSWERS)))),
    { maxLength: 12 },
  ),
  unreadable: fc.option(fc.nat()),
  kills: fc.array(fc.option(fc.nat({ max: 80 }), { freq: 2 }), { maxLength: 4 }),
  throttledStarts: fc.nat({ max: 2 }),
  /** Whether the alerts of a channel are the same to people, and only counted while a window is open. */
  grouped: fc.boolean(),
});

function rawOf(
  { kind, id }: { readonly kind: (typeof KINDS)[number]; readonly id: number },
  grouped: boolean,
): unknown {
  const stopped = (account: string, eventID: string) =>
    grouped ? trailStopped(account, { eventID }) : trailStoppedBySomebody(account, eventID);
  switch (kind) {
    case "alert A":
      return stopped(A, `a${id}`);
    case "alert B":
      return stopped(B, `b${id}`);
    case "ignored":
      return trailStopped(A, { eventID: `i${id}`, userAgent: "quiet" });
    case "unmatched":
      return record({ eventID: `u${id}` });
    default:
      return null;
  }
}

/** The headline of a notice, which may name one or several of a kind. */
const kindOf = (text: string) =>
  (text.split("\n")[0] ?? "").replace(/(?<=· )(?:A record|\d+ records) could not/, "records could not");
const UNJUDGED = "🟡 MEDIUM · records could not be judged";
const RULE_FAILED = "🟠 HIGH · A rule does not work";

test("in any batch, order and mixture of faults the counts reconcile, everything arrives, and only lost answers repeat", async () => {
  const seen = {
    alerts: 0,
    notices: 0,
    killed: 0,
    lost: 0,
    unreadable: 0,
    atOnce: 0,
    waited: 0,
    digests: 0,
    missing: 0,
    grouped: 0,
    more: 0,
  };
  await fc.assert(
    fc.asyncProperty(scenario, async (given) => {
      const { files, payloads, atOnce, answerMs, answers, unreadable, kills, throttledStarts, grouped } = given;
      const grouping = { window_minutes: grouped ? 15 : 0, retry_queue_arn: RETRY_QUEUE };
      const document = { ...DOCUMENT, grouping };
      const simulation = await simulate({ channels: ["team-b"], document, answerMs });
      try {
        const keys = files.map((_, index) => keyOf(`file${index}`));
        const keyAt = (index: number) => keys[index % keys.length] ?? "";
        const content = new Map(
          files.map((elements, index) => [keyAt(index), logFile(...elements.map((one) => rawOf(one, grouped)))]),
        );
        const seals = [...content].map(([key, bytes]) => [key, sealOf(bytes)] as const);
        const digestKey = digestKeyOf("20250611T090000Z");
        simulation.objects.files.set(digestKey, digestFile(digest(Object.fromEntries(seals))));
        for (const [key, bytes] of content) simulation.objects.files.set(key, bytes);
        const late = unreadable === null ? undefined : keyAt(unreadable);
        if (late !== undefined) {
          simulation.objects.files.set(late, new LogFileError("s3://… could not be read: SlowDown"));
        }
        const mend = () => late !== undefined && simulation.objects.files.set(late, content.get(late) ?? logFile());
        for (const [channel, answer] of answers) {
          simulation.slack.answerNext(channel, answer === null ? {} : (ANSWERS[answer] ?? {}));
        }
        simulation.killNext(
          ...kills.map((at): Kill | undefined => (at === null ? undefined : (moment) => moment === at)),
        );
        const throttling = Object.assign(new Error("Rate exceeded"), { name: "ThrottlingException" });
        simulation.parameters.failNext(...Array.from({ length: throttledStarts }, () => throttling));

        const sent = payloads.map((payload) =>
          payload === "digest" ? [digestKey] : [...new Set(payload.map((index) => keyAt(index)))],
        );
        if (atOnce) {
          simulation.clock.at(simulation.clock.nowMs() + 30_000, mend);
          await Promise.all([...sent.map((named) => simulation.notify(...named)), simulation.settle()]);
        } else {
          for (const named of sent) await simulation.notify(...named);
          mend();
          await simulation.settle();
        }

        const digests = payloads.filter((payload) => payload === "digest").length;
        const notified = new Set(sent.flat());
        const read = files.filter((_, index) => digests > 0 || notified.has(keyAt(index))).flat();
        const expected = new Set(
          read.flatMap(({ kind, id }) => (kind === "alert A" ? [`a${id}`] : kind === "alert B" ? [`b${id}`] : [])),
        );
        const expectedNotices = [
          ...(read.some(({ kind }) => kind.startsWith("alert") || kind === "unmatched") ? [RULE_FAILED] : []),
          ...(read.some(({ kind }) => kind === "no record") ? [UNJUDGED] : []),
        ];
        const told = simulation.told().map((item) => item.split(" ")[1] ?? "");
        const texts = simulation.slack.received().map(({ payload }) => textsOf(payload).join("\n"));
        const notices = texts.filter((text) => !text.includes("eventID: "));
        // What says the same is the same.
        const distinct = new Set(notices);
        const repeated = told.length - expected.size + notices.length - distinct.size;
        const killed = simulation.endings.filter((ending) => ending === "killed").length;
        const lost = answers.filter(([, answer]) => answer === "lost after posting").length;
        seen.alerts += expected.size;
        seen.notices += distinct.size;
        seen.killed += killed;
        seen.lost += lost;
        seen.unreadable += late === undefined ? 0 : 1;
        seen.atOnce += atOnce ? sent.length - 1 : 0;
        seen.waited += simulation.mostReceives;
        seen.digests += digests;
        seen.grouped += simulation.outcomes.reduce((sum, { alerts }) => sum + (alerts?.grouped ?? 0), 0);
        seen.more += texts.filter((text) => / more: /.test(text)).length;
        seen.missing += simulation.outcomes.reduce((sum, { completeness }) => sum + (completeness?.missing ?? 0), 0);
        expect({
          told: [...new Set(told)].sort(),
          notices: [...new Set(notices.map(kindOf))].sort(),
          // Each kill may leave one answer of each of the two channels unheard; a message may name all twelve.
          tooOften: repeated > (lost + 2 * killed) * (grouped ? 12 : 1),
          timedOut: simulation.endings.filter((ending) => ending === "timed out"),
          deadLetters: simulation.deadLetters,
          broken: simulation.lines.filter((line) => line.includes("counts do not reconcile")),
        }).toEqual({
          told: [...expected].sort(),
          notices: expectedNotices.sort(),
          tooOften: false,
          timedOut: [],
          deadLetters: [],
          broken: [],
        });
      } finally {
        await simulation.close();
      }
    }),
    { numRuns: 150 },
  );
  // A corpus without faults would prove nothing.
  expect(Object.entries(seen).filter(([, count]) => count < 10)).toEqual([]);
}, 120_000);
