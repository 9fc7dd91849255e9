import type { Layout } from "./sieve-layout.ts";

/** Longer texts are not remembered. In bytes. */
const MAX_TEXT = 512;
/** Of one slot not more values are remembered: what differs so often will differ again. */
const MAX_VALUES = 1_000;
/** Before the mask of a remembered value: the next one, its slot, its length. See `scanner/scan.ts`. */
const HEAD = 16;

/** Masks of values by their texts, where the scanner finds them. When there are too many, it begins anew. */
export class ValueMasks {
  readonly #layout: Layout;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #hashOf: (slot: number, start: number, length: number) => number;
  readonly #counts: Uint32Array;
  #free: number;

  /** @param hashOf as the scanner hashes a text */
  constructor(layout: Layout, hashOf: (slot: number, start: number, length: number) => number) {
    this.#layout = layout;
    this.#view = new DataView(layout.memory.buffer);
    this.#bytes = new Uint8Array(layout.memory.buffer);
    this.#hashOf = hashOf;
    this.#counts = new Uint32Array(layout.slotCount);
    this.#free = layout.values;
  }

  /** Whether a value that is new is worth to be remembered. */
  isKept(slot: number, length: number): boolean {
    return length <= MAX_TEXT && (this.#counts[slot] ?? 0) < MAX_VALUES;
  }

  /** Has a mask for the moment. @returns where it lies */
  lend(mask: Uint32Array | undefined): number {
    return this.#write(this.#layout.scratch, mask);
  }

  /**
   * Remembers the mask of a value that lies in the window.
   * @param mask undefined when all bits stay alive
   * @returns where the mask lies
   */
  keep(slot: number, start: number, end: number, mask: Uint32Array | undefined): number {
    const { maskBytes, table, tableSize, values, valuesEnd } = this.#layout;
    const length = end - start;
    const size = 16 * Math.ceil((HEAD + maskBytes + length) / 16);
    if (size > valuesEnd - values) return this.lend(mask);
    if (this.#free + size > valuesEnd) {
      this.#bytes.fill(0, table, table + tableSize * 4);
      this.#counts.fill(0);
      this.#free = values;
    }
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
    const list = table + (this.#hashOf(slot, start, length) & (tableSize - 1)) * 4;
    const at = this.#free;
    this.#free += size;
    this.#view.setInt32(at, this.#view.getInt32(list, true), true);
    this.#view.setInt32(at + 4, slot, true);
    this.#view.setInt32(at + 8, length, true);
    this.#view.setInt32(list, at, true);
    this.#bytes.copyWithin(at + HEAD + maskBytes, start, end);
    return this.#write(at + HEAD, mask);
  }

  #write(at: number, mask: Uint32Array | undefined): number {
    const { maskBytes } = this.#layout;
    if (mask === undefined) this.#bytes.fill(0xff, at, at + maskBytes);
    else for (let word = 0; word < mask.length; word++) this.#view.setUint32(at + word * 4, mask[word] ?? 0, true);
    return at;
  }
}
