import { afterEach, expect, test } from "vitest";
import type { World } from "#handler.ts";
import { RETRY_QUEUE } from "#test/support/fakes.ts";
import { keyOf, logFile, type RawRecord, trailStopped, trailStoppedBySomebody } from "#test/support/records.ts";
import { type Simulation, type SimulationOptions, simulate } from "#test/support/simulation.ts";
import { alertsSaidIn, headlineOf, textsOf } from "#test/support/told.ts";

const A = "111111111111";
const CHANNEL = "C0123456789";
const MINUTE = 60_000;
const WINDOW = { grouping: { window_minutes: 15, retry_queue_arn: RETRY_QUEUE } };
/** The Slack App instead of the hook. */
const APP = {
  ...WINDOW,
  routing: [
    {
      routes: [],
      default: { kind: "slack_app", name: "security", channelId: CHANNEL, tokenParameter: "/hooks/token" },
    },
  ],
};
const STOPPED = "🔴 CRITICAL · CloudTrail logging stopped";
const stopped = (eventID: string, minutes = 0): RawRecord =>
  trailStopped(A, {
    eventID,
    eventTime: new Date(Date.UTC(2025, 5, 11, 9, minutes)).toISOString().replace(".000", ""),
  });

let open: Simulation | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

/** A simulation in which alerts are grouped, and one file for each list of records. */
async function deployed(
  files: readonly (readonly RawRecord[])[],
  options: SimulationOptions = {},
): Promise<Simulation> {
  open = await simulate({ document: WINDOW, ...options });
  open.parameters.values.set("/hooks/token", "xoxb-1-token");
  for (const [index, records] of files.entries()) open.objects.files.set(keyOf(`f${index}`), logFile(...records));
  return open;
}

const notify = (simulation: Simulation, ...indexes: readonly number[]) =>
  simulation.notify(...indexes.map((index) => keyOf(`f${index}`)));
const headlines = ({ slack }: Simulation) => slack.received().map(headlineOf);

/** Lets time pass. */
async function wait(simulation: Simulation, minutes: number): Promise<void> {
  const worker = simulation.clock.begin();
  await worker.sleep(minutes * MINUTE);
  worker.end();
}

/** Of how many alerts the messages speak. */
function said({ slack }: Simulation): number {
  return slack.received().reduce((sum, message) => sum + alertsSaidIn(message), 0);
}

function expectSettled(simulation: Simulation): void {
  expect({
    deadLetters: simulation.deadLetters,
    refused: simulation.slack.refused(),
    broken: simulation.lines.filter((line) => line.includes("counts do not reconcile")),
  }).toEqual({ deadLetters: [], refused: [], broken: [] });
}

test("10,000 equal alerts and 50 others beside them → the 50 arrive within three minutes, the storm in two messages, and the counts are right", async () => {
  const storm = Array.from({ length: 10_000 }, (_, index) => stopped(`s${index}`, index % 20));
  const others = Array.from({ length: 50 }, (_, index) => trailStoppedBySomebody(A, `o${index}`));
  // One of them after every two hundred of the storm.
  const mixed = others.flatMap((other, index) => [...storm.slice(index * 200, (index + 1) * 200), other]);
  const simulation = await deployed([mixed]);
  const beginMs = simulation.clock.nowMs();
  await notify(simulation, 0);
  const secondsToAll = (simulation.clock.nowMs() - beginMs) / 1_000;
  const toldInTime = simulation.told().filter((told) => told.startsWith("default o"));
  await simulation.settle();
  const storming = headlines(simulation).filter((headline) => /times|more/.test(headline));
  expect({
    toldInTime: new Set(toldInTime).size,
    inTime: secondsToAll <= 180,
    messages: headlines(simulation).length,
    storm: storming.map((headline) => headline.replace(/\d+/, "N")),
    stormed: storming.reduce((sum, headline) => sum + Number(/\d+/.exec(headline)?.[0]), 0),
    said: said(simulation),
    minutes: Math.round((simulation.clock.nowMs() - beginMs) / MINUTE),
  }).toEqual({
    toldInTime: 50,
    inTime: true,
    messages: 52,
    // How many the first tells depends on how much is read at once.
    storm: [`${STOPPED} (N times)`, "🔴 CRITICAL · N more: CloudTrail logging stopped"],
    stormed: 10_000,
    said: 10_050,
    minutes: 15,
  });
  expectSettled(simulation);
}, 60_000);

test("the same comes again within the window → one message at its end, without anything else happening, and a new alert afterwards", async () => {
  const simulation = await deployed([
    [stopped("e1")],
    [stopped("e2", 1), stopped("e3", 2)],
    [stopped("e4", 3)],
    [stopped("e5")],
  ]);
  await notify(simulation, 0);
  await notify(simulation, 1);
  await notify(simulation, 2);
  expect(simulation.told()).toEqual(["default e1"]);
  await simulation.settle();
  const [, more] = simulation.slack.received();
  const texts = more === undefined ? [] : textsOf(more.payload);
  expect({ headlines: headlines(simulation), told: simulation.told() }).toEqual({
    headlines: [STOPPED, "🔴 CRITICAL · 3 more: CloudTrail logging stopped"],
    told: ["e1", "e2", "e3", "e4"].map((id) => `default ${id}`),
  });
  expect(texts.join("\n")).toContain("11 Jun 09:01:00 to 11 Jun 09:03:00 UTC");
  await notify(simulation, 3);
  expect(headlines(simulation).slice(2)).toEqual([STOPPED]);
  expectSettled(simulation);
});

test("the Slack App posts → repeats are replies, and the first message says how many there are", async () => {
  const simulation = await deployed([[stopped("e1")], [stopped("e2", 1), stopped("e3", 2)], [stopped("e4", 3)]], {
    document: APP,
  });
  for (const index of [0, 1, 2]) await notify(simulation, index);
  await simulation.settle();
  const [first, ...replies] = simulation.slack.received(CHANNEL);
  expect({
    replies: replies.map((reply) => [headlineOf(reply), Object(reply.payload).thread_ts === first?.ts]),
    revisions: first?.revisions.map((payload) => textsOf(payload)[0]),
    metadata: Object(first?.payload).metadata,
    wakes: simulation.outcomes.filter(({ wakes }) => wakes?.asked !== 0).length,
    told: simulation.told().length,
  }).toEqual({
    replies: [
      ["🔴 CRITICAL · 2 more: CloudTrail logging stopped", true],
      ["🔴 CRITICAL · 1 more: CloudTrail logging stopped", true],
    ],
    revisions: [`${STOPPED} (3 times)`, `${STOPPED} (4 times)`],
    metadata: {
      event_type: "cloudtrail_to_slack",
      event_payload: {
        ...{ kind: "alert", severity: "critical", count: 1, account: A, region: "eu-central-1" },
        ...{ rules: "trail-stopped", event_ids: "e1" },
      },
    },
    wakes: 0,
    told: 4,
  });
  expectSettled(simulation);
});

test("a message that came to another channel is revised → it still says for whom it is", async () => {
  const [own] = APP.routing;
  const destination = { kind: "slack_webhook", name: "accounts A", hookParameter: "/hooks/team-b" };
  const document = { ...APP, routing: [{ ...own, routes: [{ accounts: [A], destination }] }] };
  const simulation = await deployed([[stopped("e1")], [stopped("e2", 1)]], { document });
  simulation.slack.answerNext("team-b", { status: 404, body: "no_service", times: 9 });
  // By one invocation, which knows the other channel to be dead when it comes to the second file.
  await notify(simulation, 0, 1);
  await simulation.settle();
  const [first] = simulation.slack.received(CHANNEL);
  const banner = expect.stringMatching(/^For accounts A, which cannot be told any more/);
  expect([textsOf(first?.payload ?? {}), ...(first?.revisions ?? []).map((payload) => textsOf(payload))]).toEqual([
    expect.arrayContaining([banner, STOPPED]),
    expect.arrayContaining([banner, `${STOPPED} (2 times)`]),
  ]);
  expectSettled(simulation);
});

test("the first message was deleted in Slack → the repeat is told in a message of its own", async () => {
  const simulation = await deployed([[stopped("e1")], [stopped("e2", 1)], [stopped("e3", 2)]], { document: APP });
  await notify(simulation, 0);
  simulation.slack.clear();
  await notify(simulation, 1);
  await notify(simulation, 2);
  const [first, ...replies] = simulation.slack.received(CHANNEL);
  expect({
    first: first && headlineOf(first),
    replies: replies.map((reply) => Object(reply.payload).thread_ts === first?.ts),
    told: simulation.told(),
    refused: simulation.slack.refused().map(({ answer }) => answer),
  }).toEqual({
    first: STOPPED,
    replies: [true],
    told: [`${CHANNEL} e2`, `${CHANNEL} e3`],
    refused: ["thread_not_found"],
  });
});

const failingQueue = (world: World): World => ({
  ...world,
  queue: { ...world.queue, send: () => Promise.reject(new Error("no queue")) },
});

test("the queue takes no message that would end the window → repeats are told at once", async () => {
  const simulation = await deployed([[stopped("e1")], [stopped("e2", 1)]]);
  simulation.change(failingQueue);
  await notify(simulation, 0);
  await notify(simulation, 1);
  expect(headlines(simulation)).toEqual([STOPPED, STOPPED]);
  await simulation.settle();
  expectSettled(simulation);
});

test("the queue does not answer when something repeats → it is told at once, after one try and no more", async () => {
  const simulation = await deployed([[stopped("e1")], [stopped("e2", 1)]]);
  await notify(simulation, 0);
  let tries = 0;
  simulation.change((world) => ({
    ...world,
    queue: {
      ...world.queue,
      send: async () => {
        tries += 1;
        throw new Error("no queue");
      },
    },
  }));
  await notify(simulation, 1);
  expect([headlines(simulation).length, tries]).toEqual([2, 1]);
});

test("the message that ends a window gets lost in the queue → the next alert has what was counted told", async () => {
  const simulation = await deployed([[stopped("e1")], [stopped("e2", 1)], [stopped("e3", 2)]]);
  await notify(simulation, 0);
  simulation.change((world) => ({ ...world, queue: { ...world.queue, send: async () => {} } }));
  await notify(simulation, 1);
  simulation.change((world) => world);
  await wait(simulation, 20);
  expect(said(simulation)).toBe(1);
  await notify(simulation, 2);
  await simulation.settle();
  expect([said(simulation), headlines(simulation)]).toEqual([
    3,
    [STOPPED, STOPPED, "🔴 CRITICAL · 1 more: CloudTrail logging stopped"],
  ]);
  expectSettled(simulation);
});

test("the first message was deleted, and Slack puts the reply at the end of the channel → the next repeat is told in full", async () => {
  const simulation = await deployed([[stopped("e1")], [stopped("e2", 1)], [stopped("e3", 2)]], { document: APP });
  await notify(simulation, 0);
  // Without `message.thread_ts`, which says that it stands in a thread.
  simulation.slack.answerNext(CHANNEL, {
    status: 200,
    body: JSON.stringify({ ok: true, channel: CHANNEL, ts: "1.2" }),
  });
  await notify(simulation, 1);
  await notify(simulation, 2);
  const [first, second, ...others] = simulation.slack.received(CHANNEL);
  expect([first, second].map((message) => message && headlineOf(message))).toEqual([STOPPED, STOPPED]);
  expect([others, Object(second?.payload).thread_ts, simulation.deadLetters]).toEqual([[], undefined, []]);
});

test("the ledger's table is down when the window ends → what was counted is told when it is back", async () => {
  const simulation = await deployed([[stopped("e1")], [stopped("e2", 1)]]);
  await notify(simulation, 0);
  await notify(simulation, 1);
  simulation.table.failure = new Error("table down");
  simulation.clock.at(simulation.clock.nowMs() + 20 * MINUTE, () => {
    simulation.table.failure = undefined;
  });
  await simulation.settle();
  expect(headlines(simulation)).toEqual([STOPPED, "🔴 CRITICAL · 1 more: CloudTrail logging stopped"]);
  expectSettled(simulation);
});

test("Slack is out when the window ends → what was counted is told once it is back, and once", async () => {
  const simulation = await deployed([[stopped("e1")], [stopped("e2", 1)]]);
  await notify(simulation, 0);
  await notify(simulation, 1);
  simulation.slack.answerNext("default", { status: 503, body: "unavailable", times: 12 });
  await simulation.settle();
  expect({ headlines: headlines(simulation), said: said(simulation) }).toEqual({
    headlines: [STOPPED, "🔴 CRITICAL · 1 more: CloudTrail logging stopped"],
    said: 2,
  });
});

test("the window of an hour is longer than a queue keeps a message → the function wakes itself again until it is over", async () => {
  const document = { grouping: { window_minutes: 60, retry_queue_arn: RETRY_QUEUE } };
  const simulation = await deployed([[stopped("e1")], [stopped("e2", 1)]], { document });
  const beginMs = simulation.clock.nowMs();
  await notify(simulation, 0);
  await notify(simulation, 1);
  await simulation.settle();
  expect({
    minutes: Math.round((simulation.clock.nowMs() - beginMs) / MINUTE),
    wakes: simulation.outcomes.filter(({ wakes }) => wakes?.asked === 1).length,
    headlines: headlines(simulation),
  }).toEqual({
    minutes: 60,
    wakes: 4,
    headlines: [STOPPED, "🔴 CRITICAL · 1 more: CloudTrail logging stopped"],
  });
});

test("twenty invocations count repeats at the same moment → none is lost, and none is counted twice", async () => {
  const files = Array.from({ length: 20 }, (_, index) => [stopped(`a${index}`), stopped(`b${index}`)]);
  const simulation = await deployed(files);
  await Promise.all([...files.map((_, index) => notify(simulation, index)), simulation.settle()]);
  expect({ said: said(simulation), few: headlines(simulation).length <= 3 }).toEqual({ said: 40, few: true });
  expectSettled(simulation);
});

test("twenty invocations reply at the same moment → in the end the first message says how many there were", async () => {
  const files = Array.from({ length: 20 }, (_, index) => [stopped(`a${index}`)]);
  const simulation = await deployed([[stopped("first")], ...files], { document: APP });
  await notify(simulation, 0);
  await Promise.all([...files.map((_, index) => notify(simulation, index + 1)), simulation.settle()]);
  const [first] = simulation.slack.received(CHANNEL);
  expect(textsOf(first?.revisions.at(-1) ?? {})[0]).toBe(`${STOPPED} (21 times)`);
  expectSettled(simulation);
});

test("a repeat is written so slowly that the window is over meanwhile → it is told all the same", async () => {
  const simulation = await deployed([[stopped("e1")], [stopped("e2", 1)], [stopped("e3")], [stopped("e4")]]);
  await notify(simulation, 0);
  // One second before the window's end, a transaction of three seconds.
  await wait(simulation, 15 - 1 / 60);
  simulation.change((world) => ({
    ...world,
    ledger: (settings) => {
      const ledger = world.ledger(settings);
      const keepWindow: typeof ledger.keepWindow = async (...given) => {
        if (given[1]?.untold !== undefined) await world.clock.sleep(3_000);
        return ledger.keepWindow(...given);
      };
      return { ...ledger, keepWindow };
    },
  }));
  await notify(simulation, 1);
  simulation.change((world) => world);
  await simulation.settle();
  expect(said(simulation)).toBe(2);
  // And the next window is as any other.
  await notify(simulation, 2);
  await notify(simulation, 3);
  await simulation.settle();
  expect([said(simulation), simulation.told().length]).toEqual([4, 4]);
  expectSettled(simulation);
});

test("the ledger is switched off while a window counts → the message that ends it rests as a dead letter, for when it is on again", async () => {
  const simulation = await deployed([[stopped("e1")], [stopped("e2", 1)]]);
  await notify(simulation, 0);
  await notify(simulation, 1);
  simulation.configure({ ledger: { table: null, retention_days: 90 } });
  await simulation.settle();
  expect([headlines(simulation).length, simulation.deadLetters]).toEqual([
    1,
    [{ windowId: expect.stringMatching(/^window\//) }],
  ]);
  simulation.configure(WINDOW);
  simulation.redrive();
  await simulation.settle();
  expect(said(simulation)).toBe(2);
});

test("the ledger is slow and the time is short while many repeats are counted → what is left is handed back, and counted then", async () => {
  const many = Array.from({ length: 900 }, (_, index) => stopped(`m${index}`, index % 14));
  const simulation = await deployed([[stopped("e1")], many], { timeoutMs: 15_000 });
  await notify(simulation, 0);
  simulation.change((world) => ({
    ...world,
    ledger: (settings) => {
      const ledger = world.ledger(settings);
      return { ...ledger, claim: (...given) => world.clock.sleep(300).then(() => ledger.claim(...given)) };
    },
  }));
  await notify(simulation, 1);
  await simulation.settle();
  expect({ said: said(simulation), timedOut: simulation.endings.filter((ending) => ending === "timed out") }).toEqual({
    said: 901,
    timedOut: [],
  });
  expectSettled(simulation);
});

test("the destination is taken out of the configuration before the window ends → those hear of it who hear of such alerts now", async () => {
  const simulation = await deployed([[stopped("e1")], [stopped("e2", 1)]], { channels: ["new"] });
  await notify(simulation, 0);
  await notify(simulation, 1);
  await wait(simulation, 1);
  simulation.configure({
    ...WINDOW,
    routing: [{ routes: [], default: { kind: "slack_webhook", name: "new", hookParameter: "/hooks/new" } }],
  });
  await simulation.settle();
  expect(simulation.slack.received().map((message) => `${message.channel}: ${headlineOf(message)}`)).toEqual([
    `default: ${STOPPED}`,
    "new: 🔴 CRITICAL · 1 more: CloudTrail logging stopped",
  ]);
});
