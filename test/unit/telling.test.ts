import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { joined, moreNotice, repeatsOf, together } from "#alerts/repeats.ts";
import { guardedLedger } from "#ledger/guarded-ledger.ts";
import { destinationKey, ledgerKey, windowId } from "#ledger/keys.ts";
import type { Delivery, Destination, Mention, Target } from "#model/destination.ts";
import type { Alert, News, Notice, Repeats } from "#model/news.ts";
import { brokenIdentities, newOutcome, type Outcome } from "#model/outcome.ts";
import type { TellingLedger } from "#model/ports.ts";
import { PLAIN_MESSAGES } from "#model/settings.ts";
import { RESERVE_MS } from "#pipeline/invocation.ts";
import { createTeller } from "#pipeline/telling.ts";
import { ALERT } from "#test/support/alerts.ts";
import {
  type FakeLedger,
  fakeDeliver,
  fakeLedger,
  fakeLog,
  fakeTags,
  type SharedClock,
  sharedClock,
} from "#test/support/fakes.ts";

const hook = (name: string): Destination => ({ kind: "slack_webhook", name, hookParameter: `/hooks/${name}` });
const topic = (name: string): Destination => ({
  kind: "sns",
  name,
  topicArn: `arn:aws:sns:eu-central-1:111111111111:${name}`,
});
const TEAM: Target = { destination: hook("team") };
const WITH_FALLBACK: Target = { destination: hook("team"), fallback: hook("default") };

const alert = (eventId: string): Alert => ({
  ...ALERT,
  title: `Alert ${eventId}`,
  // None is like another.
  group: eventId,
  eventId,
  rules: [{ id: "a", origin: "custom", severity: "high" }],
});
const NOTICE: Notice = { kind: "notice", severity: "low", title: "A notice", facts: [] };
const TOO_LATE = "its turn would have come too late";
const keyOf = (news: News, { destination }: Target = TEAM) => ledgerKey(news, destination);

/** What a test may set. */
interface Setting {
  readonly targets?: readonly Target[] | ((news: News) => readonly Target[]);
  readonly answer?: (news: News, destination: Destination) => Delivery | undefined;
  readonly clock?: SharedClock;
  /** Null: switched off. */
  readonly ledger?: TellingLedger | FakeLedger | null;
  readonly timeoutMs?: number;
}

/** An invocation that tells, in a time that passes for all who share the clock. */
function invocation(setting: Setting = {}) {
  const { targets = [TEAM], answer, clock = sharedClock(), timeoutMs = 300_000 } = setting;
  const beginMs = clock.nowMs();
  const seconds = () => (clock.nowMs() - beginMs) / 1_000;
  const ledger = setting.ledger === null ? undefined : (setting.ledger ?? fakeLedger(clock));
  const outcome = newOutcome();
  const log = fakeLog();
  const asked: string[] = [];
  const { deliver, told } = fakeDeliver((news, destination) => {
    asked.push(`${seconds()} s ${destination.name}: ${news.kind === "alert" ? news.eventId : news.title}`);
    return answer?.(news, destination);
  });
  const stages = {
    targetsFor: (news: News) => (typeof targets === "function" ? targets(news) : targets),
    together: (alerts: readonly [Alert, ...Alert[]]) => together(alerts, PLAIN_MESSAGES),
    repeatsOf: (alerts: readonly [Alert, ...Alert[]], standing: Alert) => repeatsOf(alerts, standing, PLAIN_MESSAGES),
    joined,
    moreNotice: (alert: Alert, repeats: Repeats, occasion: string) =>
      moreNotice(alert, repeats, occasion, PLAIN_MESSAGES),
    ledgerKey,
    destinationKey,
    windowId,
    windowMs: 0,
    guard: (given: Parameters<typeof guardedLedger>[0], onFailure: (error: unknown) => void) =>
      guardedLedger(given, clock, onFailure),
  };
  const remainingMs = () => beginMs + timeoutMs - clock.nowMs();
  const ports = {
    objects: { read: never, list: never },
    ledger: ledger as FakeLedger | undefined,
    deliver,
    wake: async () => {},
    tags: fakeTags(),
    clock,
    log,
    remainingMs,
  };
  const { tell } = createTeller(stages, ports, outcome);
  return {
    clock,
    outcome,
    log,
    told,
    /** When and whom it asked for what, in order. */
    asked,
    seconds,
    tell: async (...news: readonly News[]) => {
      // Each alert is a record's.
      for (const { kind } of news) if (kind === "alert") outcome.records.alerted += 1;
      outcome.records.in = outcome.records.alerted;
      await tell(news);
      expect(brokenIdentities(outcome)).toEqual([]);
    },
  };
}

function never(): never {
  throw new Error("telling reads no objects");
}

/** The counts that are not zero, and the failures. */
function come({ alerts, notices, answers, ledger, handedBack, deadDestinations, failures }: Outcome) {
  const counts = { ...alerts, ...answers, ledgerErrors: ledger.failed, handedBack: handedBack.count };
  return {
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)),
    ...(notices.in > 0 ? { notices } : {}),
    ...(deadDestinations.size > 0 ? { dead: [...deadDestinations] } : {}),
    failures: failures.map(({ reason, soon }) => (soon ? `${reason} (soon)` : reason)),
  };
}

/** Runs one invocation to its end. */
async function tellAll(news: readonly News[], setting: Setting = {}) {
  const one = invocation(setting);
  await one.clock.run(one.tell(...news));
  return { ...one, come: come(one.outcome) };
}

async function pass(clock: SharedClock, seconds: number): Promise<void> {
  await clock.run(clock.sleep(seconds * 1_000));
}

const THROTTLED = (retryAfterSeconds: number): Delivery => ({ kind: "throttled", retryAfterSeconds, reason: "later" });
/** Answers one after the other; delivered, once there are no more. */
const answers =
  (...given: readonly Delivery[]) =>
  (): Delivery | undefined => {
    const [first, ...rest] = given;
    given = rest;
    return first;
  };
const always = (delivery: Delivery) => () => delivery;

describe("an answer", () => {
  test.each<[string, Delivery, object, readonly string[]]>([
    ["delivered", { kind: "delivered" }, { in: 2, delivered: 2, failures: [] }, ["0 s team: 1", "1 s team: 2"]],
    [
      "delivered as plain text",
      { kind: "delivered", degraded: "invalid_blocks" },
      { in: 2, delivered: 2, degraded: 2, failures: [] },
      ["0 s team: 1", "1 s team: 2"],
    ],
    [
      "refused",
      { kind: "refused", reason: "no" },
      { in: 2, failed: 2, failures: ["no", "no"] },
      ["0 s team: 1", "1 s team: 2"],
    ],
    [
      "ambiguous",
      { kind: "ambiguous", reason: "hm" },
      { in: 2, failed: 2, ambiguous: 2, failures: ["hm", "hm"] },
      ["0 s team: 1", "1 s team: 2"],
    ],
    [
      "dead",
      { kind: "dead", reason: "gone" },
      { in: 2, failed: 2, dead: ["team"], failures: ["gone"] },
      ["0 s team: 1"],
    ],
  ])("is taken for what it is: %s", async (_name, delivery, expected, asked) => {
    const ledger = fakeLedger(sharedClock());
    const result = await tellAll([alert("1"), alert("2")], { answer: always(delivery), ledger });
    expect({ come: result.come, asked: result.asked }).toEqual({ come: expected, asked });
    // What was told is remembered, and what was not may be told by anybody.
    const rows = [...ledger.rows.entries()].map(([key, { state }]) => [key, state]);
    expect(rows).toEqual(delivery.kind === "delivered" ? ["1", "2"].map((id) => [keyOf(alert(id)), "delivered"]) : []);
  });

  test("counts notices apart from alerts", async () => {
    const result = await tellAll([alert("1"), NOTICE], {
      answer: (news) => (news === NOTICE ? { kind: "refused", reason: "no" } : undefined),
    });
    expect(result.come).toEqual({
      in: 1,
      delivered: 1,
      notices: { in: 1, delivered: 0, alreadyDelivered: 0, grouped: 0, failed: 1 },
      failures: ["no"],
    });
    expect(result.outcome.failures).toEqual([
      { what: 'notice for the slack_webhook destination "team"', reason: "no" },
    ]);
  });

  test("that is refused holds up nothing else, and one that is ambiguous is for the next invocation to settle", async () => {
    const clock = sharedClock();
    const ledger = fakeLedger(clock);
    const news = ["1", "2", "3"].map(alert);
    const answer = answers(
      { kind: "refused", reason: "no" },
      { kind: "delivered" },
      { kind: "ambiguous", reason: "hm" },
    );
    const first = await tellAll(news, { clock, ledger, answer });
    await pass(clock, 10);
    const second = await tellAll(news, { clock, ledger });
    expect([first, second].map(({ come: what, asked }) => ({ what, asked }))).toEqual([
      {
        what: { in: 3, delivered: 1, failed: 2, ambiguous: 1, failures: ["no", "hm"] },
        asked: ["0 s team: 1", "1 s team: 2", "2 s team: 3"],
      },
      { what: { in: 3, delivered: 2, alreadyDelivered: 1, failures: [] }, asked: ["0 s team: 1", "1 s team: 3"] },
    ]);
  });

  test("may take 45 seconds, or what is left of the invocation less what handing back takes", async () => {
    const long = await tellAll([alert("1")]);
    const short = await tellAll([alert("1")], { timeoutMs: 20_000 });
    expect([...long.told, ...short.told].map(({ withinMs }) => withinMs)).toEqual([45_000, 20_000 - RESERVE_MS]);
  });
});

describe("when Slack asks for patience", () => {
  test("waits as long as it asks for, tells, and goes on", async () => {
    const { come: what, asked } = await tellAll([alert("1"), alert("2")], {
      answer: answers(THROTTLED(7), THROTTLED(3)),
    });
    expect({ what, asked }).toEqual({
      what: { in: 2, delivered: 2, throttled: 2, failures: [] },
      asked: ["0 s team: 1", "7 s team: 1", "10 s team: 1", "11 s team: 2"],
    });
  });

  test.each([
    ["that fits into the time that is left", 30, { in: 2, delivered: 1, throttled: 1, failed: 1, handedBack: 1 }],
    ["that does not", 31, { in: 2, throttled: 1, failed: 2, handedBack: 1 }],
  ])("waits or hands back: a wait %s", async (_name, retryAfterSeconds, expected) => {
    const { come: what, seconds } = await tellAll([alert("1"), alert("2")], {
      answer: answers(THROTTLED(retryAfterSeconds)),
      // The reserve, and two seconds to hear Slack out.
      timeoutMs: 30_000 + RESERVE_MS + 2_000,
    });
    expect(what).toMatchObject(expected);
    expect(seconds()).toBe(retryAfterSeconds === 30 ? 30 : 0);
  });

  test("does not ask for the item to come again at once, which would be no patience", async () => {
    const { outcome } = await tellAll([alert("1"), alert("2")], { answer: always(THROTTLED(60)), timeoutMs: 30_000 });
    expect(outcome.failures).toEqual([
      { what: 'alert for the slack_webhook destination "team"', reason: TOO_LATE, afterSeconds: 60 },
    ]);
  });

  test("lets nobody else ask before", async () => {
    const clock = sharedClock();
    const ledger = fakeLedger(clock);
    const nowMs = clock.nowMs();
    await tellAll([alert("1")], { answer: always(THROTTLED(60)), timeoutMs: 30_000, clock, ledger });
    const next = await ledger.takeSlot("slack_webhook:/hooks/team", nowMs, Number.MAX_SAFE_INTEGER);
    expect((next ?? 0) - nowMs).toBeGreaterThanOrEqual(60_000);
  });

  test("gives up after thirty times, and leaves the rest for another invocation", async () => {
    const { come: what, asked } = await tellAll([alert("1"), alert("2")], { answer: always(THROTTLED(1)) });
    expect({ what, asked: asked.length, last: asked.at(-1) }).toEqual({
      what: { in: 2, failed: 2, throttled: 31, failures: ["later"] },
      asked: 31,
      last: "30 s team: 1",
    });
  });

  test("lets others tell what it waits with", async () => {
    const clock = sharedClock();
    const ledger = fakeLedger(clock);
    const slow = invocation({ clock, ledger, answer: answers(THROTTLED(10)) });
    const other = invocation({ clock, ledger: ledger.as("other") });
    const late = clock.sleep(2_000).then(() => other.tell(alert("1")));
    await clock.run(slow.tell(alert("1")), late);
    // Whoever comes later comes after the wait, too: Slack would not take it before.
    expect({ slow: come(slow.outcome), other: come(other.outcome), asked: [slow.asked, other.asked] }).toEqual({
      slow: { in: 1, delivered: 1, throttled: 1, failures: [] },
      other: { in: 1, alreadyDelivered: 1, failures: [] },
      asked: [["0 s team: 1", "10 s team: 1"], []],
    });
  });
});

describe("what another invocation is telling", () => {
  const held = (untilSeconds: number) => {
    const clock = sharedClock();
    const ledger = fakeLedger(clock);
    const other = ledger.as("other");
    const beginMs = clock.nowMs();
    const claimed = other.claim(keyOf(alert("1")), beginMs + untilSeconds * 1_000);
    return { clock, ledger, other, claimed };
  };

  test.each<[string, (other: FakeLedger, key: string) => Promise<void>, object, readonly string[]]>([
    [
      "counts as told once the other has told it",
      (other, key) => other.confirm(key),
      { in: 2, alreadyDelivered: 1, delivered: 1, failures: [] },
      ["5 s team: 2"],
    ],
    [
      "is told once the other could not",
      (other, key) => other.release(key),
      { in: 2, delivered: 2, failures: [] },
      ["4 s team: 1", "5 s team: 2"],
    ],
  ])("%s", async (_name, end, expected, asked) => {
    const { clock, ledger, other, claimed } = held(60);
    await claimed;
    const one = invocation({ clock, ledger });
    const ended = clock.sleep(3_500).then(() => end(other, keyOf(alert("1"))));
    await clock.run(one.tell(alert("1"), alert("2")), ended);
    expect({ come: come(one.outcome), asked: one.asked }).toEqual({ come: expected, asked });
  });

  test("is told when the claim ends, because whoever made it was ended", async () => {
    const { clock, ledger, claimed } = held(6);
    await claimed;
    const one = invocation({ clock, ledger });
    await clock.run(one.tell(alert("1")));
    expect({ come: come(one.outcome), asked: one.asked }).toEqual({
      come: { in: 1, delivered: 1, failures: [] },
      asked: ["7 s team: 1"],
    });
  });

  test("is a failure after fifteen looks, and nobody is told twice", async () => {
    const { clock, ledger, claimed } = held(3_600);
    await claimed;
    let looks = 0;
    const claim = ledger.claim.bind(ledger);
    ledger.claim = (...given) => {
      looks += 1;
      return claim(...given);
    };
    const one = invocation({ clock, ledger });
    await clock.run(one.tell(alert("1"), alert("2")));
    expect({ come: come(one.outcome), asked: one.asked, looks, seconds: one.seconds() }).toEqual({
      come: { in: 2, failed: 2, failures: ["another invocation is telling it and has not finished"] },
      asked: [],
      looks: 15,
      seconds: 14,
    });
    expect(ledger.rows.get(keyOf(alert("1")))?.owner).toBe("other");
  });

  test.each([
    ["a minute", 300_000, 60],
    ["what is left of the invocation", 40_000, 40],
  ])("is claimed for %s at most", async (_name, timeoutMs, seconds) => {
    const clock = sharedClock();
    const ledger = fakeLedger(clock);
    const untilMs: number[] = [];
    const claim = ledger.claim.bind(ledger);
    ledger.claim = (key, until) => {
      untilMs.push(until - clock.nowMs());
      return claim(key, until);
    };
    await tellAll([alert("1")], { clock, ledger, timeoutMs });
    expect(untilMs).toEqual([seconds * 1_000]);
  });

  test("is told once when the same payload comes five times at once", async () => {
    const clock = sharedClock();
    const ledger = fakeLedger(clock);
    const news = ["1", "2", "3"].map(alert);
    const five = Array.from({ length: 5 }, (_, index) => invocation({ clock, ledger: ledger.as(`process ${index}`) }));
    await clock.run(...five.map(({ tell }) => tell(...news)));
    const asked = five.flatMap((one) => one.told.map(({ news: told }) => Object(told).eventId));
    expect({ asked: asked.sort(), failures: five.flatMap(({ outcome }) => outcome.failures) }).toEqual({
      asked: ["1", "2", "3"],
      failures: [],
    });
  });
});

describe("a destination whose answers are left open", () => {
  const openFor =
    (...ids: readonly string[]) =>
    (news: News): Delivery =>
      news.kind === "alert" && ids.includes(news.eventId) ? { kind: "ambiguous", reason: "hm" } : { kind: "delivered" };
  test.each([
    ["one message's fault keeps no other back", ["2"], ["1", "2", "3", "4", "5"]],
    ["twice, but not in a row, is not the destination's fault", ["1", "3"], ["1", "2", "3", "4", "5"]],
    ["twice in a row, it is not tried with the rest", ["2", "3"], ["1", "2", "3"]],
  ])("%s", async (_name, open, asked) => {
    const result = await tellAll(["1", "2", "3", "4", "5"].map(alert), { answer: openFor(...open) });
    expect(result.told.map(({ news }) => Object(news).eventId)).toEqual(asked);
  });
});

describe("a dead hook", () => {
  const GONE: Delivery = { kind: "dead", reason: "Slack answered 404 (no_service)" };
  const BANNER = "For team, which cannot be told any more: Slack answered 404 (no_service). Give it a new hook.";
  const deadIs =
    (...names: readonly string[]) =>
    (_news: News, { name }: Destination) =>
      names.includes(name) ? GONE : undefined;

  test("is tried once, and its fallback told instead, below a banner", async () => {
    const ledger = fakeLedger(sharedClock());
    const {
      come: what,
      asked,
      told,
      log,
    } = await tellAll(["1", "2", "3"].map(alert), {
      ledger,
      targets: [WITH_FALLBACK],
      answer: deadIs("team"),
    });
    expect({ what, asked, banners: told.map(({ banner }) => banner), log: log.lines }).toEqual({
      what: { in: 3, delivered: 3, dead: ["team"], failures: [] },
      asked: ["0 s team: 1", "0 s default: 1", "1 s default: 2", "2 s default: 3"],
      banners: [undefined, BANNER, BANNER, BANNER],
      log: [{ level: "error", message: "a destination is dead", fields: { destination: "team", reason: GONE.reason } }],
    });
    // As told to whom it was for: with a new hook, nothing comes a second time.
    expect([...ledger.rows.keys()]).toEqual(["1", "2", "3"].map((id) => keyOf(alert(id))));
  });

  test.each<[kind: string, destination: Destination, remedy: string]>([
    ["hook", hook("team"), "Give it a new hook."],
    [
      "channel",
      { kind: "slack_app", name: "team", channelId: "C1", tokenParameter: "/token" },
      "Let the app in, or name another channel.",
    ],
    ["topic", topic("team"), "Let the function publish to the topic, or name another one."],
  ])("says how a %s is mended", async (_kind, destination, remedy) => {
    const targets = [{ destination, fallback: hook("default") }];
    const { told } = await tellAll([alert("1")], { targets, answer: deadIs("team") });
    expect(told.at(-1)?.banner).toBe(`For team, which cannot be told any more: ${GONE.reason}. ${remedy}`);
  });

  test("hands its mention on to its fallback", async () => {
    const mention: Mention = { kind: "group", id: "S0123456789" };
    const { told } = await tellAll([alert("1")], {
      targets: [{ ...WITH_FALLBACK, mention }],
      answer: deadIs("team"),
    });
    expect(told.map((each) => [each.to, each.mention])).toEqual([
      ["team", mention],
      ["default", mention],
    ]);
  });

  test("is not tried again by what the same invocation tells later", async () => {
    const one = invocation({ targets: [WITH_FALLBACK], answer: deadIs("team") });
    await one.clock.run(one.tell(alert("1")));
    await one.clock.run(one.tell(alert("2"), NOTICE));
    expect(one.asked.map((line) => line.replace(/^\S+ s /, ""))).toEqual([
      "team: 1",
      "default: 1",
      "default: 2",
      "default: A notice",
    ]);
  });

  test("is tried again by the next invocation, because it may be mended", async () => {
    const ledger = fakeLedger(sharedClock());
    await tellAll([alert("1")], { ledger, targets: [WITH_FALLBACK], answer: deadIs("team") });
    const next = await tellAll([alert("1"), alert("2")], { ledger, targets: [WITH_FALLBACK] });
    expect(next.told.map(({ to, news, banner }) => [to, Object(news).eventId, banner])).toEqual([
      ["team", "2", undefined],
    ]);
  });

  test.each([
    ["dead as well", GONE, { dead: ["team", "default"], failures: [GONE.reason] }, []],
    [
      "ambiguous",
      { kind: "ambiguous", reason: "hm" } as const,
      { dead: ["team"], ambiguous: 2, failures: ["hm", "hm"] },
      ["1 s default: 2"],
    ],
  ])("whose fallback is %s is a failure", async (_name, answer, expected, more) => {
    const { come: what, asked } = await tellAll(["1", "2"].map(alert), {
      targets: [WITH_FALLBACK],
      answer: (_news, { name }) => (name === "team" ? GONE : answer),
    });
    expect({ what, asked }).toEqual({
      what: { in: 2, failed: 2, ...expected },
      asked: ["0 s team: 1", "0 s default: 1", ...more],
    });
  });

  test("whose fallback asks for patience is told there after the wait", async () => {
    const { come: what, asked } = await tellAll([alert("1")], {
      targets: [WITH_FALLBACK],
      answer: answers(GONE, THROTTLED(5)),
    });
    expect({ what, asked }).toEqual({
      what: { in: 1, delivered: 1, throttled: 1, dead: ["team"], failures: [] },
      asked: ["0 s team: 1", "0 s default: 1", "5 s default: 1"],
    });
  });

  test("leaves the other destinations unaffected", async () => {
    const { come: what, asked } = await tellAll([alert("1"), alert("2")], {
      targets: [TEAM, { destination: hook("audit") }],
      answer: deadIs("team"),
    });
    expect({ what, asked }).toEqual({
      what: { in: 4, delivered: 2, failed: 2, dead: ["team"], failures: [GONE.reason] },
      asked: ["0 s team: 1", "0 s audit: 1", "1 s audit: 2"],
    });
  });
});

describe("the ledger", () => {
  const TOLD = { delivered: 2, failures: [] };
  // From then on it paces by itself, and does not know of the moment that was taken before.
  test.each<[keyof TellingLedger, number, Delivery, object]>([
    ["delivered", 1, { kind: "delivered" }, TOLD],
    ["takeSlot", 1, { kind: "delivered" }, TOLD],
    ["claim", 0, { kind: "delivered" }, TOLD],
    ["confirm", 0, { kind: "delivered" }, TOLD],
    ["release", 0, { kind: "refused", reason: "no" }, { failed: 2, failures: ["no", "no"] }],
  ])(
    "that fails at %s keeps nothing from being told, is counted once and not asked again",
    async (call, second, delivery, expected) => {
      const clock = sharedClock();
      const ledger = fakeLedger(clock);
      const calls: PropertyKey[] = [];
      const failing = new Proxy(ledger, {
        get: (target, name, receiver) => {
          calls.push(name);
          if (name !== call) return Reflect.get(target, name, receiver);
          return async () => {
            throw new Error("table down");
          };
        },
      });
      const {
        come: what,
        asked,
        log,
      } = await tellAll([alert("1"), alert("2")], {
        clock,
        ledger: failing,
        answer: always(delivery),
      });
      const errors = log.lines.filter(({ level }) => level === "error");
      expect({ what, asked, last: calls.indexOf(call) === calls.length - 1, errors }).toEqual({
        what: { in: 2, ledgerErrors: 1, ...expected },
        asked: ["0 s team: 1", `${second} s team: 2`],
        last: true,
        errors: [
          {
            level: "error",
            message: "the ledger cannot be reached; telling without it",
            fields: { reason: "Error: table down" },
          },
        ],
      });
    },
  );

  test("that fails for several destinations at once is counted once", async () => {
    const clock = sharedClock();
    const ledger = fakeLedger(clock);
    ledger.failure = new Error("table down");
    const targets = ["a", "b", "c"].map((name) => ({ destination: hook(name) }));
    expect((await tellAll([alert("1")], { clock, ledger, targets })).come).toEqual({
      in: 3,
      delivered: 3,
      ledgerErrors: 1,
      failures: [],
    });
  });

  test("that is switched off remembers nothing, and one that is on everything", async () => {
    const clock = sharedClock();
    const ledger = fakeLedger(clock);
    const runs = [];
    for (const given of [null, null, ledger, ledger]) {
      runs.push((await tellAll([alert("1"), alert("1")], { clock, ledger: given })).come);
    }
    expect(runs).toEqual([
      { in: 2, delivered: 1, alreadyDelivered: 1, failures: [] },
      { in: 2, delivered: 1, alreadyDelivered: 1, failures: [] },
      { in: 2, delivered: 1, alreadyDelivered: 1, failures: [] },
      { in: 2, alreadyDelivered: 2, failures: [] },
    ]);
  });

  test("has a record that comes twice in one payload told once, and to each destination", async () => {
    const { come: what, told } = await tellAll([alert("1"), alert("2"), alert("1")], {
      targets: [TEAM, { destination: topic("audit") }],
    });
    expect({ what, told: told.map(({ to, news }) => `${to}: ${Object(news).eventId}`).sort() }).toEqual({
      what: { in: 6, delivered: 4, alreadyDelivered: 2, failures: [] },
      told: ["audit: 1", "audit: 2", "team: 1", "team: 2"],
    });
  });

  test("has two routes that lead to one hook told once", async () => {
    const { come: what, told } = await tellAll([alert("1"), alert("2")], {
      targets: [{ destination: hook("team") }, { destination: { ...hook("team"), name: "the same" } }],
    });
    expect({ what, told: told.map(({ news }) => Object(news).eventId).sort() }).toEqual({
      what: { in: 4, delivered: 2, alreadyDelivered: 2, failures: [] },
      told: ["1", "2"],
    });
  });
});

describe("pacing", () => {
  const FIVE = ["1", "2", "3", "4", "5"].map(alert);
  const moments = (asked: readonly string[]) => asked.map((line) => line.split(" s ")[0]);

  test.each<[string, Setting, readonly string[]]>([
    ["a hook gets one message per second", {}, ["0", "1", "2", "3", "4"]],
    ["a hook gets one message per second without a ledger, too", { ledger: null }, ["0", "1", "2", "3", "4"]],
    [
      "a channel of the Slack App gets one message per second",
      { targets: [{ destination: { kind: "slack_app", name: "a", channelId: "C1", tokenParameter: "/t" } }] },
      ["0", "1", "2", "3", "4"],
    ],
    ["topics get what there is at once", { targets: [{ destination: topic("t") }] }, ["0", "0", "0", "0", "0"]],
    [
      "destinations are paced beside each other",
      { targets: [TEAM, { destination: hook("other") }] },
      ["0", "0", "1", "1", "2", "2", "3", "3", "4", "4"],
    ],
    [
      "what goes to one hook for two others is paced together",
      {
        targets: ["a", "b"].map((name) => ({ destination: hook(name), fallback: hook("default") })),
        answer: (_news, { name }) => (name === "default" ? undefined : { kind: "dead", reason: "gone" }),
      },
      ["0", "0", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    ],
  ])("%s", async (_name, setting, expected) => {
    const { asked, come: what } = await tellAll(FIVE, setting);
    expect(moments(asked)).toEqual(expected);
    expect(what.failures).toEqual([]);
  });

  test("does not hurry to make up for an answer that took long", async () => {
    const clock = sharedClock();
    const ledger = fakeLedger(clock);
    const confirm = ledger.confirm.bind(ledger);
    ledger.confirm = async (key) => {
      await clock.sleep(2_500);
      return confirm(key);
    };
    const { asked } = await tellAll(FIVE.slice(0, 3), { clock, ledger });
    expect(moments(asked)).toEqual(["0", "2.5", "5"]);
  });

  test("is shared by invocations through the ledger, and by its absence is not", async () => {
    const together = async (share: boolean) => {
      const clock = sharedClock();
      const ledger = fakeLedger(clock);
      const [one, two] = ["one", "two"].map((owner) => invocation({ clock, ledger: share ? ledger.as(owner) : null }));
      if (one === undefined || two === undefined) throw new Error("there are two");
      await clock.run(one.tell(...["a", "b", "c"].map(alert)), two.tell(...["d", "e", "f"].map(alert)));
      return [...one.asked, ...two.asked].map((line) => Number.parseFloat(line)).sort((a, b) => a - b);
    };
    expect([await together(true), await together(false)]).toEqual([
      [0, 1, 2, 3, 4, 5],
      [0, 0, 1, 1, 2, 2],
    ]);
  });
});

describe("a hook that others keep busy", () => {
  const busyFor = async (seconds: number) => {
    const clock = sharedClock();
    const ledger = fakeLedger(clock);
    const nowMs = clock.nowMs();
    const moment = async () => ledger.takeSlot("slack_webhook:/hooks/team", nowMs, Number.MAX_SAFE_INTEGER);
    for (let taken = 0; taken < seconds; taken++) await moment();
    return { clock, ledger, moment, nowMs };
  };

  test.each([
    [60, { in: 1, delivered: 1, failures: [] }, ["60 s team: 1"]],
    [61, { in: 1, failed: 1, handedBack: 1, failures: [TOO_LATE] }, []],
  ])("is waited for a minute and no longer, although there were time: %d seconds", async (seconds, expected, asked) => {
    const { clock, ledger } = await busyFor(seconds);
    const result = await tellAll([alert("1")], { clock, ledger });
    expect({ come: result.come, asked: result.asked }).toEqual({ come: expected, asked });
  });

  test("loses no moment to an invocation that does not wait for it", async () => {
    const { clock, ledger, moment, nowMs } = await busyFor(61);
    await tellAll([alert("1"), alert("2")], { clock, ledger });
    expect(await moment()).toBe(nowMs + 61_000);
  });
});

describe("when time is short", () => {
  test.each([
    ["no time for the first", RESERVE_MS + 1_999, [], 1],
    ["time for the first and no other", RESERVE_MS + 2_000, ["0 s team: 1"], 1],
    ["no time for the third", RESERVE_MS + 3_999, ["0 s team: 1", "1 s team: 2"], 1],
    ["time for all", RESERVE_MS + 4_000, ["0 s team: 1", "1 s team: 2", "2 s team: 3"], 0],
  ])("hands the rest back: %s", async (_name, timeoutMs, asked, handedBack) => {
    const result = await tellAll(["1", "2", "3"].map(alert), { timeoutMs });
    const told = { ...(asked.length > 0 ? { delivered: asked.length } : {}) };
    expect({ come: result.come, asked: result.asked }).toEqual({
      come: {
        in: 3,
        ...told,
        ...(handedBack > 0 ? { failed: 3 - asked.length, handedBack } : {}),
        failures: handedBack > 0 ? [asked.length > 0 ? `${TOO_LATE} (soon)` : TOO_LATE] : [],
      },
      asked,
    });
  });

  test("the next invocation tells the rest and nothing again", async () => {
    const clock = sharedClock();
    const ledger = fakeLedger(clock);
    const news = Array.from({ length: 10 }, (_, index) => alert(`${index}`));
    const told: string[] = [];
    const outcomes: unknown[] = [];
    for (let invocations = 0; invocations < 3; invocations++) {
      const run = await tellAll(news, { clock, ledger, timeoutMs: RESERVE_MS + 5_000 });
      told.push(...run.told.map(({ news: one }) => Object(one).eventId));
      await pass(clock, 1);
      outcomes.push([run.outcome.alerts.delivered, run.outcome.alerts.alreadyDelivered, run.outcome.failures.length]);
    }
    expect({ told, outcomes }).toEqual({
      told: news.map(({ eventId }) => eventId),
      outcomes: [
        [4, 0, 1],
        [4, 4, 1],
        [2, 8, 0],
      ],
    });
  });
});

test("news for which there is nobody is a failure of its own", async () => {
  expect((await tellAll([alert("1"), NOTICE], { targets: [] })).outcome).toMatchObject({
    alerts: { in: 1, failed: 1 },
    notices: { in: 1, failed: 1 },
    failures: ["Alert 1", "A notice"].map((what) => ({
      what,
      reason: "there is no destination; configure a default one",
    })),
  });
});

test("whatever is answered, to however many at once: everything is told in the end, and once unless an answer was ambiguous", async () => {
  const kind = fc.constantFrom<Delivery["kind"]>("delivered", "delivered", "throttled", "ambiguous", "refused", "dead");
  const deliveryOf = (given: Delivery["kind"]): Delivery => {
    if (given === "delivered") return { kind: given };
    return given === "throttled" ? THROTTLED(2) : { kind: given, reason: given };
  };
  const seen = { ambiguous: 0, dead: 0, held: 0, rounds: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uniqueArray(fc.nat(7), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 }),
      fc.array(kind, { maxLength: 25 }),
      fc.boolean(),
      async (payloads, script, fallback) => {
        const clock = sharedClock();
        const ledger = fakeLedger(clock);
        const left = script.map(deliveryOf);
        const delivered: string[] = [];
        let ambiguous = 0;
        const answer = (news: News): Delivery => {
          const delivery = left.shift() ?? { kind: "delivered" };
          if (delivery.kind === "ambiguous") ambiguous += 1;
          if (delivery.kind === "dead") seen.dead += 1;
          // An answer that was lost: it was told all the same.
          if (delivery.kind === "delivered" || delivery.kind === "ambiguous") delivered.push(Object(news).eventId);
          return delivery;
        };
        let waiting = payloads;
        for (let round = 0; waiting.length > 0; round++) {
          if (round > 40) throw new Error("it does not end");
          seen.rounds += 1;
          const running = waiting.map((ids, index) => ({
            ids,
            one: invocation({
              clock,
              ledger: ledger.as(`${round}/${index}`),
              answer,
              targets: [fallback ? WITH_FALLBACK : TEAM],
            }),
          }));
          await clock.run(...running.map(({ ids, one }) => one.tell(...ids.map((id) => alert(`${id}`)))));
          seen.held += running.reduce((sum, { one }) => sum + one.outcome.alerts.alreadyDelivered, 0);
          waiting = running.filter(({ one }) => one.outcome.failures.length > 0).map(({ ids }) => ids);
        }
        seen.ambiguous += ambiguous;
        const wanted = new Set(payloads.flat().map(String));
        expect({
          told: new Set(delivered),
          twice: delivered.length - wanted.size <= ambiguous,
          rows: new Set(Array.from(ledger.rows.values(), ({ state }) => state)),
        }).toEqual({ told: wanted, twice: true, rows: new Set(["delivered"]) });
      },
    ),
    { seed: 5, numRuns: 200 },
  );
  expect(Object.entries(seen).filter(([, count]) => count < 30)).toEqual([]);
});
