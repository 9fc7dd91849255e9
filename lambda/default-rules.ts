import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import * as v from "valibot";
import { parse } from "yaml";
import { type DefaultRule, SEVERITIES } from "#model/rule.ts";

/** A rule file: `rules/<pack>/<id>.yaml`. */
const RuleFile = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]*$/)),
  /** A sentence in plain words; at most what a message's title shows. */
  title: v.pipe(v.string(), v.minLength(1), v.maxLength(65)),
  severity: v.picklist(SEVERITIES),
  /** False: only with its pack switched on as a whole, or by itself. */
  enabled: v.optional(v.boolean(), true),
  /** A rule that ignores keeps records back from all others. */
  kind: v.optional(v.picklist(["alert", "ignore"]), "alert"),
  /** The Terraform variable without which it never matches. */
  setting: v.optional(v.picklist(["allowed_cidrs", "office_hours", "required_tags"])),
  /** Whether the trail must record data events for it. */
  dataEvents: v.optional(v.boolean(), false),
  description: v.pipe(v.string(), v.minLength(1)),
  expression: v.string(),
  references: v.pipe(v.array(v.pipe(v.string(), v.url())), v.minLength(1)),
  mitre: v.array(v.string()),
  /** What looks the same and is harmless. */
  falsePositives: v.pipe(v.array(v.pipe(v.string(), v.minLength(1))), v.minLength(1)),
  /** What to look at first. */
  investigate: v.pipe(v.string(), v.minLength(1), v.maxLength(300)),
  /** What `config` the records are judged with. */
  config: v.optional(v.record(v.string(), v.unknown()), {}),
  matching: v.pipe(v.array(v.record(v.string(), v.unknown())), v.minLength(1)),
  nonMatching: v.pipe(v.array(v.record(v.string(), v.unknown())), v.minLength(1)),
});
export type RuleFile = v.InferOutput<typeof RuleFile> & { readonly pack: string };

const RULES = path.join(import.meta.dirname, "..", "rules");

/** Every rule file, sorted by pack and id. @throws when one is malformed; the message names it */
export function readRuleFiles(directory: string = RULES): readonly RuleFile[] {
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yaml"));
  return files.sort().map((file) => {
    const parsed = v.safeParse(RuleFile, parse(readFileSync(path.join(directory, file), "utf8"), { merge: true }));
    if (!parsed.success) {
      const problems = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? "file"}: ${issue.message}`);
      throw new Error(`rules/${file} is malformed: ${problems.join("; ")}`);
    }
    const [pack = "", name] = file.split(path.sep);
    if (name !== `${parsed.output.id}.yaml`)
      throw new Error(`rules/${file} must be rules/<pack>/${parsed.output.id}.yaml`);
    return { ...parsed.output, pack };
  });
}

/**
 * The default rules. In the bundle this whole module is replaced by its value, made when it is built: see `build.ts`.
 */
export const defaultRules: readonly DefaultRule[] = readRuleFiles().map(
  ({ id, pack, title, severity, enabled, kind, setting, investigate, expression }) => ({
    id,
    pack,
    origin: kind === "ignore" ? "ignore" : "default",
    severity,
    title,
    enabled,
    ...(setting === undefined ? {} : { setting }),
    investigate: investigate.trim(),
    expression: expression.trim(),
  }),
);
