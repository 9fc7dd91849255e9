import { parseBareJson } from "#expression/bare-json.ts";

/** One statement of a policy document. Names of its parts are in lower case, since not every service keeps them. */
export type Statement = Readonly<Record<string, unknown>>;

/** A list of values; one value stands for a list of one, as everywhere in policy documents. */
export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}

/** An object's entries, with names in lower case; of anything else none. */
export function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).map(([key, item]) => [key.toLowerCase(), item]);
}

/**
 * The statements of a policy document that allow something. The document is an object or its JSON text, which may be
 * URL-encoded as IAM logs it; of a list of documents all statements.
 */
export function allowStatements(document: unknown): readonly Statement[] {
  return listOf(document)
    .map((item) => (typeof item === "string" ? parseBareJson(item) : item))
    .flatMap((item) => listOf(Object.fromEntries(entriesOf(item)).statement))
    .map((item) => Object.fromEntries(entriesOf(item)))
    .filter(({ effect }) => effect === "Allow");
}
