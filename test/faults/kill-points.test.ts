import { describe, expect, test } from "vitest";
import { RETRY_QUEUE } from "#test/support/fakes.ts";
import { keyOf, logFile, record, trailStopped, trailStoppedBySomebody } from "#test/support/records.ts";
import { type Kill, type Simulation, simulate } from "#test/support/simulation.ts";
import { alertsSaidIn, headlineOf, textsOf } from "#test/support/told.ts";

const [A, B] = ["111111111111", "222222222222"] as const;
const EXPECTED = ["default e1", "default e3", "default e4", "team-b e2", "team-b e5"];
/** More moments than an invocation has; a sweep that gets there never ended. */
const MAX_MOMENTS = 500;

/**
 * Two files for two channels, which are told beside each other, and a rule that throws, which is told at the end.
 * @param grouped whether the alerts of a channel are the same to people, and only counted when they come later
 */
async function start({ answerMs = 0, grouped = false } = {}): Promise<Simulation> {
  const alert = (eventID: string, accountId: string = A) =>
    grouped ? trailStopped(accountId, { eventID }) : trailStoppedBySomebody(accountId, eventID);
  const simulation = await simulate({
    answerMs,
    channels: ["team-b"],
    document: {
      grouping: { window_minutes: grouped ? 15 : 0, retry_queue_arn: RETRY_QUEUE },
      rules: ["requestParameters.missing[0].name == 'x'"],
      routing: [
        {
          routes: [
            { accounts: [B], destination: { kind: "slack_webhook", name: "B", hookParameter: "/hooks/team-b" } },
          ],
          default: { kind: "slack_webhook", name: "default", hookParameter: "/hooks/default" },
        },
      ],
    },
  });
  simulation.objects.files.set(keyOf("a"), logFile(alert("e1"), alert("e2", B), record(), alert("e3")));
  simulation.objects.files.set(keyOf("b"), logFile(alert("e4"), alert("e5", B), alert("e1")));
  return simulation;
}

/** Of what was posted, that which the ledger does not know: whoever comes next cannot tell whether it is in Slack. */
function unconfirmed(posted: readonly string[], { table }: Simulation): readonly string[] {
  return posted.filter((item) => {
    const [channel = "", id = ""] = item.split(" ");
    const row = [...table.rows].find(([key]) => key.includes(`/${id}/`) && key.endsWith(`/${channel}`));
    return row?.[1].state !== "delivered";
  });
}

/** The headlines of what is told beside alerts. */
function notices({ slack }: Simulation): readonly string[] {
  const told = slack.received().filter(({ payload }) => !textsOf(payload).join("\n").includes("eventID: "));
  return told.map(headlineOf);
}

/** Of how many alerts Slack speaks. */
function alertsSaid({ slack }: Simulation): number {
  return slack.received().reduce((sum, message) => sum + alertsSaidIn(message), 0);
}

const twice = (told: readonly string[]) => told.filter((item, index) => told.indexOf(item) !== index).sort();

describe("killed at any moment, and run again", () => {
  const kinds: readonly (readonly [string, (kill: Kill) => readonly (Kill | undefined)[]])[] = [
    ["as S3 invokes it", (kill) => [kill]],
    [
      "as the retry queue invokes it, after it was killed at its very beginning",
      (kill) => [(moment) => moment === 0, kill],
    ],
    ["twice at the same moment", (kill) => [kill, kill]],
  ];
  const ways = [false, true].flatMap((grouped) =>
    kinds.map(
      ([name, kills]) => [`${name}${grouped ? ", with repeats that are counted" : ""}`, grouped, kills] as const,
    ),
  );
  test.each(ways)(
    "%s: nothing is missing, and only what Slack's lost answer left open is told twice",
    async (_name, grouped, kills) => {
      const names = new Set<string>();
      let moment = 0;
      for (; moment < MAX_MOMENTS; moment++) {
        const at = moment;
        const unknown: string[] = [];
        let seen = 0;
        let killed = false;
        const simulation = await start({ grouped });
        simulation.afterEach(() => {
          unknown.push(...unconfirmed(simulation.told().slice(seen), simulation));
          seen = simulation.told().length;
        });
        try {
          const kill: Kill = (passed, name) => {
            if (passed !== at) return false;
            names.add(name);
            killed = true;
            return true;
          };
          simulation.killNext(...kills(kill));
          await simulation.notify(keyOf("a"), keyOf("b"));
          await simulation.settle();
          const told = simulation.told();
          expect({
            at,
            told: [...new Set(told)].sort(),
            toldTwice: twice(told),
            said: alertsSaid(simulation),
            notices: [...new Set(notices(simulation))],
            deadLetters: simulation.deadLetters,
          }).toEqual({
            at,
            told: EXPECTED,
            toldTwice: unknown.sort(),
            said: EXPECTED.length + unknown.length,
            notices: ["🟠 HIGH · A rule does not work"],
            deadLetters: [],
          });
          if (!killed) break;
        } finally {
          await simulation.close();
        }
      }
      expect({ ended: moment < MAX_MOMENTS, moments: moment > 50, everywhere: [...names].sort() }).toEqual({
        ended: true,
        moments: true,
        everywhere: expect.arrayContaining(
          [
            ...["claim", "confirm", "delivered", "fetch", "get", "markProcessed", "read", "takeSlot"],
            ...(grouped ? ["window", "keepWindow", "send"] : []),
          ].flatMap((name) => [`after ${name}`, `before ${name}`]),
        ),
      });
    },
    120_000,
  );
});

test("killed at any moment while another does the same beside it: nothing is missing, and what a kill left open is told once more at most", async () => {
  let moment = 0;
  let held = 0;
  for (; moment < MAX_MOMENTS; moment++) {
    const at = moment;
    const simulation = await start({ answerMs: 1_500 });
    try {
      simulation.killNext((passed) => passed === at);
      const both = [simulation.notify(keyOf("a"), keyOf("b")), simulation.notify(keyOf("b"), keyOf("a"))];
      await Promise.all([...both, simulation.settle()]);
      const told = simulation.told();
      const repeated = twice(told);
      held += simulation.outcomes.filter(({ alerts }) => (alerts?.alreadyDelivered ?? 0) > 0).length;
      expect({
        at,
        told: [...new Set(told)].sort(),
        // One of each channel may have been on its way.
        tooOften: repeated.length > 2 || new Set(repeated.map((item) => item.split(" ")[0])).size < repeated.length,
        notices: [...new Set(notices(simulation))],
        refused: simulation.slack.refused(),
        deadLetters: simulation.deadLetters,
      }).toEqual({
        at,
        told: EXPECTED,
        tooOften: false,
        notices: ["🟠 HIGH · A rule does not work"],
        refused: [],
        deadLetters: [],
      });
      if (!simulation.endings.includes("killed")) break;
    } finally {
      await simulation.close();
    }
  }
  expect({ ended: moment < MAX_MOMENTS, moments: moment > 50, beside: held > moment }).toEqual({
    ended: true,
    moments: true,
    beside: true,
  });
}, 120_000);
