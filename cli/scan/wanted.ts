import { accountOf } from "#model/record.ts";

/** Which records are to be judged; a set that is empty wants all. */
export interface Wanted {
  /** In milliseconds since 1970, both ends included. */
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly accounts: ReadonlySet<string>;
  readonly regions: ReadonlySet<string>;
}

/**
 * Whether an element of a log file is to be judged. One that does not tell its time might be what is looked for; what is
 * no record at all is for others to report.
 */
export function isWanted(element: unknown, { sinceMs, untilMs, accounts, regions }: Wanted): boolean {
  if (!isObject(element)) return true;
  if (sinceMs !== undefined || untilMs !== undefined) {
    const { eventTime } = element;
    const ms = typeof eventTime === "string" ? Date.parse(eventTime) : Number.NaN;
    if (ms < (sinceMs ?? Number.NEGATIVE_INFINITY) || ms > (untilMs ?? Number.POSITIVE_INFINITY)) return false;
  }
  if (accounts.size > 0 && !accounts.has(accountOf(element) ?? "")) return false;
  return regions.size === 0 || regions.has(String(element.awsRegion));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
