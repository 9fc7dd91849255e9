/** Statistics of one dimension of an aggregated event. */
interface Dimension {
  readonly dimension: string;
  readonly names: readonly string[];
}

/** A service has fewer data events than that; more names are made to harm. */
const MAX_CALLS = 100;

/**
 * An aggregated event sums up data events of five minutes, under field names of its own. It is turned into records with
 * the field names that rules know, one for each API name in it: `eventID`, `recipientAccountId`, `eventTime` (when the
 * window begins), `eventName`, and caller, client, address and resource where all of its calls have the same. What it
 * had, `summary` and `timeWindow` above all, stays in place. Any other element stays as it is.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aggregated-events.html
 * @returns at least one element
 */
export function unfoldAggregated(element: unknown): readonly unknown[] {
  if (!isObject(element) || element.eventCategory !== "Aggregated") return [element];
  const dimensions = dimensionsOf(element.summary);
  const sole = (...names: readonly string[]): string | undefined => {
    const found = dimensions.find(({ dimension }) => names.includes(dimension));
    return found?.names.length === 1 ? found.names[0] : undefined;
  };
  const caller = sole("userIdentity");
  const resource = sole("resourceARN");
  const common = defined({
    recipientAccountId: element.accountId,
    eventTime: isObject(element.timeWindow) ? element.timeWindow.windowStart : undefined,
    userIdentity: caller === undefined ? undefined : { arn: caller },
    sourceIPAddress: sole("sourceIpAddress", "sourceIPAddress"),
    userAgent: sole("userAgent"),
    resources: resource === undefined ? undefined : [{ ARN: resource }],
  });
  const calls = dimensions.find(({ dimension }) => dimension === "eventName")?.names ?? [];
  const [first = element.eventType, ...others] = calls;
  if (calls.length > MAX_CALLS)
    return [{ ...common, eventID: element.eventId, eventName: element.eventType, ...element }];
  if (others.length === 0) return [{ ...common, eventID: element.eventId, eventName: first, ...element }];
  // One identity for each, or the second would pass for a repetition of the first.
  const idOf = (name: string) => (typeof element.eventId === "string" ? `${element.eventId}/${name}` : undefined);
  return calls.map((name) => ({ ...common, eventID: idOf(name), eventName: name, ...element }));
}

function dimensionsOf(summary: unknown): readonly Dimension[] {
  if (!isObject(summary)) return [];
  const entries = [summary.primaryDimension, ...(Array.isArray(summary.details) ? summary.details : [])];
  return entries.flatMap((entry: unknown) => {
    if (!isObject(entry) || typeof entry.dimension !== "string" || !Array.isArray(entry.statistics)) return [];
    const names = entry.statistics.flatMap((item: unknown) =>
      isObject(item) && typeof item.name === "string" ? [item.name] : [],
    );
    return [{ dimension: entry.dimension, names: [...new Set(names)] }];
  });
}

function defined(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
