const DAY_MS = 86_400_000;

/**
 * Fills in Slack's placeholders for a point in time: https://docs.slack.dev/messaging/formatting-message-text#date-formatting
 * @param format such as `{date_short_pretty} at {time}`
 * @param seconds since 1970
 * @param fallback where the time is none
 * @returns in the time zone and the English of whoever draws it
 */
export function slackDate(format: string, seconds: number, fallback: string): string {
  const at = new Date(seconds * 1000);
  if (Number.isNaN(at.getTime())) return fallback;
  const shown = (options: Intl.DateTimeFormatOptions) =>
    // Behind the minutes it puts a narrow space, which Slack does not.
    new Intl.DateTimeFormat("en-US", options).format(at).replaceAll("\u202f", " ");
  const day = (ms: number) => new Intl.DateTimeFormat("en-CA").format(ms);
  const pretty = (otherwise: string) => {
    if (day(at.getTime()) === day(Date.now())) return "today";
    return day(at.getTime() + DAY_MS) === day(Date.now()) ? "yesterday" : otherwise;
  };
  const short = shown({ month: "short", day: "numeric", year: "numeric" });
  const plain = shown({ month: "long", day: "numeric", year: "numeric" });
  const long = shown({ weekday: "long", month: "long", day: "numeric", year: "numeric" });
  const values: Readonly<Record<string, string>> = {
    date_num: day(at.getTime()),
    date_short: short,
    date: plain,
    date_long: long,
    date_short_pretty: pretty(short),
    date_pretty: pretty(plain),
    date_long_pretty: pretty(long),
    time: shown({ hour: "numeric", minute: "2-digit" }),
    time_secs: shown({ hour: "numeric", minute: "2-digit", second: "2-digit" }),
  };
  return format.replace(/\{(\w+)\}/g, (all, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? all) : all,
  );
}
