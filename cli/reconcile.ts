import { nameOfObject } from "#model/source-item.ts";
import { bucketObjects, ledgerTable } from "./reconcile/aws.ts";
import { compare } from "./reconcile/compare.ts";
import type { Findings } from "./reconcile/findings.ts";
import { type HandedIn, handIn } from "./reconcile/hand-in.ts";
import type { ReconcilePorts } from "./reconcile/ports.ts";
import { reportText } from "./reconcile/report.ts";
import type { AddCommand } from "./shared/command.ts";
import { liveFunctionLater } from "./shared/live-function.ts";
import { during, EXIT_INTERRUPTED, type Terminal } from "./shared/terminal.ts";
import { wholeNumber } from "./shared/whole-number.ts";

interface Options {
  readonly bucket: string;
  readonly prefix: string;
  readonly hours: number;
  readonly functionName: string;
  readonly table?: string;
  readonly region?: string;
  readonly readAll?: true;
  readonly concurrency: number;
  readonly dryRun?: true;
  readonly json?: true;
}

/** Opens the ports. @throws CommandError */
export type ConnectReconcile = (
  names: Readonly<Record<"bucket" | "functionName" | "table", string>> & { readonly region: string | undefined },
) => Promise<ReconcilePorts>;

/** 90 days: as long as CloudTrail itself keeps its event history. */
const MAX_HOURS = 24 * 90;
/** As many connections as the SDK opens to one host. */
const MAX_CONCURRENCY = 50;

/** `reconcile`: what CloudTrail delivered against what was processed. Tests give other ports. */
export const addReconcile: AddCommand = (program, surroundings) =>
  addReconcileWith(connectToAws)(program, surroundings);

/** {@link addReconcile} on other ports. */
export const addReconcileWith =
  (connect: ConnectReconcile): AddCommand =>
  (program, { terminal, finish }) => {
    program
      .command("reconcile")
      .summary("finds what was delivered and never processed, and hands it in")
      .description(
        "Compares CloudTrail's digest files, which list every log file, with what the ledger says was processed.\n" +
          "Hands to the function what is missing, and shows what was altered or removed.",
      )
      .requiredOption("--bucket <name>", "the trail's bucket")
      .option("--prefix <prefix>", "where its files begin; ends with AWSLogs/", "AWSLogs/")
      .option("--hours <n>", `how far to look back, at most ${MAX_HOURS}`, wholeNumber(MAX_HOURS), 24)
      .option("--function-name <name>", "the function, as the module's `function_name`", "cloudtrail-to-slack")
      .option("--table <name>", "the ledger's table (default: <function-name>-ledger)")
      .option("--region <region>", "region of function and table (default: that of the AWS environment)")
      .option("--read-all", "read every log file again, for what was changed or removed after it was processed")
      .option("--concurrency <n>", "how many files to read at the same time", wholeNumber(MAX_CONCURRENCY), 8)
      .option("--dry-run", "only look: hand nothing in")
      .option("--json", "print one JSON object")
      .action(async (options: Options) => {
        const { bucket, functionName, region, table = `${functionName}-ledger` } = options;
        const ports = await connect({ bucket, functionName, table, region });
        finish(await terminal.interruptible((stop) => run({ ...options, table }, ports, terminal, stop)));
      });
  };

const connectToAws: ConnectReconcile = async ({ bucket, functionName, table, region }) => {
  const config = region === undefined ? {} : { region };
  return {
    objects: await bucketObjects(bucket, config),
    ledger: await ledgerTable(table, config),
    submit: await liveFunctionLater(functionName, config),
    nowMs: Date.now,
  };
};

/** @returns the exit code */
async function run(
  options: Options & { readonly table: string },
  ports: ReconcilePorts,
  terminal: Terminal,
  stop: AbortSignal,
): Promise<number> {
  const { bucket, prefix, hours, functionName, table, concurrency, readAll = false, dryRun = false } = options;
  const { findings, handedIn } = await during(terminal, `reconciling s3://${bucket}/${prefix}`, async (onProgress) => {
    const found = await compare(ports, { bucket, prefix, hours }, { readAll, concurrency, stop, onProgress });
    if (dryRun || found.interrupted) return { findings: found, handedIn: undefined };
    const handing = handIn(found.missing, found.toTell, ports.submit, { concurrency, stop, onProgress });
    return { findings: found, handedIn: await handing };
  });
  const stopped = stop.aborted;
  if (options.json) {
    const named = {
      ...findings,
      missing: findings.missing.map(nameOfObject),
      toTell: findings.toTell.map(nameOfObject),
    };
    const { logFiles = 0, digests = 0, problem } = handedIn ?? {};
    const handed = { handedIn: { logFiles, digests }, dryRun, interrupted: stopped, problem };
    terminal.out(JSON.stringify({ bucket, prefix, hours, function: functionName, table, ...named, ...handed }));
  } else terminal.out(reportText(findings, { handedIn, readAll, stopped }));
  if (handedIn?.problem !== undefined) terminal.say(`cloudtrail-to-slack: ${handedIn.problem}`);
  if (stopped) return EXIT_INTERRUPTED;
  return isWhole(findings, handedIn) ? 0 : 1;
}

/** What was missing and is handed in is on its way. What the command cannot mend is not. */
function isWhole({ missing, altered, removed, breaks, unreadable }: Findings, handedIn: HandedIn | undefined): boolean {
  if (altered.length + removed.length + breaks.length + unreadable.length > 0) return false;
  return missing.length === (handedIn?.logFiles ?? 0);
}
