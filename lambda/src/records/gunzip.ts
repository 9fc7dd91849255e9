import { constants, createGunzip } from "node:zlib";

/** Unpacking gzip in steps: each one is over when all that it was given has been taken. */
export interface Gunzip {
  /** What comes of further bytes. Each part is gone when the next one is asked for. @throws GzipError */
  push(bytes: Uint8Array): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** No more bytes come. @throws GzipError when that is too early */
  end(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  destroy(): void;
}

/** Damaged gzip. The message is zlib's. */
export class GzipError extends Error {
  override readonly name = "GzipError";
}

/** What zlib hands out at once. In bytes. */
const OUTPUT_BYTES = 256 * 2 ** 10;

/** By Node's public stream. */
export function startGunzip(): Gunzip {
  const gunzip = createGunzip({ chunkSize: OUTPUT_BYTES });
  const parts: Uint8Array[] = [];
  let fault: Error | undefined;
  let pushedBytes = 0;
  let stepOver = () => {};
  gunzip.on("data", (part: Uint8Array) => parts.push(part));
  gunzip.on("end", () => stepOver());
  gunzip.on("error", (error) => {
    fault = error;
    stepOver();
  });
  async function* step(begin: (over: () => void) => void): AsyncGenerator<Uint8Array> {
    await new Promise<void>((resolve) => {
      stepOver = resolve;
      begin(resolve);
    });
    yield* parts.splice(0);
    if (fault !== undefined) throw new GzipError(fault.message, { cause: fault });
  }
  // The end of the last member, which zlib looks no further than.
  const isOver = () => gunzip.bytesWritten < pushedBytes;
  return {
    async *push(bytes) {
      if (isOver()) return;
      pushedBytes += bytes.length;
      yield* step((over) => gunzip.write(bytes, over));
    },
    async *end() {
      if (!isOver()) yield* step(() => gunzip.end());
    },
    destroy: () => gunzip.destroy(),
  };
}

/** What Node's stream is made of. Not documented: nothing is taken for granted. */
interface Internals {
  readonly _handle: {
    writeSync(
      flush: number,
      input: Uint8Array,
      from: number,
      length: number,
      output: Uint8Array,
      to: number,
      room: number,
    ): void;
    onerror: (message: string) => void;
  };
  /** After a step: the room that is left, and the bytes that were not taken. */
  readonly _writeState: Uint32Array;
}

/**
 * By what Node's stream is made of, which takes half the time: no other thread, and always the same memory.
 * @returns undefined where it is not as expected
 */
export function startDirectGunzip(create: () => object = createGunzip): Gunzip | undefined {
  const gunzip = create();
  if (!hasInternals(gunzip)) return undefined;
  const { _handle: handle, _writeState: state } = gunzip;
  const output = new Uint8Array(OUTPUT_BYTES);
  let fault: string | undefined;
  let isOver = false;
  handle.onerror = (message) => {
    fault = message;
  };
  function* step(flush: number, input: Uint8Array): Generator<Uint8Array> {
    let from = 0;
    for (;;) {
      handle.writeSync(flush, input, from, input.length - from, output, 0, OUTPUT_BYTES);
      if (fault !== undefined) throw new GzipError(fault);
      const [room = 0, left = 0] = state;
      if (room < OUTPUT_BYTES) yield output.subarray(0, OUTPUT_BYTES - room);
      from = input.length - left;
      // With room to spare, what was not taken lies behind the end of the last member.
      isOver = room > 0 && left > 0;
      if (room > 0) return;
    }
  }
  return {
    *push(bytes) {
      if (!isOver) yield* step(constants.Z_NO_FLUSH, bytes);
    },
    *end() {
      if (!isOver) yield* step(constants.Z_FINISH, new Uint8Array());
    },
    destroy: () => void ("destroy" in gunzip && typeof gunzip.destroy === "function" && gunzip.destroy()),
  };
}

function hasInternals(gunzip: object): gunzip is Internals {
  const { _handle: handle, _writeState: state } = gunzip as Partial<Internals>;
  return (
    typeof handle?.writeSync === "function" && "onerror" in handle && state instanceof Uint32Array && state.length === 2
  );
}
