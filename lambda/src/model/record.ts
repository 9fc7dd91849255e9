/**
 * One element of `Records[]` of a CloudTrail log file, made of bare objects (see `bare.ts`), so that a
 * key such as `constructor` or `__proto__` is data and nothing else. AWS field names stay verbatim.
 */
export type CloudTrailRecord = Readonly<Record<string, unknown>>;

/** A record that rules can be asked about. `flat` holds dotted keys with list indexes (`a.items.0.b`), and nothing else. */
export interface JudgeableRecord {
  readonly record: CloudTrailRecord;
  readonly flat: Readonly<Record<string, unknown>>;
}

/** The value at a path of keys, or undefined when any part is missing or not an object. */
export function valueAt(record: CloudTrailRecord, ...path: readonly string[]): unknown {
  let value: unknown = record;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** As {@link valueAt}, but only a non-empty text counts. */
export function textAt(record: CloudTrailRecord, ...path: readonly string[]): string | undefined {
  const value = valueAt(record, ...path);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The account in which the call took effect: `recipientAccountId`; where that is missing, the caller's account. */
export function accountOf(record: CloudTrailRecord): string | undefined {
  return textAt(record, "recipientAccountId") ?? textAt(record, "userIdentity", "accountId");
}

/** `AccessDenied`, `AccessDeniedException`, `VpceAccessDenied`, `Client.UnauthorizedOperation` … */
const REFUSALS = /^AccessDenied|(AccessDenied|UnauthorizedOperation)$/;

/** Whether AWS refused the call for lack of permission, by the error codes that services use for it. */
export function isRefusedCall(record: CloudTrailRecord): boolean {
  const code = textAt(record, "errorCode");
  return code !== undefined && REFUSALS.test(code);
}

/** Whether a record is an Insight: CloudTrail's own finding that a rate of calls or errors is unusual. It is no call. */
export function isInsight(record: CloudTrailRecord): boolean {
  const details = record.insightDetails;
  return typeof details === "object" && details !== null && !Array.isArray(details);
}
