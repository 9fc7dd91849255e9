import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { repoRoot } from "#test/support/tools.ts";
import { type Settings, untoldSentences, type Verdict, verdictsOf } from "./variable-verdicts.ts";

/*
 * Which sentence refuses which settings of the module incident-response; that what is accepted also plans, the runs in
 * incident-response/*.tftest.hcl show.
 */

const VARIABLES = ["variables.tf", "variables-deployment.tf"].map((name) =>
  join(repoRoot, "modules/incident-response", name),
);

const findings = (settings: Settings): Settings => ({ findings: settings });
const isolation = (settings: Settings): Settings => ({ isolation: settings });
const evidence = (settings: Settings): Settings => ({ evidence: settings });
const forensics = (settings: Settings): Settings => ({
  forensics: { ami_id: "ami-0123456789abcdef0", subnet_ids: ["subnet-0123456789abcdef0"], ...settings },
});
const replacement = (settings: Settings): Settings => ({
  replacement: { launch_template_id: "lt-0123456789abcdef0", ...settings },
});

const ROLE = "arn:aws:iam::123456789012:role/web";
const PROFILE = "arn:aws:iam::123456789012:instance-profile/web";
const NOTIFIER = "arn:aws:lambda:eu-central-1:123456789012:function:cloudtrail-to-slack";
const FORENSIC_PROFILE = "forensics.instance_profile must have the ARN";
const TOPIC = "arn:aws:sns:eu-central-1:123456789012:operations";

const refused: readonly (readonly [behaviour: string, settings: Settings, sentence: string])[] = [
  ["another profile", findings({ profile: "stop" }), "findings.profile must be contain or full"],
  ["a severity of nothing", findings({ minimum_severity: 0 }), "findings.minimum_severity must be between 1 and 10"],
  ["a severity above all", findings({ minimum_severity: 10.1 }), "findings.minimum_severity must be between 1 and 10"],
  ["a pattern as a type", findings({ types: ["*:EC2/*"] }), "findings.types must be beginnings of finding types"],
  ["half a finding an hour", findings({ maximum_per_hour: 0.5 }), "findings.maximum_per_hour must be a whole number"],
  ["too many an hour", findings({ maximum_per_hour: 1001 }), "findings.maximum_per_hour must be a whole number"],
  ["a name as an id", findings({ protected_instance_ids: ["bastion"] }), "findings.protected_instance_ids must be ids"],
  ["a tag without a key", findings({ protected_tags: { "": "x" } }), "The keys of findings.protected_tags"],
  ["a source of AWS", findings({ extra_event_sources: ["aws.guardduty"] }), "must not begin with aws."],
  ["a source with spaces", findings({ extra_event_sources: ["a drill"] }), "findings.extra_event_sources must be"],
  ["a name as an image", forensics({ ami_id: "forensics" }), "forensics.ami_id must be the id of an image"],
  ["no subnet", forensics({ subnet_ids: [] }), "forensics.subnet_ids must list at least one"],
  ["a zone as a subnet", forensics({ subnet_ids: ["eu-central-1a"] }), "forensics.subnet_ids must list at least one"],
  ["a size as a type", forensics({ instance_type: "large" }), "forensics.instance_type must be a type of instances"],
  ["a role as a profile", forensics({ instance_profile: { arn: ROLE, role_arn: ROLE } }), FORENSIC_PROFILE],
  ["a profile as its role", forensics({ instance_profile: { arn: PROFILE, role_arn: PROFILE } }), FORENSIC_PROFILE],
  ["the name of a group", forensics({ security_group_id: "quarantine" }), "forensics.security_group_id must be"],
  ["volumes of another kind", forensics({ volumes: "snapshot" }), "forensics.volumes must be copy"],
  ["a group for all VPCs", isolation({ group_name: "quarantine" }), "isolation.group_name must hold {vpc}"],
  ["a group called as an id", isolation({ group_name: "SG-{vpc}" }), "isolation.group_name must hold {vpc}"],
  ["an unknown placeholder", isolation({ group_name: "{vpc}-{case}" }), "isolation.group_name must hold {vpc}"],
  ["a long name of a group", isolation({ group_name: `${"a".repeat(200)}{vpc}` }), "isolation.group_name must hold"],
  [
    "an address without a mask",
    isolation({ forensic_cidrs: ["192.0.2.1"] }),
    "isolation.forensic_cidrs must be address",
  ],
  ["everybody", isolation({ forensic_cidrs: ["0.0.0.0/0"] }), "isolation.forensic_cidrs must not hold 0.0.0.0/0"],
  ["everybody of IPv6", isolation({ forensic_cidrs: ["::/0"] }), "isolation.forensic_cidrs must not hold 0.0.0.0/0"],
  [
    "more rules than a group takes",
    isolation({ forensic_cidrs: Array.from({ length: 31 }, (_, i) => `192.0.2.${i}/32`), forensic_ports: [22, 3389] }),
    "must be at most 60",
  ],
  ["a port of nothing", isolation({ forensic_ports: [0] }), "isolation.forensic_ports must be whole numbers"],
  ["a port above all", isolation({ forensic_ports: [65_536] }), "isolation.forensic_ports must be whole numbers"],
  ["half a port", isolation({ forensic_ports: [22.5] }), "isolation.forensic_ports must be whole numbers"],
  ["other credentials", isolation({ revoke_credentials: "role" }), "isolation.revoke_credentials must be none or"],
  [
    "a profile to give back",
    isolation({ revoke_credentials: "instance", restorable_role_arns: [PROFILE] }),
    "isolation.restorable_role_arns must be ARNs of roles",
  ],
  [
    "roles to give back that nobody takes",
    isolation({ restorable_role_arns: [ROLE] }),
    "isolation.restorable_role_arns is of use only with",
  ],
  ["an unknown part of a name", { name_tag: "{step} {owner}" }, "name_tag must have 1 to 100 characters"],
  ["no name", { name_tag: "" }, "name_tag must have 1 to 100 characters"],
  ["no time to approve", { power_off: { approval_hours: 0 } }, "power_off.approval_hours must be a whole number"],
  ["too long to approve", { power_off: { approval_hours: 169 } }, "power_off.approval_hours must be a whole number"],
  ["less than no grace", { power_off: { grace_seconds: -1 } }, "power_off.grace_seconds must be a whole number"],
  ["too much grace", { power_off: { grace_seconds: 901 } }, "power_off.grace_seconds must be a whole number"],
  ["a template's name", replacement({ launch_template_id: "web" }), "replacement.launch_template_id must be the id"],
  ["a version of words", replacement({ version: "latest" }), "replacement.version must be the number of a version"],
  ["a zone for it", replacement({ subnet_id: "eu-central-1a" }), "replacement.subnet_id must be the id of a subnet"],
  [
    "a profile as the role of a replacement",
    replacement({ role_arn: PROFILE }),
    "replacement.role_arn must be the ARN of a role",
  ],
  ["no ARN to call", { alarm_actions: ["operations"] }, "alarm_actions must be at most five ARNs"],
  ["six to call", { alarm_actions: Array.from({ length: 6 }, () => TOPIC) }, "alarm_actions must be at most five ARNs"],
  [
    "a notifier without alias",
    { notifier_function_arn: NOTIFIER },
    "notifier_function_arn must be the ARN of an alias",
  ],
  ["a pager", { topic_subscriptions: { soc: "pager" } }, "topic_subscriptions must name protocols of SNS"],
  ["a bucket in capitals", evidence({ bucket_name: "Evidence" }), "evidence.bucket_name must be a bucket's name"],
  ["another lock", evidence({ lock_mode: "LEGAL" }), "evidence.lock_mode must be GOVERNANCE or COMPLIANCE"],
  ["no day of lock", evidence({ lock_days: 0 }), "evidence.lock_days must be a whole number between 1 and 36500"],
  ["half a day of lock", evidence({ lock_days: 1.5 }), "evidence.lock_days must be a whole number between 1 and 36500"],
  [
    "snapshots for ever",
    evidence({ snapshot_lock_days: 36_501 }),
    "evidence.snapshot_lock_days must be a whole number",
  ],
  [
    "the alias of a key",
    evidence({ kms_key: { arn: "arn:aws:kms:eu-central-1:123456789012:alias/evidence" } }),
    "evidence.kms_key.arn must be the ARN of a key",
  ],
  ["another processor", { lambda_architecture: "arm" }, "lambda_architecture must be arm64 or x86_64"],
  ["another runtime", { lambda_runtime: "nodejs20.x" }, "lambda_runtime must be nodejs22.x or nodejs24.x"],
  ["days that CloudWatch has not", { logs_retention_in_days: 100 }, "logs_retention_in_days must be 0"],
  ["a name in capitals", { name: "Response" }, "name must be 1 to 26 lowercase letters"],
  ["a name that makes the bucket's too long", { name: "a".repeat(27) }, "name must be 1 to 26 lowercase letters"],
  ["a name that AWS reserves", { name: "aws-response" }, "name must be 1 to 26 lowercase letters"],
];

const accepted: readonly (readonly [behaviour: string, settings: Settings])[] = [
  ["nothing at all", {}],
  [
    "bounds from below",
    {
      ...findings({
        minimum_severity: 1,
        maximum_per_hour: 0,
        types: ["Backdoor"],
        protected_instance_ids: ["i-01234567"],
      }),
      ...evidence({ lock_days: 1, snapshot_lock_days: 0, bucket_name: "abc" }),
      ...isolation({ forensic_cidrs: ["192.0.2.1/32"], forensic_ports: [1], group_name: "{vpc}" }),
      logs_retention_in_days: 0,
      power_off: { approval_hours: 1, grace_seconds: 0 },
      name: "a",
    },
  ],
  [
    "bounds from above",
    {
      ...findings({
        minimum_severity: 10,
        maximum_per_hour: 1000,
        types: [
          "CryptoCurrency:EC2/BitcoinTool.B!DNS",
          "Backdoor:EC2/C&CActivity.B",
          "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS",
        ],
        extra_event_sources: ["example.com/drill"],
      }),
      ...evidence({ lock_mode: "COMPLIANCE", lock_days: 36_500, snapshot_lock_days: 36_500 }),
      ...isolation({
        forensic_cidrs: ["2001:db8::/32"],
        forensic_ports: [65_535],
        revoke_credentials: "instance",
        restorable_role_arns: [ROLE],
      }),
      ...replacement({ version: "$Latest", role_arn: ROLE, subnet_id: "subnet-0123456789abcdef0" }),
      ...forensics({
        volumes: "original",
        instance_profile: { arn: PROFILE, role_arn: ROLE },
        security_group_id: "sg-01234567",
      }),
      alarm_actions: [TOPIC],
      lambda_architecture: "x86_64",
      lambda_runtime: "nodejs24.x",
      logs_retention_in_days: 3653,
      notifier_function_arn: `${NOTIFIER}:live`,
      power_off: { approval_hours: 168, grace_seconds: 900 },
      topic_subscriptions: { "soc@example.com": "email" },
      name: "a".repeat(26),
    },
  ],
  ["no findings, no forensic machine, no replacement", { findings: null, forensics: null, replacement: null }],
];

let verdicts: readonly (Verdict | undefined)[] = [];

beforeAll(async () => {
  verdicts = await verdictsOf(
    VARIABLES,
    [...refused, ...accepted].map(([, settings]) => settings),
  );
});

describe("the module incident-response", () => {
  it.each(refused.map(([behaviour, , sentence], index) => ({ behaviour, sentence, index })))(
    "refuses $behaviour",
    ({ sentence, index }) => {
      expect(verdicts[index]).toEqual({
        status: "error",
        problems: [expect.stringMatching(/^Invalid value for variable: /)],
      });
      expect(verdicts[index]?.problems.join()).toContain(sentence);
    },
  );

  it.each(accepted.map(([behaviour], index) => ({ behaviour, index: refused.length + index })))(
    "accepts $behaviour",
    ({ index }) => {
      expect(verdicts[index]).toEqual({ status: "pass", problems: [] });
    },
  );

  it("has no validation that refuses nothing above", async () => {
    const told = await Promise.all(VARIABLES.map((file) => untoldSentences(file, verdicts)));
    expect(told.reduce((sum, { sentences }) => sum + sentences, 0)).toBeGreaterThan(20);
    expect(told.flatMap(({ untold }) => untold)).toEqual([]);
  });
});
