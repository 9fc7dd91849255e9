import { type Limits, MalformedElement } from "#model/log-file.ts";
import type { Prefilter } from "#model/prefilter.ts";
import { canLookFor, type Layout, layOut, MAX_CANDIDATES } from "./sieve-layout.ts";
import { ValueMasks } from "./sieve-values.ts";
import { parsed } from "./text.ts";

/** Gets what was found, in the order of the file. */
export interface Sifted {
  /** Elements that nobody has to look at. */
  skip(count: number): void;
  /** A part of an element: `bytes` from `from` up to `to`. */
  append(bytes: Uint8Array, from: number, to: number): void;
  /** The element is complete. */
  finish(): void;
}

/** Sorts out records that no rule can match while they are still text. */
export interface Sieve {
  /** The bytes that were sifted last may change now. */
  forget(): void;
  /**
   * Sifts the elements of a list, from the first byte of one, as long as they are whole and written as CloudTrail does.
   * @param maxElements more are not looked at
   * @returns how many there were, and the place behind the comma or bracket that follows the last one
   */
  sift(
    bytes: Uint8Array,
    from: number,
    maxElements: number,
    to: Sifted,
  ): { readonly elements: number; readonly end: number };
}

/** What the scanner offers: see `scanner/scan.ts`. */
interface Scanner {
  readonly configure: (...numbers: readonly number[]) => void;
  readonly scan: (from: number, to: number, maxRecords: number) => number;
  readonly hashOf: (slot: number, start: number, length: number) => number;
  readonly candidates: WebAssembly.Global;
  readonly skipped: WebAssembly.Global;
}

/** So many bytes are scanned at once; a record that does not fit in is not sifted. */
const WINDOW_BYTES = 2 ** 18;

/** Has every record looked at: then the scanner only finds where each begins and ends. */
const WHOLE_RECORDS: Prefilter = { watched: [], needs: [[]], words: 1, maskOf: () => Uint32Array.of(1) };

/**
 * A sieve for the records that a prefilter knows. Its memory does not grow. Where the prefilter asks for keys that the
 * scanner cannot look for, it leaves out no record.
 * @param code the scanner, compiled to WebAssembly
 */
export function createSieve(code: Uint8Array, prefilter: Prefilter, limits: Limits): Sieve {
  const filters = canLookFor(prefilter) && prefilter.needs.every((indexes) => indexes.length > 0);
  const asks = filters ? prefilter : WHOLE_RECORDS;
  const layout = layOut(asks, WINDOW_BYTES);
  const { memory, window, found } = layout;
  const bytesOfMemory = Buffer.from(memory.buffer);
  const values: ValueMasks = new ValueMasks(layout, (slot, start, length) => scanner.hashOf(slot, start, length));
  const alive = new Uint32Array(memory.buffer, layout.alive, asks.words);
  const maskOf = (slot: number, start: number, end: number): number => {
    const value = parsed(() => bytesOfMemory.toString("utf8", start, end));
    const isKept = values.isKept(slot, end - start);
    const among = isKept ? undefined : alive;
    // What is no JSON is for the parser to say.
    const mask = value instanceof MalformedElement ? undefined : asks.maskOf(layout.watchedOf(slot), value, among);
    return isKept ? values.keep(slot, start, end, mask) : values.lend(mask);
  };
  const scanner = startScanner(code, layout, limits, maskOf);
  /** What lies in the window: bytes of these from `base` on. */
  let loaded: Uint8Array | undefined;
  let base = 0;
  let length = 0;

  const load = (bytes: Uint8Array, from: number): void => {
    const part = bytes.subarray(from, from + WINDOW_BYTES);
    bytesOfMemory.set(part, window);
    [loaded, base, length] = [bytes, from, part.length];
  };

  return {
    forget() {
      loaded = undefined;
    },
    sift(bytes, from, maxElements, to) {
      if (loaded !== bytes || from < base || from >= base + length) load(bytes, from);
      const scan = () => scanner.scan(window + from - base, window + length, maxElements) - window + base;
      let end = scan();
      if (end === from && from - base > WINDOW_BYTES / 2 && base + length < bytes.length) {
        load(bytes, from);
        end = scan();
      }
      let elements = 0;
      for (let index = 0; index < scanner.candidates.value; index++) {
        const at = found + index * 12;
        const skipped = bytesOfMemory.readInt32LE(at);
        const [start, stop] = [bytesOfMemory.readInt32LE(at + 4), bytesOfMemory.readInt32LE(at + 8)];
        to.skip(skipped);
        to.append(bytes, start - window + base, stop - window + base);
        to.finish();
        elements += skipped + 1;
      }
      to.skip(scanner.skipped.value);
      return { elements: elements + Number(scanner.skipped.value), end };
    },
  };
}

function startScanner(
  code: Uint8Array,
  layout: Layout,
  limits: Limits,
  maskOf: (slot: number, start: number, end: number) => number,
): Scanner {
  const imports = { env: { memory: layout.memory }, sieve: { maskOf } };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(code)), imports);
  const scanner = exports as unknown as Scanner;
  const {
    root,
    slots,
    slotCount,
    table,
    tableSize,
    needs,
    bitCount,
    missing,
    maskBytes,
    alive,
    looked,
    opened,
    parents,
    found,
  } = layout;
  // A value takes two bytes at least, with what stands behind it.
  const maxBytes = Math.min(limits.record_bytes, 2 * limits.record_values - 1);
  const places = [
    root,
    slots,
    slotCount,
    table,
    tableSize,
    needs,
    bitCount,
    missing,
    maskBytes,
    alive,
    looked,
    opened,
    parents,
  ];
  scanner.configure(...places, found, found + MAX_CANDIDATES * 12, limits.record_depth, maxBytes);
  return scanner;
}
