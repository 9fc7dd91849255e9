import type { Ast, AstNode } from "jexl/dist/parser/Parser.js";
import { nodesOf, partsOf, pathOf } from "#expression/ast.ts";
import { print } from "#expression/print.ts";
import type { Vocabulary } from "#expression/vocabulary.ts";
import type { Trap, Trapped } from "./trap.ts";

/** `x.items.name` is the name of the first item only, and fails where there is none. */
export const onlyFirstItem: Trap = ({ ast }, { listNames }) => {
  const owners = ownersOf(ast);
  return nodesOf(ast).flatMap((node) => {
    if (node.type !== "Identifier" || node.from?.type !== "Identifier" || !isFirstList(node.from, listNames)) return [];
    const names = [node.value];
    for (let owner = owners.get(node); owner?.type === "Identifier"; owner = owners.get(owner)) names.push(owner.value);
    const [list, path] = [print(node.from), names.join(".")];
    const problem = `reads ${path} of the first of ${list} only; write (${list}|pluck('${path}'))|any(…)`;
    return [{ node, severity: "warning" as const, problem }];
  });
};

/** Of lists in lists the outermost one is told of. */
function isFirstList(ast: AstNode, listNames: readonly string[]): boolean {
  if (ast.type !== "Identifier" || !listNames.includes(ast.value)) return false;
  return !nodesOf(ast.from).some((node) => node.type === "Identifier" && listNames.includes(node.value));
}

/** Transforms that give a list whatever they are given. */
const ALWAYS_LISTS: readonly string[] = ["keys", "pluck", "values"];
type Filter = Extract<AstNode, { type: "FilterExpression" }>;

/**
 * `x[0]` and `x['key']` fail where x is missing, so the rule does. What was asked about x before, in the same row of
 * `&&` and `||`, counts as a guard.
 */
export const firstElement: Trap = ({ ast }, vocabulary) => {
  const owners = ownersOf(ast);
  const found: Trapped[] = [];
  const visit = (node: Ast, guards: ReadonlySet<string>): void => {
    if (!node) return;
    if (node.type === "FilterExpression" && isUnguarded(node, guards, vocabulary)) {
      found.push({ node, severity: "warning", problem: problemOf(node, owners, vocabulary) });
    }
    // What comes first guards what comes after it.
    let known = guards;
    const isRow =
      node.type === "ConditionalExpression" || (node.type === "BinaryExpression" && /^(&&|\|\|)$/.test(node.operator));
    for (const part of partsOf(node)) {
      visit(part, known);
      if (isRow) known = new Set([...known, ...mentionsIn(part, vocabulary)]);
    }
  };
  visit(ast, new Set());
  return found;
};

function isUnguarded(node: Filter, guards: ReadonlySet<string>, vocabulary: Vocabulary): boolean {
  if (node.relative || node.expr?.type !== "Literal" || typeof node.expr.value === "boolean") return false;
  const { subject } = node;
  // Of `x[0][1]` the inner one is told of, with the whole path.
  if (subject?.type === "FilterExpression") return false;
  if (subject?.type === "FunctionCall") {
    return !ALWAYS_LISTS.includes(subject.name) && !isGuarded(subject.args[0], guards, vocabulary);
  }
  const path = pathOf(subject);
  if (path === undefined || (path.length === 1 && vocabulary.present.includes(path[0] ?? ""))) return false;
  return !isGuarded(subject, guards, vocabulary);
}

function isGuarded(subject: Ast, guards: ReadonlySet<string>, vocabulary: Vocabulary): boolean {
  return mentionsIn(subject, vocabulary).some((path) => guards.has(path));
}

/** Paths that are named anywhere within, the longest first; also those that are only asked whether they are there. */
function mentionsIn(ast: Ast, { everything }: Vocabulary): readonly string[] {
  return nodesOf(ast).flatMap((node) => {
    if (node.type === "FunctionCall" && node.name === "has") {
      return node.args.flatMap((item) => (item?.type === "Literal" ? [String(item.value)] : []));
    }
    const path = pathOf(node);
    if (path === undefined) return [];
    return [(path[0] === everything ? path.slice(1) : path).join(".")];
  });
}

/** Of `x` in `x.y` the node `x.y`. */
function ownersOf(ast: Ast): ReadonlyMap<AstNode, AstNode> {
  const owners = new Map<AstNode, AstNode>();
  for (const node of nodesOf(ast)) {
    const owned = node.type === "Identifier" ? node.from : node.type === "FilterExpression" ? node.subject : undefined;
    if (owned) owners.set(owned, node);
  }
  return owners;
}

function problemOf(node: Filter, owners: ReadonlyMap<AstNode, AstNode>, vocabulary: Vocabulary): string {
  const { everything, present } = vocabulary;
  const subject = print(node.subject);
  let whole: AstNode = node;
  for (let owner = owners.get(whole); owner !== undefined; owner = owners.get(whole)) whole = owner;
  const path = pathOf(whole);
  const [first, ...others] = path ?? [];
  // Everything is a record; what else is always there is not in it.
  const isInRecord = first === everything || !present.includes(first ?? "");
  const dots = (first === everything ? others : path)?.join(".");
  const flat = dots !== undefined && isInRecord ? `${everything}['${dots}'], or ` : "";
  return `asks for a part of ${subject}, which fails where that is missing; write ${flat}${subject} && … before it`;
}
