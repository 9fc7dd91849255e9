import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { destinationKey } from "#ledger/keys.ts";
import type { Destination, Mention, MentionRule, Route, RouteTable, Routing } from "#model/destination.ts";
import type { Alert, News, Notice } from "#model/news.ts";
import { type RuleRef, SEVERITIES, type Severity } from "#model/rule.ts";
import { destinationsOf, targetsFor } from "#routing/targets-for.ts";

const A = "111111111111";
const B = "222222222222";
const C = "333333333333";

const topic = (name: string): Destination => ({
  kind: "sns",
  name,
  topicArn: `arn:aws:sns:eu-central-1:111111111111:${name}`,
});
const hook = (name: string): Destination => ({ kind: "slack_webhook", name, hookParameter: `/hooks/${name}` });
const channel = (name: string): Destination => ({
  kind: "slack_app",
  name,
  channelId: `C${name.toUpperCase()}`,
  tokenParameter: "/token",
});

const ROOT: RuleRef = { id: "root-activity", origin: "default", severity: "critical", pack: "root" };
const OWN: RuleRef = { id: "own", origin: "custom", severity: "medium" };

function alert(changes: Partial<Alert> = {}): Alert {
  return {
    kind: "alert",
    severity: "medium",
    title: "A user was created",
    group: "0",
    eventId: "e",
    accountId: A,
    accountName: undefined,
    region: "eu-central-1",
    what: "iam.amazonaws.com CreateUser",
    call: "IAM CreateUser",
    who: "alice",
    callerArn: undefined,
    when: "2025-06-11T09:15:00Z",
    time: undefined,
    from: "198.51.100.7",
    userAgent: undefined,
    origin: undefined,
    result: "succeeded",
    error: undefined,
    details: [],
    links: [],
    rules: [OWN],
    ...changes,
  };
}

const notice = (changes: Partial<Notice> = {}): Notice => ({
  kind: "notice",
  severity: "critical",
  title: "A CloudTrail file is not what CloudTrail wrote",
  facts: [],
  ...changes,
});

/** A route that takes everything to the hook `name` and keeps it. */
function route(name: string, changes: Partial<Route> = {}): Route {
  return {
    name,
    accounts: undefined,
    severities: undefined,
    rules: undefined,
    packs: undefined,
    destinations: [hook(name)],
    mention: undefined,
    continues: false,
    ...changes,
  };
}

const DEFAULTS: readonly RouteTable[] = [
  { routes: [{ accounts: [B], destination: hook("team-b") }], default: hook("default") },
  { routes: [], default: topic("all") },
];
const routing = (routes: readonly Route[], changes: Partial<Routing> = {}): Routing => ({
  routes,
  routing: DEFAULTS,
  mention: undefined,
  ...changes,
});
const namesOf = (given: Routing, news: News) => targetsFor(given, news).map(({ destination }) => destination.name);

describe("without routes, news goes by the tables", () => {
  const TABLES: readonly RouteTable[] = [
    {
      routes: [
        { accounts: [A, B], destination: topic("team-a") },
        { accounts: [B], destination: topic("never") },
      ],
      default: topic("default"),
    },
    { routes: [{ accounts: [B], destination: topic("audit") }] },
  ];
  const byTables = routing([], { routing: TABLES });

  test.each([
    ["the route that names the account", A, ["team-a"]],
    ["the first route of each table", B, ["team-a", "audit"]],
    ["the default when no route names the account", C, ["default"]],
    ["the default when there is no account", undefined, ["default"]],
  ])("to %s", (_name, accountId, expected) => {
    expect(namesOf(byTables, alert({ accountId }))).toEqual(expected);
    expect(namesOf(byTables, notice({ accountId }))).toEqual(expected);
  });

  test("and the default of the same table stands in for a route of it", () => {
    const fallbacks = (accountId?: string) =>
      targetsFor(byTables, alert({ accountId })).map(({ fallback }) => fallback?.name);
    expect({ route: fallbacks(B), default: fallbacks() }).toEqual({
      route: ["default", undefined],
      default: [undefined],
    });
  });

  test("to nobody when there is neither route nor default", () => {
    expect(targetsFor(routing([], { routing: TABLES.slice(1) }), alert({ accountId: A }))).toEqual([]);
  });

  test("once to a destination that two tables name", () => {
    const twice = [{ routes: [], default: topic("all") }, ...DEFAULTS];
    expect(namesOf(routing([], { routing: twice }), alert())).toEqual(["all", "default"]);
  });
});

describe("a route", () => {
  test.each<[takes: string, changes: Partial<Route>, news: News, isTaken: boolean]>([
    ["everything when it names nothing", {}, alert(), true],
    ["notices when it names nothing", {}, notice(), true],
    ["an account that it names", { accounts: [B, A] }, alert(), true],
    ["no other account", { accounts: [B] }, alert(), false],
    ["no news without an account when it names some", { accounts: [A] }, notice(), false],
    ["notices about an account that it names", { accounts: [A] }, notice({ accountId: A }), true],
    ["nothing when a unit has no accounts", { accounts: [] }, alert(), false],
    ["a severity that it names", { severities: ["high", "medium"] }, alert(), true],
    ["no other severity", { severities: ["critical", "high"] }, alert(), false],
    ["notices by severity", { severities: ["critical"] }, notice(), true],
    ["an alert that lists its rule among others", { rules: ["x", "own"] }, alert({ rules: [ROOT, OWN] }), true],
    ["no alert of other rules", { rules: ["x"] }, alert({ rules: [ROOT, OWN] }), false],
    ["an alert with a rule of its pack", { packs: ["root"] }, alert({ rules: [OWN, ROOT] }), true],
    ["no alert without a rule of its pack", { packs: ["iam"] }, alert({ rules: [OWN, ROOT] }), false],
    ["an alert of its rules or its packs", { rules: ["own"], packs: ["iam"] }, alert(), true],
    ["no notice when it names rules", { rules: ["own"] }, notice(), false],
    ["no notice when it names packs", { packs: ["root"] }, notice(), false],
    ["what fits all that it names", { accounts: [A], severities: ["medium"], rules: ["own"] }, alert(), true],
    ["nothing of which one thing is wrong", { accounts: [A], severities: ["low"], rules: ["own"] }, alert(), false],
  ])("takes %s", (_takes, changes, news, isTaken) => {
    const byTables = namesOf(routing([]), news);
    expect(namesOf(routing([route("on-call", changes)]), news)).toEqual(isTaken ? ["on-call"] : byTables);
  });

  test("keeps what it takes from the routes after it and from the tables", () => {
    expect(namesOf(routing([route("low", { severities: ["low"] }), route("first"), route("second")]), alert())).toEqual(
      ["first"],
    );
  });

  test("that lets news go on adds its destinations to what hears of it otherwise", () => {
    const copied = route("copy", { continues: true });
    expect({
      tables: namesOf(routing([copied]), alert({ accountId: B })),
      nextRoute: namesOf(routing([copied, route("next")]), alert()),
      all: namesOf(routing([copied, route("next", { continues: true })]), alert()),
    }).toEqual({
      tables: ["copy", "team-b", "all"],
      nextRoute: ["copy", "next"],
      all: ["copy", "next", "default", "all"],
    });
  });

  test("tells a destination once, whatever it is called", () => {
    const again: Destination = {
      kind: "slack_webhook",
      name: "the default by its name",
      hookParameter: "/hooks/default",
    };
    const routes = [route("copy", { destinations: [again, topic("all")], continues: true })];
    expect(namesOf(routing(routes), alert())).toEqual(["the default by its name", "all"]);
  });

  test.each<[destination: string, given: Destination, tables: readonly RouteTable[], expected: string | undefined]>([
    ["a hook", hook("on-call"), DEFAULTS, "default"],
    ["a topic", topic("on-call"), DEFAULTS, "all"],
    ["a topic where no topic is a default", topic("on-call"), DEFAULTS.slice(0, 1), "default"],
    ["a hook where only a topic is a default", hook("on-call"), DEFAULTS.slice(1), "all"],
    ["a default hook", hook("default"), DEFAULTS, "all"],
    ["the only default", topic("all"), DEFAULTS.slice(1), undefined],
    ["a hook beside a Slack App", hook("on-call"), [{ routes: [], default: channel("x") }], "x"],
  ])("has a default that stands in for %s", (_destination, given, tables, expected) => {
    const [target] = targetsFor(routing([route("r", { destinations: [given] })], { routing: tables }), alert());
    expect(target?.fallback?.name).toBe(expected);
  });
});

describe("a mention", () => {
  const GROUP: Mention = { kind: "group", id: "S0123456789" };
  const HERE: Mention = { kind: "broadcast", range: "here" };
  const rule = (mention: Mention, ...severities: readonly Severity[]): MentionRule => ({ mention, severities });
  const mentionsOf = (given: Routing, news: News) =>
    targetsFor(given, news).map(({ destination, mention }) => [destination.name, mention]);

  test("is made in Slack for its severities, and in no topic", () => {
    const given = routing([], { mention: rule(GROUP, "critical") });
    expect(mentionsOf(given, alert({ severity: "critical" }))).toEqual([
      ["default", GROUP],
      ["all", undefined],
    ]);
    expect(mentionsOf(given, alert({ severity: "high" }))).toEqual([
      ["default", undefined],
      ["all", undefined],
    ]);
  });

  test("of a route replaces that for all", () => {
    const given = (mention: MentionRule | undefined) =>
      routing([route("on-call", { mention })], { mention: rule(GROUP, "critical") });
    const critical = alert({ severity: "critical" });
    expect({
      own: mentionsOf(given(rule(HERE, "critical")), critical),
      forAll: mentionsOf(given(undefined), critical),
      never: mentionsOf(given(rule(HERE)), critical),
    }).toEqual({
      own: [["on-call", HERE]],
      forAll: [["on-call", GROUP]],
      never: [["on-call", undefined]],
    });
  });

  test("stays when the same destination is named again without one", () => {
    const copy = route("copy", { destinations: [hook("default")], mention: rule(HERE, "critical"), continues: true });
    const plain = route("plain", { destinations: [hook("default")], continues: true });
    const critical = alert({ severity: "critical" });
    const expected = [
      ["default", HERE],
      ["all", undefined],
    ];
    expect(mentionsOf(routing([copy]), critical)).toEqual(expected);
    expect(mentionsOf(routing([plain, copy]), critical)).toEqual(expected);
  });
});

test("every destination is known, so that its secret is checked before a version goes live", () => {
  const given = routing([route("on-call", { destinations: [hook("on-call"), topic("on-call")] })]);
  expect(destinationsOf(given).map(({ name }) => name)).toEqual(["on-call", "on-call", "team-b", "default", "all"]);
});

describe("whatever the routes and the news are", () => {
  const destination = fc.oneof(
    fc.constantFrom("a", "b", "default").map(hook),
    fc.constantFrom("a", "b").map(channel),
    fc.constantFrom("a", "b", "all").map(topic),
  );
  const some = <T>(...values: readonly T[]) => fc.option(fc.subarray([...values]), { nil: undefined });
  const severity = fc.constantFrom(...SEVERITIES);
  const mention = fc.option(
    fc.record({
      mention: fc.constantFrom<Mention>({ kind: "group", id: "S0123456789" }, { kind: "broadcast", range: "channel" }),
      severities: fc.subarray([...SEVERITIES]),
    }),
    { nil: undefined },
  );
  const anyRoute: fc.Arbitrary<Route> = fc.record({
    name: fc.constant("r"),
    accounts: some(A, B),
    severities: some(...SEVERITIES),
    rules: some("own", "root-activity"),
    packs: some("root", "iam"),
    destinations: fc.array(destination, { minLength: 1, maxLength: 3 }),
    mention,
    continues: fc.boolean(),
  });
  const table = (fallback: fc.Arbitrary<Destination | undefined>): fc.Arbitrary<RouteTable> =>
    fc.record({
      routes: fc.array(fc.record({ accounts: fc.subarray([A, B]), destination }), { maxLength: 2 }),
      default: fallback,
    });
  const maybe = fc.option(destination, { nil: undefined });
  const anyRouting = fc.record({
    routes: fc.array(anyRoute, { maxLength: 4 }),
    routing: fc.tuple(table(destination), table(maybe), table(maybe)),
    mention,
  });
  const account = fc.constantFrom(A, B, C, undefined);
  const anyNews: fc.Arbitrary<News> = fc.oneof(
    fc
      .record({
        severity,
        accountId: account,
        rules: fc.constantFrom<Alert["rules"]>([OWN], [ROOT], [ROOT, OWN], [{ ...OWN, id: "else" }]),
      })
      .map(alert),
    fc.record({ severity, accountId: account }).map(notice),
  );

  /** The rule in words, written down a second time: which routes take news, one after the other. */
  function taking(routes: readonly Route[], news: News): readonly Route[] {
    const ids = news.kind === "alert" ? news.rules.map(({ id }) => id) : [];
    const packs = news.kind === "alert" ? news.rules.map(({ pack }) => pack) : [];
    const fitting = routes.filter((each) => {
      const where = each.accounts?.some((id) => id === news.accountId) ?? true;
      const howBad = each.severities?.some((name) => name === news.severity) ?? true;
      const what =
        (each.rules === undefined && each.packs === undefined) ||
        [...(each.rules ?? [])].some((id) => ids.includes(id)) ||
        [...(each.packs ?? [])].some((pack) => packs.includes(pack));
      return where && howBad && what;
    });
    const last = fitting.findIndex(({ continues }) => !continues);
    return last === -1 ? fitting : fitting.slice(0, last + 1);
  }

  test("nobody is lost, nobody is told twice, and each target is one that the configuration names for it", () => {
    fc.assert(
      fc.property(anyRouting, anyNews, (given, news) => {
        const targets = targetsFor(given, news);
        const keys = targets.map((target) => destinationKey(target.destination));
        const routes = taking(given.routes, news);
        const isKept = routes.some(({ continues }) => !continues);
        const expected = [
          ...routes.flatMap(({ destinations }) => destinations),
          ...(isKept ? [] : targetsFor({ ...given, routes: [] }, news).map((target) => target.destination)),
        ].map(destinationKey);
        expect(targets.length).toBeGreaterThan(0);
        expect(keys).toEqual([...new Set(expected)]);
      }),
      { numRuns: 2_000 },
    );
  });

  test("nothing falls back on itself, and whatever a route names has somebody who stands in where there is one", () => {
    fc.assert(
      fc.property(anyRouting, anyNews, (given, news) => {
        const defaults = given.routing.flatMap(({ default: fallback }) => fallback ?? []).map(destinationKey);
        const named = taking(given.routes, news).flatMap(({ destinations }) => destinations.map(destinationKey));
        for (const { destination: own, fallback } of targetsFor(given, news)) {
          const key = destinationKey(own);
          if (fallback !== undefined) expect(defaults).toContain(destinationKey(fallback));
          if (!named.includes(key)) continue;
          expect(fallback !== undefined && destinationKey(fallback) !== key).toBe(
            defaults.some((each) => each !== key),
          );
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("a mention is made only where the configuration says so for that severity", () => {
    fc.assert(
      fc.property(anyRouting, anyNews, (given, news) => {
        const allowed = [given.mention, ...given.routes.map((each) => each.mention)].filter(
          (each) => each?.severities.includes(news.severity) === true,
        );
        for (const { destination: own, mention: made } of targetsFor(given, news)) {
          if (made === undefined) continue;
          expect(own.kind).not.toBe("sns");
          expect(allowed.map((each) => each?.mention)).toContainEqual(made);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
