import { type EachOptions, each } from "#cli/shared/each.ts";
import type { ReconcileRequest, SealedFile } from "#model/digest.ts";
import { nameOfObject } from "#model/source-item.ts";
import { chainBreaks } from "./chain.ts";
import { contentOf } from "./content.ts";
import { digestHash, type OnProgress, type ReadDigest, readDigests, type Unreadable } from "./digests.ts";
import type { Altered, Findings, Removed } from "./findings.ts";
import { knownSince } from "./known-since.ts";
import type { ReconcilePorts } from "./ports.ts";

export interface CompareOptions extends EachOptions {
  /** Whether to read also what was processed. What was not is always read: to see whether it is there, and whole. */
  readonly readAll: boolean;
  readonly onProgress: OnProgress;
}

/** A log file that was delivered. */
interface Listed {
  readonly file: SealedFile;
  /** The hash of what was processed. */
  readonly recorded: string | undefined;
  readonly digest: ReadDigest;
}

/**
 * Holds the digest files of the last hours against the ledger, against each other, and against the log files.
 * @returns `interrupted` when it was stopped: then it has not seen all
 * @throws CommandError when bucket or table cannot be asked at all, or there is no digest file to read
 */
export async function compare(
  ports: ReconcilePorts,
  request: ReconcileRequest,
  options: CompareOptions,
): Promise<Findings> {
  // First of all: without a table there is nothing to compare with.
  const createdMs = await ports.ledger.createdMs();
  const unreadable: Unreadable = new Map();
  const digests = await readDigests(ports, request, unreadable, options);
  const breaks = await chainBreaks(digests, options, (object) => digestHash(object, unreadable, ports));
  const sinceMs = await knownSince(digests, createdMs, ports);
  // What does not say its time counts as known.
  const isKnown = ({ endMs }: ReadDigest) => !(endMs < sinceMs);

  const listed = [...listedOnce(digests).values()];
  const unprocessed = listed.filter(({ recorded }) => recorded === undefined);
  const comparable = unprocessed.filter(({ digest }) => isKnown(digest));
  const recordedAltered = listed.filter(({ recorded, file }) => recorded !== undefined && recorded !== file.sha256);
  const seen = await readLogFiles(options.readAll ? listed : comparable, unreadable, ports, options);

  // What was altered before it was processed stays so, whatever lies there now.
  const alterations = [...seen.altered, ...recordedAltered.map((one) => alteration(one, one.recorded))];
  const altered = [...new Map(alterations.map((one) => [one.object, one])).values()];
  const isRemoved = new Set(seen.removed.map(({ object }) => object));
  const there = (ones: readonly Listed[]) =>
    ones.map(({ file }) => file.object).filter((object) => !isRemoved.has(nameOfObject(object)));
  // What was changed or removed after it was processed, and a chain that began anew, the function cannot see.
  const toldBy = new Set([
    ...altered.filter(({ when }) => when !== "after it was processed").map(({ digest }) => digest),
    ...seen.removed.filter(({ processed }) => !processed).map(({ digest }) => digest),
    ...breaks.filter(({ what }) => what !== "restart").map(({ digest }) => digest),
  ]);
  return {
    digests: digests.length,
    span: spanOf(digests),
    listed: listed.length,
    processed: listed.length - unprocessed.length,
    missing: there(comparable),
    unknown: there(unprocessed).length - there(comparable).length,
    knownSince: new Date(sinceMs).toISOString(),
    altered,
    removed: seen.removed,
    breaks,
    unreadable: Array.from(unreadable, ([object, reason]) => ({ object, reason })),
    // With one from before the ledger's time the function would process everything of that hour anew.
    toTell: digests
      .filter((digest) => toldBy.has(nameOfObject(digest.object)) && isKnown(digest))
      .map(({ object }) => object),
    interrupted: options.stop.aborted,
  };
}

/** What several digest files list is one file. */
function listedOnce(digests: readonly ReadDigest[]): ReadonlyMap<string, Listed> {
  const files = digests.flatMap((digest) => digest.files.map((known) => ({ ...known, digest })));
  return new Map(files.map((listed) => [nameOfObject(listed.file.object), listed]));
}

async function readLogFiles(
  listed: readonly Listed[],
  unreadable: Unreadable,
  { objects }: ReconcilePorts,
  options: CompareOptions,
): Promise<{ readonly altered: readonly Altered[]; readonly removed: readonly Removed[] }> {
  const altered = new Map<Listed, Altered>();
  const removed = new Map<Listed, Removed>();
  let begun = 0;
  await each(listed, options, async (one) => {
    begun += 1;
    options.onProgress(`reading log files: ${begun} of ${listed.length}`);
    const object = nameOfObject(one.file.object);
    const content = await contentOf(objects, one.file.object, options.stop);
    switch (content?.kind) {
      case "whole":
        if (content.sha256 !== one.file.sha256) altered.set(one, alteration(one, content.sha256));
        break;
      case "damaged":
        altered.set(one, alteration(one, undefined));
        break;
      case "removed":
        removed.set(one, { object, digest: nameOfObject(one.digest.object), processed: one.recorded !== undefined });
        break;
      case "unreadable":
        unreadable.set(object, content.reason);
        break;
    }
  });
  return {
    altered: listed.flatMap((one) => altered.get(one) ?? []),
    removed: listed.flatMap((one) => removed.get(one) ?? []),
  };
}

function alteration({ file, recorded, digest }: Listed, found: string | undefined): Altered {
  const when = () => {
    if (recorded === undefined) return "not processed yet";
    return recorded === file.sha256 ? "after it was processed" : "before it was processed";
  };
  const [object, by] = [nameOfObject(file.object), nameOfObject(digest.object)];
  return { object, digest: by, when: when(), expected: file.sha256, found };
}

function spanOf(digests: readonly ReadDigest[]): Findings["span"] {
  const ends = digests.map(({ endMs }) => endMs).filter((endMs) => !Number.isNaN(endMs));
  if (ends.length === 0) return undefined;
  const [from, to] = [ends.reduce((a, b) => Math.min(a, b)), ends.reduce((a, b) => Math.max(a, b))];
  return [new Date(from).toISOString(), new Date(to).toISOString()];
}
