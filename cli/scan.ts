import { type Command, InvalidArgumentError, Option } from "commander";
import { plain } from "#delivery/plain.ts";
import { bucketCandidates } from "./scan/bucket.ts";
import { type Candidates, candidatesAt, type OpenBucket } from "./scan/candidates.ts";
import { explain, findRecord } from "./scan/explain.ts";
import { explainedText } from "./scan/explained-text.ts";
import { alertLine, reportText, summaryText } from "./scan/report.ts";
import { scan } from "./scan/scan.ts";
import type { Wanted } from "./scan/wanted.ts";
import type { AddCommand } from "./shared/command.ts";
import { CommandError } from "./shared/command-error.ts";
import { jsonLine } from "./shared/json-line.ts";
import { moment } from "./shared/moment.ts";
import { loadRules, problemText, type RuleOptions, type Rules, withRuleOptions } from "./shared/rule-options.ts";
import { during, EXIT_INTERRUPTED, NOBODY_READS, type Terminal } from "./shared/terminal.ts";
import { counted } from "./shared/text.ts";

interface Options extends RuleOptions {
  readonly since?: number;
  readonly until?: number;
  readonly account: readonly string[];
  readonly region: readonly string[];
  readonly explain?: string;
  readonly failOnAlert?: true;
  readonly json?: true;
}

/** A key has 1,024 bytes at most, and a reason names one. In characters. */
const MAX_SENTENCE = 1_500;

/** `scan`: the rules over log files. Tests give another bucket and clock. */
export const addScan: AddCommand = (program, surroundings) =>
  addScanWith((place, sinceMs) => bucketCandidates(place, sinceMs), Date.now)(program, surroundings);

/** {@link addScan} on other ports. */
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
    filterOptions(command, nowMs)
      .option("--explain <event id>", "show what every rule says of this record, with the values that it read")
      .option("--fail-on-alert", "exit with 1 when there is an alert")
      .option("--json", "print one JSON object for each alert, in its own line, and nothing else")
      .action(async (paths: readonly string[], options: Options) => {
        if ((options.since ?? Number.NEGATIVE_INFINITY) > (options.until ?? Number.POSITIVE_INFINITY)) {
          command.error("error: --since is later than --until");
        }
        const rules = await loadRules(options);
        for (const warning of rules.warnings) terminal.say(`cloudtrail-to-slack: warning: ${problemText(warning)}`);
        const candidates = await candidatesAt(paths, options.since, openBucket);
        const run = options.explain === undefined ? runScan : runExplain;
        finish(await terminal.interruptible((stop) => run(candidates, rules, options, terminal, stop), true));
      });
  };

function filterOptions(command: Command, nowMs: () => number): Command {
  const several = (check: (text: string) => boolean, mustBe: string) => (text: string, before: readonly string[]) => {
    if (!check(text)) throw new InvalidArgumentError(mustBe);
    return [...before, text];
  };
  return command
    .option(
      "--since <time>",
      "only records from then on: 2025-06-11, 2025-06-11T09:00Z, or 24h ago",
      moment("begin", nowMs),
    )
    .option("--until <time>", "only records until then, a date's whole day included", moment("end", nowMs))
    .addOption(
      new Option("--account <id>", "only records of this account (may be given several times)")
        .argParser(several((text) => /^\d{12}$/.test(text), "it must be an account id of 12 digits"))
        .default([], "all"),
    )
    .addOption(
      new Option("--region <region>", "only records of this region (may be given several times)")
        .argParser(several((text) => /^[a-z0-9-]+$/.test(text), "it must be a region such as eu-central-1"))
        .default([], "all"),
    );
}

/** @returns the exit code */
async function runScan(
  { all, concurrency, share }: Candidates,
  rules: Rules,
  options: Options,
  terminal: Terminal,
  stop: AbortSignal,
): Promise<number> {
  const scanned = await during(terminal, "scanning", (onProgress) =>
    scan(all, rules.ruleSet, {
      ...readingOptions(options, rules, terminal, stop),
      concurrency,
      onAlert: (found) => {
        if (options.json) terminal.out(jsonLine(alertLine(found)));
      },
      onProgress: ({ files, records, alerts }) =>
        onProgress([counted(files, "file"), counted(records, "record"), counted(alerts, "alert")].join(", "), share()),
    }),
  );
  const { files, skipped, unreadable, unjudged, ruleProblems, alerts, interrupted } = scanned;
  for (const { ruleId, message, records } of ruleProblems) {
    terminal.say(`cloudtrail-to-slack: the rule ${ruleId} ${message} (${counted(records, "record")})`);
  }
  if (files + skipped + unreadable === 0 && !interrupted) {
    throw new CommandError("there is no file at these paths; name log files, or what lies above them");
  }
  if (options.json) terminal.say(summaryText(scanned));
  else terminal.out(reportText(scanned));
  if (interrupted && stop.reason !== NOBODY_READS) return EXIT_INTERRUPTED;
  if (unreadable + unjudged + ruleProblems.length > 0) return 1;
  return options.failOnAlert && alerts > 0 ? 1 : 0;
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

function readingOptions(
  { since, until, account, region }: Options,
  { limits }: Rules,
  terminal: Terminal,
  stop: AbortSignal,
) {
  const wanted: Wanted = { sinceMs: since, untilMs: until, accounts: new Set(account), regions: new Set(region) };
  return {
    wanted,
    limits,
    stop,
    onProblem: (sentence: string) => terminal.say(`cloudtrail-to-slack: ${plain(sentence, { max: MAX_SENTENCE })}`),
  };
}
