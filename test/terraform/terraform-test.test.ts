import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parseConfiguration } from "#config/read-settings.ts";
import { NAMESPACE, outcomeMetrics, REFUSED_CALLS_NAMESPACE, refusedCallMetrics } from "#metrics/outcome-metrics.ts";
import { newOutcome } from "#model/outcome.ts";
import { sourceFixtures } from "#test/conformance/source-fixtures.ts";
import { openRoot } from "#test/support/terraform.ts";
import { repoRoot } from "#test/support/tools.ts";
import { documentOf, isRecord, list, only, type PlannedResource } from "./plan.ts";
import { type RunReport, runTests } from "./test-runs.ts";

const folder = "test/terraform";
const files = readdirSync(join(repoRoot, folder)).filter((name) => name.endsWith(".tftest.hcl"));
/** Every `run` block that is written down, by file. */
const declared = files.map((file) => {
  const text = readFileSync(join(repoRoot, folder, file), "utf8");
  return { file, names: [...text.matchAll(/^run "([^"]+)" \{$/gm)].map(([, name = ""]) => name) };
});

let reports: ReadonlyMap<string, RunReport> = new Map();

beforeAll(async () => {
  const root = await openRoot(repoRoot);
  try {
    await root.init();
    reports = await runTests(root.directory, folder);
  } finally {
    await root.close();
  }
}, 900_000);

it("finds test files, and runs in each", () => {
  expect(declared.filter(({ names }) => names.length === 0)).toEqual([]);
  expect(declared.length).toBeGreaterThan(0);
});

it("executes every run that is written down, and no other", () => {
  const written = declared.flatMap(({ file, names }) => names.map((name) => `${folder}/${file} ${name}`));
  const executed = [...reports].filter(([, { status }]) => /^(pass|fail|error|skip)$/.test(status)).map(([key]) => key);
  expect(executed.toSorted()).toEqual(written.toSorted());
});

describe.each(declared)("$file", ({ file, names }) => {
  it.each(names)("%s", (name) => {
    const { status, problems } = reports.get(`${folder}/${file} ${name}`) ?? {};
    expect({ status, problems }).toEqual({ status: "pass", problems: [] });
  });
});

describe("whatever is planned", () => {
  // A plan that is refused holds what Terraform came to before.
  const begun = () => [...reports].flatMap(([key, { resources = [] }]) => (resources[0] ? [{ key, resources }] : []));
  const complete = () => begun().filter(({ key }) => !key.includes(" refuses_"));

  it("is looked at", () => {
    expect(complete().length).toBeGreaterThan(50);
  });

  it("holds no hook and no token in clear text, neither plain nor packed", () => {
    const plain = begun().map(({ key, resources }) => ({ key, text: JSON.stringify(resources) }));
    const packed = complete().map(({ key, resources }) => ({ key, text: JSON.stringify(documentOf(resources)) }));
    expect([...plain, ...packed].filter(({ text }) => text.includes("confidential")).map(({ key }) => key)).toEqual([]);
  });

  it("is a configuration that the function understands", () => {
    const refused = complete().flatMap(({ key, resources }) => {
      try {
        parseConfiguration(documentOf(resources));
        return [];
      } catch (error) {
        return [`${key}: ${error}`];
      }
    });
    expect(refused).toEqual([]);
  });

  it("tells the environment only where the configuration is", () => {
    const others = complete().flatMap(({ key, resources }) => {
      const [environment] = list(only(resources, "aws_lambda_function.this").environment);
      const names = isRecord(environment) && isRecord(environment.variables) ? Object.keys(environment.variables) : [];
      const told = names.toSorted().join(" ");
      return told === "CONFIGURATION_PARAMETERS CONFIGURATION_SHA256 LOG_LEVEL" ? [] : [`${key}: ${told}`];
    });
    expect(others).toEqual([]);
  });
});

describe("the dashboard of whatever is planned", () => {
  /** Metrics of the namespaces that are ours. */
  const OURS = [
    ...Object.keys(outcomeMetrics(newOutcome())).map((name) => `${NAMESPACE} ${name}`),
    ...Object.keys(refusedCallMetrics(newOutcome())).map((name) => `${REFUSED_CALLS_NAMESPACE} ${name}`),
  ];
  const bodies = () =>
    [...reports].flatMap(([key, { resources = [] }]) =>
      key.includes(" refuses_")
        ? []
        : resources
            .filter(({ address }) => address === "aws_cloudwatch_dashboard.this[0]")
            .map(({ values }) => ({
              key,
              widgets: list(Object(JSON.parse(String(values.dashboard_body))).widgets).map(Object),
            })),
    );

  it("is on the grid of 24 columns, where no two widgets overlap", () => {
    const found = bodies();
    expect(found.length).toBeGreaterThan(50);
    const problems = found.flatMap(({ key, widgets }) => {
      const cells = new Set<string>();
      return widgets.flatMap(({ x, y, width, height, properties }) => {
        if (!(x >= 0 && y >= 0 && width >= 1 && height >= 1 && x + width <= 24)) return [`${key}: ${properties.title}`];
        const own = Array.from(
          { length: width * height },
          (_, cell) => `${x + (cell % width)} ${y + Math.floor(cell / width)}`,
        );
        const taken = own.filter((cell) => cells.has(cell));
        for (const cell of own) cells.add(cell);
        return taken.length > 0 ? [`${key}: ${properties.title} overlaps`] : [];
      });
    });
    expect(problems).toEqual([]);
  });

  it("gives each kind of widget what CloudWatch asks for", () => {
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    const NEEDED: Readonly<Record<string, readonly string[]>> = {
      alarm: ["alarms", "title"],
      log: ["query", "region", "title", "view"],
      metric: ["metrics", "period", "region", "stat", "title", "view"],
      text: ["markdown"],
    };
    const kinds = bodies().flatMap(({ key, widgets }) =>
      widgets.map(({ type, properties }) => ({
        key,
        type,
        missing: (NEEDED[type] ?? ["a known type"]).filter((name) => !(name in properties)),
      })),
    );
    expect([...new Set(kinds.map(({ type }) => type))].toSorted()).toEqual(Object.keys(NEEDED));
    expect(kinds.filter(({ missing }) => missing.length > 0)).toEqual([]);
  });

  it("charts all that the function counts, once, and nothing of ours that it does not count", () => {
    const charted = new Set(
      bodies().map(({ widgets }) =>
        widgets
          .flatMap(({ properties }) => list(properties.metrics).map(list))
          .map(([namespace, name]) => `${namespace} ${name}`)
          .filter((metric) => !metric.startsWith("AWS/"))
          .toSorted()
          .join("\n"),
      ),
    );
    const withoutRefusedCalls = OURS.filter((metric) => !metric.startsWith(REFUSED_CALLS_NAMESPACE));
    expect([...charted].toSorted()).toEqual(
      [withoutRefusedCalls, OURS].map((metrics) => metrics.toSorted().join("\n")).toSorted(),
    );
  });

  it("gives a metric names and values of dimensions by turns", () => {
    const odd = bodies().flatMap(({ key, widgets }) =>
      widgets
        .flatMap(({ properties }) => list(properties.metrics).map(list))
        .filter((metric) => {
          const texts = metric.filter((part, index) => typeof part === "string" || index < metric.length - 1);
          return texts.length % 2 === 1 || texts.some((part) => typeof part !== "string" || part === "");
        })
        .map((metric) => `${key}: ${JSON.stringify(metric)}`),
    );
    expect(odd).toEqual([]);
  });

  it("shows every alarm that is planned about the function, by its name", () => {
    for (const [key, { resources = [] }] of reports) {
      const alarms = resources.filter(({ address }) => address.startsWith("aws_cloudwatch_metric_alarm.health["));
      const [body] = bodies().filter((dashboard) => dashboard.key === key);
      if (body === undefined || alarms.length === 0) continue;
      const shown = body.widgets.flatMap(({ properties }) => list(properties.alarms)).map(String);
      expect(shown.map((arn) => arn.split(":alarm:")[1]).toSorted()).toEqual(
        alarms.map(({ values }) => String(values.alarm_name)).toSorted(),
      );
    }
  });

  it("has alarms about nothing of ours that the function does not count", () => {
    const metrics = [...reports.values()].flatMap(({ resources = [] }) =>
      resources
        .filter(({ address }) => address.startsWith("aws_cloudwatch_metric_alarm.health["))
        .flatMap(({ values }) => [values, ...list(values.metric_query).flatMap((query) => list(Object(query).metric))])
        .map((metric) => `${Object(metric).namespace} ${Object(metric).metric_name}`)
        .filter((metric) => metric.startsWith(NAMESPACE)),
    );
    expect(metrics.length).toBeGreaterThan(100);
    expect([...new Set(metrics)].filter((metric) => !OURS.includes(metric))).toEqual([]);
  });
});

/** What belongs to the sources among what a run plans: resources, and statements of the role's policy ("may …"). */
function sourcePartsOf(resources: readonly PlannedResource[]): readonly string[] {
  const always =
    /^aws_(cloudwatch_(dashboard|log_group|metric_alarm\.health)|dynamodb_table|iam_|lambda_(alias|event_source_mapping\.retry|function|invocation)|sqs_queue\.(dead_letters|retry)|ssm_parameter)/;
  const policy: unknown = JSON.parse(String(only(resources, "aws_iam_role_policy.function").policy));
  const sids = list(isRecord(policy) ? policy.Statement : []).map((each) => (isRecord(each) ? String(each.Sid) : ""));
  const alwaysAllowed = [
    ...["WriteLog", "ReadConfiguration", "ReadSecrets"],
    ...["SendToRetryQueue", "ReceiveRetries", "UseLedger", "ListDigestFiles"],
  ];
  return [
    ...resources.map(({ address }) => address).filter((address) => !always.test(address)),
    ...sids.filter((sid) => !alwaysAllowed.includes(sid)).map((sid) => `may ${sid}`),
  ].toSorted();
}

describe("a source", () => {
  const LOG_FILES = ["aws_s3_bucket_notification.this[0]", "may ReadLogFiles"];
  const DIRECTLY = ["aws_lambda_permission.bucket[0]", ...LOG_FILES];
  const SUBSCRIPTION = ["aws_sns_topic_subscription.fanout[0]", "aws_sqs_queue_policy.dead_letters[0]"];
  const TOPIC = ["aws_sns_topic.fanout[0]", "aws_sns_topic_policy.fanout[0]"];
  const KEPT = "aws_sqs_queue_policy.dead_letters[0]";
  const POLLED = ["aws_lambda_event_source_mapping.queue[0]", "may ReceiveMessages"];
  const QUEUE = [...POLLED, "aws_sqs_queue.source[0]", "aws_sqs_queue_policy.source[0]"];
  const rule = (key: string) => [
    `aws_cloudwatch_event_rule.this["${key}"]`,
    `aws_cloudwatch_event_target.this["${key}"]`,
  ];
  const called = (key: string) => [...rule(key), `aws_lambda_permission.event_rule["${key}"]`];
  const LOGS = ["aws_cloudwatch_log_subscription_filter.this[0]", "aws_lambda_permission.log_group[0]"];
  const condition = (key: string) => [
    `aws_cloudwatch_log_metric_filter.this["${key}"]`,
    `aws_cloudwatch_metric_alarm.this["${key}"]`,
  ];
  const listens = (key: string) => [
    `aws_lambda_permission.alarms["${key}"]`,
    `aws_sns_topic_subscription.alarms["${key}"]`,
  ];
  const ALARMS_TOPIC = ["aws_sns_topic.alarms[0]", "aws_sns_topic_policy.alarms[0]", ...listens("module")];

  it.each<[file: string, name: string, parts: readonly string[]]>([
    ["sources", "is_notified_by_the_bucket_through_the_alias", DIRECTLY],
    ["sources", "is_notified_directly_when_every_source_is_null", DIRECTLY],
    ["sources", "leaves_the_notification_to_you", ["aws_lambda_permission.bucket[0]", "may ReadLogFiles"]],
    ["sources", "decrypts_log_files_with_a_key_by_arn", [...DIRECTLY, "may DecryptLogFiles"]],
    [
      "topic",
      "makes_a_topic_of_its_own_name",
      [...LOG_FILES, ...TOPIC, ...SUBSCRIPTION, "aws_lambda_permission.fanout[0]"],
    ],
    ["topic", "uses_a_topic_of_yours", [...LOG_FILES, ...SUBSCRIPTION, "aws_lambda_permission.fanout[0]"]],
    ["topic", "ignores_a_topic_of_yours_while_the_fanout_is_off", DIRECTLY],
    ["queue", "makes_a_queue_between_bucket_and_function", [...LOG_FILES, ...QUEUE]],
    ["queue", "polls_a_queue_of_yours_that_a_key_of_yours_encrypts", [...LOG_FILES, ...POLLED, "may DecryptMessages"]],
    ["queue", "puts_the_queue_behind_the_topic", [...LOG_FILES, ...TOPIC, ...SUBSCRIPTION, ...QUEUE]],
    ["queue", "puts_a_queue_of_yours_behind_a_topic_of_yours", [...LOG_FILES, ...SUBSCRIPTION, ...POLLED]],
    [
      "queue",
      "puts_the_queue_behind_both_event_rules",
      [...LOG_FILES, ...QUEUE, ...rule("objects"), ...rule("api-calls"), KEPT],
    ],
    ["queue", "carries_api_calls_without_any_bucket", [...QUEUE, ...rule("api-calls"), KEPT]],
    [
      "eventbridge",
      "is_told_about_log_files_by_eventbridge_and_by_nothing_else",
      [...LOG_FILES, ...called("objects"), KEPT],
    ],
    [
      "eventbridge",
      "is_told_by_eventbridge_about_another_accounts_bucket",
      ["may ReadLogFiles", ...called("objects"), KEPT],
    ],
    ["eventbridge", "is_told_about_api_calls_beside_the_log_files", [...DIRECTLY, ...called("api-calls"), KEPT]],
    ["eventbridge", "is_told_about_api_calls_without_any_bucket", [...called("api-calls"), KEPT]],
    ["logs-and-alarms", "reads_the_whole_log_group_of_the_trail", LOGS],
    ["logs-and-alarms", "reads_what_your_pattern_finds_in_the_log_group", [...DIRECTLY, ...LOGS]],
    [
      "logs-and-alarms",
      "makes_filter_alarm_topic_and_subscription_for_conditions",
      [...DIRECTLY, ...condition("refused_calls"), ...condition("root_use"), ...ALARMS_TOPIC, KEPT],
    ],
    [
      "logs-and-alarms",
      "listens_to_the_topics_of_your_alarms",
      [...listens("given-platform"), ...listens("given-security"), KEPT],
    ],
    [
      "logs-and-alarms",
      "listens_to_alarms_of_both_kinds",
      [...DIRECTLY, ...condition("root_use"), ...ALARMS_TOPIC, ...listens("given-module"), KEPT],
    ],
  ])("brings nothing but its own: %s.tftest.hcl %s", (file, name, parts) => {
    const { resources = [] } = reports.get(`${folder}/${file}.tftest.hcl ${name}`) ?? {};
    expect(sourcePartsOf(resources)).toEqual(parts.toSorted());
  });
});

/** Whether EventBridge finds that a value matches a pattern, of whose operators it knows those that the rules use. */
function matches(pattern: unknown, value: unknown): boolean {
  if (isRecord(pattern))
    return isRecord(value) && Object.keys(pattern).every((key) => matches(pattern[key], value[key]));
  return list(pattern).some((alternative) => {
    if (!isRecord(alternative)) return alternative === value;
    const [[operator, operand] = []] = Object.entries(alternative);
    if (typeof operand !== "string") throw new Error(`no operand of ${JSON.stringify(alternative)} is known`);
    if (operator === "prefix") return typeof value === "string" && value.startsWith(operand);
    // Of wildcards, the tests of this group have one at the beginning.
    if (operator === "wildcard" && /^\*[^*\\]*$/.test(operand)) {
      return typeof value === "string" && value.endsWith(operand.slice(1));
    }
    throw new Error(`the operator of ${JSON.stringify(alternative)} is unknown`);
  });
}

describe("an event of EventBridge that the function can read", () => {
  const RUN = `${folder}/eventbridge.tftest.hcl is_told_about_log_files_and_api_calls_by_two_rules`;
  const fixtures = sourceFixtures().filter(({ name }) => name.startsWith("eventbridge-"));
  const UNREAD = ["eventbridge-object-tags-added"];

  it.each(fixtures)("is let in by one rule: $name", ({ name, payload }) => {
    const { resources = [] } = reports.get(RUN) ?? {};
    const rules = resources.filter(({ type }) => type === "aws_cloudwatch_event_rule");
    const found = rules.filter(({ values }) => matches(JSON.parse(String(values.event_pattern)), payload));
    const type = isRecord(payload) ? String(payload["detail-type"]) : "";
    const key = type.endsWith(" via CloudTrail") ? "api-calls" : "objects";
    expect({ rules: rules.length, found: found.map(({ address }) => address) }).toEqual({
      rules: 2,
      found: UNREAD.includes(name) ? [] : [`aws_cloudwatch_event_rule.this["${key}"]`],
    });
  });

  it("has a fixture of each kind", () => {
    const types = fixtures.map(({ payload }) => (isRecord(payload) ? payload["detail-type"] : undefined));
    expect([...new Set(types)].toSorted()).toEqual([
      "AWS API Call via CloudTrail",
      "AWS Console Sign In via CloudTrail",
      "AWS Insight via CloudTrail",
      "AWS Network Activity Event via CloudTrail",
      "AWS Service Event via CloudTrail",
      "Object Created",
      "Object Deleted",
      "Object Tags Added",
    ]);
  });
});
