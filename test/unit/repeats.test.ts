import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { groupOf } from "#alerts/group.ts";
import { joined, moreNotice, repeatsOf, together } from "#alerts/repeats.ts";
import type { Alert, Repeats } from "#model/news.ts";
import type { RuleRef } from "#model/rule.ts";
import { PLAIN_MESSAGES } from "#model/settings.ts";
import { ALERT } from "#test/support/alerts.ts";
import { type RawRecord, trailStopped } from "#test/support/records.ts";

const RULE: RuleRef = { id: "trail-stopped", origin: "default", severity: "critical" };
const A = "111111111111";
const session = (role: string, name: string, issuer = true): RawRecord => ({
  type: "AssumedRole",
  arn: `arn:aws:sts::${A}:assumed-role/${role}/${name}`,
  ...(issuer ? { sessionContext: { sessionIssuer: { arn: `arn:aws:iam::${A}:role/${role}`, userName: role } } } : {}),
});
const SSO = "AWSReservedSSO_AdministratorAccess_0123456789abcdef";
const user = (name: string, account = A): RawRecord => ({
  type: "IAMUser",
  arn: `arn:aws:iam::${account}:user/${name}`,
});

describe("the group of an alert", () => {
  const group = (fields: RawRecord, rules: readonly RuleRef[] = [RULE]) => groupOf(trailStopped(A, fields), rules);

  test.each<[string, RawRecord, RawRecord]>([
    ["other records of the same call", { eventID: "1", eventTime: "2025-06-11T09:15:00Z" }, { eventID: "2" }],
    ["other sessions of a role", { userIdentity: session("ci", "1") }, { userIdentity: session("ci", "2") }],
    [
      "other sessions of a role whose issuer the record does not name",
      { userIdentity: session("ci", "1", false) },
      { userIdentity: session("ci", "2", false) },
    ],
    [
      "other sessions of a role of another account",
      { userIdentity: { type: "AWSAccount", principalId: "AROAEXAMPLE:1", accountId: "222222222222" } },
      { userIdentity: { type: "AWSAccount", principalId: "AROAEXAMPLE:2", accountId: "222222222222" } },
    ],
    ["other addresses and regions", { sourceIPAddress: "192.0.2.1" }, { sourceIPAddress: "192.0.2.2", awsRegion: "x" }],
    [
      "other messages of the same error",
      { errorCode: "AccessDenied", errorMessage: "a" },
      { errorCode: "AccessDenied", errorMessage: "b" },
    ],
    ["other requests", { requestParameters: { name: "a" } }, { requestParameters: { name: "b" } }],
  ])("is the same for %s", (_name, one, other) => {
    expect(group(one)).toBe(group(other));
    expect(group(one)).toMatch(/^[0-9a-f]{32}$/);
  });

  test.each<[string, RawRecord, RawRecord]>([
    ["user", { userIdentity: user("a") }, { userIdentity: user("b") }],
    [
      "user of the same name in another account",
      { userIdentity: user("a") },
      { userIdentity: user("a", "222222222222") },
    ],
    ["role", { userIdentity: session("a", "1") }, { userIdentity: session("b", "1") }],
    ["person in Identity Center", { userIdentity: session(SSO, "alice") }, { userIdentity: session(SSO, "bob") }],
    ...["onBehalfOf", "credentialId"].map((key): [string, RawRecord, RawRecord] => {
      const of = (id: string) => ({ type: "IdentityCenterUser", [key]: key === "onBehalfOf" ? { userId: id } : id });
      return [`person whom only ${key} tells`, { userIdentity: of("a") }, { userIdentity: of("b") }];
    }),
    [
      "service",
      { userIdentity: { type: "AWSService", invokedBy: "a.amazonaws.com" } },
      { userIdentity: { type: "AWSService", invokedBy: "b.amazonaws.com" } },
    ],
    ["call", {}, { eventName: "DeleteTrail" }],
    ["service that is called", {}, { eventSource: "x.amazonaws.com" }],
    ["account", {}, { recipientAccountId: "222222222222" }],
    ["error", { errorCode: "AccessDenied" }, { errorCode: "Throttling" }],
    [
      "result of a sign-in",
      { responseElements: { ConsoleLogin: "Success" } },
      { responseElements: { ConsoleLogin: "Failure" } },
    ],
  ])("is another one for another %s", (_name, one, other) => {
    expect(group(one)).not.toBe(group(other));
  });

  test("is another one for other rules", () => {
    expect(group({})).not.toBe(group({}, [{ ...RULE, id: "own" }]));
    expect(group({})).not.toBe(group({}, [RULE, { ...RULE, id: "own" }]));
  });
});

/** An alert of the second `at` of an hour. */
const alert = (at: number, changes: Partial<Alert> = {}): Alert => ({
  ...ALERT,
  eventId: `e${at}`,
  when: `2025-06-11T09:${String(Math.floor(at / 60)).padStart(2, "0")}:${String(at % 60).padStart(2, "0")}Z`,
  ...changes,
});
const repeats = (...alerts: [Alert, ...Alert[]]) => repeatsOf(alerts, alert(0), PLAIN_MESSAGES);

describe("alerts of one group", () => {
  test("are told as the first of them, however they come, with what the others say otherwise", () => {
    const others = [alert(7, { who: "role deploy / session ci-42" }), alert(5, { region: "us-east-1" })] as const;
    const told = together([others[0], alert(3), others[1]], { ...PLAIN_MESSAGES, timeZone: "Europe/Berlin" });
    expect({ ...told, repeats: undefined }).toEqual({ ...alert(3), repeats: undefined });
    expect(told.repeats).toEqual({
      count: 3,
      first: { eventId: "e3", when: "2025-06-11T09:00:03Z", time: "11 Jun 11:00:03", differs: [] },
      last: {
        ...{ eventId: "e7", when: "2025-06-11T09:00:07Z", time: "11 Jun 11:00:07" },
        differs: ["role deploy / session ci-42"],
      },
      occurrences: [
        { eventId: "e3", when: "2025-06-11T09:00:03Z", time: "11 Jun 11:00:03", differs: [] },
        { eventId: "e5", when: "2025-06-11T09:00:05Z", time: "11 Jun 11:00:05", differs: ["us-east-1"] },
        {
          ...{ eventId: "e7", when: "2025-06-11T09:00:07Z", time: "11 Jun 11:00:07" },
          differs: ["role deploy / session ci-42"],
        },
      ],
    });
  });

  test("say first what they did otherwise", () => {
    const ports = (value: string) => ({
      details: [
        { label: "Opened", value },
        { label: "To", value: "0.0.0.0/0" },
      ],
    });
    const standing = alert(1, ports("443 (HTTPS)"));
    const other = alert(2, { ...ports("22 (SSH)"), call: "EC2 AuthorizeSecurityGroupIngress, security group sg-2" });
    expect(repeatsOf([other], standing, PLAIN_MESSAGES).first.differs).toEqual([
      "Opened 22 (SSH)",
      "security group sg-2",
    ]);
  });

  test("say what they were refused for, where only the error tells that, and a title of their own", () => {
    const refused = (user: string) =>
      `AccessDenied: User: ${user} is not authorized to perform: iam:AttachUserPolicy on resource: user ${user} because no policy allows it`;
    const standing = alert(1, { error: refused("bob") });
    const differs = (more: Partial<Alert>) => repeatsOf([alert(2, more)], standing, PLAIN_MESSAGES).first.differs;
    expect(differs({ error: refused("carol") })).toEqual(["on resource: user carol"]);
    expect(differs({ error: refused("bob") })).toEqual([]);
    expect(differs({ error: "AccessDenied" })).toEqual([]);
    expect(differs({ error: refused("bob"), title: "Ticket 2" })).toEqual(["Ticket 2"]);
  });

  test("are that alert where there is one", () => {
    expect(together([alert(1)], PLAIN_MESSAGES)).toEqual(alert(1));
  });

  test("without a time come last", () => {
    const { first, last } = repeats(alert(9, { when: undefined }), alert(4));
    expect([first.eventId, last.eventId, last.time]).toEqual(["e4", "e9", undefined]);
  });

  test("say in few words how they differ, whatever they say", () => {
    const { occurrences } = repeats(alert(1, { who: "x".repeat(1_000), when: "y".repeat(1_000) }));
    expect(occurrences.map(({ differs, time }) => [differs[0]?.length, time?.length])).toEqual([[120, 60]]);
  });
});

test("repeats that are joined one by one count, begin and end as those that are joined at once, and the first 20 are listed", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.nat(3_599), { minLength: 1, maxLength: 15 }), { minLength: 1, maxLength: 8 }),
      (parts) => {
        const some = parts.map((part) => repeats(...(part.map((at) => alert(at)) as [Alert, ...Alert[]])));
        const all = some.reduce<Repeats | undefined>((sum, one) => joined(sum, one), undefined);
        const times = parts.flat().sort((a, b) => a - b);
        expect([all?.count, all?.first.eventId, all?.last.eventId, all?.occurrences.length]).toEqual([
          times.length,
          `e${times[0]}`,
          `e${times.at(-1)}`,
          Math.min(20, times.length),
        ]);
        expect(all?.occurrences.slice(0, some[0]?.occurrences.length)).toEqual(some[0]?.occurrences.slice(0, 20));
      },
    ),
    { seed: 3, numRuns: 100 },
  );
});

test("what is told of repeats says who, what, where, when, by which rule and how often, to those who heard of the first", () => {
  const told = moreNotice(ALERT, repeats(alert(1), alert(2)), "window 1", {
    ...PLAIN_MESSAGES,
    timeZone: "Europe/Berlin",
  });
  expect(told).toMatchObject({
    ...{ kind: "notice", severity: ALERT.severity, accountId: ALERT.accountId, occasion: "window 1" },
    title: `2 more: ${ALERT.title}`,
    facts: [
      { label: "Who", value: ALERT.who },
      { label: "What", value: ALERT.call.split(", ")[0] },
      { label: "Where", value: "prod-payments (111111111111) · eu-central-1" },
      { label: "When", value: "11 Jun 09:00:01 to 11 Jun 09:00:02 Europe/Berlin" },
      { label: ALERT.rules.length === 1 ? "Rule" : "Rules", value: ALERT.rules.map(({ id }) => id).join(", ") },
    ],
  });
  const one = moreNotice({ ...ALERT, accountName: undefined }, repeats(alert(1)), "window 1", PLAIN_MESSAGES);
  expect([one.title, ...one.facts.slice(2, 4).map(({ value }) => value)]).toEqual([
    `1 more: ${ALERT.title}`,
    "111111111111 · eu-central-1",
    "11 Jun 09:00:01 UTC",
  ]);
});

test("one call that is different is listed, however many harmless ones stand around it", () => {
  const harmless = Array.from({ length: 30 }, (_, index) => alert(index));
  const worse = alert(40, { details: [{ label: "Opened", value: "all traffic from everyone" }] });
  const at = (list: readonly Alert[]) => repeats(...(list as [Alert, ...Alert[]]));
  const together = at([...harmless, worse, alert(50)]);
  const oneByOne = [...harmless, worse, alert(50)].map((one) => at([one])).reduce((sum, one) => joined(sum, one));
  for (const { count, occurrences } of [together, oneByOne]) {
    expect([count, occurrences.length, occurrences.map(({ eventId }) => eventId).includes("e40")]).toEqual([
      32,
      20,
      true,
    ]);
  }
});
