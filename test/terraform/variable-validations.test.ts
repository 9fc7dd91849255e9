import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { TAGGED_TYPES } from "#rules/lacks-tags.ts";
import { repoRoot } from "#test/support/tools.ts";
import { type Settings, untoldSentences, type Verdict, verdictsOf } from "./variable-verdicts.ts";

/*
 * Which sentence refuses which settings of the sources and of what keeps alerts from being lost. Validations see nothing but
 * variables and the names of the rules, so here these stand alone; that what is accepted also plans, the runs in
 * *.tftest.hcl show.
 */

type Case = readonly [behaviour: string, settings: Settings, sentence?: string];

const BUCKET = { cloudtrail_logs_s3_bucket_name: "example-logs" };
const NO_BUCKET = { cloudtrail_logs_s3_bucket_name: null };
const TOPIC = "arn:aws:sns:eu-central-1:123456789012:yours";
const QUEUE = "arn:aws:sqs:eu-central-1:123456789012:yours";
const KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-1111-1111-1111-111111111111";

const source = (sources: Settings): Settings => ({ ...BUCKET, sources });
const alarms = (conditions: Settings): Settings => source({ alarms: { log_group_name: "trail", conditions } });
const addresses = (...allowed_addresses: readonly unknown[]): Settings =>
  alarms({ sign_in_from_other_address: { allowed_addresses } });

const NO_LOG_FILES = "cloudtrail_logs_s3_bucket_name must name the bucket";
const SNS = "sources.sns needs either create_topic = true";
const TOPIC_ARN = "sources.sns.topic_arn must be the ARN of a standard SNS topic (not FIFO)";
const SQS = "sources.sqs needs either create_queue = true";
const QUEUE_ARN = "sources.sqs.queue_arn must be the ARN of a standard SQS queue (not FIFO)";
const KEY_OF_QUEUE = "sources.sqs.kms_key_arn is the ARN of the key";
const CONCURRENCY = "sources.sqs.maximum_concurrency must be";
const RECEIVES = "sources.sqs.max_receive_count must be";
const RECEIVES_OF_DAYS = "sources.sqs.max_receive_count times six times lambda_timeout_seconds";
const ALARMS_WITHOUT_ANY = "sources.alarms needs conditions";
const CONDITIONS_AND_GROUP = "sources.alarms.conditions and sources.alarms.log_group_name belong together";
const CONDITIONS = "sources.alarms.conditions knows";
const THRESHOLD = "Each of sources.alarms.conditions needs a threshold";
const OTHER_ADDRESS = "sign_in_from_other_address needs allowed_addresses";
const ADDRESS = "CloudWatch's filters know exact addresses and whole octets";
const LOG_GROUP = "sources.cloudwatch_logs.log_group_name must be";
const ALARMS_LOG_GROUP = "sources.alarms.log_group_name must be";
const TOPIC_KEYS = "The keys of sources.alarms.topic_arns are names of yours";
const TOPIC_ARNS = "sources.alarms.topic_arns must be ARNs of SNS topics";
const ATTEMPTS = "retry.max_attempts must be";
const ATTEMPTS_OF_DAYS = "retry.max_attempts times six times lambda_timeout_seconds";
const RETENTION = "ledger.retention_days must be a whole number between 15 and 365";
const WHOLE_LIMIT = "Each of limits must be a positive whole number";
const FILE_LIMIT = "limits.file_bytes must be at most";
const RECORD_LIMIT = "limits.record_bytes must be at most";
const QUIET = "monitoring.quiet_hours must be";
const SCHEDULE = "reconcile.schedule_expression must be";
const LOOK_BACK = "reconcile.look_back_hours must be";
const RECONCILE = "reconcile compares digest files with the ledger";
const PREFIX = "With reconcile, s3_notification_filter_prefix must be empty, the prefix of the trail";
const ACTIONS = "alarm_actions must be ARNs";
const TABLE_NAME = "dynamodb_table_name must be";

const RANGES = "allowed_cidrs must be address ranges";
const HOURS = "office_hours.start and office_hours.end must be whole hours";
const DAYS = "office_hours.days knows";
const PACK = "packs names what is no pack: iamm. There are access-denied, cis, ";
const TAGGED = "required_tags knows the types";
const OVERRIDES = "rule_overrides names what is no rule: root-activty. The ids are";
const OVERRIDE_SEVERITY = "rule_overrides: a severity must be";
const EXCEPTION = "rule_overrides: an exception needs a reason, and";
const EXCEPTION_PARTS = "rule_overrides: in exceptions, cidrs are address ranges";

const ROUTE_NAME = "Each of routes needs a name of its own";
const ROUTE_EMPTY = "An empty list in one of routes would fit nothing";
const ROUTE_ACCOUNTS = "The accounts of routes are account ids of 12 digits";
const ROUTE_UNITS = "The organizational_units of routes are ids such as";
const ROUTE_SEVERITY = "A severity in routes must be critical, high, medium, low or info";
const ROUTE_RULE = "routes names what is no rule: root-activty. The ids are";
const ROUTE_PACK = "routes names what is no pack: iamm. There are access-denied, cis, ";
const ROUTE_DESTINATIONS = "Each of routes needs destinations, each of which has one of";
const ROUTE_TWICE = "A destination stands in one of routes twice";
const ROUTE_HOOK = "A slack_hook_ssm_parameter of routes must be the name of an SSM parameter";
const ROUTE_CHANNEL = "A slack_channel_id of routes is the id of a channel";
const ROUTE_TOPIC = "An sns_topic_arn of routes must be the ARN of a standard SNS topic";
const ROUTE_MENTION = "The group of a mention in routes must be the id of a Slack user group";
const ROUTE_UNREACHABLE = "One of routes fits everything and keeps it";
const MENTION = "mention.group must be the id of a Slack user group";
const MENTION_SEVERITY = "mention.severities knows critical";
const NO_DEFAULT = "There is no default destination";

const routed = (...routes: readonly Settings[]): Settings =>
  among({
    routes: routes.map((route, index) => ({
      name: `route ${index}`,
      severities: ["critical"],
      destinations: [{ sns_topic_arn: TOPIC }],
      ...route,
    })),
  });
const to = (...destinations: readonly Settings[]): Settings => routed({ destinations });
const APP = { default_slack_hook_ssm_parameter: null, slack_bot_token: "xoxb-1", default_slack_channel_id: "C0123456" };

const ACCOUNT_NAMES = "messages.account_names gives account ids of 12 digits";
const TIME_ZONE = "messages.time_zone must be the IANA name of a time zone";
const START_URL = "messages.identity_center_start_url must be the address of the access portal";
const ROLE_NAME = "messages.identity_center_role_name must be the name of a permission set";
const RUNBOOKS = "messages.runbooks must lead to addresses that begin with https://";
const RUNBOOK_RULE = "messages.runbooks names what is no rule: root-activty. The ids are";
const worded = (messages: Settings): Settings => among({ messages });
const PORTAL = "https://example.awsapps.com/start";

const TEMPLATE = "rule_overrides: title and each of details is a Jexl expression";
const DETAILS = "rule_overrides: details are at most 6 for a rule";
const overriding = (override: Settings): Settings => among({ rule_overrides: { "root-activity": override } });
const except = (exception: Settings): Settings =>
  among({ rule_overrides: { "root-activity": { exceptions: [{ reason: "known", ...exception }] } } });
const among = (settings: Settings): Settings => ({ ...BUCKET, ...settings });
/** So many topics. */
const topics = (count: number) => Array.from({ length: count }, (_, index) => `${TOPIC}-${index}`);

/** What is refused of a list of accounts with a destination each. */
function byAccount(name: string, destination: Settings): readonly Case[] {
  const app = name.startsWith("slack") ? { slack_bot_token: "xoxb-1", default_slack_channel_id: "C0000000000" } : {};
  const of = (...accounts: readonly (readonly unknown[])[]) =>
    among({ ...app, [name]: accounts.map((each) => ({ accounts: each, ...destination })) });
  return [
    [`an entry of ${name} for no account`, of([]), `Each entry of ${name} needs accounts`],
    [`an account of ${name} as a number`, of([12_345_678_901]), `Each entry of ${name} needs accounts`],
    [
      `an account in two entries of ${name}`,
      of(["111111111111"], ["111111111111"]),
      `An account may stand in one entry of ${name} only`,
    ],
  ];
}

const refused: readonly Case[] = [
  // --- The bucket, and where log files come from
  ["no bucket", NO_BUCKET, NO_LOG_FILES],
  ["no bucket beside other sources", { ...NO_BUCKET, sources: { api_calls: {} } }, NO_LOG_FILES],
  ["a bucket although no log files are read", source({ log_files: false, api_calls: {} }), NO_LOG_FILES],
  [
    "a trail's key although no log files are read",
    { ...NO_BUCKET, cloudtrail_logs_kms_key_id: KEY, sources: { log_files: false, api_calls: {} } },
    "cloudtrail_logs_kms_key_id is about log files",
  ],
  [
    "events of the bucket although no log files are read",
    { ...NO_BUCKET, enable_eventbridge_notifications: true, sources: { log_files: false, api_calls: {} } },
    "enable_eventbridge_notifications is about the bucket",
  ],
  [
    "events of the bucket in the older spelling although no log files are read",
    { ...NO_BUCKET, enable_eventbridge_notificaitons: true, sources: { log_files: false, api_calls: {} } },
    "enable_eventbridge_notificaitons is about the bucket",
  ],
  ["an empty name", { cloudtrail_logs_s3_bucket_name: "" }, "must be the name of a bucket"],
  [
    "another account's bucket that is notified here",
    { ...source({ bucket_account_id: "222222222222" }), create_bucket_notification: true },
    "The notification of another account's bucket",
  ],
  [
    "an account id of eleven digits",
    { ...source({ bucket_account_id: "22222222222" }), create_bucket_notification: false },
    "sources.bucket_account_id must be an account id",
  ],
  [
    "the fan-out in both spellings",
    { ...source({ sns: {} }), enable_s3_sns_fanout: true },
    "enable_s3_sns_fanout and sources.sns say the same",
  ],
  [
    "the fan-out beside EventBridge",
    { ...source({ eventbridge: {} }), enable_s3_sns_fanout: true },
    "With enable_s3_sns_fanout and sources.eventbridge each log file would come twice",
  ],
  [
    "the fan-out without log files",
    { ...NO_BUCKET, sources: { log_files: false, api_calls: {} }, enable_s3_sns_fanout: true },
    "enable_s3_sns_fanout is about log files",
  ],
  [
    "the fan-out without any topic",
    { ...BUCKET, enable_s3_sns_fanout: true, create_s3_sns_fanout_topic: false },
    "enable_s3_sns_fanout without create_s3_sns_fanout_topic needs",
  ],
  ...["yours", QUEUE, `${TOPIC}.fifo`].map(
    (s3_sns_fanout_topic_arn): Case => [
      `a fan-out to ${s3_sns_fanout_topic_arn}`,
      { ...BUCKET, enable_s3_sns_fanout: true, create_s3_sns_fanout_topic: false, s3_sns_fanout_topic_arn },
      "s3_sns_fanout_topic_arn must be the ARN of a standard SNS topic",
    ],
  ),
  ["no source at all", { ...NO_BUCKET, sources: { log_files: false } }, "nothing would ever reach the function"],
  ...(["sns", "eventbridge"] as const).map(
    (name): Case => [
      `${name} without log files`,
      { ...NO_BUCKET, sources: { log_files: false, api_calls: {}, [name]: {} } },
      "are about log files, and sources.log_files is false",
    ],
  ),
  [
    "a bucket's account without log files",
    {
      ...NO_BUCKET,
      sources: { log_files: false, api_calls: {}, bucket_account_id: "222222222222" },
      create_bucket_notification: false,
    },
    "are about log files, and sources.log_files is false",
  ],
  [
    "a queue that carries nothing",
    { ...NO_BUCKET, sources: { log_files: false, sqs: {}, cloudwatch_logs: { log_group_name: "trail" } } },
    "sources.sqs has nothing to carry",
  ],
  ["each log file twice", source({ sns: {}, eventbridge: {} }), "With sources.sns and sources.eventbridge"],
  // --- Topic and queue
  ["a topic that is both made and given", source({ sns: { topic_arn: TOPIC } }), SNS],
  ["a topic that is neither made nor given", source({ sns: { create_topic: false } }), SNS],
  ["a topic that is given as null", source({ sns: { create_topic: false, topic_arn: null } }), SNS],
  ["a queue as topic", source({ sns: { create_topic: false, topic_arn: QUEUE } }), TOPIC_ARN],
  ["a FIFO topic", source({ sns: { create_topic: false, topic_arn: `${TOPIC}.fifo` } }), TOPIC_ARN],
  ["a queue that is both made and given", source({ sqs: { queue_arn: QUEUE } }), SQS],
  ["a queue that is neither made nor given", source({ sqs: { create_queue: false } }), SQS],
  ["a queue that is given as null", source({ sqs: { create_queue: false, queue_arn: null } }), SQS],
  [
    "a queue by its URL",
    source({ sqs: { create_queue: false, queue_arn: "https://sqs.eu-central-1.amazonaws.com/123456789012/yours" } }),
    QUEUE_ARN,
  ],
  ["a FIFO queue", source({ sqs: { create_queue: false, queue_arn: `${QUEUE}.fifo` } }), QUEUE_ARN],
  ["a key for the queue that is made", source({ sqs: { kms_key_arn: KEY } }), KEY_OF_QUEUE],
  [
    "a key by its alias",
    source({ sqs: { create_queue: false, queue_arn: QUEUE, kms_key_arn: "alias/queue" } }),
    KEY_OF_QUEUE,
  ],
  ["a concurrency of 1", source({ sqs: { maximum_concurrency: 1 } }), CONCURRENCY],
  ["a concurrency of 1001", source({ sqs: { maximum_concurrency: 1001 } }), CONCURRENCY],
  ["a concurrency of two and a half", source({ sqs: { maximum_concurrency: 2.5 } }), CONCURRENCY],
  ["no attempt", source({ sqs: { max_receive_count: 0 } }), RECEIVES],
  ["one and a half attempts", source({ sqs: { max_receive_count: 1.5 } }), RECEIVES],
  ["attempts of more than ten days", source({ sqs: { max_receive_count: 961 } }), RECEIVES_OF_DAYS],
  [
    "attempts of more than ten days with a long timeout",
    { ...source({ sqs: { max_receive_count: 161 } }), lambda_timeout_seconds: 900 },
    RECEIVES_OF_DAYS,
  ],
  // --- Logs
  ["a log group that is null", source({ cloudwatch_logs: { log_group_name: null } }), LOG_GROUP],
  ["a log group without a name", source({ cloudwatch_logs: { log_group_name: "" } }), LOG_GROUP],
  [
    "a log group by its ARN",
    source({ cloudwatch_logs: { log_group_name: "arn:aws:logs:eu-central-1:123456789012:log-group:trail" } }),
    LOG_GROUP,
  ],
  // --- Alarms
  ["alarms of nobody", source({ alarms: {} }), ALARMS_WITHOUT_ANY],
  [
    "alarms whose settings are null",
    source({ alarms: { topic_arns: null, log_group_name: null, conditions: null } }),
    ALARMS_WITHOUT_ANY,
  ],
  ["conditions without a log group", source({ alarms: { conditions: { root_use: {} } } }), CONDITIONS_AND_GROUP],
  [
    "a log group without conditions",
    source({ alarms: { log_group_name: "trail", topic_arns: { billing: TOPIC } } }),
    CONDITIONS_AND_GROUP,
  ],
  [
    "a log group of alarms by its ARN",
    source({
      alarms: {
        log_group_name: "arn:aws:logs:eu-central-1:123456789012:log-group:trail",
        conditions: { root_use: {} },
      },
    }),
    ALARMS_LOG_GROUP,
  ],
  [
    "a log group of alarms without a name",
    source({ alarms: { log_group_name: "", conditions: { root_use: {} } } }),
    ALARMS_LOG_GROUP,
  ],
  ["an unknown condition", alarms({ root_use: {}, root_usage: {} }), CONDITIONS],
  ["a condition that is null", alarms({ root_use: null, refused_calls: {} }), CONDITIONS],
  ["a threshold of 0", alarms({ root_use: { threshold: 0 } }), THRESHOLD],
  ["a period of two minutes", alarms({ root_use: { period_seconds: 120 } }), THRESHOLD],
  ["other addresses than none", alarms({ sign_in_from_other_address: {} }), OTHER_ADDRESS],
  ["addresses that are null", alarms({ sign_in_from_other_address: { allowed_addresses: null } }), OTHER_ADDRESS],
  ["addresses of another condition", alarms({ root_use: { allowed_addresses: ["198.51.100.7"] } }), OTHER_ADDRESS],
  ...[
    "198.51.100.0/24",
    "198.51.100.0/32",
    "198.51.100.*.*",
    "198.51.100.7.*",
    "198.51.100.1*",
    "198.51.100.",
    "198.51.100",
    "300.1.1.1",
    "300.*",
    "198.051.100.7",
    "198.051.*",
    "*",
    "*.100.7",
    "2001:db8::/32",
    "2001:db8::*",
    "::ffff:198.51.100.7/24",
    "2001:0DB8:0::1",
    "2001:DB8::1",
    "2001:db8:0:0:0:0:0:1",
    "198.51.100.7 ",
    '198.51.100.7") || ($.eventName = "*',
    "office",
    "",
    null,
  ].map((address): Case => [`the address ${JSON.stringify(address)}`, addresses(address), ADDRESS]),
  ["a key of a topic with a dot", source({ alarms: { topic_arns: { "team.a": TOPIC } } }), TOPIC_KEYS],
  ["a key of 61 characters", source({ alarms: { topic_arns: { ["k".repeat(61)]: TOPIC } } }), TOPIC_KEYS],
  ["a topic of alarms that is none", source({ alarms: { topic_arns: { billing: QUEUE } } }), TOPIC_ARNS],
  ["a topic of alarms under two keys", source({ alarms: { topic_arns: { a: TOPIC, b: TOPIC } } }), TOPIC_ARNS],
  ["a topic of alarms that is null", source({ alarms: { topic_arns: { billing: null } } }), TOPIC_ARNS],
  // --- What deserves attention
  ...["198.51.100.7", "198.51.100.0/33", "2001:db8::/129", "office", ""].map(
    (range): Case => [`the range "${range}"`, among({ allowed_cidrs: ["198.51.100.0/24", range] }), RANGES],
  ),
  ...[
    { start: 18, end: 8 },
    { start: 8, end: 8 },
    { start: 8.5, end: 18 },
    { start: -1, end: 18 },
    { start: 8, end: 25 },
  ].map((hours): Case => [`office hours from ${hours.start} to ${hours.end}`, among({ office_hours: hours }), HOURS]),
  ["an office day in another language", among({ office_hours: { days: ["Mon", "Die"] } }), DAYS],
  [
    "a time zone with a blank",
    among({ office_hours: { time_zone: "Europe/ Berlin" } }),
    "office_hours.time_zone must be",
  ],
  ["a pack that there is not", among({ packs: { iam: true, iamm: true } }), PACK],
  ["a pack that is neither on nor off", among({ packs: { iam: null } }), "packs needs true or false"],
  ["office hours without a day", among({ office_hours: { days: [] } }), DAYS],
  ["null for the tags of a type of resource", among({ required_tags: { instance: null } }), TAGGED],
  [
    "null for a change of a rule",
    among({ rule_overrides: { "root-activity": null } }),
    "rule_overrides needs something",
  ],
  ["an exception whose reason is null", except({ reason: null, actors: ["a"] }), EXCEPTION],
  ["tags of no type of resource", among({ required_tags: { instances: { Team: null } } }), TAGGED],
  ["no tag of a type of resource", among({ required_tags: { instance: {} } }), TAGGED],
  ["another language", among({ rules_language: "Python" }), "rules_language must be"],
  ["a change of a rule that there is not", among({ rule_overrides: { "root-activty": {} } }), OVERRIDES],
  [
    "an unknown severity for a rule",
    among({ rule_overrides: { "root-activity": { severity: "urgent" } } }),
    OVERRIDE_SEVERITY,
  ],
  ...["", " ", `'${"a".repeat(999)}'`].map((title): Case => [`the title "${title}"`, overriding({ title }), TEMPLATE]),
  ["a detail that is null", overriding({ details: { Who: null } }), TEMPLATE],
  ["an empty detail", overriding({ details: { Who: "" } }), TEMPLATE],
  ...["", " Who", "*Who*", "<!here>", "a\nb", "a".repeat(41)].map(
    (label): Case => [`the label "${label}"`, overriding({ details: { [label]: "eventName" } }), DETAILS],
  ),
  [
    "seven details",
    overriding({ details: Object.fromEntries(["a", "b", "c", "d", "e", "f", "g"].map((key) => [key, "eventName"])) }),
    DETAILS,
  ],
  [
    "a title of an ignore rule",
    among({
      ignore_rules: [{ id: "quiet", expression: "eventName == 'A'" }],
      rule_overrides: { quiet: { title: "'B'" } },
    }),
    "rule_overrides: ignore rules tell nothing",
  ],
  ["an exception of nothing", except({}), EXCEPTION],
  ["an exception of nobody", except({ actors: [] }), EXCEPTION],
  ["an exception without a reason", except({ reason: " ", actors: ["a"] }), EXCEPTION],
  ["an exception for an address without a range", except({ cidrs: ["198.51.100.7"] }), EXCEPTION_PARTS],
  ["an exception for eleven digits", except({ accounts: ["11111111111"] }), EXCEPTION_PARTS],
  ...["2027-02-31", "2027-1-31", "31.1.2027", "tomorrow", "2027-01-31T00:00:00Z"].map(
    (until): Case => [`an exception until ${until}`, except({ actors: ["a"], until }), EXCEPTION_PARTS],
  ),
  // --- How to tell it
  ["a name of what is no account", worded({ account_names: { "11111111111": "prod" } }), ACCOUNT_NAMES],
  ["an account without a name", worded({ account_names: { "111111111111": "" } }), ACCOUNT_NAMES],
  ["an account's name of two lines", worded({ account_names: { "111111111111": "a\nb" } }), ACCOUNT_NAMES],
  ["a time zone with a space", worded({ time_zone: "Central European Time" }), TIME_ZONE],
  ...["http://example.awsapps.com/start", "example.awsapps.com", `${PORTAL}?a=b`, `${PORTAL} `].map(
    (url): Case => [`the portal ${url}`, worded({ identity_center_start_url: url }), START_URL],
  ),
  ["a permission set without a portal", worded({ identity_center_role_name: "ReadOnlyAccess" }), ROLE_NAME],
  [
    "a permission set that is an ARN",
    worded({ identity_center_start_url: PORTAL, identity_center_role_name: "arn:aws:iam::111111111111:role/x" }),
    ROLE_NAME,
  ],
  ["a runbook without https", worded({ runbooks: { "root-activity": "http://wiki.example.com" } }), RUNBOOKS],
  ["a runbook of an unknown rule", worded({ runbooks: { "root-activty": "https://wiki.example.com" } }), RUNBOOK_RULE],
  // --- Whom to tell
  ["a route without a name", routed({ name: "" }), ROUTE_NAME],
  ["a route of a very long name", routed({ name: "x".repeat(81) }), ROUTE_NAME],
  ["a name of two lines", routed({ name: "a\nb" }), ROUTE_NAME],
  ["two routes of one name", routed({ name: "a" }, { name: "a" }), ROUTE_NAME],
  ...["accounts", "organizational_units", "severities", "rules", "packs"].map(
    (list): Case => [`a route with no ${list}`, routed({ [list]: [] }), ROUTE_EMPTY],
  ),
  ["a route of a short account", routed({ accounts: ["111111111111", "11111111111"] }), ROUTE_ACCOUNTS],
  ...["production", "ou-ab12", "r-AB12", "111111111111"].map(
    (unit): Case => [`a route of the unit ${unit}`, routed({ organizational_units: [unit] }), ROUTE_UNITS],
  ),
  ["a route of an unknown severity", routed({ severities: ["critical", "urgent"] }), ROUTE_SEVERITY],
  ["a mention of an unknown severity", routed({ mention: { group: "here", severities: ["all"] } }), ROUTE_SEVERITY],
  ["a route of an unknown rule", routed({ rules: ["root-activity", "root-activty"] }), ROUTE_RULE],
  [
    "a route of an ignore rule",
    { ...routed({ rules: ["root-activty"] }), ignore_rules: [{ id: "root-activty", expression: "a" }] },
    ROUTE_RULE,
  ],
  ["a route of an unknown pack", routed({ packs: ["iam", "iamm"] }), ROUTE_PACK],
  ["a route to nobody", to(), ROUTE_DESTINATIONS],
  ["a destination that is nothing", to({}), ROUTE_DESTINATIONS],
  ["a destination that is two", to({ slack_hook_ssm_parameter: "/a", sns_topic_arn: TOPIC }), ROUTE_DESTINATIONS],
  ["a destination that stands there twice", to({ sns_topic_arn: TOPIC }, { sns_topic_arn: TOPIC }), ROUTE_TWICE],
  [
    "a hook where its parameter belongs",
    to({ slack_hook_ssm_parameter: "https://hooks.slack.com/services/T/B/x" }),
    ROUTE_HOOK,
  ],
  ["a channel without a token", to({ slack_channel_id: "C0123456789" }), ROUTE_CHANNEL],
  ["a channel by its name", { ...to({ slack_channel_id: "#alerts" }), ...APP }, ROUTE_CHANNEL],
  ...["on-call", QUEUE, `${TOPIC}.fifo`].map(
    (sns_topic_arn): Case => [`a route to the topic ${sns_topic_arn}`, to({ sns_topic_arn }), ROUTE_TOPIC],
  ),
  ...["everyone", "@on-call", "<!here>", "U0123456789"].flatMap((group): readonly Case[] => [
    [`a mention of ${group} in a route`, routed({ mention: { group } }), ROUTE_MENTION],
    [`a mention of ${group}`, among({ mention: { group } }), MENTION],
  ]),
  [
    "a mention about an unknown severity",
    among({ mention: { group: "here", severities: ["urgent"] } }),
    MENTION_SEVERITY,
  ],
  ["a route behind one that keeps everything", routed({ severities: null }, {}), ROUTE_UNREACHABLE],
  [
    "no default destination beside routes that do not keep everything",
    { ...routed({}, { severities: null, continue: true }), default_slack_hook_ssm_parameter: null },
    NO_DEFAULT,
  ],
  // --- Nothing is lost
  ...[0, 2.5].map(
    (max_attempts): Case => [`${max_attempts} attempts of retries`, among({ retry: { max_attempts } }), ATTEMPTS],
  ),
  ...[-1, 121, 0.5].map(
    (window_minutes): Case => [
      `a window of ${window_minutes} minutes`,
      among({ grouping: { window_minutes } }),
      "grouping.window_minutes must be a whole number",
    ],
  ),
  [
    "a negative time of the older module",
    among({ dynamodb_time_to_live: -1 }),
    "dynamodb_time_to_live must be a number of seconds",
  ],
  ["retries of more than ten days", among({ retry: { max_attempts: 961 } }), ATTEMPTS_OF_DAYS],
  [
    "retries of more than ten days with a long timeout",
    among({ retry: { max_attempts: 161 }, lambda_timeout_seconds: 900 }),
    ATTEMPTS_OF_DAYS,
  ],
  ...[0, 14, 366, 20.5].map(
    (retention_days): Case => [`a ledger of ${retention_days} days`, among({ ledger: { retention_days } }), RETENTION],
  ),
  [
    "a key of the ledger by its alias",
    among({ ledger: { kms_key_arn: "arn:aws:kms:eu-central-1:123456789012:alias/ledger" } }),
    "ledger.kms_key_arn must be the ARN of a key",
  ],
  ["a key of the secrets by its alias", among({ kms_key_arn: "alias/hooks" }), "kms_key_arn must be the ARN of a key"],
  [
    "a topic by its name",
    among({ default_sns_topic_arn: "alerts" }),
    "default_sns_topic_arn must be the ARN of a standard SNS topic",
  ],
  [
    "a hook where the name of its parameter belongs",
    among({
      configuration: [
        { accounts: ["111111111111"], slack_hook_ssm_parameter: "https://hooks.slack.com/services/T0/B0/x" },
      ],
    }),
    "A slack_hook_ssm_parameter of configuration must be the name of an SSM parameter",
  ],
  ...byAccount("sns_configuration", { sns_topic_arn: TOPIC }),
  ...byAccount("slack_app_configuration", { slack_channel_id: "C0123456789" }),
  [
    "a topic for an account by its name",
    among({ sns_configuration: [{ accounts: ["111111111111"], sns_topic_arn: "team" }] }),
    "An sns_topic_arn of sns_configuration must be the ARN",
  ],
  ...["ab", "a".repeat(256), "the ledger", ""].map(
    (dynamodb_table_name): Case => [
      `a table called "${dynamodb_table_name}"`,
      among({ dynamodb_table_name }),
      TABLE_NAME,
    ],
  ),
  ...["file_bytes", "file_records", "record_bytes", "record_depth", "record_values"].flatMap(
    (name): readonly Case[] => [
      [`no ${name}`, among({ limits: { [name]: 0 } }), WHOLE_LIMIT],
      [`${name} of a fraction`, among({ limits: { [name]: 1.5 } }), WHOLE_LIMIT],
    ],
  ),
  ["too large files", among({ limits: { file_bytes: 68_719_476_737 } }), FILE_LIMIT],
  ["too many records of a file", among({ limits: { file_records: 100_000_001 } }), FILE_LIMIT],
  ["too large records", among({ limits: { record_bytes: 16_777_217 } }), RECORD_LIMIT],
  ["too deep records", among({ limits: { record_depth: 201 } }), RECORD_LIMIT],
  ["too many values of a record", among({ limits: { record_values: 1_000_001 } }), RECORD_LIMIT],
  ...[-1, 25, 0.5].map(
    (quiet_hours): Case => [`${quiet_hours} quiet hours`, among({ monitoring: { quiet_hours } }), QUIET],
  ),
  ...["1 hour", "rate 1 hour", "rate()", "at(2025-06-11T09:20:00)"].map(
    (schedule_expression): Case => [
      `the schedule "${schedule_expression}"`,
      among({ reconcile: { schedule_expression } }),
      SCHEDULE,
    ],
  ),
  ...[0, 169, 1.5].map(
    (look_back_hours): Case => [`${look_back_hours} hours back`, among({ reconcile: { look_back_hours } }), LOOK_BACK],
  ),
  ["to reconcile without a ledger", among({ reconcile: {}, ledger: { enabled: false } }), RECONCILE],
  [
    "to reconcile without log files",
    { ...NO_BUCKET, reconcile: {}, sources: { log_files: false, api_calls: {} } },
    RECONCILE,
  ],
  ...["AWSLogs/111111111111/CloudTrail/", "AWSLogs/o-exampleorgid/111111111111/CloudTrail/eu-west-1/", "logs"].map(
    (s3_notification_filter_prefix): Case => [
      `to reconcile below "${s3_notification_filter_prefix}"`,
      among({ reconcile: {}, s3_notification_filter_prefix }),
      PREFIX,
    ],
  ),
  ["an action of an alarm that is no ARN", among({ alarm_actions: [TOPIC, "operations"] }), ACTIONS],
  ["six actions of an alarm", among({ alarm_actions: topics(6) }), "An alarm calls at most five"],
  [
    "five actions of an alarm beside a topic for dead letters",
    among({ alarm_actions: topics(5), dead_letter_target_arn: TOPIC }),
    "An alarm calls at most five",
  ],
  [
    "a function for dead letters",
    among({ dead_letter_target_arn: "arn:aws:lambda:eu-central-1:123456789012:function:dead-letters" }),
    "dead_letter_target_arn must be the ARN of an SQS queue or an SNS topic",
  ],
  [
    "a topic for dead letters that nobody tells",
    among({ dead_letter_target_arn: TOPIC, monitoring: { alarms: false } }),
    "dead_letter_target_arn is a topic, which the alarms about dead letters notify",
  ],
];

const accepted: readonly Case[] = [
  [
    "every wording of messages",
    worded({
      account_names_from_organizations: true,
      account_names: { "012345678901": "Zahlungen & Co. <prod>" },
      time_zone: "America/Argentina/Buenos_Aires",
      identity_center_start_url: "https://example.awsapps.com/start#/",
      identity_center_role_name: "ReadOnlyAccess",
      runbooks: { "root-activity": "https://wiki.example.com/a?b=c#d" },
    }),
  ],
  [
    "routes of every kind",
    {
      ...routed(
        { severities: null, continue: true },
        { accounts: ["012345678901"], organizational_units: ["ou-ab12-34cd56ef", "r-ab12"] },
        { rules: ["root-activity", "own", "events_to_track:DeleteTrail"], packs: ["iam", "clickops"] },
        {
          severities: null,
          destinations: [{ slack_hook_ssm_parameter: "/hooks/a" }, { slack_channel_id: "C0123456" }],
          mention: { group: "S0123456789", severities: ["critical", "high"] },
        },
      ),
      ...APP,
      rules: [{ id: "own", expression: "a" }],
      events_to_track: ["DeleteTrail"],
      mention: { group: "channel", severities: [] },
    },
  ],
  [
    "a route that keeps everything as the only destination",
    { ...routed({ severities: null }), default_slack_hook_ssm_parameter: null },
  ],
  ["a bucket alone", BUCKET],
  ["null for all sources", { ...BUCKET, sources: null }],
  ["a name of three characters", { cloudtrail_logs_s3_bucket_name: "a-1" }],
  ["a name of 63 characters", { cloudtrail_logs_s3_bucket_name: "b".repeat(63) }],
  [
    "another account's bucket that is notified there",
    { ...source({ bucket_account_id: "012345678901" }), create_bucket_notification: false },
  ],
  [
    "the older fan-out to a topic of yours",
    { ...BUCKET, enable_s3_sns_fanout: true, create_s3_sns_fanout_topic: false, s3_sns_fanout_topic_arn: TOPIC },
  ],
  ["the older fan-out before a queue", { ...source({ sqs: {} }), enable_s3_sns_fanout: true }],
  ["API calls alone", { ...NO_BUCKET, sources: { log_files: false, api_calls: {} } }],
  ["API calls through a queue alone", { ...NO_BUCKET, sources: { log_files: false, api_calls: {}, sqs: {} } }],
  [
    "a log group alone",
    { ...NO_BUCKET, sources: { log_files: false, cloudwatch_logs: { log_group_name: "/aws/trail_1.a#b" } } },
  ],
  ["alarms alone", { ...NO_BUCKET, sources: { log_files: false, alarms: { topic_arns: { "a-B_1": TOPIC } } } }],
  [
    "everything at once",
    source({
      sns: {},
      sqs: {},
      api_calls: {},
      cloudwatch_logs: { log_group_name: "trail" },
      alarms: { log_group_name: "trail", conditions: { root_use: {} }, topic_arns: { ["k".repeat(60)]: TOPIC } },
    }),
  ],
  ["EventBridge through a queue", source({ eventbridge: {}, sqs: {} })],
  ["a topic of another partition", source({ sns: { create_topic: false, topic_arn: TOPIC.replace("aws", "aws-cn") } })],
  [
    "a queue that a key encrypts",
    source({ sqs: { create_queue: false, queue_arn: QUEUE, kms_key_arn: KEY, maximum_concurrency: null } }),
  ],
  ["the smallest numbers", source({ sqs: { maximum_concurrency: 2, max_receive_count: 1 } })],
  [
    "the largest numbers",
    { ...source({ sqs: { maximum_concurrency: 1000, max_receive_count: 960 } }), lambda_timeout_seconds: 150 },
  ],
  [
    "the most attempts with the longest timeout",
    {
      ...source({ sqs: { max_receive_count: 160 } }),
      lambda_timeout_seconds: 900,
      retry: { max_attempts: 160 },
      grouping: { window_minutes: 0 },
      dynamodb_time_to_live: 0,
    },
  ],
  [
    "every period",
    alarms({
      bucket_policy_changes: { period_seconds: 60 },
      cloudtrail_changes: { period_seconds: 300 },
      config_changes: { period_seconds: 600 },
      failed_sign_ins: { period_seconds: 900 },
      iam_policy_changes: { period_seconds: 1800 },
      kms_key_removals: { period_seconds: 3600 },
      network_acl_changes: { period_seconds: 21_600 },
      root_use: { period_seconds: 86_400, threshold: 0.5 },
    }),
  ],
  [
    "exact addresses and whole octets",
    addresses("198.51.100.7", "0.0.0.0", "255.255.255.255", "198.*", "198.51.*", "198.51.100.*", "2001:db8::1", "::1"),
  ],
  [
    "everything about rules",
    among({
      allowed_cidrs: ["198.51.100.0/24", "203.0.113.7/32", "2001:db8::/32", "0.0.0.0/0"],
      office_hours: { time_zone: "America/Argentina/Buenos_Aires", days: ["Sun"], start: 0, end: 24 },
      packs: { clickops: true, lambda: false },
      required_tags: { instance: { CostCenter: "^[0-9]{4}$", Team: null }, volume: { Team: "" } },
      rules_language: "python",
      rules: [{ id: "mine", expression: "eventName == 'CreateUser'" }],
      ignore_rules: [{ id: "not-mine", expression: "eventName == 'CreateUser'" }, "eventName == 'DeleteUser'"],
      rule_overrides: {
        mine: { severity: "critical", title: `'${"a".repeat(998)}'`, details: null },
        "not-mine": { enabled: false },
        "root-activity": { enabled: true, title: null, details: { "Wer / Länge (m)": "eventName" } },
        "access-denied": {
          exceptions: [
            { reason: "a", actors: ["arn:aws:iam::*:role/deploy"], until: "2027-01-31" },
            { reason: "b", cidrs: ["198.51.100.0/24", "2001:db8::/32"], accounts: ["012345678901"] },
            { reason: "c", expression: "eventName == 'ListAccounts'", until: null },
          ],
        },
      },
    }),
  ],
  [
    "tags of every type of resource",
    among({ required_tags: Object.fromEntries(Array.from(TAGGED_TYPES, (type) => [type, { Team: null }])) }),
  ],
  ["office hours with their defaults", among({ office_hours: {} })],
  ["a pack in the place of the default rules", among({ use_default_rules: false, packs: { iam: true } })],
  [
    "a rule in the place of the default rules",
    among({ use_default_rules: false, rule_overrides: { "root-activity": { enabled: true } } }),
  ],
  [
    "null for all about rules",
    among({
      allowed_cidrs: null,
      office_hours: null,
      packs: null,
      required_tags: null,
      rule_overrides: null,
      rules_language: null,
    }),
  ],
  [
    "null for all that keeps alerts",
    among({ ledger: null, limits: null, grouping: null, monitoring: null, reconcile: null, retry: null }),
  ],
  [
    "the smallest bounds",
    among({
      dynamodb_table_name: "a-1",
      ledger: { retention_days: 15 },
      limits: { file_bytes: 1, file_records: 1, record_bytes: 1, record_depth: 1, record_values: 1 },
      monitoring: { quiet_hours: 0 },
      reconcile: { look_back_hours: 1, schedule_expression: "rate(5 minutes)" },
      retry: { max_attempts: 1 },
      grouping: { window_minutes: 120 },
    }),
  ],
  [
    "the largest bounds",
    among({
      alarm_actions: topics(5),
      dynamodb_table_name: "A".repeat(255),
      ledger: { retention_days: 365, kms_key_arn: KEY },
      limits: {
        file_bytes: 68_719_476_736,
        file_records: 100_000_000,
        record_bytes: 16_777_216,
        record_depth: 200,
        record_values: 1_000_000,
      },
      monitoring: { quiet_hours: 24 },
      reconcile: { look_back_hours: 168, schedule_expression: "cron(15 * * * ? *)" },
      lambda_timeout_seconds: 150,
      retry: { max_attempts: 960 },
    }),
  ],
  ...["", "AWSLogs/", "trail/AWSLogs/", "AWSLogs/o-exampleorgid/", "AWSLogs/111111111111", "trail/"].map(
    (s3_notification_filter_prefix): Case => [
      `to reconcile below "${s3_notification_filter_prefix}"`,
      among({ reconcile: {}, s3_notification_filter_prefix }),
    ],
  ),
  [
    "CloudTrail's own prefix of one region without reconciling",
    { ...BUCKET, s3_notification_filter_prefix: "AWSLogs/111111111111/CloudTrail/eu-west-1/" },
  ],
  ["four actions of an alarm beside a topic", among({ alarm_actions: topics(4), dead_letter_target_arn: TOPIC })],
  ["no topic, as the older module's examples say it", among({ default_sns_topic_arn: "" })],
  ["a queue for dead letters without alarms", among({ dead_letter_target_arn: QUEUE, monitoring: { alarms: false } })],
];

let verdicts: readonly (Verdict | undefined)[] = [];

beforeAll(async () => {
  // With the names of the rules, which some validations compare with.
  const files = ["variables.tf", "rules.tf", "rules"].map((name) => join(repoRoot, name));
  const hook = { default_slack_hook_ssm_parameter: "/hooks/default" };
  verdicts = await verdictsOf(
    files,
    [...refused, ...accepted].map(([, settings]) => ({ ...hook, ...settings })),
  );
});

describe("refuses", () => {
  it.each(refused.map(([behaviour, , sentence = ""], index) => ({ behaviour, sentence, index })))(
    "$behaviour",
    ({ sentence, index }) => {
      expect(verdicts[index]).toEqual({
        status: "error",
        problems: [expect.stringMatching(/^Invalid value for variable: /)],
      });
      expect(verdicts[index]?.problems.join()).toContain(sentence);
    },
  );
});

describe("accepts", () => {
  it.each(accepted.map(([behaviour], index) => ({ behaviour, index: refused.length + index })))(
    "$behaviour",
    ({ index }) => {
      expect(verdicts[index]).toEqual({ status: "pass", problems: [] });
    },
  );
});

describe("every validation of these variables", () => {
  const NAMES = [
    "alarm_actions",
    "allowed_cidrs",
    "cloudtrail_logs_kms_key_id",
    "cloudtrail_logs_s3_bucket_name",
    "create_bucket_notification",
    "dead_letter_target_arn",
    "default_sns_topic_arn",
    "dynamodb_table_name",
    "dynamodb_time_to_live",
    "enable_eventbridge_notificaitons",
    "enable_eventbridge_notifications",
    "enable_s3_sns_fanout",
    "grouping",
    "kms_key_arn",
    "ledger",
    "limits",
    "mention",
    "monitoring",
    "office_hours",
    "packs",
    "reconcile",
    "required_tags",
    "retry",
    "routes",
    "rule_overrides",
    "rules_language",
    "s3_sns_fanout_topic_arn",
    "slack_app_configuration",
    "sns_configuration",
    "sources",
  ];

  it("refuses something above", async () => {
    const { sentences, untold } = await untoldSentences(join(repoRoot, "variables.tf"), verdicts, NAMES);
    expect(sentences).toBeGreaterThan(20);
    expect(untold).toEqual([]);
  });
});
