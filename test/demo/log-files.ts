import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import StreamZip from "node-stream-zip";

/** A log file of the user's, packed as CloudTrail packs them. */
export interface LogFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Against a wrong folder: what a demo can show. In files. */
const MAX_FILES = 2_000;

const isLog = (name: string) => /\.json(\.gz)?$/.test(name) && !path.basename(name).startsWith(".");

/**
 * The log files in a folder (and the folders below), a zip, or a single file.
 * @throws when there are none, or too many; the message says what to do
 */
export async function readLogFiles(from: string): Promise<readonly LogFile[]> {
  const found = await stat(from).catch(() => undefined);
  if (found === undefined) throw new Error(`LOGS=${from}: there is no such file or folder.`);
  const names = found.isDirectory()
    ? (await readdir(from, { recursive: true })).map((name) => path.join(from, name))
    : [from];
  const files: LogFile[] = [];
  for (const name of names.sort()) {
    if (name.endsWith(".zip")) files.push(...(await readZip(name)));
    else if (isLog(name)) files.push(pack(name, await readFile(name)));
    if (files.length > MAX_FILES)
      throw new Error(`LOGS=${from}: more than ${MAX_FILES} log files; choose a smaller folder.`);
  }
  if (files.length === 0) throw new Error(`LOGS=${from}: no .json, .json.gz or .zip in there.`);
  return files;
}

/** Entry by entry, without unpacking to disk. */
async function readZip(file: string): Promise<readonly LogFile[]> {
  const zip = new StreamZip.async({ file });
  try {
    const names = Object.values(await zip.entries()).filter((entry) => entry.isFile && isLog(entry.name));
    const files: LogFile[] = [];
    for (const { name } of names) files.push(pack(name, await buffer(await zip.stream(name))));
    return files;
  } finally {
    await zip.close();
  }
}

function pack(name: string, bytes: Uint8Array): LogFile {
  const base = path.basename(name);
  return base.endsWith(".gz") ? { name: base, bytes } : { name: `${base}.gz`, bytes: gzipSync(bytes) };
}
