import { Command, CommanderError } from "commander";
import { messageOf } from "#model/errors.ts";
import { addConvert } from "./convert.ts";
import { addPreview } from "./preview.ts";
import { addReconcile } from "./reconcile.ts";
import { addRedrive } from "./redrive.ts";
import { addRespond } from "./respond.ts";
import { addRules } from "./rules.ts";
import { addScan } from "./scan.ts";
import type { AddCommand } from "./shared/command.ts";
import { CommandError } from "./shared/command-error.ts";
import type { Terminal } from "./shared/terminal.ts";
import { version } from "./shared/version.ts";
import { addTest } from "./test.ts";
import { addValidate } from "./validate.ts";

const NAME = "cloudtrail-to-slack";
const COMMANDS: readonly AddCommand[] = [
  addScan,
  addPreview,
  addRules,
  addValidate,
  addTest,
  addConvert,
  addReconcile,
  addRedrive,
  addRespond,
];

/** Commands whose standard output holds alerts and nothing else, so that programs need not tell them apart. */
const ONLY_ALERTS: readonly string[] = ["scan", "preview"];

const EXIT_CODES = `
Exit codes: 0 all is well; 1 something is not, and says so; 2 the command was not understood; 130 ended by Ctrl-C.
With DEBUG=1 in the environment, unexpected errors show where they come from.`;

/**
 * Runs one command to its end. Never throws: what goes wrong is a sentence on standard error.
 * @param args without the program's name
 * @returns the exit code
 */
export async function runProgram(
  args: readonly string[],
  terminal: Terminal,
  commands: readonly AddCommand[] = COMMANDS,
): Promise<number> {
  let exitCode = 0;
  const program = new Command(NAME)
    .description("Tries the rules of the Terraform module cloudtrail_to_slack, and looks after its deployments.")
    .version(version)
    .addHelpText("after", EXIT_CODES)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.say(text.trimEnd()),
      outputError: (text, write) =>
        write(
          usageSentence(
            text,
            args,
            program.commands.map((command) => command.name()),
          ),
        ),
    });
  const finish = (code: number) => {
    exitCode = code;
  };
  for (const add of commands) add(program, { terminal, finish });
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const problem = error instanceof CommandError ? error.message : unexpected(error);
    terminal.say(`${NAME}: ${problem}`);
    if (terminal.debug && error instanceof Error) terminal.say(error.stack ?? "");
    if (args.includes("--json") && !ONLY_ALERTS.includes(args[0] ?? "")) terminal.out(JSON.stringify({ problem }));
    return 1;
  }
}

/** Commander's `error: unknown option '--x'\n(Did you mean --y?)` as one sentence that says where to look. */
function usageSentence(text: string, args: readonly string[], commands: readonly string[]): string {
  const what = text
    .replace(/^error: /, "")
    .replace(/\.?\s*$/, "")
    .replace(" is invalid. ", " is invalid: ")
    .replaceAll(/\.?\n\(Did you mean (.*)\?\)/g, " (did you mean $1?)");
  const command = commands.includes(args[0] ?? "") ? `${args[0]} ` : "";
  return `${NAME}: ${what}; \`${NAME} ${command}--help\` shows what there is`;
}

function unexpected(error: unknown): string {
  return `unexpected error: ${messageOf(error)}; run it again with DEBUG=1 to see where, and report it`;
}
