import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { type Candidate, isZip, mayBeLogFile } from "./candidate.ts";
import { cannotRead, counted, type OnBytes } from "./reading.ts";
import { zipEntries } from "./zip.ts";

/** A place on this machine: a file as it is, a zip entry by entry, a folder with all below it, sorted by name. */
export async function* localCandidates(place: string, onBytes: OnBytes): AsyncGenerator<Candidate> {
  try {
    if (!(await stat(place)).isDirectory()) {
      yield* fileCandidates(place, onBytes);
      return;
    }
    for await (const found of filesBelow(place)) {
      if (found.kind === "problem") yield found;
      else if (isZip(found.file)) yield* zipEntries(found.file, onBytes);
      else if (mayBeLogFile(path.relative(place, found.file))) yield* fileCandidates(found.file, onBytes);
      else yield { kind: "skipped" };
    }
  } catch (error) {
    yield { kind: "problem", reason: cannotRead(place, error) };
  }
}

/** How many bytes are to be read at most; what cannot be looked at counts for nothing. */
export async function bytesAt(places: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const place of places) {
    const found = await stat(place).catch(() => undefined);
    if (found === undefined) continue;
    if (!found.isDirectory()) {
      bytes += found.size;
      continue;
    }
    for await (const below of filesBelow(place)) {
      if (below.kind === "problem" || !(isZip(below.file) || mayBeLogFile(path.relative(place, below.file)))) continue;
      bytes += (await stat(below.file).catch(() => undefined))?.size ?? 0;
    }
  }
  return bytes;
}

async function* fileCandidates(file: string, onBytes: OnBytes): AsyncGenerator<Candidate> {
  if (isZip(file)) yield* zipEntries(file, onBytes);
  else yield { kind: "file", name: file, open: () => counted(createReadStream(file), onBytes) };
}

type Found = { readonly kind: "found"; readonly file: string } | { readonly kind: "problem"; readonly reason: string };

/** Links to files are followed, links to folders are not: they may lead in a circle. */
async function* filesBelow(folder: string): AsyncGenerator<Found> {
  let entries: Awaited<ReturnType<typeof list>>;
  try {
    entries = await list(folder);
  } catch (error) {
    yield { kind: "problem", reason: cannotRead(folder, error) };
    return;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(file);
    else if (entry.isFile()) yield { kind: "found", file };
    else if (entry.isSymbolicLink() && (await stat(file).catch(() => undefined))?.isFile()) {
      yield { kind: "found", file };
    }
  }
}

const list = (folder: string) => readdir(folder, { withFileTypes: true });
