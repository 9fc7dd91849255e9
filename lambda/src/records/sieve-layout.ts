import type { Prefilter } from "#model/prefilter.ts";

/** Where things lie in the scanner's memory, in bytes, and how many there are: see `scanner/scan.ts`. */
export interface Layout {
  readonly memory: WebAssembly.Memory;
  /** The bytes that are scanned. */
  readonly window: number;
  /** The table of the keys at the top of a record. */
  readonly root: number;
  readonly slots: number;
  readonly slotCount: number;
  /** The hash table of values whose masks are known. */
  readonly table: number;
  readonly tableSize: number;
  /** Where those values lie, up to the end of the memory. */
  readonly values: number;
  readonly valuesEnd: number;
  readonly needs: number;
  readonly bitCount: number;
  /** Of each slot the place of the mask for what is not there. */
  readonly missing: number;
  readonly maskBytes: number;
  readonly alive: number;
  readonly looked: number;
  readonly opened: number;
  /** Of each slot the place of the key that it is below, when that is read late. */
  readonly parents: number;
  readonly found: number;
  /** A mask that is not kept. */
  readonly scratch: number;
  /** The index in `watched` of the value in a slot. */
  readonly watchedOf: (slot: number) => number;
}

/** The scanner stops behind so many candidates. */
export const MAX_CANDIDATES = 500;
/** Lists of the hash table; a power of two. */
const TABLE_SIZE = 4096;
const VALUES_BYTES = 2 ** 20;
/** Tables of keys have so many lists: longer keys cannot be looked for. */
const KEY_LENGTHS = 64;
/** Flags of a key: see `scanner/scan.ts`. */
const FORBIDDEN = 1;
const LATE = 2;
const PAGE_BYTES = 2 ** 16;
/** The scanner reads 16 bytes at once, also at the end. */
const PADDING = 16;
/** Keys that are written in one way only, without escapes. */
const PLAIN_KEY = /^[ !#-[\]-~]*$/;

/** A key of an object, and the keys below it. */
interface Key {
  readonly slot: number;
  readonly below: Map<string, Key>;
  index: number | undefined;
  isForbidden: boolean;
}

/** Whether the scanner can look for all keys of a prefilter. */
export function canLookFor({ watched }: Prefilter): boolean {
  return watched.every(({ keys }) => keys.every((key) => key.length < KEY_LENGTHS && PLAIN_KEY.test(key)));
}

/** Fills a memory with what the scanner has to know of a prefilter whose keys it can look for. */
export function layOut(prefilter: Prefilter, windowBytes: number): Layout {
  const { top, all } = keysOf(prefilter);
  const maskBytes = 16 * Math.ceil(prefilter.words / 4);
  const bitCount = prefilter.needs.length;
  const size = {
    keys: (all.length + 1) * (KEY_LENGTHS * 4 + 16 + KEY_LENGTHS),
    needs: prefilter.needs.reduce((sum, indexes) => sum + 20 + indexes.length * 4, 0),
    masks: (all.length + 2) * maskBytes,
  };
  const fixed = size.keys + size.needs + size.masks + all.length * 24 + TABLE_SIZE * 4 + MAX_CANDIDATES * 12;
  const total = 1024 + fixed + windowBytes + PADDING + VALUES_BYTES + bitCount * 4;
  const memory = new WebAssembly.Memory({ initial: Math.ceil(total / PAGE_BYTES) });
  const view = new DataView(memory.buffer);
  const bytes = new Uint8Array(memory.buffer);
  // Zero stands for nothing.
  let free = 16;
  const reserve = (length: number): number => {
    const at = free;
    free += 16 * Math.ceil(length / 16);
    return at;
  };
  const words = (numbers: readonly number[]): number => {
    const at = reserve(numbers.length * 4);
    for (const [index, number] of numbers.entries()) view.setInt32(at + index * 4, number, true);
    return at;
  };
  const parents = new Array<number>(all.length).fill(0);
  const tableOf = (below: Map<string, Key>): number => {
    const lists = new Array<number>(KEY_LENGTHS).fill(0);
    for (const [name, key] of below) {
      const deeper = key.below.size === 0 ? 0 : tableOf(key.below);
      const flags = (key.isForbidden ? FORBIDDEN : 0) | (isLate(key) ? LATE : 0);
      const at = words([lists[name.length] ?? 0, deeper, key.slot, flags]);
      if (isLate(key)) for (const { slot } of key.below.values()) parents[slot] = at;
      bytes.set(new TextEncoder().encode(name), reserve(name.length));
      lists[name.length] = at;
    }
    return words(lists);
  };
  const root = tableOf(top);
  const masks = all.map(({ index }) => {
    if (index === undefined) return 0;
    const mask = reserve(maskBytes);
    prefilter.maskOf(index, undefined).forEach((word, at) => void view.setUint32(mask + at * 4, word, true));
    return mask;
  });
  const slotOf = (index: number) => all.findIndex((key) => key.index === index);
  const needs = words(prefilter.needs.map((indexes) => words([indexes.length, ...indexes.map(slotOf)])));
  return {
    memory,
    root,
    slots: reserve(all.length * 8),
    slotCount: all.length,
    table: reserve(TABLE_SIZE * 4),
    tableSize: TABLE_SIZE,
    needs,
    bitCount,
    missing: words(masks),
    maskBytes,
    alive: reserve(maskBytes),
    looked: reserve(all.length),
    opened: reserve(all.length),
    parents: words(parents),
    found: reserve(MAX_CANDIDATES * 12),
    scratch: reserve(maskBytes),
    window: reserve(windowBytes + PADDING),
    values: free,
    valuesEnd: memory.buffer.byteLength,
    watchedOf: (slot) => all[slot]?.index ?? 0,
  };
}

/** All keys that are looked for, by the objects that they are in; each has a slot. */
function keysOf({ watched }: Prefilter): { readonly top: Map<string, Key>; readonly all: readonly Key[] } {
  const top = new Map<string, Key>();
  const all: Key[] = [];
  for (const [index, { keys, isForbidden }] of watched.entries()) {
    let below = top;
    let last: Key | undefined;
    for (const name of keys) {
      last = below.get(name) ?? { slot: all.length, below: new Map(), index: undefined, isForbidden: false };
      if (last.slot === all.length) all.push(last);
      below.set(name, last);
      below = last.below;
    }
    if (last === undefined) continue;
    last.index = index;
    last.isForbidden ||= isForbidden;
  }
  return { top, all };
}

/**
 * Whether what is below a key need not be read for every record. Where something leads further down, each record is
 * looked through for lists on the way.
 */
function isLate({ below }: Key): boolean {
  return [...below.values()].every((key) => key.below.size === 0 && !key.isForbidden);
}
