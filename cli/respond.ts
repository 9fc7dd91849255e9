import type { Command } from "commander";
import { messageOf } from "#model/errors.ts";
import { EXIT, EXIT_CODES, type ExitCode, RespondError, worst } from "./respond/exit.ts";
import { containHere } from "./respond/here.ts";
import { showOn } from "./respond/progress.ts";
import { type Given, surroundingsOf } from "./respond/surroundings.ts";
import { targetsOf } from "./respond/targets.ts";
import type { AddCommand } from "./shared/command.ts";
import type { Terminal } from "./shared/terminal.ts";

interface Options extends Given {
  readonly iid?: readonly string[];
  readonly tag?: string;
  readonly mode: "contain" | "full";
  readonly reason: string;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly json?: true;
}

const gather = (value: string, before: readonly string[] = []) => [...before, value];

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
      settle(terminal, finish, () => contain(ids, options, terminal)),
    );
};

function containFlags(command: Command): Command {
  return command
    .option("-i, --iid <id>", "an instance; repeatable, `-` reads ids from standard input", gather)
    .option("--tag <key=value>", "all instances with this tag")
    .option("-g, --sgid <id>", "quarantine security group (default: found or created, ir-quarantine-<vpc>)")
    .option("-r, --region <region>", "region (default: of the AWS environment, else us-west-2)")
    .option("-b, --bucket <name>", "evidence bucket (default: the module's, else s3-access-logs.<account>-<region>)")
    .option("-t, --topic <arn>", "SNS topic to tell (default: the module's, else slack-events)")
    .option("--kms-key <id>", "KMS key for evidence: id, ARN or alias (default: the module's, else aws/s3)")
    .option("--kms-key-description <text>", "the enabled key of this description")
    .option("--allow-cidr <block>", "addresses that may still reach port 22; repeatable", gather)
    .option("--mode <mode>", "contain, or full: power off, forensic machine (needs the module)", modeOf, "contain")
    .option("--reason <text>", "why; stands in the manifest and in messages", "")
    .option("--dry-run", "show what would be done, and change nothing")
    .option("-y, --yes", "full: do not ask")
    .option("--json", "JSON lines on standard output, text on standard error");
}

function modeOf(text: string): "contain" | "full" {
  if (text === "contain" || text === "full") return text;
  throw new RespondError(EXIT.usage, "--mode is contain or full");
}

async function contain(ids: readonly string[], options: Options, terminal: Terminal): Promise<ExitCode> {
  const surroundings = await surroundingsOf(options);
  const targets = await targetsOf([...ids, ...(options.iid ?? [])], options.tag, surroundings.aws.ec2);
  const show = showOn(terminal, { json: options.json === true, several: targets.length > 1 });
  const asked = { reason: options.reason, profile: options.mode, dryRun: options.dryRun === true };
  if (options.mode === "full" && options.dryRun !== true) {
    throw new RespondError(EXIT.forbidden, "--mode full needs the deployed module: modules/incident-response");
  }
  return worst(await containHere(targets, asked, surroundings, show));
}

/** What a command meets is a sentence and a code. */
async function settle(
  terminal: Terminal,
  finish: (code: number) => void,
  work: () => Promise<ExitCode>,
): Promise<void> {
  try {
    finish(await work());
  } catch (error) {
    terminal.say(`cloudtrail-to-slack: ${messageOf(error)}`);
    if (terminal.debug && error instanceof Error) terminal.say(error.stack ?? "");
    finish(error instanceof RespondError ? error.exitCode : EXIT.internal);
  }
}
