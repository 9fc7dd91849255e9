import { table } from "#cli/shared/table.ts";
import { counted, lines, time } from "#cli/shared/text.ts";
import { plain } from "#delivery/plain.ts";
import { accountOf, textAt } from "#model/record.ts";
import type { Found, Scanned } from "./scan.ts";
import type { RuleTally } from "./tally.ts";

const MAX_ACTOR = 60;

/** An alert for programs. `eventID` and what stands beside it are as in the record; null where it has none. */
export function alertLine({ record, alert, file }: Found): object {
  const { eventID = null, awsRegion = null, eventTime = null, eventName = null } = record;
  return {
    eventID,
    recipientAccountId: accountOf(record) ?? null,
    awsRegion,
    eventTime,
    eventName,
    severity: alert.severity,
    rules: alert.rules.map(({ id }) => id),
    title: alert.title,
    eventSource: textAt(record, "eventSource") ?? null,
    actor: alert.callerArn ?? alert.who,
    sourceIPAddress: alert.from ?? null,
    errorCode: textAt(record, "errorCode") ?? null,
    file,
  };
}

/** What a scan came to, in a sentence or two. */
export function summaryText(scanned: Scanned): string {
  const { alerts, records, files, skipped, unreadable, repeated, ignored, insights, outside, unjudged } = scanned;
  const more = [
    ignored > 0 ? `ignored ${ignored}` : "",
    insights > 0 ? `told as Insights ${insights}` : "",
    repeated > 0 ? `not told twice ${repeated}` : "",
    outside > 0 ? `not asked for ${outside}` : "",
    unjudged > 0 ? `could not be judged ${unjudged}` : "",
  ].filter(Boolean);
  const others = [
    unreadable > 0 ? `${counted(unreadable, "file")} could not be read` : "",
    skipped > 0 ? `${counted(skipped, "file")} ${skipped === 1 ? "holds" : "hold"} no records` : "",
  ].filter(Boolean);
  const sentences = [
    `${alerts === 0 ? "No alert" : counted(alerts, "alert")} in ${counted(records, "record")} of ${counted(files, "file")}`,
    ...(more.length > 0 ? [`of the records: ${more.join(", ")}`] : []),
    ...others,
  ];
  return `${scanned.interrupted ? "Ended before all was read. " : ""}${sentences.join("; ")}.`;
}

/** What a scan came to, for people: the counts, and what each rule found. */
export function reportText(scanned: Scanned): string {
  const { rules } = scanned;
  const heading = ["severity", "rule", "alerts", "first", "last", "top actors"];
  return lines(summaryText(scanned), rules.length > 0 ? `\n${table([heading, ...rules.map(row)])}` : "");
}

function row({ rule, alerts, first, last, actors }: RuleTally): readonly string[] {
  const busiest = actors.map(([actor, count]) => `${plain(actor, { max: MAX_ACTOR })} (${count})`).join(", ");
  return [rule.severity, rule.id, String(alerts), moment(first), moment(last), busiest];
}

const moment = (iso: string | undefined) => (iso === undefined ? "" : plain(time(iso), { max: MAX_ACTOR }));
