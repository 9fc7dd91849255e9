import type { Transform } from "./transform.ts";

/** With date, time and zone: `2026-01-31T09:30:00Z`. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/;
const WEEKDAYS: readonly string[] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/** Formatters that are kept: making one costs far more than using it. */
const MAX_KEPT = 50;
const formatters = new Map<string, Intl.DateTimeFormat | undefined>();

/** Undefined for what is no IANA time zone. */
function formatterOf(zone: string): Intl.DateTimeFormat | undefined {
  if (!formatters.has(zone)) {
    if (formatters.size >= MAX_KEPT) formatters.clear();
    let formatter: Intl.DateTimeFormat | undefined;
    try {
      formatter = new Intl.DateTimeFormat("en-US", {
        timeZone: zone,
        hourCycle: "h23",
        hour: "2-digit",
        weekday: "short",
      });
    } catch {
      // Not a zone.
    }
    formatters.set(zone, formatter);
  }
  return formatters.get(zone);
}

/** Whether a text names a time zone. */
export function isTimeZone(zone: string): boolean {
  return formatterOf(zone) !== undefined;
}

function part(name: "hour" | "weekday", read: (text: string) => number): Transform {
  return (value, zone = "UTC") => {
    if (typeof value !== "string" || !ISO_TIME.test(value) || typeof zone !== "string") return undefined;
    const time = new Date(value);
    if (Number.isNaN(time.getTime())) return undefined;
    const text = formatterOf(zone)
      ?.formatToParts(time)
      .find(({ type }) => type === name)?.value;
    return text === undefined ? undefined : read(text);
  };
}

/** Of a time as CloudTrail writes it, in a time zone of the IANA names (`Europe/Berlin`), or in UTC. */
export const TIME_TRANSFORMS = {
  /** `(eventTime|hour('Europe/Berlin')) >= 18`: 0 to 23. */
  hour: part("hour", Number),
  /** `(eventTime|weekday('Europe/Berlin')) in [6, 7]`: 1 is Monday, 7 is Sunday. */
  weekday: part("weekday", (text) => WEEKDAYS.indexOf(text) + 1),
} satisfies Readonly<Record<string, Transform>>;
