import { objectKind } from "#sources/object-kind.ts";

/** What lies at a place that is to be scanned. */
export type Candidate =
  | {
      readonly kind: "file";
      /** For people. Foreign text. */
      readonly name: string;
      /** Its bytes as they lie there, packed or not. Throws whatever reading throws. */
      readonly open: () => AsyncIterable<Uint8Array>;
    }
  /** By its name it is no log file, so that it is not opened. */
  | { readonly kind: "skipped" }
  /** A place that cannot be looked into: a sentence. */
  | { readonly kind: "problem"; readonly reason: string };

/** Names of files that may hold records: JSON, or JSON in each line, packed or not. */
const LOG_FILE = /\.(json|jsonl|ndjson)(\.gz)?$/i;
/** What packers leave beside files, and what people hide. */
const BY_THE_WAY = /(^|\/)(\.[^./]|__MACOSX\/)/;

/** Whether something that was found, and not named by the user, may be a log file. @param path its folders count, too */
export function mayBeLogFile(path: string): boolean {
  const key = path.replaceAll("\\", "/");
  return LOG_FILE.test(key) && !BY_THE_WAY.test(key) && objectKind(key) !== "digest";
}

/** Whether a file is to be opened as a zip. */
export function isZip(path: string): boolean {
  return /\.zip$/i.test(path);
}
