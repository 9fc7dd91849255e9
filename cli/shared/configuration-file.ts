import * as v from "valibot";
import { ConfigurationDocument } from "#config/document.ts";
import type { RuleProblem } from "#model/decision.ts";
import { CommandError } from "./command-error.ts";
import { readYaml } from "./rule-files.ts";
import { didYouMean } from "./text.ts";

/** A configuration document, before it is checked: variables of the Terraform module by their names. */
export type Document = Readonly<Record<string, unknown>>;

/** What Terraform puts into the document besides what the function reads. */
const MORE_NAMES = ["secret_digests"];

/**
 * The configuration document of a file, in JSON or YAML.
 * @throws CommandError when it cannot be read, or is none
 */
export async function readConfiguration(file: string): Promise<Document> {
  const document = await readYaml(file).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : cause;
    throw new CommandError(
      `the configuration ${file} cannot be used: ${reason}; give --config a file of JSON or YAML`,
      {
        cause,
      },
    );
  });
  if (document === null || document === undefined) return {};
  if (typeof document === "object" && !Array.isArray(document)) return { ...document };
  throw new CommandError(
    `the configuration ${file} holds no variables; write them by their names, such as use_default_rules: true`,
  );
}

/** Limits may be given one by one, as Terraform's variable has it. */
const DOCUMENT = v.object({
  ...v.partial(ConfigurationDocument).entries,
  limits: v.optional(v.partial(ConfigurationDocument.entries.limits)),
});

/**
 * What is wrong with a document, a sentence each with its path, also in what is not about rules.
 * @returns beside the problems, the variables that have none
 */
export function checkDocument(document: Document): { readonly problems: readonly string[]; readonly sound: Document } {
  const { issues = [] } = v.safeParse(DOCUMENT, document);
  const paths = issues.map((issue) => v.getDotPath(issue) ?? "configuration");
  const broken = new Set(paths.map((path) => path.split(".")[0]));
  return {
    problems: [
      ...issues.map(({ message }, index) => `${paths[index]}: ${message}`),
      ...unknownVariables(document).map(({ ruleId, message }) => `${ruleId}: ${message}`),
    ],
    sound: Object.fromEntries(Object.entries(document).filter(([name]) => !broken.has(name))),
  };
}

/** The names in a document that nothing reads, as warnings: by a misspelt one, other rules would be asked than are meant. */
export function unknownVariables(document: Document): readonly RuleProblem[] {
  const names = [...Object.keys(DOCUMENT.entries), ...MORE_NAMES];
  return Object.keys(document)
    .filter((name) => !names.includes(name))
    .map((name) => ({ ruleId: name, message: `there is no such variable in the document${didYouMean(name, names)}` }));
}
