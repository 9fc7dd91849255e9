import { nodesOf, pathOf } from "#expression/ast.ts";
import { print } from "#expression/print.ts";
import type { Fields, Vocabulary } from "#expression/vocabulary.ts";
import type { Trap } from "./trap.ts";

/** `'key' in object` is false whatever the object: `in` looks into lists and texts only. */
export const inObject: Trap = ({ ast }, vocabulary) =>
  nodesOf(ast).flatMap((node) => {
    if (node.type !== "BinaryExpression" || node.operator !== "in" || !isObject(pathOf(node.right), vocabulary)) {
      return [];
    }
    const [key, object] = [print(node.left), print(node.right)];
    const problem = `looks for ${key} in an object, where "in" finds nothing; write (${object}|has(${key}))`;
    return [{ node, severity: "error" as const, problem }];
  });

function isObject(path: readonly string[] | undefined, { fields, present }: Vocabulary): boolean {
  if (path === undefined) return false;
  if (path.length === 1 && present.includes(path[0] ?? "")) return true;
  let below: Fields | null | undefined = fields;
  for (const name of path) below = below && Object.hasOwn(below, name) ? below[name] : null;
  return Boolean(below);
}
