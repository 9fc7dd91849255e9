import type { RuleProblem } from "#model/decision.ts";
import type { RuleDefinition } from "#model/rule.ts";

/** `CreateUser`, or with its source `iam.amazonaws.com:CreateUser`. */
const ENTRY = /^(?:(?<source>[a-z0-9.-]+):)?(?<name>[A-Za-z0-9_]+)$/;

/** Turns `events_to_track` (a list, or names separated by commas) into rules, one per event. */
export function trackedEvents(entries: string | readonly string[]): {
  readonly rules: readonly RuleDefinition[];
  readonly problems: readonly RuleProblem[];
} {
  const rules: RuleDefinition[] = [];
  const problems: RuleProblem[] = [];
  const names = (typeof entries === "string" ? entries.split(",") : entries).map((entry) => entry.trim());
  for (const entry of new Set(names.filter((name) => name !== ""))) {
    const { source, name } = ENTRY.exec(entry)?.groups ?? {};
    if (name === undefined) {
      const message = `"${entry}" is no event name: write CreateUser, or iam.amazonaws.com:CreateUser`;
      problems.push({ ruleId: "events_to_track", message });
      continue;
    }
    const call = `eventName|isCall('${name}')`;
    rules.push({
      id: `events_to_track:${entry}`,
      origin: "tracked",
      severity: "medium",
      expression: source === undefined ? call : `eventSource == '${source}' && (${call})`,
    });
  }
  return { rules, problems };
}
