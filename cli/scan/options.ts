import { type Command, InvalidArgumentError, Option } from "commander";
import { moment } from "#cli/shared/moment.ts";
import type { Rules } from "#cli/shared/rule-options.ts";
import type { Terminal } from "#cli/shared/terminal.ts";
import { plain } from "#delivery/plain.ts";
import type { Wanted } from "./wanted.ts";

/** Which records a command is about. */
export interface FilterOptions {
  readonly since?: number;
  readonly until?: number;
  readonly account: readonly string[];
  readonly region: readonly string[];
}

/** A key has 1,024 bytes at most, and a reason names one. In characters. */
export const MAX_SENTENCE = 1_500;

/** Adds the options that say which records a command is about. */
export function withFilterOptions(command: Command, nowMs: () => number): Command {
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
    )
    .hook("preAction", () => {
      const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = command.opts<FilterOptions>();
      if (since > until) command.error("error: --since is later than --until");
    });
}

/** What the options say about reading: which records, within which bounds, in which words, and who hears of what is unreadable. */
export function readingOptions(
  { since, until, account, region }: FilterOptions,
  { limits, messages, settings }: Rules,
  terminal: Terminal,
  stop: AbortSignal,
) {
  const wanted: Wanted = { sinceMs: since, untilMs: until, accounts: new Set(account), regions: new Set(region) };
  return {
    wanted,
    limits,
    wording: { messages, requiredTags: settings.ruleConfig.requiredTags },
    stop,
    onProblem: (sentence: string) => terminal.say(`cloudtrail-to-slack: ${plain(sentence, { max: MAX_SENTENCE })}`),
  };
}
