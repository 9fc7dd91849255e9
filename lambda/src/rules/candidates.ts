import type { WatchedValue } from "#model/prefilter.ts";
import type { CloudTrailRecord } from "#model/record.ts";
import type { RulePrefilter } from "./prefilter.ts";
import type { CompiledRule } from "./rule-set.ts";

/** Rules that may match a record or throw on it, in the order in which they are asked. */
export type Candidates = (record: CloudTrailRecord) => readonly CompiledRule[];

/** Masks that are kept for each value. Names of calls are some hundreds; what never comes again is not worth more. */
const MAX_KEPT = 1_000;
/** Longer texts are not kept: a thousand of them would take more memory than the masks save time. In characters. */
const MAX_KEPT_TEXT = 512;
const NONE: readonly CompiledRule[] = [];

/** Sorts out by single values which rules need not be asked. @param rules all of them, in their order */
export function createCandidates(prefilter: RulePrefilter, rules: readonly CompiledRule[]): Candidates {
  const { watched, needs, words } = prefilter;
  const forbidden = watched.filter(({ isForbidden }) => isForbidden).map(({ keys }) => keys);
  const parents = parentsOf(watched);
  const kept = watched.map(() => new Map<unknown, Uint32Array>());
  const alive = new Uint32Array(words);
  /** By value, the record that it was last looked at in, counted from 1. */
  const lookedAt = new Uint32Array(watched.length);
  let count = 0;

  /** Lets the bits die that a value of the record takes away. */
  const look = (record: CloudTrailRecord, index: number): void => {
    lookedAt[index] = count;
    const value = valueAt(record, watched[index]?.keys ?? []);
    if (typeof value === "object" && value !== null) return;
    const known = kept[index];
    let mask = known?.get(value);
    if (mask === undefined) {
      mask = prefilter.maskOf(index, value);
      if (known !== undefined && known.size >= MAX_KEPT) known.clear();
      if (typeof value !== "string" || value.length <= MAX_KEPT_TEXT) known?.set(value, mask);
    }
    for (let word = 0; word < words; word++) alive[word] = (alive[word] ?? 0) & (mask[word] ?? 0);
  };

  /** The first of these values that was not looked at yet. */
  const nextOf = (indexes: readonly number[]): number | undefined => {
    for (const index of indexes) if (lookedAt[index] !== count) return index;
    return undefined;
  };

  return (record) => {
    for (const keys of parents) if (!isObjectOrNothing(valueAt(record, keys))) return rules;
    for (const keys of forbidden) if (valueAt(record, keys) !== undefined) return rules;
    count = (count + 1) % 2 ** 32 || 1;
    alive.fill(0xffff_ffff);
    let found = NONE;
    for (let bit = nextBit(alive, 0); bit < needs.length; bit = nextBit(alive, bit)) {
      const next = nextOf(needs[bit] ?? []);
      if (next !== undefined) look(record, next);
      else {
        const rule = prefilter.rules[bit];
        // The bits of one rule lie beside each other.
        if (rule !== undefined && found.at(-1) !== rule) found = [...found, rule];
        bit += 1;
      }
    }
    return found;
  };
}

/** The first bit that is alive from one on; infinity when none is. */
function nextBit(alive: Uint32Array, from: number): number {
  let word = from >>> 5;
  let bits = (alive[word] ?? 0) & (-1 << (from & 31));
  while (bits === 0 && word < alive.length) bits = alive[++word] ?? 0;
  return bits === 0 ? Number.POSITIVE_INFINITY : word * 32 + 31 - Math.clz32(bits & -bits);
}

/** Everything that leads to a watched value, each once. */
function parentsOf(watched: readonly WatchedValue[]): readonly (readonly string[])[] {
  const parents = watched.flatMap(({ keys }) => keys.slice(1).map((_, index) => keys.slice(0, index + 1)));
  return [...new Map(parents.map((keys) => [JSON.stringify(keys), keys])).values()];
}

function isObjectOrNothing(value: unknown): boolean {
  return value === undefined || (typeof value === "object" && !Array.isArray(value));
}

/** Where only objects lead; undefined elsewhere. */
function valueAt(record: CloudTrailRecord, keys: readonly string[]): unknown {
  let value: unknown = record;
  for (const key of keys) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as CloudTrailRecord)[key];
  }
  return value;
}
