import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";

const FOLDER = path.join(import.meta.dirname, "sources");

/** One envelope as AWS sends it, and what must be read from it. */
export interface SourceFixture {
  /** The file, without its extension. */
  readonly name: string;
  /** The decoders, by their file, that read the payload and every envelope inside it, in the order of the envelopes. */
  readonly decoders: readonly string[];
  /** As the file has it, to be read by people; {@link packed} makes of it what AWS sends. */
  readonly payload: unknown;
  /** The items, whole. */
  readonly items: readonly unknown[];
}

/** Every fixture, by name. */
export function sourceFixtures(): readonly SourceFixture[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(".json"));
  return files.sort().map((file) => ({
    name: path.basename(file, ".json"),
    ...JSON.parse(readFileSync(path.join(FOLDER, file), "utf8")),
  }));
}

/** What AWS packs into a text, by the key of the text: SNS `Message`, SQS `body`, a log event's `message`, `awslogs.data`. */
const PACKERS: ReadonlyMap<string, (value: unknown) => string> = new Map([
  ["Message", JSON.stringify],
  ["body", JSON.stringify],
  ["message", JSON.stringify],
  ["data", (value) => gzipSync(JSON.stringify(value)).toString("base64")],
]);

/** The payload as AWS sends it: what a fixture shows as JSON becomes the text that it travels in. Texts stay as they are. */
export function packed(payload: unknown): unknown {
  if (Array.isArray(payload)) return payload.map(packed);
  if (typeof payload !== "object" || payload === null) return payload;
  return Object.fromEntries(
    Object.entries(payload).map(([key, value]) => {
      const inner = packed(value);
      return [key, typeof inner === "string" ? inner : (PACKERS.get(key)?.(inner) ?? inner)];
    }),
  );
}
