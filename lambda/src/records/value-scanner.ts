const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Ends a number, `true`, `false` or `null`, or cannot be in one: white space and `,` `]` `}` `"` `{` `[`. */
const ENDS_BARE = new Uint8Array(256);
for (const character of ' \t\n\r,]}"{[') ENDS_BARE[character.charCodeAt(0)] = 1;

/**
 * Finds the end of a JSON value in bytes that come in pieces, by quotes, escapes and the number of open brackets. It
 * does not look whether the value is JSON; where it is, the end is right. Takes no memory for depth.
 */
export class ValueScanner {
  #bare = false;
  #inText = false;
  #depth = 0;
  /** Bytes at the begin of the next piece that belong to an escape. */
  #escaped = 0;

  /** The value's first byte is next. @param first that byte, no white space */
  begin(first: number): void {
    this.#bare = ENDS_BARE[first] === 0;
    this.#inText = false;
    this.#depth = 0;
    this.#escaped = 0;
  }

  /**
   * @param from where the value begins or, in a further piece, goes on
   * @returns the place behind the value, or -1 when the piece ends before it is clear where the value does
   */
  scan(bytes: Uint8Array, from: number): number {
    return this.#bare ? scanBare(bytes, from) : this.#scanBracketed(bytes, from);
  }

  #scanBracketed(bytes: Uint8Array, from: number): number {
    const end = bytes.length;
    let at = from + this.#escaped;
    let inText = this.#inText;
    let depth = this.#depth;
    this.#escaped = 0;
    while (at < end) {
      if (inText) {
        let byte: number | undefined;
        do {
          byte = bytes[at++];
          if (byte === BACKSLASH) at++;
        } while (byte !== QUOTE && at < end);
        if (byte !== QUOTE) break;
        inText = false;
        if (depth === 0) return at;
      } else {
        const byte = bytes[at++];
        if (byte === QUOTE) inText = true;
        else if (byte === 0x7b || byte === 0x5b) depth++;
        else if (byte === 0x7d || byte === 0x5d) {
          depth--;
          if (depth === 0) return at;
        }
      }
    }
    this.#escaped = at - end;
    this.#inText = inText;
    this.#depth = depth;
    return -1;
  }
}

function scanBare(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length) {
    if (ENDS_BARE[bytes[at] ?? 0] === 1) return at;
    at++;
  }
  return -1;
}
