import fc from "fast-check";

const names = ["CreateUser", "DeleteTrail", "GetObject", "UpdateFunctionCode20150331v2", "ConsoleLogin", ""];
const sources = ["iam.amazonaws.com", "s3.amazonaws.com", "lambda.amazonaws.com"];
const strange = fc.constantFrom<unknown>(
  null,
  [],
  {},
  0,
  true,
  "",
  "Root",
  ["Root"],
  [{ type: "Root" }],
  [[]],
  { a: [] },
  "a.b",
);

/** A value as usual, or none, or something strange. */
const usually = (...values: readonly unknown[]): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...values) },
    { weight: 1, arbitrary: strange },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
const object = (fields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 10, arbitrary: fc.record(fields) },
    { weight: 1, arbitrary: strange },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
const rarely = (value: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 25, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

/** Records in which anything may be missing, of another type, or also stand elsewhere. */
export const records: fc.Arbitrary<unknown> = fc.record({
  eventVersion: fc.constant("1.11"),
  userIdentity: object({
    type: usually("Root", "IAMUser", "AssumedRole"),
    userName: usually("alice", "Bob Ü", "break-glass"),
    "sessionContext.sessionIssuer": rarely(fc.constant({ userName: "deploy" })),
    sessionContext: object({
      sessionIssuer: object({ userName: usually("deploy", "audit"), arn: usually("arn:aws:iam::1:role/deploy") }),
      attributes: object({ mfaAuthenticated: usually("true", "false") }),
    }),
  }),
  "userIdentity.type": rarely(fc.constantFrom("Root", null)),
  eventSource: usually(...sources),
  eventName: usually(...names),
  sourceIPAddress: usually("198.51.100.7", "2001:db8::1", "ec2.amazonaws.com"),
  userAgent: usually("aws-cli/2", "kali", "x".repeat(700), 'quoted "kali" \\', "Größe {[ kali"),
  errorCode: fc.oneof(fc.constant(undefined), usually("AccessDenied", "Client.UnauthorizedOperation", "NoSuchKey")),
  requestParameters: object({
    eventName: usually("CreateUser"),
    type: usually("Root"),
    bucketName: usually("prod-data", "test"),
    count: usually(1, 7, -2.5e3, "7"),
    "list.x": rarely(fc.constant(1)),
    list: usually([], [{ x: 1 }], [{ x: 1 }, { x: 2 }], { x: 1 }, [null]),
  }),
  responseElements: usually(null, { eventName: "CreateUser" }),
  readOnly: usually(true, false, "true"),
  eventCategory: usually("Management", "Data", "Aggregated"),
  insightDetails: rarely(fc.oneof(strange, fc.constant({ state: "Start" }))),
  summary: rarely(
    fc.constant({
      primaryDimension: { dimension: "eventName", statistics: [{ name: "GetObject" }, { name: "CreateUser" }] },
    }),
  ),
  deep: rarely(fc.constant(JSON.parse(`${"[".repeat(70)}1${"]".repeat(70)}`))),
});

const PLACES = [
  ..."eventName eventSource errorCode userAgent readOnly userIdentity userIdentity.type userIdentity.userName".split(
    " ",
  ),
  ..."userIdentity.sessionContext.sessionIssuer.userName requestParameters.bucketName requestParameters.count".split(
    " ",
  ),
  ..."requestParameters.list.x requestParameters.eventName sourceIPAddress none none.x event.eventName".split(" "),
  ..."event.userIdentity.type config.names config.none config.empty.x .eventName responseElements.eventName".split(" "),
  ..."event['userIdentity.type'] event['requestParameters.list.x'] event['requestParameters.list.0.x']".split(" "),
  "event['userIdentity.sessionContext.sessionIssuer.userName']",
  "event['eventName']",
  "userIdentity['type']",
  "requestParameters.list[.x == 1]",
  "requestParameters.list[0].x",
];
const LITERALS = [
  ...names.map((name) => `'${name}'`),
  ...sources.map((source) => `'${source}'`),
  ..."'Root' 'alice' 'deploy' 'prod-data' 'kali' 'AccessDenied' true false 7 ['Root','IAMUser'] ['CreateUser'] config.names {}".split(
    " ",
  ),
];
const CALLS = [
  ..."startsWith('Create') contains('kali') isCall('UpdateFunctionCode') isTrue lower has('type') has('userName')".split(
    " ",
  ),
  ..."isIp length number matches('^[A-Z].*$') matches(userAgent) inCidr('198.51.100.0/24') split('t') json".split(" "),
  ..."missing(['Root']) any('Root') keys values python('==','Root') type isPrivateIp has('list.x')".split(" "),
];

const anything: fc.Arbitrary<string> = fc.letrec<{ rule: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    fc
      .tuple(fc.constantFrom(...PLACES), fc.constantFrom("==", "!=", "in", "==", "<"), fc.constantFrom(...LITERALS))
      .map(([place, operator, literal]) => `(${place} ${operator} ${literal})`),
    fc
      .tuple(fc.constantFrom(...PLACES, "event"), fc.constantFrom(...CALLS))
      .map(([place, call]) => `(${place}|${call})`),
    fc.constantFrom(...PLACES),
    fc.constantFrom(...PLACES).map((place) => `!${place}`),
    fc.tuple(fc.constantFrom(...PLACES), fc.constantFrom(...PLACES)).map(([one, other]) => `(${one} == ${other})`),
    fc
      .tuple(fc.constantFrom(...PLACES), fc.constantFrom(...PLACES))
      .map(([one, other]) => `((${one} + ':' + ${other}) == 'x')`),
  ),
  rule: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie("atom"),
    fc
      .tuple(tie("rule"), fc.constantFrom("&&", "||", "&&"), tie("rule"))
      .map(([one, operator, other]) => `(${one} ${operator} ${other})`),
    tie("rule").map((rule) => `!(${rule})`),
    fc.tuple(tie("atom"), tie("rule"), tie("rule")).map(([test, yes, no]) => `(${test} ? ${yes} : ${no})`),
    fc.tuple(tie("atom"), tie("atom"), tie("atom")).map((atoms) => `${atoms.join(" && ")} && true`),
  ),
})).rule;

const ANCHORS = [
  "eventName == 'CreateUser'",
  "(eventSource in ['iam.amazonaws.com', 's3.amazonaws.com'])",
  "userIdentity.type == 'Root'",
  "event['userIdentity.type'] == 'Root'",
  "requestParameters.bucketName == 'prod-data'",
  "(eventName|isCall('UpdateFunctionCode'))",
];

/** Expressions over the fields of {@link records}, of which parts may throw; most begin as rules do that people write. */
export const rules: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom(...ANCHORS), anything).map((parts) => parts.join(" && ")) },
  { weight: 1, arbitrary: fc.tuple(anything, fc.constantFrom(...ANCHORS)).map((parts) => parts.join(" && ")) },
  { weight: 1, arbitrary: anything },
);
