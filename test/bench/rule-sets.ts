import { trackedEvents } from "#config/events-to-track.ts";
import { defaultRules } from "#default-rules";
import type { RuleDefinition } from "#model/rule.ts";
import { type RuleSet, ruleSetOf } from "#rules/rule-set.ts";

/** Rules as users write them: by name and source, by caller, by client, by what a call asks for. */
const CUSTOM = [
  "eventSource == 'iam.amazonaws.com' && (eventName|startsWith(['Create', 'Delete', 'Put', 'Attach']))",
  "eventName == 'ConsoleLogin' && additionalEventData.MFAUsed != 'Yes'",
  "eventName == 'ConsoleLogin' && !(sourceIPAddress|inCidr(['203.0.113.0/24']))",
  "eventName == 'PutBucketPolicy' && (requestParameters.bucketName|startsWith('prod-'))",
  "eventSource == 'rds.amazonaws.com' && eventName == 'ModifyDBInstance' && requestParameters.publiclyAccessible == true",
  "eventName == 'AuthorizeSecurityGroupIngress' && (requestParameters|pluck('ipPermissions.items.ipRanges.items.cidrIp')|any('0.0.0.0/0'))",
  "eventSource == 'cloudtrail.amazonaws.com' && eventName != 'LookupEvents' && readOnly != true",
  "userIdentity.type == 'IAMUser' && userIdentity.userName == 'break-glass'",
  "userIdentity.type == 'IAMUser' && (eventName in ['CreateAccessKey', 'CreateLoginProfile'])",
  "userIdentity.sessionContext.sessionIssuer.userName == 'OrganizationAccountAccessRole' && readOnly != true",
  "userAgent|contains(['masscan', 'pacu'])",
  "recipientAccountId == '999999999999' && readOnly == false",
  "errorCode == 'UnauthorizedOperation' && eventSource == 'ec2.amazonaws.com'",
  "eventSource == 'secretsmanager.amazonaws.com' && eventName == 'GetSecretValue' && userIdentity.type != 'AssumedRole'",
  "awsRegion == 'ap-east-1' && readOnly == false",
  "eventSource == 'organizations.amazonaws.com' && !errorCode && readOnly != true",
  "eventName == 'RunInstances' && (requestParameters.instanceType|matches('^(p|g)[0-9]'))",
  "eventSource == 'lambda.amazonaws.com' && (eventName|isCall(['UpdateFunctionCode', 'AddPermission']))",
  "eventSource == 'sts.amazonaws.com' && eventName == 'AssumeRole' && requestParameters.roleArn == 'arn:aws:iam::999999999999:role/admin'",
  "event['userIdentity.sessionContext.attributes.mfaAuthenticated'] == 'false' && eventName == 'DeleteBucket'",
];

const IGNORED = [
  "userIdentity.invokedBy == 'config.amazonaws.com'",
  "eventName == 'CreateUser' && userIdentity.sessionContext.sessionIssuer.userName == 'provisioning'",
  "eventSource == 'kms.amazonaws.com' && userIdentity.invokedBy == 'backup.amazonaws.com'",
  "errorCode == 'AccessDenied' && (userAgent|contains('prowler'))",
  "eventSource == 'ec2.amazonaws.com' && (eventName|startsWith('Describe')) && userIdentity.type == 'AWSService'",
];

const TRACKED =
  "CreateVpc DeleteVpc CreateSubnet DeleteSubnet CreateRoute CreateInternetGateway DeleteNatGateway CreateTrail DeleteBucket PutBucketAcl iam.amazonaws.com:CreateRole iam.amazonaws.com:DeleteRole iam.amazonaws.com:UpdateRole CreateGroup DeleteGroup AddUserToGroup CreateDBInstance DeleteDBCluster UpdateFunctionCode CreateFunction DeleteFunction CreateCluster DeleteCluster CreateStack DeleteStack TerminateInstances CreateKeyPair ImportKeyPair CreateHostedZone DeleteHostedZone".split(
    " ",
  );

/** No single value can answer these: each record is parsed and asked. */
const UNFILTERABLE = [
  "userIdentity.accountId != recipientAccountId",
  "(requestParameters.bucketName + '/' + requestParameters.key) == 'payroll/2026.csv'",
  "(requestParameters|pluck('tagSet.items.key'))|any(['forbidden'])",
];

/** What a rule set consists of. */
export interface RuleCounts {
  readonly default: number;
  readonly custom: number;
  readonly tracked: number;
  readonly ignore: number;
}

const asRule =
  (origin: "custom" | "ignore") =>
  (expression: string, index: number): RuleDefinition => ({
    id: `${origin}-${index}`,
    origin,
    severity: "medium",
    expression,
  });

const BENCH_RULES: readonly RuleDefinition[] = [
  ...CUSTOM.map(asRule("custom")),
  ...trackedEvents(TRACKED).rules,
  ...IGNORED.map(asRule("ignore")),
];

/** What every figure is measured with: the default rules that are on, 20 custom rules, 30 tracked events, 5 ignore rules. */
export function benchRules(): RuleSet {
  return ruleSetWith(BENCH_RULES);
}

/** The rules of {@link benchRules} as they are written, and default rules that are off. */
export function benchDefinitions(): readonly RuleDefinition[] {
  return [...defaultRules, ...BENCH_RULES];
}

/** The same with rules for which every record has to be parsed. */
export function unfilterableRules(): RuleSet {
  return ruleSetWith([
    ...[...CUSTOM.slice(UNFILTERABLE.length), ...UNFILTERABLE].map(asRule("custom")),
    ...trackedEvents(TRACKED).rules,
    ...IGNORED.map(asRule("ignore")),
  ]);
}

/** So many custom rules and no others, each for a call of its own. */
export function manyRules(count: number): RuleSet {
  const expressions = Array.from(
    { length: count },
    (_, index) => `eventSource == 's${index % 50}.amazonaws.com' && eventName == 'Delete${index}' && !errorCode`,
  );
  return ruleSetWith(expressions.map(asRule("custom")), false);
}

/** How many rules of each origin there are. */
export function countsOf({ ignore, alert }: RuleSet): RuleCounts {
  const rules = [...ignore, ...alert];
  const isOfUser = (id: string) => /^(custom|ignore)-\d+$/.test(id);
  const count = (origin: string) => rules.filter(({ ref }) => ref.origin === origin && isOfUser(ref.id)).length;
  return {
    default: rules.filter(({ ref }) => ref.pack !== undefined).length,
    custom: count("custom"),
    tracked: rules.filter(({ ref }) => ref.origin === "tracked").length,
    ignore: count("ignore"),
  };
}

function ruleSetWith(rules: readonly RuleDefinition[], useDefaultRules = true): RuleSet {
  const ruleConfig = {
    allowedCidrs: ["198.51.100.0/24"],
    requiredTags: { instance: { Team: null } },
    self: { accountId: "111111111111", functionName: "cloudtrail-to-slack", parameters: [], tables: [], queues: [] },
  };
  const settings = {
    useDefaultRules,
    packs: {},
    overrides: {},
    language: "auto",
    rules,
    ruleConfig,
    problems: [],
  } as const;
  const { ruleSet, problems } = ruleSetOf(settings, defaultRules);
  if (problems.length > 0) throw new Error(problems.map(({ ruleId, message }) => `${ruleId}: ${message}`).join("\n"));
  return ruleSet;
}
