import { plain } from "#delivery/plain.ts";
import { bucketCandidates } from "./scan/bucket.ts";
import { type Candidates, candidatesAt, type OpenBucket } from "./scan/candidates.ts";
import { explain, findRecord } from "./scan/explain.ts";
import { explainedText } from "./scan/explained-text.ts";
import { type FilterOptions, MAX_SENTENCE, readingOptions, withFilterOptions } from "./scan/options.ts";
import { alertLine, reportText, summaryText } from "./scan/report.ts";
import { exitCodeOf, scanFor } from "./scan/run.ts";
import type { AddCommand } from "./shared/command.ts";
import { CommandError } from "./shared/command-error.ts";
import { jsonLine } from "./shared/json-line.ts";
import { loadRulesFor, type RuleOptions, type Rules, withRuleOptions } from "./shared/rule-options.ts";
import { during, EXIT_INTERRUPTED, type Terminal } from "./shared/terminal.ts";
import { counted } from "./shared/text.ts";

interface Options extends RuleOptions, FilterOptions {
  readonly explain?: string;
  readonly failOnAlert?: true;
  readonly json?: true;
}

/** {@link addScan} on ports of a test's choice. */
export const addScanWith =
  (openBucket: OpenBucket, nowMs: () => number): AddCommand =>
  (program, { terminal, finish }) => {
    const command = program
      .command("scan")
      .summary("runs the rules over log files, and sends nothing")
      .description(
        "Runs the rules over log files and shows what would alert. Sends nothing to anybody.\n" +
          "A path is a log file (.json, .json.gz, a list of records, or a record in each line), a zip, a folder with all " +
          "below it, or s3://bucket/prefix, which takes credentials from the AWS environment.",
      )
      .argument("<paths...>", "what to read");
    withRuleOptions(command);
    withFilterOptions(command, nowMs)
      .option("--explain <event id>", "show what every rule says of this record, with the values that it read")
      .option("--fail-on-alert", "exit with 1 when there is an alert")
      .option("--json", "print one JSON object for each alert, in its own line, and nothing else")
      .action(async (paths: readonly string[], options: Options) => {
        const rules = await loadRulesFor(options, terminal);
        const candidates = await candidatesAt(paths, options.since, openBucket);
        const run = options.explain === undefined ? runScan : runExplain;
        finish(await terminal.interruptible((stop) => run(candidates, rules, options, terminal, stop), true));
      });
  };

/** `scan`: the rules over log files. */
export const addScan = addScanWith(bucketCandidates, Date.now);

/** @returns the exit code */
async function runScan(
  candidates: Candidates,
  rules: Rules,
  options: Options,
  terminal: Terminal,
  stop: AbortSignal,
): Promise<number> {
  const scanned = await scanFor(candidates, rules, options, terminal, stop, (found) => {
    if (options.json) terminal.out(jsonLine(alertLine(found)));
  });
  if (options.json) terminal.say(summaryText(scanned));
  else terminal.out(reportText(scanned));
  const exitCode = exitCodeOf(scanned, stop);
  return exitCode === 0 && options.failOnAlert && scanned.alerts > 0 ? 1 : exitCode;
}

/** @returns the exit code */
async function runExplain(
  { all, share }: Candidates,
  rules: Rules,
  { explain: eventId = "", ...options }: Options,
  terminal: Terminal,
  stop: AbortSignal,
): Promise<number> {
  const { found, files } = await during(terminal, "looking for the record", (onProgress) =>
    findRecord(all, eventId, {
      ...readingOptions(options, rules, terminal, stop),
      onProgress: ({ files, records }) =>
        onProgress([counted(files, "file"), counted(records, "record")].join(", "), share()),
    }),
  );
  if (found === undefined) {
    if (stop.aborted) return EXIT_INTERRUPTED;
    throw new CommandError(
      `no record with the eventID ${plain(eventId, { max: MAX_SENTENCE })} is in ${counted(files, "file")}; look into others, or leave out --since, --until, --account and --region`,
    );
  }
  const explained = explain(rules, found.judgeable);
  if (options.json) {
    const { outcome, rules } = explained;
    const valuesOf = (values: (typeof rules)[number]["values"]) =>
      Object.fromEntries(values.map(([path, value]) => [path, value ?? null]));
    const given = rules.map((rule) => ({ ...rule, values: valuesOf(rule.values) }));
    terminal.out(jsonLine({ eventID: eventId, file: found.file, outcome, rules: given }));
  } else terminal.out(explainedText(explained, found));
  return 0;
}
