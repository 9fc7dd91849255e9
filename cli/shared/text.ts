import { nearest } from "#expression/nearest.ts";

/** Lines under each other, without the empty ones. */
export const lines = (...given: readonly string[]) => given.filter((line) => line !== "").join("\n");

/** `2025-06-11 09:20 UTC`, of ISO 8601. */
export const time = (iso: string | undefined) =>
  iso === undefined ? "at an unknown time" : `${iso.slice(0, 16).replace("T", " ")} UTC`;

/** A number of things: `1 object`, `2 objects`. */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

/** `; did you mean "clickops"?`, or nothing where none of the names is much like the given one. */
export function didYouMean(given: string, names: Iterable<string>): string {
  const meant = nearest(given, names);
  return meant === undefined ? "" : `; did you mean "${meant}"?`;
}
