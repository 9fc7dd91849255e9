import fc from "fast-check";
import { expect, test } from "vitest";
import { LogFileError } from "#model/errors.ts";
import { keyOf, logFile, record, trailStopped } from "#test/support/records.ts";
import { type Kill, simulate } from "#test/support/simulation.ts";
import type { ScriptedAnswer } from "#test/support/slack-stand-in/server.ts";

const [A, B] = ["111111111111", "222222222222"] as const;
const DOCUMENT = {
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
  /** Each notification names some of the files. */
  notifications: fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }),
  answers: fc.array(
    fc.tuple(fc.constantFrom("default", "team-b"), fc.option(fc.constantFrom(...Object.keys(ANSWERS)))),
    { maxLength: 12 },
  ),
  unreadable: fc.option(fc.nat()),
  kills: fc.array(fc.option(fc.nat({ max: 80 }), { freq: 2 }), { maxLength: 4 }),
  throttledStarts: fc.nat({ max: 2 }),
});

function rawOf({ kind, id }: { readonly kind: (typeof KINDS)[number]; readonly id: number }): unknown {
  switch (kind) {
    case "alert A":
      return trailStopped(A, { eventID: `a${id}` });
    case "alert B":
      return trailStopped(B, { eventID: `b${id}` });
    case "ignored":
      return trailStopped(A, { eventID: `i${id}`, userAgent: "quiet" });
    case "unmatched":
      return record({ eventID: `u${id}` });
    default:
      return null;
  }
}

test("in any batch, order and mixture of faults the counts reconcile, everything arrives, and only lost answers repeat", async () => {
  const seen = { alerts: 0, killed: 0, lost: 0, unreadable: 0 };
  await fc.assert(
    fc.asyncProperty(scenario, async ({ files, notifications, answers, unreadable, kills, throttledStarts }) => {
      const simulation = await simulate({ channels: ["team-b"], document: DOCUMENT });
      try {
        const names = files.map((_, index) => `file${index}`);
        const content = files.map((elements) => logFile(...elements.map(rawOf)));
        names.forEach((name, index) => void simulation.objects.files.set(keyOf(name), content[index] ?? logFile()));
        const late = unreadable === null ? undefined : unreadable % files.length;
        if (late !== undefined) {
          const error = new LogFileError("s3://… could not be read: SlowDown");
          simulation.objects.files.set(keyOf(`file${late}`), error);
        }
        for (const [channel, answer] of answers) {
          simulation.slack.answerNext(channel, answer === null ? {} : (ANSWERS[answer] ?? {}));
        }
        simulation.killNext(
          ...kills.map((at): Kill | undefined => (at === null ? undefined : (moment) => moment === at)),
        );
        const throttling = Object.assign(new Error("Rate exceeded"), { name: "ThrottlingException" });
        simulation.parameters.failNext(...Array.from({ length: throttledStarts }, () => throttling));

        const named = notifications.map((indexes) => [...new Set(indexes.map((index) => index % files.length))]);
        for (const indexes of named) await simulation.notify(...indexes.map((index) => keyOf(`file${index}`)));
        if (late !== undefined) simulation.objects.files.set(keyOf(`file${late}`), content[late] ?? logFile());
        await simulation.settle();

        const read = [...new Set(named.flat())];
        const expected = new Set(
          read.flatMap((index) =>
            (files[index] ?? []).flatMap(({ kind, id }) =>
              kind === "alert A" ? [`a${id}`] : kind === "alert B" ? [`b${id}`] : [],
            ),
          ),
        );
        const told = simulation.told().map((item) => item.split(" ")[1] ?? "");
        const killed = simulation.endings.filter((ending) => ending === "killed").length;
        const lost = answers.filter(([, answer]) => answer === "lost after posting").length;
        seen.alerts += expected.size;
        seen.killed += killed;
        seen.lost += lost;
        seen.unreadable += late === undefined ? 0 : 1;
        expect({
          told: [...new Set(told)].sort(),
          // Each kill may leave one answer of each of the two channels unheard.
          tooOften: told.length - expected.size > lost + 2 * killed,
          deadLetters: simulation.deadLetters,
          broken: simulation.lines.filter((line) => line.includes("counts do not reconcile")),
        }).toEqual({ told: [...expected].sort(), tooOften: false, deadLetters: [], broken: [] });
      } finally {
        await simulation.close();
      }
    }),
    { numRuns: 150 },
  );
  // A corpus without faults would prove nothing.
  expect(Object.entries(seen).filter(([, count]) => count < 10)).toEqual([]);
}, 120_000);
