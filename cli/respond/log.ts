import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import * as v from "valibot";
import type { Logged } from "#incident-response/record-before.ts";
import { Before } from "#incident-response/run.ts";
import { messageOf } from "#model/errors.ts";

/** The operator's own log of cases: what counts where the bucket refuses. One file of JSON lines per case, for its owner only. */
export interface CaseLog {
  append(entry: Readonly<Record<string, unknown>>): void;
  /** Why it cannot be written, once it could not. */
  readonly problem: () => string | undefined;
}

const folder = () => path.join(homedir(), ".cloudtrail-to-slack", "log");
const fileOf = (name: string) => path.join(folder(), `${name}.ndjson`);

/** Opens the log of a case. Never throws: no log is in the way of a response. */
export function openLog(name: string): CaseLog {
  let problem: string | undefined;
  return {
    append(entry) {
      try {
        mkdirSync(folder(), { recursive: true, mode: 0o700 });
        appendFileSync(fileOf(name), `${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`, {
          mode: 0o600,
        });
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
      }
    },
    problem: () => problem,
  };
}

/**
 * What the log has of the case of an instance that is open, if any. Never throws: no log is in the way of a response.
 * @param onProblem told why the log cannot be read
 */
export function loggedCase(instanceId: string, onProblem: (problem: string) => void): Logged | undefined {
  try {
    return openCaseIn(folder(), instanceId);
  } catch (error) {
    onProblem(`the log of this machine cannot be read: ${messageOf(error)}`);
    return undefined;
  }
}

function openCaseIn(place: string, instanceId: string): Logged | undefined {
  if (!existsSync(place)) return undefined;
  const names = readdirSync(place)
    .filter((file) => file.endsWith(".ndjson") && file.includes(instanceId))
    .sort()
    .reverse();
  for (const file of names) {
    const entries = readFileSync(path.join(place, file), "utf8").split("\n").flatMap(entryOf);
    if (entries.some(({ closed }) => closed)) return undefined;
    const before = entries.find((entry) => entry.before !== undefined)?.before;
    if (before !== undefined) return { name: file.replace(/\.ndjson$/, ""), before };
  }
  return undefined;
}

/** What the log says of the manifest of a case: hashes of those that this machine wrote. */
export function loggedManifests(name: string): ReadonlyMap<string, string> {
  if (!existsSync(fileOf(name))) return new Map();
  const entries = readFileSync(fileOf(name), "utf8").split("\n").flatMap(entryOf);
  return new Map(entries.flatMap(({ manifest }) => (manifest === undefined ? [] : [[manifest.key, manifest.sha256]])));
}

const Entry = v.object({
  before: v.optional(Before),
  closed: v.optional(v.boolean(), false),
  manifest: v.optional(v.object({ key: v.string(), sha256: v.string() })),
});

/** A line that was cut by a crash is no line. */
function entryOf(line: string): readonly v.InferOutput<typeof Entry>[] {
  try {
    const parsed = v.safeParse(Entry, JSON.parse(line));
    return parsed.success ? [parsed.output] : [];
  } catch {
    return [];
  }
}
