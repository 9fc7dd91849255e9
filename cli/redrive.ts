import { Option } from "commander";
import { type HandInOptions, handIn, type Redriven } from "./dead-letters/hand-in.ts";
import { discard, type Looked, look } from "./dead-letters/look.ts";
import type { DeadLetterQueue } from "./dead-letters/ports.ts";
import { sqsDeadLetters } from "./dead-letters/sqs.ts";
import type { AddCommand } from "./shared/command.ts";
import { type Invoke, liveFunction } from "./shared/live-function.ts";
import { table } from "./shared/table.ts";
import { during, EXIT_INTERRUPTED, type Terminal } from "./shared/terminal.ts";
import { lines, time } from "./shared/text.ts";
import { wholeNumber } from "./shared/whole-number.ts";

interface Options {
  readonly functionName: string;
  readonly queue?: string;
  readonly region?: string;
  readonly max: number;
  readonly concurrency: number;
  readonly dryRun?: true;
  readonly discard?: readonly string[];
  readonly json?: true;
}

/** What the command works on. */
export interface RedrivePorts {
  readonly queue: DeadLetterQueue;
  readonly invoke: Invoke;
}

/** Opens the ports. @throws CommandError */
export type Connect = (
  names: Readonly<Record<"functionName" | "queue", string>> & { readonly region: string | undefined },
) => Promise<RedrivePorts>;

const LEAVING = "finishing what is under way (Ctrl-C again: leave it, it comes back within 16 minutes)";
/** How many failing letters are printed; `--json` has all. */
const MAX_SHOWN = 20;
/** More invocations at the same time would only wait for Slack. */
const MAX_CONCURRENCY = 20;

/** `redrive`: dead letters to the function again. Tests give other ports. */
export const addRedrive: AddCommand = (program, surroundings) => addRedriveWith(connectToAws)(program, surroundings);

/** {@link addRedrive} on other ports. */
export const addRedriveWith =
  (connect: Connect): AddCommand =>
  (program, { terminal, finish }) => {
    program
      .command("redrive")
      .summary("hands dead letters to the function again")
      .description(
        "Hands every dead letter to the function again, after a fix, and deletes those that it finished.\n" +
          "The ledger sees to it that nobody is told twice what arrived the first time.",
      )
      .option("--function-name <name>", "the function, as the module's `function_name`", "cloudtrail-to-slack")
      .option("--queue <name, ARN or URL>", "the dead-letter queue (default: <function-name>-dead-letters)")
      .option("--region <region>", "region of both (default: that of the AWS environment)")
      .addOption(
        new Option("--max <n>", "how many to take at most")
          .argParser(wholeNumber(Number.MAX_SAFE_INTEGER))
          .default(Number.POSITIVE_INFINITY, "all"),
      )
      .option("--concurrency <n>", "how many invocations at the same time", wholeNumber(MAX_CONCURRENCY), 2)
      .addOption(
        new Option("--dry-run", "only list what lies there; the queue counts it as received").conflicts("discard"),
      )
      .option("--discard <ids...>", "only delete the messages with these ids, for good")
      .option("--json", "print one JSON object")
      .action(async (options: Options) => {
        const { functionName, region, queue = `${functionName}-dead-letters` } = options;
        const ports = await connect({ functionName, queue, region });
        finish(await terminal.interruptible((stop) => run(options, ports, terminal, stop)));
      });
  };

const connectToAws: Connect = async ({ functionName, queue, region }) => {
  const config = region === undefined ? {} : { region };
  return { queue: await sqsDeadLetters(queue, config), invoke: await liveFunction(functionName, config) };
};

/** @returns the exit code */
async function run(options: Options, ports: RedrivePorts, terminal: Terminal, stop: AbortSignal): Promise<number> {
  const { queue } = ports;
  const print = (result: object, text: () => string) =>
    terminal.out(options.json ? JSON.stringify({ queue: queue.name, ...result }) : text());
  const interrupted = () => (stop.aborted ? EXIT_INTERRUPTED : undefined);

  if (options.dryRun) {
    const looked = await during(terminal, `looking into ${queue.name}`, () => look(queue, options.max, stop));
    print({ ...looked, interrupted: stop.aborted }, () => lookedText(looked, queue.name));
    return interrupted() ?? 0;
  }
  if (options.discard !== undefined) {
    const ids = [...new Set(options.discard)];
    const found = await during(terminal, `looking into ${queue.name}`, () => discard(queue, ids, stop));
    const missing = ids.filter((id) => !found.has(id));
    print({ discarded: [...found], missing, interrupted: stop.aborted }, () =>
      discardedText([...found], missing, queue.name),
    );
    return interrupted() ?? (missing.length > 0 ? 1 : 0);
  }
  const { functionName, max, concurrency } = options;
  const redriven = await handInShowing(ports, { max, concurrency, stop }, terminal);
  print({ function: functionName, ...redriven }, () => redrivenText(redriven, queue.name));
  const { problem, failing } = redriven;
  if (problem !== undefined) terminal.say(`cloudtrail-to-slack: ${problem}`);
  return interrupted() ?? (failing.length > 0 || problem !== undefined ? 1 : 0);
}

function handInShowing(
  { queue, invoke }: RedrivePorts,
  options: Omit<HandInOptions, "onProgress">,
  terminal: Terminal,
): Promise<Redriven> {
  const { stop } = options;
  return during(terminal, `handing in dead letters of ${queue.name}`, async (onProgress) => {
    let shown = "beginning";
    const update = () => onProgress(stop.aborted ? `${shown}; ${LEAVING}` : shown);
    stop.addEventListener("abort", update, { once: true });
    try {
      return await handIn(queue, invoke, {
        ...options,
        onProgress: ({ done, failing, about }) => {
          shown = `${done + failing} of about ${about}, ${failing} still failing`;
          update();
        },
      });
    } finally {
      stop.removeEventListener("abort", update);
    }
  });
}

function redrivenText(redriven: Redriven, queue: string): string {
  const { handedIn, done, failing, left, leftIsEstimate, hidden, interrupted, problem } = redriven;
  const about = leftIsEstimate ? "about " : "";
  const others = othersText(hidden);
  if (handedIn + left === 0 && !interrupted && problem === undefined)
    return lines(`No dead letters in ${queue}.`, others);
  const counts = [
    ["handed in", String(handedIn)],
    ["done", String(done)],
    ["still failing", String(failing.length)],
    ["left", `${about}${left}${left > 0 ? ` in ${queue}` : ""}`],
  ];
  const reasons = failing.slice(0, MAX_SHOWN).map(({ id, sentAt, reason }) => `${id}  ${time(sentAt)}\n  ${reason}`);
  const more = failing.length - reasons.length;
  return lines(
    interrupted ? "Ended before all were handed in." : "",
    table(counts),
    failing.length > 0 ? "\nStill failing:" : "",
    ...reasons,
    more > 0 ? `and ${more} more; --json lists them all` : "",
    others && `\n${others}`,
  );
}

function lookedText({ seen, complete, hidden }: Looked, queue: string): string {
  const others = othersText(hidden);
  if (seen.length === 0)
    return lines(complete ? `No dead letters in ${queue}.` : "Ended before a dead letter was seen.", others);
  const letters = seen.length === 1 ? "1 dead letter" : `${seen.length} dead letters`;
  const rows = seen.map(({ id, sentAt, received, about }) => [id, time(sentAt), String(received), about]);
  const errors = seen.flatMap(({ id, error }) => (error === undefined ? [] : [`${id}\n  ${error}`]));
  return lines(
    `${letters} in ${queue}${complete ? "" : ", maybe more"}; nothing was changed.\n`,
    table([["id", "since", "received", "about"], ...rows]),
    errors.length > 0 ? "\nWhat Lambda said when it gave up:" : "",
    ...errors,
    others && `\n${others}`,
  );
}

function othersText(hidden: number): string {
  return hidden === 0
    ? ""
    : `In other hands, or those of a run that was broken off: about ${hidden} more. They come back within 16 minutes.`;
}

function discardedText(discarded: readonly string[], missing: readonly string[], queue: string): string {
  return lines(
    ...discarded.map((id) => `discarded ${id}`),
    ...missing.map((id) => `not found ${id}: deleted before, in other hands, or of another queue than ${queue}`),
  );
}
