/** Characters of a text that is read as JSON: CloudTrail delivers no record above 256 KB. */
export const MAX_JSON_CHARACTERS = 262_144;
/** Levels of what is read; CloudTrail's own data has fewer than 20. */
export const MAX_JSON_DEPTH = 100;

/**
 * No key leads to the host; only comparing an object with a text works as for any JSON object. `model/bare.ts` says the same
 * of its own: this folder stands alone, and knows no other of ours.
 */
const PROTOTYPE: object = Object.freeze(
  Object.create(null, { [Symbol.toPrimitive]: { value: () => "[object Object]" } }),
);

/** The value of a JSON text, also of a URL-encoded one, with bare objects. Undefined for any other text. */
export function parseBareJson(text: string): unknown {
  if (text.length > MAX_JSON_CHARACTERS) return undefined;
  try {
    return bare(parse(text), MAX_JSON_DEPTH);
  } catch {
    return undefined;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!text.includes("%")) throw error;
    return JSON.parse(decodeURIComponent(text));
  }
}

function bare(value: unknown, levels: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (levels === 0) throw new RangeError("nested too deeply");
  if (Array.isArray(value)) return value.map((item) => bare(item, levels - 1));
  const copy: Record<string, unknown> = Object.create(PROTOTYPE);
  for (const [key, item] of Object.entries(value)) copy[key] = bare(item, levels - 1);
  return copy;
}
