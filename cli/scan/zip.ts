import { close, open } from "node:fs";
import { promisify } from "node:util";
import StreamZip, { type ZipEntry } from "node-stream-zip";
import { messageOf } from "#model/errors.ts";
import { type Candidate, mayBeLogFile } from "./candidate.ts";
import { cannotRead, counted, type OnBytes } from "./reading.ts";

const openFile = promisify(open);
/** Longer than a read that is under way when nobody wants its bytes any more. */
const CLOSE_AFTER_MS = 1_000;

/**
 * The entries of a zip, in its order. Nothing is unpacked to disk, so that no entry's name can lead anywhere. The zip
 * is open until the next entry is asked for after the last one.
 */
export async function* zipEntries(file: string, onBytes: OnBytes): AsyncGenerator<Candidate> {
  let descriptor: number;
  try {
    descriptor = await openFile(file, "r");
  } catch (error) {
    yield { kind: "problem", reason: cannotRead(file, error) };
    return;
  }
  let closesAfterMs = 0;
  const onAbandoned = () => {
    closesAfterMs = CLOSE_AFTER_MS;
  };
  try {
    const { zip, entries } = await directoryOf(descriptor);
    for (const entry of entries) {
      if (entry.isDirectory) continue;
      if (!mayBeLogFile(entry.name)) yield { kind: "skipped" };
      else yield { kind: "file", name: `${file}/${entry.name}`, open: () => bytesOf(zip, entry, onBytes, onAbandoned) };
    }
  } catch (error) {
    yield { kind: "problem", reason: `${file} is not a zip that can be read: ${messageOf(error)}` };
  } finally {
    // The package reads ahead, and would read another file if the number were given to one meanwhile.
    const end = () => close(descriptor, () => {});
    if (closesAfterMs === 0) end();
    else setTimeout(end, closesAfterMs).unref();
  }
}

/** A list of ours, because the package keeps entries by their names: `__proto__` and a name that comes twice get lost. */
async function directoryOf(fd: number): Promise<{ readonly zip: StreamZip; readonly entries: readonly ZipEntry[] }> {
  const entries: ZipEntry[] = [];
  let uncaught = (_error: unknown) => {};
  try {
    const zip = await new Promise<StreamZip>((resolve, reject) => {
      // The package throws at some damages where nobody can catch it.
      uncaught = reject;
      process.once("uncaughtException", uncaught);
      const opened = new StreamZip({ fd, storeEntries: false, skipEntryNameValidation: true });
      opened.on("entry", (entry) => void entries.push(entry));
      opened.on("error", reject);
      opened.on("ready", () => resolve(opened));
    });
    return { zip, entries };
  } finally {
    process.off("uncaughtException", uncaught);
  }
}

async function* bytesOf(
  zip: StreamZip,
  entry: ZipEntry,
  onBytes: OnBytes,
  onAbandoned: () => void,
): AsyncGenerator<Uint8Array> {
  let ended = false;
  try {
    const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
      zip.stream(entry, (error, opened) => {
        if (opened === undefined) reject(error);
        else resolve(opened);
      });
    });
    const packed = entry.compressedSize / Math.max(1, entry.size);
    yield* counted(stream as AsyncIterable<Uint8Array>, (bytes) => onBytes(bytes * packed));
    ended = true;
  } finally {
    if (!ended) onAbandoned();
  }
}
