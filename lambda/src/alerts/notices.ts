import type { RuleProblem } from "#model/decision.ts";
import type { Notice } from "#model/news.ts";
import { MAX_REPORTED, type RecordProblem } from "#model/outcome.ts";

/**
 * Rules that do not work, told once, with their places.
 * @param day on which it may be told once more, such as `2025-06-11`
 */
export function ruleProblemsNotice(problems: readonly RuleProblem[], day: string): Notice {
  return {
    kind: "notice",
    severity: "high",
    occasion: day,
    title: problems.length === 1 ? "A rule does not work" : `${problems.length} rules do not work`,
    facts: [
      ...problems
        .slice(0, MAX_REPORTED)
        .map(({ ruleId, message }) => ({ label: "Rule", value: `${ruleId}: ${firstLine(message)}` })),
      {
        label: "Meaning",
        value:
          "A rule whose expression fails matches nothing; where only an exception, a title or a detail of it fails, it alerts without that. All other rules were asked.",
      },
    ],
  };
}

/** Records that could not be judged, told once for all of an invocation. */
export function recordProblemsNotice(problems: readonly RecordProblem[], total: number): Notice {
  return {
    kind: "notice",
    severity: "medium",
    title: total === 1 ? "A record could not be judged" : `${total} records could not be judged`,
    facts: [
      ...problems.map(({ where, reason }) => ({ label: "Record", value: `${where} ${reason}` })),
      {
        label: "Meaning",
        value: `No rule was asked about ${total === 1 ? "it" : "them"}; all other records were judged.`,
      },
    ],
  };
}

/** Without the lines that show the place in the expression: the log has them. */
function firstLine(message: string): string {
  return message.split("\n")[0]?.replace(/:$/, "") ?? "";
}
