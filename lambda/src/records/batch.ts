import { MalformedElement, SkippedElements } from "#model/log-file.ts";
import { parsed, Text } from "./text.ts";

/** A batch is full when it has so many elements, or so many bytes of text: what lives shortly costs least to collect. */
const MAX_ELEMENTS = 500;
const MAX_BYTES = 2 ** 17;

/** So much text is parsed at once: less has more calls, more falls out of the processor's caches. In bytes. */
const PARSED_BYTES = 32 * 2 ** 10;

const COMMA = 0x2c;

/** Gathers the texts of elements and turns them into values, many at once. */
export class Batch {
  readonly #maxElementBytes: number;
  /** The texts of elements that have no value yet, each with a comma behind it; then that of the unfinished one. */
  readonly #text = new Text();
  /** Where those texts end. */
  #ends: number[] = [];
  #values: unknown[] = [];
  /** Of each of those texts, how many elements were skipped before it. */
  #gaps: number[] = [];
  /** Elements that were skipped since the last one that was not; and since the last batch was taken. */
  #skipped = 0;
  #skippedInBatch = 0;
  /** Bytes of text that turned into values already. */
  #parsedBytes = 0;
  /** Where the text of the unfinished element begins. */
  #start = 0;
  /** Why the unfinished element is none; its text is not kept. */
  #malformed: MalformedElement | undefined;

  constructor(maxElementBytes: number) {
    this.#maxElementBytes = maxElementBytes;
  }

  get isFull(): boolean {
    return this.room <= 0 || this.#parsedBytes + this.#start >= MAX_BYTES;
  }

  /** How many elements fit in, whether they are taken or skipped. */
  get room(): number {
    return MAX_ELEMENTS - this.#skippedInBatch - this.#values.length - this.#ends.length;
  }

  /** Takes note of elements that nobody has to look at. Only ever between two elements. */
  skip(count: number): void {
    this.#skipped += count;
    this.#skippedInBatch += count;
  }

  /** Takes a part of the unfinished element: `bytes` from `from` up to `to`. */
  append(bytes: Uint8Array, from: number, to: number): void {
    if (this.#malformed !== undefined) return;
    if (this.#text.length - this.#start + to - from <= this.#maxElementBytes) this.#text.append(bytes, from, to);
    else
      this.spoil(
        new MalformedElement(`has more than ${this.#maxElementBytes} bytes (limits.record_bytes)`, "record_bytes"),
      );
  }

  /** The unfinished element is none, whatever else comes of it. */
  spoil(reason: MalformedElement): void {
    this.#malformed ??= reason;
    this.#text.truncate(this.#start);
  }

  /** The unfinished element is complete. */
  finish(): void {
    if (this.#malformed === undefined) {
      this.#ends.push(this.#text.length);
      this.#gaps.push(this.#skipped);
      this.#skipped = 0;
      this.#text.appendByte(COMMA);
      this.#start = this.#text.length;
      if (this.#start >= PARSED_BYTES) this.#parse();
    } else {
      this.#parse();
      this.#pushSkipped(this.#skipped);
      this.#skipped = 0;
      this.#values.push(this.#malformed);
      this.#malformed = undefined;
    }
  }

  /** The complete elements that were not taken yet. */
  take(): readonly unknown[] {
    this.#parse();
    this.#pushSkipped(this.#skipped);
    this.#skipped = 0;
    this.#skippedInBatch = 0;
    const values = this.#values;
    this.#values = [];
    this.#parsedBytes = 0;
    return values;
  }

  /** Only ever between two elements. */
  #parse(): void {
    const ends = this.#ends;
    if (ends.length === 0) return;
    const values = this.#parsedTexts(ends);
    for (const [index, value] of values.entries()) {
      this.#pushSkipped(this.#gaps[index] ?? 0);
      this.#values.push(value);
    }
    this.#gaps = [];
    this.#parsedBytes += this.#start;
    this.#ends = [];
    this.#start = 0;
    this.#text.truncate(0);
  }

  #parsedTexts(ends: readonly number[]): readonly unknown[] {
    // Parsing one list costs less than parsing its elements. If it is JSON, so is each of them, with the same bounds.
    const values = parsed(() => `[${this.#text.slice(0, this.#start - 1)}]`);
    if (Array.isArray(values) && values.length === ends.length) return values;
    let from = 0;
    return ends.map((end) => {
      const text = this.#text.slice.bind(this.#text, from, end);
      from = end + 1;
      return parsed(text);
    });
  }

  #pushSkipped(count: number): void {
    if (count > 0) this.#values.push(new SkippedElements(count));
  }
}
