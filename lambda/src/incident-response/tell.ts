import { InvokeCommand } from "@aws-sdk/client-lambda";
import { PublishCommand } from "@aws-sdk/client-sns";
import { consoleUrl } from "#model/console-url.ts";
import type { Fact, Notice } from "#model/news.ts";
import type { Severity } from "#model/rule.ts";
import type { Aws } from "./aws.ts";
import type { StepResult } from "./record.ts";
import type { Run } from "./run.ts";
import { explained } from "./run-step.ts";
import type { Settings } from "./settings.ts";

/** What people are told about a run. */
export interface News {
  readonly severity: Severity;
  readonly title: string;
  readonly facts?: readonly Fact[];
  /** Tells it from others of the same run. */
  readonly occasion: string;
}

/** SNS takes 100 characters of ASCII. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const MAX_SUBJECT = 100;

/**
 * Tells the notifier, which tells Slack, and the topic. One of them that fails keeps nothing from the other.
 * Never throws: its result is that of a step.
 */
export async function tell(
  { lambda, sns }: Pick<Aws, "lambda" | "sns">,
  { notifierFunctionArn, topicArn }: Pick<Settings, "notifierFunctionArn" | "topicArn">,
  run: Run,
  news: News,
): Promise<StepResult> {
  const notice = noticeOf(run, news);
  const tellings: Promise<unknown>[] = [];
  if (notifierFunctionArn !== null) {
    const Payload = JSON.stringify({ notice });
    // Asynchronously: from here on the notifier's retry path has it.
    const invoke = new InvokeCommand({ FunctionName: notifierFunctionArn, InvocationType: "Event", Payload });
    tellings.push(lambda.send(invoke));
  }
  if (topicArn !== null) {
    const Subject = news.title.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, MAX_SUBJECT);
    tellings.push(sns.send(new PublishCommand({ TopicArn: topicArn, Subject, Message: textOf(notice) })));
  }
  if (tellings.length === 0) return { status: "skipped", reason: "neither a notifier nor a topic is named" };
  const tried = await Promise.allSettled(tellings);
  const problems = tried.flatMap((one) => (one.status === "rejected" ? [explained(one.reason)] : []));
  const details = { told: tried.length - problems.length };
  return problems.length === 0 ? { status: "ok", details } : { status: "failed", reason: problems.join("; "), details };
}

function noticeOf(run: Run, { severity, title, facts = [], occasion }: News): Notice {
  const page = `ec2/home#InstanceDetails:instanceId=${run.instanceId}`;
  const url = consoleUrl(run.region, page);
  const known: readonly (readonly [string, string | undefined])[] = [
    ["Instance", run.instanceId],
    ["Where", `${run.account} · ${run.region}`],
    ["Case", run.case],
    ["Finding", run.trigger.findingType],
    ["Reason", run.reason],
    ["Who", run.requestedBy],
    ["When", new Date().toISOString()],
  ];
  return {
    kind: "notice",
    severity,
    title,
    accountId: run.account,
    occasion: `${run.case} ${occasion}`,
    facts: [
      ...facts,
      ...known.flatMap(([label, value]) => (value ? [{ label, value }] : [])),
      ...(url === undefined ? [] : [{ label: "Link", value: "open the instance in EC2", url }]),
    ],
  };
}

function textOf({ title, facts }: Notice): string {
  return [title, "", ...facts.map(({ label, value, url }) => `${label}: ${url ?? value}`)].join("\n");
}
