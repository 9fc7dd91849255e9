import type { Alteration, Digest, ReconcileRequest, SealedFile } from "#model/digest.ts";
import { LogFileError } from "#model/errors.ts";
import type { Notice } from "#model/news.ts";
import { failureOf, type Outcome } from "#model/outcome.ts";
import type { Ledger, ObjectStore, Ports } from "#model/ports.ts";
import { nameOfObject, type ObjectRef } from "#model/source-item.ts";
import type { Tell } from "./telling.ts";

/** The steps of reconciling, each already configured; the pipeline's `Stages` hold them. */
export interface ReconcilingStages {
  /** completeness: what a digest file says. Throws LogFileError when it is none. */
  readonly readDigest: (chunks: AsyncIterable<Uint8Array>, name: string) => Promise<Digest>;
  /** completeness: the digest files of the last hours. */
  readonly findDigests: (objects: ObjectStore, request: ReconcileRequest) => Promise<readonly ObjectRef[]>;
  /** alerts: what to say about files that are not what CloudTrail wrote, if anything. */
  readonly alterationNotices: (digest: Digest, name: string, alterations: readonly Alteration[]) => readonly Notice[];
}

/** What reconciling needs of the invocation. */
interface Reconciling {
  readonly stages: ReconcilingStages;
  readonly ports: Ports;
  readonly outcome: Outcome;
  readonly tell: Tell;
}

/**
 * Holds a digest file against what was processed: a log file that never came is processed now, and a file that is not
 * what CloudTrail wrote is told about, the digest file of the hour before included.
 * @param processLogFile processes one and returns its hash
 * @returns the hash of the digest file
 * @throws LogFileError when the digest file cannot be read
 * @throws what the ledger throws
 */
export async function reconcileDigest(
  object: ObjectRef,
  ledger: Ledger,
  { stages, ports, outcome, tell }: Reconciling,
  processLogFile: (object: ObjectRef) => Promise<string>,
): Promise<string> {
  const name = nameOfObject(object);
  const digest = await stages.readDigest(ports.objects.read(object), name);
  const processed = await ledger.processed(digest.files.map((file) => file.object));
  const alterations: Alteration[] = [];
  /** @throws what `hash` throws, unless that shows that the file was removed or spoilt: it will not come again */
  const compare = async (file: SealedFile, hash: () => Promise<string>) => {
    const found = await hash().catch((error: unknown) => {
      if (!(error instanceof LogFileError && (error.missing || error.damaged))) throw error;
      ports.log.warning("a file is not what CloudTrail wrote", { reason: error.message });
      return error.missing ? undefined : "unreadable";
    });
    if (found !== file.sha256) alterations.push({ file, found });
  };
  for (const file of digest.files) {
    const what = nameOfObject(file.object);
    const known = processed.get(what);
    if (known === undefined) {
      outcome.completeness.missing += 1;
      ports.log.warning("a log file was not processed yet; it is processed now", { object: what, digest: name });
    }
    try {
      await compare(file, async () => known?.sha256 ?? (await processLogFile(file.object)));
    } catch (error) {
      outcome.objects.failed += 1;
      outcome.failures.push(failureOf(what, error));
    }
  }
  const { previous } = digest;
  if (previous !== undefined) {
    const what = nameOfObject(previous.object);
    const read = async () => (await stages.readDigest(ports.objects.read(previous.object), what)).sha256;
    try {
      await compare(previous, read);
    } catch (error) {
      // What the others showed is told all the same.
      outcome.failures.push(failureOf(what, error));
    }
  }
  outcome.completeness.altered += alterations.length;
  await tell(stages.alterationNotices(digest, name, alterations));
  return digest.sha256;
}
