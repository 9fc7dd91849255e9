import type { Received } from "./slack-stand-in/inbox.ts";

/** Everything that a message of ours says, one text per element. */
export function textsOf(payload: unknown): readonly string[] {
  if (Array.isArray(payload)) return payload.flatMap(textsOf);
  if (typeof payload !== "object" || payload === null) return [];
  return Object.entries(payload).flatMap(([key, value]) =>
    key === "text" && typeof value === "string" ? [value] : textsOf(value),
  );
}

/** The `eventID` that a message names, or undefined for one that is not about a record. */
export function eventIdOf({ payload }: Received): string | undefined {
  return textsOf(payload)
    .find((text) => text.startsWith("eventID: "))
    ?.slice("eventID: ".length);
}

/** The headline of a message, such as `🟠 HIGH · Root user made a change`. */
export function headlineOf({ payload }: Received): string {
  return textsOf(payload)[0] ?? "";
}

/** `channel eventID` of each alert, sorted (`channel none` for a record without an id): what two sides of a test compare. */
export function toldAlerts(received: readonly Received[]): readonly string[] {
  const alerts = received.filter(({ payload }) => textsOf(payload).some((text) => /^Rules?: /.test(text)));
  return alerts.map((message) => `${message.channel} ${eventIdOf(message) ?? "none"}`).sort();
}
