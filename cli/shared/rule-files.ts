import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import * as v from "valibot";
import { parse } from "yaml";
import { messageOf } from "#model/errors.ts";
import { SEVERITIES } from "#model/rule.ts";
import { CommandError } from "./command-error.ts";

const Texts = v.optional(v.array(v.string()), []);
const Records = v.optional(v.array(v.unknown()), []);

/** What a rule file must have to be tried: ours have all of it, a user's need an id and an expression. */
const RuleFile = v.object({
  id: v.pipe(v.string(), v.minLength(1)),
  expression: v.string(),
  title: v.optional(v.string()),
  severity: v.optional(v.picklist(SEVERITIES), "medium"),
  enabled: v.optional(v.boolean(), true),
  kind: v.optional(v.picklist(["alert", "ignore"]), "alert"),
  setting: v.optional(v.string()),
  dataEvents: v.optional(v.boolean(), false),
  description: v.optional(v.string(), ""),
  references: Texts,
  mitre: Texts,
  falsePositives: Texts,
  investigate: v.optional(v.string(), ""),
  config: v.optional(v.record(v.string(), v.unknown())),
  matching: Records,
  nonMatching: Records,
});
export type RuleFile = v.InferOutput<typeof RuleFile>;

/** A rule file as it was found. */
export interface FoundRule {
  /** Its path, from the folder that was given. */
  readonly file: string;
  /** The folder that it lies in, from the one that was given; of ours, the pack. */
  readonly folder: string;
  readonly rule: RuleFile;
}

/** Far above any rule with its records. In bytes. */
const MAX_FILE_BYTES = 4 * 2 ** 20;

/**
 * Every rule file below a folder (`.yaml`, `.yml`, `.json`), sorted by path; or the one that the path names.
 * @returns what was read, and why the others were not, a sentence each
 * @throws CommandError when there is no such folder
 */
export async function readRuleFiles(
  place: string,
): Promise<{ readonly rules: readonly FoundRule[]; readonly problems: readonly string[] }> {
  const rules: FoundRule[] = [];
  const problems: string[] = [];
  const { folder, files } = await filesOf(place);
  for (const file of files) {
    try {
      const found = v.safeParse(RuleFile, await readYaml(path.join(folder, file)));
      if (found.success) rules.push({ file, folder: path.dirname(file), rule: found.output });
      else problems.push(...found.issues.map((issue) => `${file}: ${v.getDotPath(issue) ?? "file"}: ${issue.message}`));
    } catch (error) {
      problems.push(`${file}: ${messageOf(error)}`);
    }
  }
  return { rules, problems };
}

/** What a file of YAML or JSON holds. @throws Error whose message is one line */
export async function readYaml(file: string): Promise<unknown> {
  const { size } = await stat(file);
  if (size > MAX_FILE_BYTES) throw new Error(`has ${size} bytes, more than ${MAX_FILE_BYTES}`);
  const text = await readFile(file, "utf8");
  try {
    // JSON is YAML, too. What YAML only warns of would be printed between our lines.
    return parse(text, { merge: true, logLevel: "error" });
  } catch (cause) {
    // Behind the first line it draws the place.
    throw new Error(`is not YAML: ${messageOf(cause).split("\n", 1)[0]?.replace(/:$/, "")}`, { cause });
  }
}

async function filesOf(place: string): Promise<{ readonly folder: string; readonly files: readonly string[] }> {
  try {
    if ((await stat(place)).isFile()) return { folder: path.dirname(place), files: [path.basename(place)] };
    const files = await readdir(place, { recursive: true });
    return { folder: place, files: files.filter((file) => /\.(ya?ml|json)$/.test(file)).sort() };
  } catch (cause) {
    throw new CommandError(`${place} cannot be read (${messageOf(cause)}); name a folder of rule files`, { cause });
  }
}
