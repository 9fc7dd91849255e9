import { CommandError } from "#cli/shared/command-error.ts";
import type { Rules } from "#cli/shared/rule-options.ts";
import { during, EXIT_INTERRUPTED, NOBODY_READS, type Terminal } from "#cli/shared/terminal.ts";
import { counted } from "#cli/shared/text.ts";
import type { Candidates } from "./candidates.ts";
import { type FilterOptions, readingOptions } from "./options.ts";
import { type Found, type Scanned, scan } from "./scan.ts";

/**
 * Scans what lies at the paths of a command line, with progress, and says what does not work on the way.
 * @throws CommandError when there is no file, or none can be read
 */
export async function scanFor(
  { all, concurrency, share }: Candidates,
  rules: Rules,
  options: FilterOptions,
  terminal: Terminal,
  stop: AbortSignal,
  onAlert: (found: Found) => void,
): Promise<Scanned> {
  const scanned = await during(terminal, "scanning", (onProgress) =>
    scan(all, rules.ruleSet, {
      ...readingOptions(options, rules, terminal, stop),
      concurrency,
      onAlert,
      onProgress: ({ files, records, alerts }) =>
        onProgress([counted(files, "file"), counted(records, "record"), counted(alerts, "alert")].join(", "), share()),
    }),
  );
  const { files, skipped, unreadable, ruleProblems, interrupted } = scanned;
  for (const { ruleId, message, records } of ruleProblems) {
    terminal.say(`cloudtrail-to-slack: the rule ${ruleId} ${message} (${counted(records, "record")})`);
  }
  if (files + skipped + unreadable === 0 && !interrupted) {
    throw new CommandError("there is no file at these paths; name log files, or what lies above them");
  }
  return scanned;
}

/** What a command exits with after a scan that found what it found. @param stop why it was stopped, if it was */
export function exitCodeOf({ unreadable, unjudged, ruleProblems, interrupted }: Scanned, stop: AbortSignal): number {
  if (interrupted && stop.reason !== NOBODY_READS) return EXIT_INTERRUPTED;
  return unreadable + unjudged + ruleProblems.length > 0 ? 1 : 0;
}
