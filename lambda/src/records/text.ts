import { isAscii } from "node:buffer";
import { MalformedElement } from "#model/log-file.ts";

/** Bytes of text that come in pieces. */
export class Text {
  #bytes = Buffer.allocUnsafe(4096);
  #length = 0;

  /** In bytes. */
  get length(): number {
    return this.#length;
  }

  /** Takes `bytes` from `from` up to `to`. */
  append(bytes: Uint8Array, from: number, to: number): void {
    this.#reserve(to - from);
    // A loop over few bytes is cheaper than a view of them.
    if (to - from < 16) for (let at = from; at < to; at++) this.#bytes[this.#length++] = bytes[at] ?? 0;
    else {
      this.#bytes.set(bytes.subarray(from, to), this.#length);
      this.#length += to - from;
    }
  }

  /** Takes one byte. */
  appendByte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  /** Forgets what comes behind so many bytes. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** The text between two places. What is no UTF-8 becomes U+FFFD. */
  slice(from: number, to: number): string {
    // Most text is ASCII, which Node decodes several times faster when it need not look for UTF-8.
    const encoding = isAscii(this.#bytes.subarray(from, to)) ? "latin1" : "utf8";
    return this.#bytes.toString(encoding, from, to);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** The value of a JSON text, or what stands in its place if it is none or too long for the machine. */
export function parsed(text: () => string): unknown {
  try {
    return JSON.parse(text());
  } catch {
    // The parser's message quotes the text around the place: foreign, so it stays out.
    return new MalformedElement("is not JSON");
  }
}
