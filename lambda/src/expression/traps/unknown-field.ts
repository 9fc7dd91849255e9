import type { Ast } from "jexl/dist/parser/Parser.js";
import { nodesOf } from "#expression/ast.ts";
import { nearest } from "#expression/nearest.ts";
import type { Fields } from "#expression/vocabulary.ts";
import type { Trap } from "./trap.ts";

/**
 * A name that is not known where it stands: a rule that can never match must not go live unnoticed. A key in brackets is
 * not looked at: that is the way to a new field.
 */
export const unknownField: Trap = ({ ast }, { fields, source, everything }) =>
  nodesOf(ast).flatMap((node) => {
    const path = namesOf(node);
    if (path === undefined) return [];
    const [owner, name] = [path.slice(0, -1), path.at(-1) ?? ""];
    const siblings = fieldsAt(fields, owner[0] === everything ? owner.slice(1) : owner);
    if (siblings === undefined || Object.hasOwn(siblings, name)) return [];
    const meant = nearest(name, Object.keys(siblings));
    const [dots, instead] = [path.join("."), meant && [...owner, meant].join(".")];
    const key = (owner[0] === everything ? path.slice(1) : path).join(".");
    const asNew = `if it is a new field, write ${everything}['${key}']`;
    const hint = instead ? `did you mean ${instead}? ${asNew.replace("if", "If")}` : asNew;
    return [{ node, severity: "error" as const, problem: `names ${dots}, which ${source} does not have; ${hint}` }];
  });

/** The names of a path that is written with dots only. */
function namesOf(ast: Ast): readonly string[] | undefined {
  if (ast?.type !== "Identifier") return undefined;
  if (!ast.from) return ast.relative ? undefined : [ast.value];
  const owner = namesOf(ast.from);
  return owner && [...owner, ast.value];
}

/** What may stand below a path; undefined where that is not known. */
function fieldsAt(fields: Fields, path: readonly string[]): Fields | undefined {
  let below: Fields | null = fields;
  for (const name of path) {
    below = Object.hasOwn(below, name) ? (below[name] ?? null) : null;
    if (below === null) return undefined;
  }
  return below;
}
