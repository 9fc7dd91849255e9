import { type Gunzip, startDirectGunzip, startGunzip } from "./gunzip.ts";

const GZIP_MAGIC = [0x1f, 0x8b];

/** What zlib takes at once: deflate packs 1032:1 at best, so that at most 16 MB come of it. In bytes. */
const MAX_INPUT_BYTES = 16 * 2 ** 10;

/**
 * What a file holds, unpacked if it begins like gzip. Nothing is read ahead: whoever stops to read stops the source,
 * and everything before the place where the source fails or ends too early comes out. Of gzip that is damaged, what
 * zlib had not handed out yet (up to 256 KB before the damage) does not. As with `gunzip`, several members are one
 * content, and what follows a zero byte behind a member is padding.
 * Each part of what is unpacked is gone when the next one is asked for.
 * @throws GzipError when it is damaged or truncated; and what `chunks` throws
 */
export async function* unpack(
  chunks: AsyncIterable<Uint8Array>,
  start: () => Gunzip = () => startDirectGunzip() ?? startGunzip(),
): AsyncGenerator<Uint8Array> {
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
        if (GZIP_MAGIC.every((byte, index) => bytes[index] === byte)) gunzip = start();
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
