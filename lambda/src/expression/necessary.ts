import type { Ast, AstNode } from "jexl/dist/parser/Parser.js";
import { nodesOf, partsOf } from "./ast.ts";
import { evaluatorOf } from "./evaluate.ts";
import type { Transform } from "./transforms.ts";

/** Where a value stands in what expressions are asked about. */
export interface Place {
  readonly keys: readonly string[];
  /** Whether it was asked for by one key with dots in it, to which other objects may lead, too. */
  readonly isDotted: boolean;
}

/** Whether a context in which only the value of one place is filled in leaves it possible that the expression is true. */
export interface Test {
  readonly holds: (context: object) => boolean;
  /** How much there is to do, in parts of an expression. */
  readonly cost: number;
}

/** All of these must hold, each of its place. Without any, everything may be. The keys are ids of places. */
export type Conjunction = ReadonlyMap<string, Test>;

/** What must be for an expression to be truthy or to throw. */
export interface Necessary {
  /** One of these; none when it never can. */
  readonly alternatives: readonly Conjunction[];
  /**
   * By id, the places that this was found by. It holds for contexts in which only objects, null or nothing lead to
   * these; where a list or a text does, anything may be.
   */
  readonly places: ReadonlyMap<string, Place>;
}

/** What an expression is asked about. */
export interface Surroundings {
  readonly transforms: Readonly<Record<string, Transform>>;
  /** Transforms that may throw. */
  readonly throwing: ReadonlySet<string>;
  /** The name by which everything is reached, also by dotted keys: `event` in `event['a.b']`. */
  readonly everything: string;
  /** The names that hold the same in every context, with what they hold. */
  readonly constants: Readonly<Record<string, unknown>>;
  /** Places that are found in most contexts and lead through no list: others serve only where these do not suffice. */
  readonly isUsual: (place: Place) => boolean;
}

/** More alternatives than this become fewer and weaker ones. */
const MAX_ALTERNATIVES = 32;
/** Longer dotted keys, in characters and in parts, are not looked at. */
const MAX_DOTTED = 512;
const MAX_PARTS = 8;

const ANYTHING: readonly Conjunction[] = [new Map()];
const NEVER: readonly Conjunction[] = [];

/** Derives from an expression what single values must be for it to matter. It may pass too much, never too little. */
export function necessaryFor(ast: Ast, surroundings: Surroundings): Necessary {
  const usual = analysed(ast, surroundings, surroundings.isUsual);
  if (usual.alternatives.every(({ size }) => size > 0)) return usual;
  const all = analysed(ast, surroundings, () => true);
  return all.alternatives.every(({ size }) => size > 0) ? all : usual;
}

function analysed(ast: Ast, surroundings: Surroundings, isUsable: (place: Place) => boolean): Necessary {
  const { transforms, throwing, everything, constants } = surroundings;
  const places = new Map<string, Place>();

  /** What an expression depends on: the places, or undefined when that cannot be told. */
  const placesOf = remembered((node: AstNode): ReadonlyMap<string, Place> | undefined => {
    const place = placeOf(node, everything, constants);
    if (place === "constant") return new Map();
    if (place !== undefined) return new Map([[JSON.stringify(place.keys), place]]);
    if (node.type === "Identifier" || node.type === "FilterExpression") return undefined;
    const found = new Map<string, Place>();
    for (const part of partsOf(node)) {
      const inside = part ? placesOf(part) : undefined;
      if (inside === undefined) return undefined;
      for (const [id, each] of inside) if (!found.get(id)?.isDotted) found.set(id, each);
    }
    return found;
  });

  /** Who asks for a place by a dotted key once has other ways to it forbidden, whoever else asks. */
  const note = (id: string, place: Place): void => {
    if (!places.get(id)?.isDotted) places.set(id, place);
  };

  /** Whether it may throw in a context in which only objects, null or nothing lead to the places in `places`. */
  const mayThrow = remembered((node: AstNode): boolean => {
    const place = placeOf(node, everything, constants);
    if (place === "constant") return throwsAlways(node);
    if (place !== undefined) {
      if (place.keys.length === 1) return false;
      if (isUsable(place)) note(JSON.stringify(place.keys), place);
      return !isUsable(place);
    }
    if (node.type === "Identifier")
      return node.value !== everything || node.relative === true || node.from !== undefined;
    if (node.type === "FilterExpression") return true;
    if (node.type === "FunctionCall" && throwing.has(node.name)) return true;
    return partsOf(node).some((part) => !part || mayThrow(part));
  });

  const throwsAlways = (node: AstNode): boolean => {
    const evaluate = evaluatorOf(node, transforms);
    try {
      evaluate(constants, constants);
      return false;
    } catch {
      return true;
    }
  };

  const testOf = (node: AstNode, wanted: boolean): Test => {
    const evaluate = evaluatorOf(node, transforms);
    const holds = (context: object): boolean => {
      try {
        return Boolean(evaluate(context, context)) === wanted;
      } catch {
        return true;
      }
    };
    return { holds, cost: nodesOf(node).length };
  };

  /** What must be for a node to be truthy, or falsy if that is wanted, or to throw. */
  const conditions = (node: Ast, wanted: boolean): readonly Conjunction[] => {
    const found = node ? placesOf(node) : undefined;
    if (!node) return ANYTHING;
    if (found !== undefined && found.size <= 1) {
      const test = testOf(node, wanted);
      const [entry] = found;
      if (entry === undefined) return test.holds(constants) ? ANYTHING : NEVER;
      const [id, place] = entry;
      if (!isUsable(place)) return ANYTHING;
      note(id, place);
      return [new Map([[id, test]])];
    }
    if (node.type === "UnaryExpression" && node.operator === "!") return conditions(node.right, !wanted);
    if (node.type !== "BinaryExpression" || !/^(&&|\|\|)$/.test(node.operator)) return ANYTHING;
    const left = conditions(node.left, wanted);
    if ((node.operator === "&&") !== wanted) return either(left, conditions(node.right, wanted));
    // Where the left side throws, nobody asks the right one.
    return !node.left || mayThrow(node.left) ? left : both(left, conditions(node.right, wanted));
  };

  const alternatives = conditions(ast, true);
  return { alternatives, places };
}

function remembered<T>(of: (node: AstNode) => T): (node: AstNode) => T {
  const known = new Map<AstNode, T>();
  return (node) => {
    if (!known.has(node)) known.set(node, of(node));
    return known.get(node) as T;
  };
}

/** The place of a value that names lead to from the top, or a dotted key of everything, or that is asked for with `has`. */
function placeOf(
  node: AstNode,
  everything: string,
  constants: Readonly<Record<string, unknown>>,
): Place | "constant" | undefined {
  const names = namesOf(node);
  if (names !== undefined) {
    const [root = "", ...below] = names;
    if (root === everything) return below.length === 0 ? undefined : { keys: below, isDotted: false };
    return Object.hasOwn(constants, root) ? "constant" : { keys: names, isDotted: false };
  }
  const [subject, key] = keyAskedFor(node) ?? [];
  const before = subject && namesOf(subject);
  if (!before || key === undefined) return undefined;
  if (before.length > 1 || before[0] !== everything) {
    const isKey =
      node.type === "FunctionCall" && before[0] !== everything && !Object.hasOwn(constants, before[0] ?? "");
    return isKey ? { keys: [...before, key], isDotted: false } : undefined;
  }
  if (key.length > MAX_DOTTED) return undefined;
  const keys = key.split(".");
  return keys.length > MAX_PARTS ? undefined : { keys, isDotted: keys.length > 1 };
}

/** Of `a['b']` and of `a|has('b')` what stands before, and the key. */
function keyAskedFor(node: AstNode): readonly [Ast, string] | undefined {
  let subject: Ast;
  let key: Ast;
  if (node.type === "FilterExpression" && !node.relative) [subject, key] = [node.subject, node.expr];
  else if (node.type === "FunctionCall" && node.name === "has" && node.args.length === 2) [subject, key] = node.args;
  return key?.type === "Literal" && typeof key.value === "string" ? [subject, key.value] : undefined;
}

function namesOf(node: AstNode): readonly string[] | undefined {
  if (node.type !== "Identifier" || node.relative) return undefined;
  if (!node.from) return [node.value];
  const before = namesOf(node.from);
  return before && [...before, node.value];
}

function either(left: readonly Conjunction[], right: readonly Conjunction[]): readonly Conjunction[] {
  const all = [...left, ...right];
  if (all.some(({ size }) => size === 0)) return ANYTHING;
  return all.length <= MAX_ALTERNATIVES ? all : [weaker(all)];
}

function both(left: readonly Conjunction[], right: readonly Conjunction[]): readonly Conjunction[] {
  if (left.length * right.length > MAX_ALTERNATIVES) {
    return left.length > right.length ? both([weaker(left)], right) : both(left, [weaker(right)]);
  }
  return left.flatMap((one) => right.map((other) => joined(one, other)));
}

function joined(one: Conjunction, other: Conjunction): Conjunction {
  const tests = new Map(one);
  for (const [id, test] of other) {
    const first = tests.get(id);
    tests.set(id, first === undefined ? test : bothTests(first, test));
  }
  return tests;
}

/** The cheaper one is asked first. */
function bothTests(one: Test, other: Test): Test {
  const [first, second] = one.cost <= other.cost ? [one, other] : [other, one];
  return { holds: (context) => first.holds(context) && second.holds(context), cost: one.cost + other.cost };
}

/** What must be when one of several alternatives is: of each place that all of them look at, what one of them asks. */
function weaker(alternatives: readonly Conjunction[]): Conjunction {
  const [first = new Map<string, Test>()] = alternatives;
  const shared = [...first.keys()].filter((id) => alternatives.every((conjunction) => conjunction.has(id)));
  return new Map(
    shared.map((id) => {
      const tests = alternatives.flatMap((conjunction) => conjunction.get(id) ?? []);
      const cost = tests.reduce((sum, test) => sum + test.cost, 0);
      return [id, { holds: (context) => tests.some((test) => test.holds(context)), cost }];
    }),
  );
}
