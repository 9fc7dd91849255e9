import { type Logic, test } from "./logic.ts";

/** What a value may be as far as the rule's text tells. A float is a number that is no integer for Python. */
export type Type = "text" | "number" | "float" | "boolean" | "null" | "list" | "tuple";

/** What a leaf of a record may be. */
export const SCALARS: ReadonlySet<Type> = new Set(["text", "number", "boolean", "null"]);

/** What the transform `type` says of a type. */
export function kindOf(type: Type): string {
  if (type === "float") return "number";
  return type === "tuple" ? "list" : type;
}

/** {@link isKind} in Jexl, or its opposite. */
export function kindText(x: string, kinds: readonly string[], sign = "=="): string {
  const [first = ""] = kinds;
  const list = kinds.map((kind) => `'${kind}'`).join(", ");
  return kinds.length === 1 ? `(${x}|type) ${sign} '${first}'` : `(${x}|type) in [${list}]`;
}

/** That a value is of one of the kinds that the transform `type` knows. */
export function isKind(x: string, kinds: readonly string[]): Logic {
  const opposite = { text: kindText(x, kinds, "!="), form: "comparison" } as const;
  return test(kindText(x, kinds), "comparison", kinds.length === 1 ? { opposite } : {});
}
