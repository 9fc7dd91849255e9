import { createGunzip } from "node:zlib";

const GZIP_MAGIC = [0x1f, 0x8b];

/** What zlib takes at once: deflate packs 1032:1 at best, so that at most 16 MB come of it. In bytes. */
const MAX_INPUT_BYTES = 16 * 2 ** 10;

/** What zlib hands out at once. In bytes. */
const OUTPUT_BYTES = 256 * 2 ** 10;

/** Damaged gzip. The message is zlib's. */
export class GzipError extends Error {
  override readonly name = "GzipError";
}

/**
 * What a file holds, unpacked if it begins like gzip. Nothing is read ahead: whoever stops to read stops the source,
 * and everything before the place where the source fails or ends too early comes out. Of gzip that is damaged, what
 * zlib had not handed out yet (up to 256 KB before the damage) does not. As with `gunzip`, several members are one
 * content, and what follows a zero byte behind a member is padding.
 * @throws GzipError when it is damaged or truncated; and what `chunks` throws
 */
export async function* unpack(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | undefined = new Uint8Array();
  let gunzip: Gunzip | undefined;
  try {
    for await (const chunk of chunks) {
      let bytes = chunk;
      if (head !== undefined) {
        bytes = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
        if (bytes.length < GZIP_MAGIC.length) {
          head = bytes;
          continue;
        }
        head = undefined;
        if (GZIP_MAGIC.every((byte, index) => bytes[index] === byte)) gunzip = startGunzip();
      }
      if (gunzip === undefined) yield bytes;
      else {
        for (let from = 0; from < bytes.length; from += MAX_INPUT_BYTES) {
          yield* gunzip.push(bytes.subarray(from, from + MAX_INPUT_BYTES));
        }
      }
    }
    if (head !== undefined) yield head;
    if (gunzip !== undefined) yield* gunzip.end();
  } finally {
    gunzip?.destroy();
  }
}

/** zlib in steps: each one is over when zlib has taken all that it was given. */
interface Gunzip {
  push(bytes: Uint8Array): AsyncGenerator<Uint8Array>;
  end(): AsyncGenerator<Uint8Array>;
  destroy(): void;
}

function startGunzip(): Gunzip {
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
