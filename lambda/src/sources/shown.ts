/** Enough to find a key, an ARN or an id again. In characters. */
const MAX_SHOWN = 200;

/** A name from a payload as errors show it: whoever sent it decides its length otherwise. */
export function shown(name: string): string {
  return name.length <= MAX_SHOWN ? name : `${name.slice(0, MAX_SHOWN)}…`;
}
