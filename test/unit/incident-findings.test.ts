import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { judge } from "#incident-response/findings.ts";
import { parsed, Settings } from "#incident-response/settings.ts";
import { repoRoot } from "#test/support/tools.ts";

const ID = "i-0123456789abcdef0";
const settings = parsed(Settings, { bucket: "evidence", drillSources: ["incident-response.drill"] }, "settings");

/** A finding as EventBridge brings it. */
const finding = (detail: Readonly<Record<string, unknown>> = {}, source = "aws.guardduty") => ({
  source,
  "detail-type": "GuardDuty Finding",
  detail: {
    id: "f1",
    type: "Backdoor:EC2/C&CActivity.B",
    severity: 8,
    accountId: "111111111111",
    title: "talks to its master",
    resource: { resourceType: "Instance", instanceDetails: { instanceId: ID } },
    service: { archived: false, resourceRole: "ACTOR" },
    ...detail,
  },
});

const judged = (payload: unknown) => {
  const result = judge(payload, settings);
  if (result === undefined) return "no finding";
  return result.kind === "dropped" ? result.reason : result.requests.map(({ instanceId }) => instanceId);
};

test.each<[what: string, payload: unknown, expected: string | readonly string[]]>([
  ["C1 C2: the instance of a finding is acted on", finding(), [ID]],
  ["trap 43: an event of a drill is taken like GuardDuty's", finding({}, "incident-response.drill"), [ID]],
  ["an event of another source is not", finding({}, "somebody.else"), "its source is somebody.else"],
  [
    "trap 36: credentials used outside lead to the instance that they are of",
    finding({ resource: { resourceType: "AccessKey", accessKeyDetails: { principalId: `AROAEXAMPLE:${ID}` } } }),
    [ID],
  ],
  [
    "trap 37: a finding of another type that names an instance is acted on",
    finding({ resource: { resourceType: "ECSCluster", instanceDetails: { instanceId: ID } } }),
    [ID],
  ],
  [
    "trap 37: an attack sequence is acted on for each of its instances",
    finding({
      resource: undefined,
      service: {
        detection: {
          sequence: {
            resources: [
              { resourceType: "EC2_INSTANCE", uid: `arn:aws:ec2:eu-central-1:111111111111:instance/${ID}` },
              {
                resourceType: "EC2_INSTANCE",
                uid: "arn:aws:ec2:eu-central-1:111111111111:instance/i-0aaaaaaaaaaaaaaa1",
              },
              { resourceType: "S3_BUCKET", uid: "arn:aws:s3:::x" },
            ],
          },
        },
      },
    }),
    [ID, "i-0aaaaaaaaaaaaaaa1"],
  ],
  [
    "G13 trap 38: a sample is dropped by its flag",
    finding({ service: { additionalInfo: { sample: true } } }),
    "it is a sample",
  ],
  [
    "G13 trap 38: a sample is dropped by its instance",
    finding({ resource: { instanceDetails: { instanceId: "i-99999999" } } }),
    "it is a sample",
  ],
  ["trap 39: what is archived is dropped", finding({ service: { archived: true } }), "it is archived"],
  [
    "G13 trap 40: who is only the target is left alone",
    finding({ service: { resourceRole: "TARGET" } }),
    "the instance is its target, not its actor",
  ],
  ["trap 40: below severity 7 nothing is done", finding({ severity: 6.9 }), "its severity is 6.9"],
  ["a finding about no instance is dropped", finding({ resource: {} }), "it names no instance"],
  ["a step of the state machine is no finding", { step: "Validate", state: {} }, "no finding"],
])("%s", (_what, payload, expected) => {
  expect(judged(payload)).toEqual(expected);
});

/** What each of GuardDuty's own sources looks like in a finding. */
const SOURCES = {
  "flow logs": { type: "Backdoor:EC2/C&CActivity.B", action: { actionType: "NETWORK_CONNECTION" } },
  DNS: { type: "Backdoor:EC2/C&CActivity.B!DNS", action: { actionType: "DNS_REQUEST" } },
  CloudTrail: {
    type: "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS",
    action: { actionType: "AWS_API_CALL" },
    resource: { resourceType: "AccessKey", accessKeyDetails: { principalId: `AROAEXAMPLE:${ID}` } },
  },
};

test("C4: what GuardDuty sees in flow logs, DNS and CloudTrail is acted on, and nothing is configured or made for it", () => {
  const bare = parsed(Settings, { bucket: "evidence" }, "settings");
  for (const { action, ...detail } of Object.values(SOURCES))
    expect(judge(finding({ ...detail, service: { action } }), bare)).toMatchObject({ kind: "act" });
  const folder = path.join(repoRoot, "modules/incident-response");
  const files = readdirSync(folder).filter((name) => name.endsWith(".tf"));
  const made = files.flatMap((name) =>
    Array.from(readFileSync(path.join(folder, name), "utf8").matchAll(/^resource "(\w+)"/gm), ([, type = ""]) => type),
  );
  expect(made).toContain("aws_cloudwatch_event_rule");
  expect(made.filter((type) => /guardduty|flow_log|cloudtrail|route53_resolver/.test(type))).toEqual([]);
});

test("C1: what is asked for says which finding it was, and has the profile contain unless the module says full", () => {
  const contain = judge(finding(), settings);
  const full = judge(finding(), { ...settings, profile: "full" });
  const asked = [contain, full].map((one) => (one?.kind === "act" ? one.requests[0] : undefined));
  expect(asked.map((request) => [request?.profile, request?.trigger.findingId])).toEqual([
    ["contain", "f1"],
    ["full", "f1"],
  ]);
});
