const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZoneName: "shortOffset",
  });
  formats.set(timeZone, format);
  return format;
}

/**
 * A time as the reader's clock shows it: `Wed 11 Jun 2025, 11:15:00 Europe/Berlin (GMT+2)`; as it is, when it is no time.
 * @param isoTime ISO 8601, such as `2025-06-11T09:15:00Z`
 * @param timeZone an IANA name
 */
export function timeIn(isoTime: string, timeZone: string): string {
  const part = partsOf(isoTime, timeZone);
  if (part === undefined) return isoTime;
  const day = `${part("weekday")} ${part("day")} ${part("month")} ${part("year")}`;
  const zone = timeZone === "UTC" ? "UTC" : `${timeZone} (${part("timeZoneName")})`;
  return `${day}, ${clockOf(part)} ${zone}`;
}

/** The same in short, where the zone is known from elsewhere: `11 Jun 11:15:00`. */
export function momentIn(isoTime: string, timeZone: string): string {
  const part = partsOf(isoTime, timeZone);
  return part === undefined ? isoTime : `${part("day")} ${part("month")} ${clockOf(part)}`;
}

type Part = (type: Intl.DateTimeFormatPartTypes) => string;

function partsOf(isoTime: string, timeZone: string): Part | undefined {
  const date = /^\d{4}-\d{2}-\d{2}T/.test(isoTime) ? new Date(isoTime) : undefined;
  if (date === undefined || Number.isNaN(date.getTime())) return undefined;
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(date)
      .map(({ type, value }) => [type, value]),
  );
  return (type) => parts.get(type) ?? "";
}

function clockOf(part: Part): string {
  return `${part("hour")}:${part("minute")}:${part("second")}`;
}
