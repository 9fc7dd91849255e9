import { InvalidArgumentError } from "commander";

const SPAN = /^(\d{1,6})(m|h|d)$/;
const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?$/;

/**
 * Reads an option that names a time: `2025-06-11`, `2025-06-11T09:00Z` (UTC without a zone), or how long ago: `24h`.
 * @param edge which end of a day a date alone stands for
 * @returns milliseconds since 1970; of an end, the last one
 */
export function moment(edge: "begin" | "end", nowMs: () => number): (text: string) => number {
  return (text) => {
    const [, count, unit] = SPAN.exec(text) ?? [];
    if (unit === "m" || unit === "h" || unit === "d") return nowMs() - Number(count) * UNIT_MS[unit];
    const ms = msOf(text);
    if (!Number.isNaN(ms)) return DAY.test(text) && edge === "end" ? ms + UNIT_MS.d - 1 : ms;
    throw new InvalidArgumentError(
      "it must be a date or time such as 2025-06-11 or 2025-06-11T09:00Z, or 30m, 24h, 7d",
    );
  };
}

function msOf(text: string): number {
  const [day = ""] = text.split("T");
  if (!(DAY.test(text) || TIME.test(text)) || !isDay(day)) return Number.NaN;
  if (day === text) return Date.parse(`${day}T00:00Z`);
  return Date.parse(/(Z|[+-]\d{2}:?\d{2})$/.test(text) ? text : `${text}Z`);
}

/** JavaScript takes the 31st of June for the first of July. */
function isDay(day: string): boolean {
  const ms = Date.parse(`${day}T00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
}
