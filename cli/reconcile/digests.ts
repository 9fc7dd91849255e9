import { CommandError } from "#cli/shared/command-error.ts";
import { type EachOptions, each } from "#cli/shared/each.ts";
import { findDigests } from "#completeness/find-digests.ts";
import { readDigest } from "#completeness/read-digest.ts";
import type { Digest, ReconcileRequest, SealedFile } from "#model/digest.ts";
import { LogFileError } from "#model/errors.ts";
import { nameOfObject, type ObjectRef } from "#model/source-item.ts";
import type { ReconcilePorts } from "./ports.ts";

/** A digest file that was read, and what the ledger knows of what it lists. */
export interface ReadDigest extends Pick<Digest, "sha256" | "previous"> {
  readonly object: ObjectRef;
  /** When its hour ended, in milliseconds since 1970; NaN when it does not say. */
  readonly endMs: number;
  readonly files: readonly {
    readonly file: SealedFile /** Of what was processed. */;
    readonly recorded: string | undefined;
  }[];
}

/** Gets what cannot be read: the reason, by the file's name. */
export type Unreadable = Map<string, string>;

/** How the work goes on is shown as such a line. */
export type OnProgress = (what: string) => void;

/**
 * The digest files of the last hours, in the order of time; fewer once it is stopped.
 * @throws CommandError when there are none, or none can be read
 */
export async function readDigests(
  ports: ReconcilePorts,
  request: ReconcileRequest,
  unreadable: Unreadable,
  options: EachOptions & { readonly onProgress: OnProgress },
): Promise<readonly ReadDigest[]> {
  const { objects, ledger } = ports;
  const found = await find(ports, request, options);
  const read = new Map<ObjectRef, ReadDigest>();
  let begun = 0;
  await each(found, options, async (object) => {
    begun += 1;
    options.onProgress(`reading digest files: ${begun} of ${found.length}`);
    const name = nameOfObject(object);
    try {
      const { sha256, previous, endTime, files } = await readDigest(objects.read(object), name);
      const processed = await ledger.processed(files.map((file) => file.object));
      const known = files.map((file) => ({ file, recorded: processed.get(nameOfObject(file.object))?.sha256 }));
      read.set(object, { object, sha256, previous, endMs: Date.parse(endTime), files: known });
    } catch (error) {
      if (!(error instanceof LogFileError)) throw error;
      unreadable.set(name, error.message);
    }
  });
  if (read.size === 0 && !options.stop.aborted) {
    const [reason] = unreadable.values();
    throw new CommandError(
      `none of the digest files could be read (${reason}); allow s3:GetObject, and kms:Decrypt where a key of yours encrypts them`,
    );
  }
  return found.flatMap((object) => read.get(object) ?? []);
}

async function find(
  { objects, nowMs }: ReconcilePorts,
  request: ReconcileRequest,
  { stop, onProgress }: { readonly stop: AbortSignal; readonly onProgress: OnProgress },
): Promise<readonly ObjectRef[]> {
  let folders = 0;
  const list = async (bucket: string, prefix: string) => {
    // Nothing is below anything any more: that ends the search.
    if (stop.aborted) return { keys: [], folders: [] };
    folders += 1;
    onProgress(`looking for digest files: folder ${folders}`);
    return objects.list(bucket, prefix);
  };
  const found = await findDigests({ list }, request, nowMs());
  if (found.length === 0 && !stop.aborted) {
    const { bucket, prefix, hours } = request;
    throw new CommandError(
      `no digest file of the last ${hours === 1 ? "hour" : `${hours} hours`} lies below s3://${bucket}/${prefix}; log file validation must be on for the trail (enable_log_file_validation = true; the first one comes within two hours), and --prefix must end with AWSLogs/`,
    );
  }
  return found;
}

/** The hash of a digest file that was not read before; "removed" when it is gone, undefined when it cannot be read. */
export async function digestHash(
  object: ObjectRef,
  unreadable: Unreadable,
  { objects }: Pick<ReconcilePorts, "objects">,
): Promise<string | "removed" | undefined> {
  const name = nameOfObject(object);
  if (unreadable.has(name)) return undefined;
  try {
    return (await readDigest(objects.read(object), name)).sha256;
  } catch (error) {
    if (!(error instanceof LogFileError)) throw error;
    if (error.missing) return "removed";
    unreadable.set(name, error.message);
    return undefined;
  }
}
