import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformHclModule, TerraformOutput, TerraformProvider, TerraformStack, TerraformVariable } from "cdktf";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parseConfiguration } from "#config/read-settings.ts";
import { type Ministack, startMinistack } from "#test/support/ministack.ts";
import { openRoot } from "#test/support/terraform.ts";
import { repoRoot } from "#test/support/tools.ts";
import { documentOf, isRecord, list, only, type PlannedResource, resourcesOf } from "./plan.ts";

const HOOK = "https://hooks.slack.com/services/confidential";
/** ministack's account and the region of its environment. */
const ACCOUNT = "000000000000";
const REGION = "us-east-1";
const RETRY_QUEUE = `arn:aws:sqs:${REGION}:${ACCOUNT}:cloudtrail-to-slack-retry`;

/** A route's parameter is called after its accounts. */
const hookName = `hook-${createHash("sha256").update("222222222222,333333333333").digest("hex").slice(0, 12)}`;
const byText = (a: unknown, b: unknown) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

class AwsProvider extends TerraformProvider {
  constructor(stack: TerraformStack) {
    super(stack, "aws", { terraformResourceType: "aws", terraformProviderSource: "hashicorp/aws" });
  }
}

/** Writes the stack of a root that overrides rules by variables and maps accounts to channels. @returns its folder */
function synthesize(outdir: string): string {
  const app = new App({ outdir });
  const stack = new TerraformStack(app, "alerts");
  new AwsProvider(stack);
  const rules = new TerraformVariable(stack, "rules", { type: "list(string)", default: ["eventName == 'CreateUser'"] });
  const ignoreRules = new TerraformVariable(stack, "ignore_rules", { type: "list(string)", default: [] });
  const hook = new TerraformVariable(stack, "hook", { type: "string", sensitive: true });
  const notifier = new TerraformHclModule(stack, "cloudtrail_to_slack", {
    source: repoRoot,
    variables: {
      cloudtrail_logs_s3_bucket_name: "example-logs",
      default_slack_hook_ssm_parameter: "/hooks/default",
      use_default_rules: false,
      rules: rules.listValue,
      ignore_rules: ignoreRules.listValue,
      configuration: [
        { accounts: ["222222222222", "333333333333"], slack_hook_url: hook.stringValue },
        { accounts: ["444444444444"], slack_hook_ssm_parameter: "/hooks/team-b" },
      ],
    },
  });
  new TerraformOutput(stack, "function_arn", { value: notifier.get("lambda_function_arn") });
  app.synth();
  return join(outdir, "stacks/alerts");
}

describe("a cdktf stack with the module", () => {
  let ministack: Ministack;
  let folder: string;
  let resources: readonly PlannedResource[];

  beforeAll(async () => {
    vi.stubEnv("CHECKPOINT_DISABLE", "1");
    ministack = await startMinistack();
    folder = await mkdtemp(join(tmpdir(), "cdktf-"));
    const root = await openRoot(synthesize(folder), {
      env: ministack.env,
      variables: {
        hook: HOOK,
        rules: ["userIdentity.type == 'Root'", "eventName in ['StopLogging', 'DeleteTrail']"],
        ignore_rules: ["userIdentity.invokedBy == 'autoscaling.amazonaws.com'"],
      },
    });
    try {
      await root.init();
      await root.validate();
      resources = resourcesOf((await root.plan()).json);
    } finally {
      await root.close();
    }
  });

  afterAll(async () => {
    vi.unstubAllEnvs();
    await ministack?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  it("notifies the function when a log file is created or removed", () => {
    const { bucket, eventbridge, lambda_function } = only(resources, "aws_s3_bucket_notification.this[0]");
    const calls = list(lambda_function).map((call) =>
      isRecord(call) ? { ...call, events: list(call.events).toSorted() } : call,
    );
    expect({ bucket, eventbridge, calls }).toEqual({
      bucket: "example-logs",
      eventbridge: false,
      calls: [
        {
          events: ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"],
          filter_prefix: "AWSLogs/",
          filter_suffix: ".json.gz",
        },
      ],
    });
  });

  it("lets only this bucket of this account call the alias", () => {
    const { action, function_name, principal, qualifier, source_account, source_arn } = only(
      resources,
      "aws_lambda_permission.bucket[0]",
    );
    expect({ action, function_name, principal, qualifier, source_account, source_arn }).toEqual({
      action: "lambda:InvokeFunction",
      function_name: "cloudtrail-to-slack",
      principal: "s3.amazonaws.com",
      qualifier: "live",
      source_account: ACCOUNT,
      source_arn: "arn:aws:s3:::example-logs",
    });
  });

  it("lets the function do eight things, each with what it is for", () => {
    const policy: unknown = JSON.parse(String(only(resources, "aws_iam_role_policy.function").policy ?? "null"));
    const parameters = `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter`;
    const statement = (Sid: string, Action: readonly string[], Resource: readonly string[]) => {
      return { Sid, Effect: "Allow", Action, Resource };
    };
    expect(policy).toEqual({
      Version: "2012-10-17",
      Statement: [
        statement(
          "WriteLog",
          ["logs:CreateLogStream", "logs:PutLogEvents"],
          [`arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/aws/lambda/cloudtrail-to-slack:*`],
        ),
        statement("ReadLogFiles", ["s3:GetObject"], ["arn:aws:s3:::example-logs/AWSLogs/*"]),
        statement("ReadConfiguration", ["ssm:GetParameters"], [`${parameters}/cloudtrail-to-slack/configuration/*`]),
        statement(
          "ReadSecrets",
          ["ssm:GetParameters"],
          [
            `${parameters}/cloudtrail-to-slack/secrets/${hookName}`,
            `${parameters}/hooks/default`,
            `${parameters}/hooks/team-b`,
          ],
        ),
        statement("SendToRetryQueue", ["sqs:SendMessage"], [RETRY_QUEUE]),
        statement(
          "ReceiveRetries",
          ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
          [RETRY_QUEUE],
        ),
        statement(
          "UseLedger",
          [
            "dynamodb:BatchGetItem",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
          ],
          [`arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/cloudtrail-to-slack-ledger`],
        ),
        {
          ...statement("ListDigestFiles", ["s3:ListBucket"], ["arn:aws:s3:::example-logs"]),
          Condition: { StringLikeIfExists: { "s3:prefix": "AWSLogs/*" } },
        },
      ],
    });
  });

  it("keeps the overridden rules and the channels of the accounts in parameters", () => {
    const { routing, rules, useDefaultRules } = parseConfiguration(documentOf(resources));
    expect({
      useDefaultRules,
      rules: rules.map(({ origin, expression }) => `${origin}: ${expression}`),
      // Routes stand in the order of their keys, which nobody needs to know.
      routing: routing.map((table) => ({ ...table, routes: table.routes.toSorted(byText) })),
    }).toEqual({
      useDefaultRules: false,
      rules: [
        "custom: userIdentity.type == 'Root'",
        "custom: eventName in ['StopLogging', 'DeleteTrail']",
        "ignore: userIdentity.invokedBy == 'autoscaling.amazonaws.com'",
      ],
      routing: [
        {
          routes: [
            {
              accounts: ["222222222222", "333333333333"],
              destination: {
                kind: "slack_webhook",
                name: "accounts 222222222222, 333333333333",
                hookParameter: `/cloudtrail-to-slack/secrets/${hookName}`,
              },
            },
            {
              accounts: ["444444444444"],
              destination: { kind: "slack_webhook", name: "accounts 444444444444", hookParameter: "/hooks/team-b" },
            },
          ],
          default: { kind: "slack_webhook", name: "default", hookParameter: "/hooks/default" },
        },
        { routes: [], default: undefined },
        { routes: [], default: undefined },
      ],
    });
  });

  it("keeps the hook in a SecureString, and in nothing that the plan stores", () => {
    const { name, type } = only(resources, `aws_ssm_parameter.secret["${hookName}"]`);
    expect({ name, type, leaked: JSON.stringify(resources).includes("confidential") }).toEqual({
      name: `/cloudtrail-to-slack/secrets/${hookName}`,
      type: "SecureString",
      leaked: false,
    });
  });
});
