import type { Received } from "./slack-stand-in/inbox.ts";

/** Everything that a message of ours says, one text per element. */
export function textsOf(payload: unknown): readonly string[] {
  if (Array.isArray(payload)) return payload.flatMap(textsOf);
  if (typeof payload !== "object" || payload === null) return [];
  return Object.entries(payload).flatMap(([key, value]) =>
    key === "text" && typeof value === "string" ? [value] : textsOf(value),
  );
}

/** The `eventID`s that a message names: one, up to 20 of an alert that stands for several, none when it is about no record. */
export function eventIdsOf({ payload }: Received): readonly string[] {
  return Array.from(
    textsOf(payload)
      .join("\n")
      .matchAll(/\beventID: (\S+)/g),
    ([, id = ""]) => id,
  );
}

/** Of how many alerts a message speaks. */
export function alertsSaidIn(message: Received): number {
  const [, times, more] = /\((\d+) times\)|· (\d+) more: /.exec(headlineOf(message)) ?? [];
  return Number(times ?? more ?? (isAboutAlerts(message) ? 1 : 0));
}

function isAboutAlerts({ payload }: Received): boolean {
  return textsOf(payload).some((text) => /^Rules?: /.test(text) || text.includes("eventID: "));
}

/** The headline of a message, such as `🟠 HIGH · Root user made a change`. */
export function headlineOf({ payload }: Received): string {
  return textsOf(payload)[0] ?? "";
}

/**
 * `channel eventID` of each alert, sorted: what two sides of a test compare. `channel none` stands for one without an id,
 * and for one that a message counts and does not name.
 */
export function toldAlerts(received: readonly Received[]): readonly string[] {
  return received
    .flatMap((message) => {
      const ids = eventIdsOf(message);
      const unnamed = Array.from({ length: alertsSaidIn(message) - ids.length }, () => "none");
      return [...ids, ...unnamed].map((id) => `${message.channel} ${id}`);
    })
    .sort();
}
