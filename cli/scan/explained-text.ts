import { table } from "#cli/shared/table.ts";
import { counted, lines, time } from "#cli/shared/text.ts";
import { plain } from "#delivery/plain.ts";
import { assertNever } from "#model/errors.ts";
import { type CloudTrailRecord, isInsight, textAt } from "#model/record.ts";
import type { Explained, ExplainedRule, FoundRecord } from "./explain.ts";
import { actorOf } from "./tally.ts";

/** Enough of a value to see what it is. In characters. */
const MAX_VALUE = 200;

/** What becomes of a record and why, for people. */
export function explainedText({ outcome, rules }: Explained, { judgeable: { record }, file }: FoundRecord): string {
  const shown = (text: string) => plain(text, { max: 1_500 });
  const of = (...verdicts: readonly ExplainedRule["verdict"][]) =>
    rules.filter(({ verdict }) => verdicts.includes(verdict));
  const off = of("off").length;
  const call = [textAt(record, "eventSource"), textAt(record, "eventName")].filter(Boolean).join(" ");
  return lines(
    shown(`${call} by ${actorOf(record)}, ${time(textAt(record, "eventTime"))}`),
    shown(file),
    outcomeText(outcome, rules, record),
    ...of("matched", "excepted", "failed", "unmatched").map(ruleText),
    off > 0 ? `\nOff: ${counted(off, "rule")}; \`cloudtrail-to-slack rules\` lists them.` : "",
  );
}

function outcomeText(outcome: Explained["outcome"], rules: readonly ExplainedRule[], record: CloudTrailRecord): string {
  const matched = rules.filter(({ verdict }) => verdict === "matched");
  const ids = (origin: (ignores: boolean) => boolean) =>
    matched.filter((rule) => origin(rule.origin === "ignore")).map(({ id }) => id);
  switch (outcome) {
    case "alert":
      return `\nIt alerts: ${ids((ignores) => !ignores).join(", ")}.`;
    case "ignored":
      return `\nIt is ignored: ${ids((ignores) => ignores)[0]}.`;
    case "unmatched":
      return `\nNo rule matches${isInsight(record) ? "; it is told as an Insight of CloudTrail" : ""}.`;
    default:
      return assertNever(outcome);
  }
}

function ruleText({ id, severity, origin, verdict, reason, values }: ExplainedRule): string {
  const what = { matched: "matched", excepted: "excepted", failed: "failed", unmatched: "did not match", off: "off" };
  const because = reason === undefined ? "" : `: ${plain(reason, { max: MAX_VALUE })}`;
  const rows = values.map(([path, value]) => [`  ${plain(path, { max: MAX_VALUE })}`, valueText(value)]);
  return `\n${id} (${origin === "ignore" ? "ignore rule" : severity}) ${what[verdict]}${because}${rows.length > 0 ? `\n${table(rows)}` : ""}`;
}

function valueText(value: unknown): string {
  if (value === undefined) return "is not there";
  return plain(JSON.stringify(value), { max: MAX_VALUE });
}
