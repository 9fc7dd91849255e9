import { readFileSync } from "node:fs";
import path from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { repoRoot } from "#test/support/tools.ts";

type Kinds = Readonly<Record<string, { readonly properties?: Readonly<Record<string, unknown>> }>>;

const SCHEMA = JSON.parse(readFileSync(path.join(repoRoot, "docs/respond.schema.json"), "utf8"));
/** Here, unlike for who reads the lines, fields that the schema does not know are a mistake. */
const STRICT = Object.fromEntries(
  Object.entries(SCHEMA.$defs as Kinds).map(([kind, schema]) => [
    kind,
    schema.properties === undefined ? schema : { ...schema, additionalProperties: false },
  ]),
);
const fits = new Ajv2020({ allErrors: true }).compile({ ...SCHEMA, $defs: STRICT });

/** The kinds of lines that docs/respond.schema.json knows. */
export const KINDS: readonly string[] = SCHEMA.oneOf.map(({ $ref }: { readonly $ref: string }) =>
  $ref.split("/").at(-1),
);

/** The lines of `--json` that docs/respond.schema.json does not know so. */
export const misfits = (lines: readonly unknown[]): readonly unknown[] => lines.filter((line) => !fits(line));
