import { createInterface } from "node:readline/promises";
import { type Command, InvalidArgumentError } from "commander";
import { isForbidden } from "#incident-response/aws-error.ts";
import { messageOf } from "#model/errors.ts";
import { answer } from "./respond/approve.ts";
import { findCase } from "./respond/cases.ts";
import { NotStarted, respondDeployed } from "./respond/deployed.ts";
import { EXIT, EXIT_CODES, type ExitCode, RespondError, worst } from "./respond/exit.ts";
import { containHere } from "./respond/here.ts";
import { type Show, showOn } from "./respond/progress.ts";
import { restoreCase } from "./respond/restore.ts";
import { statusOf } from "./respond/status.ts";
import { type Given, type Surroundings, surroundingsOf } from "./respond/surroundings.ts";
import { targetsOf } from "./respond/targets.ts";
import { verifyCase } from "./respond/verify.ts";
import type { AddCommand } from "./shared/command.ts";
import { each } from "./shared/each.ts";
import { jsonLine } from "./shared/json-line.ts";
import type { Terminal } from "./shared/terminal.ts";

interface Common extends Given {
  readonly reason?: string;
  readonly json?: true;
}

interface Options extends Common {
  readonly iid?: readonly string[];
  readonly tag?: string;
  readonly mode: "contain" | "full";
  readonly dryRun?: true;
  readonly yes?: true;
}

const gather = (value: string, before: readonly string[] = []) => [...before, value];
/** How many executions are followed at the same time. */
const CONCURRENCY = 10;

/** `respond`: contains compromised instances, and undoes it. */
export const addRespond: AddCommand = (program, { terminal, finish }) => {
  const respond = program
    .command("respond")
    .summary("contains a compromised EC2 instance, keeps the evidence, and can undo it")
    .description(
      "Responds to an incident on EC2 instances. The instance id is enough: `respond -i i-0123456789abcdef0`.",
    )
    .addHelpText("after", EXIT_CODES);
  containFlags(respond.command("contain [ids...]", { isDefault: true }))
    .summary("isolates instances, keeps evidence, tells people (the default)")
    .action((ids: readonly string[], options: Options) =>
      settle(terminal, finish, options.json === true, () => contain(ids, options, terminal)),
    );
  const onCase = (
    name: string,
    summary: string,
    work: (given: string, options: Common, surroundings: Surroundings, show: Show) => Promise<ExitCode>,
  ) =>
    caseFlags(respond.command(`${name} <case>`))
      .summary(summary)
      .action((given: string, options: Common) =>
        settle(terminal, finish, options.json === true, async () => {
          const show = showOn(terminal, { json: options.json === true, several: false });
          return work(given, options, await surroundingsOf(options), show);
        }),
      );
  onCase("restore", "puts back what a response changed; wants --reason", restore);
  onCase("status", "tells how a case stands", (given, _options, ...rest) => statusOf(given, ...rest));
  onCase("verify", "looks whether the evidence of a case was altered", (given, _options, ...rest) =>
    verifyCase(given, ...rest),
  );
  onCase("approve", "lets a response go on that waits for it", (given, _options, ...rest) =>
    answer(given, true, ...rest),
  );
  onCase("deny", "lets it go on without", (given, _options, ...rest) => answer(given, false, ...rest));
};

function containFlags(command: Command): Command {
  return command
    .option("-i, --iid <id>", "an instance; repeatable, `-` reads ids from standard input", gather)
    .option("--tag <key=value>", "all instances with this tag")
    .option("-g, --sgid <id>", "quarantine security group (default: found or created, ir-quarantine-<vpc>)")
    .option("-r, --region <region>", "region (default: of the AWS environment, else us-west-2)")
    .option("-b, --bucket <name>", "evidence bucket (default: the module's, else s3-access-logs.{account}-{region})")
    .option(
      "-t, --topic <arn>",
      "SNS topic to tell (default: the module's, else arn:{partition}:sns:{region}:{account}:slack-events)",
    )
    .option("--kms-key <id>", "KMS key for evidence: id, ARN or alias (default: the module's, else aws/s3)")
    .option("--kms-key-description <text>", "the enabled key of this description")
    .option("--allow-cidr <block>", "addresses that may still reach port 22; repeatable", gather)
    .option("--mode <mode>", "contain, or full: power off, forensic machine (needs the module)", modeOf, "contain")
    .option("--reason <text>", "why; stands in the manifest and in messages")
    .option("--dry-run", "show what would be done, and change nothing")
    .option("-y, --yes", "full: do not ask")
    .option("--json", "JSON lines on standard output, text on standard error");
}

function caseFlags(command: Command): Command {
  return command
    .option("-r, --region <region>", "region (default: of the AWS environment, else us-west-2)")
    .option("-b, --bucket <name>", "evidence bucket (default: the module's, else s3-access-logs.{account}-{region})")
    .option(
      "-t, --topic <arn>",
      "SNS topic to tell (default: the module's, else arn:{partition}:sns:{region}:{account}:slack-events)",
    )
    .option("--reason <text>", "why; restore wants one")
    .option("--json", "JSON lines on standard output, text on standard error");
}

function modeOf(text: string): "contain" | "full" {
  if (text === "contain" || text === "full") return text;
  throw new InvalidArgumentError("it is contain or full");
}

async function contain(ids: readonly string[], options: Options, terminal: Terminal): Promise<ExitCode> {
  const surroundings = await surroundingsOf(options);
  const targets = await targetsOf([...ids, ...(options.iid ?? [])], options.tag, surroundings.aws.ec2);
  const show = showOn(terminal, { json: options.json === true, several: targets.length > 1 });
  const { mode: profile, reason = "", dryRun = false, json } = options;
  const deployed = surroundings.stateMachineArn !== undefined;
  begin(targets, profile, surroundings, show);
  if (dryRun || (!deployed && profile === "contain")) {
    return worst(await containHere(targets, { reason, profile, dryRun }, surroundings, show));
  }
  if (!deployed)
    throw new RespondError(EXIT.forbidden, "--mode full needs the deployed module: modules/incident-response");
  if (profile === "full" && options.yes !== true) await confirm(targets, json === true);
  return terminal.interruptible((stop) => followAll(targets, options, surroundings, show, stop));
}

/** The first line: before anything is asked of an instance, people see which, where, and as whom. */
function begin(targets: readonly string[], profile: string, surroundings: Surroundings, show: Show): void {
  const { account, region, callerArn: caller } = surroundings;
  const [first = "", ...others] = targets;
  const who = others.length === 0 ? first : `${targets.length} instances`;
  const text = `${profile} ${who} in ${region} of the account ${account}, as ${caller}`;
  show.event("begun", { instances: targets, profile, region, account, caller }, text);
}

/** Everything that `full` does is asked for by name: it stops the instance. @throws RespondError */
async function confirm(targets: readonly string[], json: boolean): Promise<void> {
  if (json || !process.stdin.isTTY || targets.length > 1) {
    throw new RespondError(EXIT.usage, "--mode full stops the instance: say so with --yes");
  }
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  const typed = await asking.question("--mode full stops the instance. Type its id to go on: ");
  asking.close();
  if (typed.trim() !== targets[0]) throw new RespondError(EXIT.usage, "declined: nothing was changed");
}

async function followAll(
  targets: readonly string[],
  options: Options,
  surroundings: Surroundings,
  show: Show,
  stop: AbortSignal,
): Promise<ExitCode> {
  const codes: ExitCode[] = [];
  const { mode: profile, reason = "", sgid, kmsKey, topic, allowCidr } = options;
  const given = { quarantineGroupId: sgid, kmsKeyArn: kmsKey, topicArn: topic, forensicCidrs: allowCidr };
  const requestOf = (instanceId: string) => ({
    instanceId,
    profile,
    reason,
    requestedBy: surroundings.callerArn,
    options: given,
  });
  await each(targets, { concurrency: CONCURRENCY, stop: new AbortController().signal }, async (id) => {
    const code = await respondDeployed(requestOf(id), surroundings, show, stop).catch((error: unknown) => {
      if (!(error instanceof NotStarted)) throw error;
      return isolateAnyway(id, options, error, surroundings, show);
    });
    codes.push(code);
  });
  return worst(codes);
}

/** Isolation does not wait for a state machine that somebody has to mend: this process does what it can. */
async function isolateAnyway(
  instance: string,
  { mode, reason = "" }: Options,
  { message }: NotStarted,
  surroundings: Surroundings,
  show: Show,
): Promise<ExitCode> {
  const rest = mode === "full" ? "; the rest of full is not done" : "";
  show.event("not-started", { instance }, `${message}: this process contains ${instance} instead${rest}`);
  const asked = { reason, profile: "contain", dryRun: false } as const;
  const codes = await containHere([instance], asked, surroundings, show);
  return worst(mode === "full" ? [...codes, EXIT.partial] : codes);
}

async function restore(
  given: string,
  { reason = "" }: Common,
  surroundings: Surroundings,
  show: Show,
): Promise<ExitCode> {
  if (surroundings.stateMachineArn === undefined) return restoreCase(given, reason, surroundings, show);
  if (reason === "") throw new RespondError(EXIT.usage, "restore wants a --reason: it stands in the manifest");
  const { instanceId, outsideBucket } = await findCase(given, surroundings);
  if (outsideBucket !== undefined) {
    show.line("note: the bucket does not know the case, so the function cannot restore it: this process does");
    return restoreCase(given, reason, surroundings, show);
  }
  const request = { action: "restore", instanceId, reason, requestedBy: surroundings.callerArn };
  return respondDeployed(request, surroundings, show, new AbortController().signal);
}

/** What AWS refuses is a matter of permissions, wherever it was asked. */
function codeOf(error: unknown): ExitCode {
  if (error instanceof RespondError) return error.exitCode;
  return isForbidden(error) ? EXIT.forbidden : EXIT.internal;
}

/** What a command meets is a sentence and a code. */
async function settle(
  terminal: Terminal,
  finish: (code: number) => void,
  json: boolean,
  work: () => Promise<ExitCode>,
): Promise<void> {
  try {
    finish(await work());
  } catch (error) {
    const exitCode = codeOf(error);
    terminal.say(`cloudtrail-to-slack: ${messageOf(error)}`);
    if (terminal.debug && error instanceof Error) terminal.say(error.stack ?? "");
    if (json) terminal.out(jsonLine({ event: "problem", exitCode, text: messageOf(error) }));
    finish(exitCode);
  }
}
