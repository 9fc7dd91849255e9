import { ExpressionError } from "#expression/expression-error.ts";
import { calculate, item, part, signed } from "./arithmetic.ts";
import { called, extreme, FUNCTIONS, METHODS, startsOrEnds, takes } from "./calls.ts";
import { anyOrAll, conditional, every, logical, opposite } from "./combine.ts";
import { equal, identical, oneOf, ordered, within } from "./comparison.ts";
import { readField } from "./field.ts";
import type { Type } from "./kinds.ts";
import { and, not, YES } from "./logic.ts";
import { type Meaning, ofConstant, ofValue, truth, type Value } from "./meaning.ts";
import { OTHER_SPELLING } from "./names.ts";
import { type Comparison, isEvent, isKeys, itemsOf, type Node } from "./syntax.ts";

/** Longer names are no keys of the flattened record. */
const MAX_KEY = 512;
const LISTS: readonly Type[] = ["list", "tuple"];

type NodeOf<K extends Node["kind"]> = Extract<Node, { readonly kind: K }>;

function isList({ types }: Value): boolean {
  return LISTS.some((type) => types.has(type));
}

/** What turns the syntax of a rule into its meaning; the text is for the errors, which point into it. */
export function createReader(text: string): (node: Node) => Meaning {
  const refuse = (problem: string, { offset }: Pick<Node, "offset">): never => {
    throw new ExpressionError(problem, text, offset);
  };

  const meaningOf = (node: Node): Meaning => {
    switch (node.kind) {
      case "constant":
        return ofValue(ofConstant(node.value, node.float));
      case "and":
      case "or":
        return logical(node.kind, node.operands.map(meaningOf));
      case "unary":
        return unary(node);
      case "compare":
        return comparison(node);
      case "conditional":
        return conditional(meaningOf(node.test), meaningOf(node.yes), meaningOf(node.no));
      case "call":
        return call(node);
      case "binary":
        return ofValue(binary(node));
      case "subscript":
        return ofValue(subscript(node));
      case "tuple":
      case "list":
        return ofValue(listOf(node.kind, node.items));
      case "set":
        return refuse("uses a set other than behind in", node);
      case "dict":
        return refuse("uses a dict", node);
      case "slice":
        return refuse("uses a slice outside of a subscript", node);
      case "attribute":
        return refuse(`reads the attribute .${node.name}; a field is written event["a.b"]`, node);
      case "name":
        return name(node);
    }
  };

  const read = (node: Node): Value => meaningOf(node).value;

  const name = ({ name, offset }: NodeOf<"name">): never => {
    if (name === "event") return refuse(`uses the whole event; name a field of it: event["eventName"]`, { offset });
    const spelling = Object.hasOwn(OTHER_SPELLING, name) ? OTHER_SPELLING[name] : undefined;
    if (spelling !== undefined) return refuse(`uses the name "${name}"; Python writes ${spelling}`, { offset });
    return refuse(`uses the name "${name}"; a rule knows only event`, { offset });
  };

  const unary = (node: NodeOf<"unary">): Meaning => {
    const { operator, operand } = node;
    if (operator === "not") return opposite(meaningOf(operand));
    if (operator === "~") return refuse("uses the operator ~", node);
    const value = read(operand);
    const number = value.constant?.value;
    if (typeof number !== "number") return ofValue(signed(operator, noList(value, operand)));
    return ofValue(ofConstant(operator === "-" ? -number : number, value.types.has("float")));
  };

  const binary = (node: NodeOf<"binary">): Value => {
    const { operator } = node;
    if (!["+", "-", "/", "//", "%"].includes(operator)) return refuse(`uses the operator ${operator}`, node);
    const [left, right] = [noList(read(node.left), node.left), noList(read(node.right), node.right)];
    if (operator === "%" && left.types.has("text")) {
      return refuse("uses % on what may be a text, where it fills in values; write int(…) % …", node);
    }
    return calculate(operator, left, right);
  };

  const noList = (value: Value, node: Node): Value =>
    isList(value) ? refuse("calculates with a list or tuple", node) : value;

  const noFloat = (value: Value, node: Node): Value =>
    value.types.has("float") ? refuse("uses what may be a float where Python tells 1.0 from 1", node) : value;

  const listOf = (kind: "tuple" | "list", nodes: readonly Node[]): Value => {
    const items = nodes.map((child) => {
      const value = read(child);
      return isList(value) ? refuse("uses a list in a list", child) : value;
    });
    return {
      text: `[${items.map((value) => value.text).join(", ")}]`,
      form: "whole",
      types: new Set([kind]),
      defined: and(...items.map((value) => value.defined)),
      nothingWhenRaised: false,
    };
  };

  const comparison = ({ first, others }: NodeOf<"compare">): Meaning => {
    let left = first;
    const [one, ...more] = others.map(({ operator, operand }) => {
      const link = compare(operator, left, operand);
      left = operand;
      return link;
    });
    return one === undefined ? meaningOf(first) : every(one, more);
  };

  const compare = (operator: Comparison, left: Node, right: Node): Meaning => {
    switch (operator) {
      case "==":
      case "!=": {
        const [a, b] = [read(left), read(right)];
        if (LISTS.every((type) => a.types.has(type) || b.types.has(type))) refuse("compares a list with a tuple", left);
        const verdict = equal(a, b);
        return operator === "==" ? verdict : opposite(verdict);
      }
      case "is":
      case "is not": {
        const [value, wanted] = right.kind === "constant" ? [left, right] : [right, left];
        if (wanted.kind !== "constant" || typeof wanted.value === "string" || typeof wanted.value === "number") {
          return refuse("uses is for what is not None, True or False; write ==", left);
        }
        const verdict = identical(read(value), wanted.value);
        return operator === "is" ? verdict : opposite(verdict);
      }
      case "in":
        return contains(left, right);
      case "not in":
        return opposite(contains(left, right));
      default: {
        const [a, b] = [read(left), read(right)];
        for (const [value, node] of [[a, left] as const, [b, right] as const]) {
          if (isList(value)) refuse(`uses ${operator} on a list or tuple`, node);
        }
        return ordered(operator, a, b);
      }
    }
  };

  const contains = (left: Node, right: Node): Meaning => {
    if (isEvent(right) || isKeys(right)) {
      const present = readField(keyOf(left)).defined;
      return truth({ truthy: () => present, falsy: () => not(present), defined: () => YES });
    }
    const [value, items] = [read(left), itemsOf(right)?.map(read)];
    if (items === undefined) return within(value, read(right));
    if ([value, ...items].some(isList)) refuse("looks for a list in a list", left);
    return oneOf(value, items);
  };

  const keyOf = (node: Node): string => {
    if (node.kind !== "constant" || typeof node.value !== "string") {
      return refuse("uses a key that is not a text written out", node);
    }
    return node.value.length > MAX_KEY ? refuse(`uses a key of more than ${MAX_KEY} characters`, node) : node.value;
  };

  const subscript = ({ value: of, index }: NodeOf<"subscript">): Value => {
    if (isEvent(of)) return readField(keyOf(index));
    const value = read(of);
    if (index.kind !== "slice") return item(value, noFloat(read(index), index));
    if (index.step !== undefined) refuse("uses a slice with a step", index.step);
    const bound = (node: Node | undefined) => (node === undefined ? undefined : noFloat(read(node), node));
    return part(value, bound(index.start) ?? ofConstant(index.end === undefined ? null : 0), bound(index.end));
  };

  const call = (node: NodeOf<"call">): Meaning => {
    const { called: what, args } = node;
    if (what.kind === "attribute") return isEvent(what.value) ? lookUp(what, args) : method(what, args);
    if (what.kind === "name") return builtIn(what, args);
    return refuse("calls what is no function", node);
  };

  const lookUp = ({ name, offset }: NodeOf<"attribute">, args: readonly Node[]): Meaning => {
    const [key, other] = args;
    if (name !== "get" || key === undefined || args.length > 2) {
      const how = name === "keys" ? "other than behind in" : "which looks through the whole record";
      return refuse(`calls event.${name}(), ${name === "get" ? "with the wrong number of values" : how}`, { offset });
    }
    if (other === undefined) return ofValue(readField(keyOf(key), { value: null }));
    const fallback = noFloat(read(other), other);
    if (fallback.constant !== undefined) return ofValue(readField(keyOf(key), fallback.constant));
    const field = readField(keyOf(key));
    return ofValue({
      text: `((${field.defined.text}) ? ${field.text} : ${fallback.text})`,
      form: "whole",
      types: new Set([...field.types, ...fallback.types]),
      // The other value is worked out even where it is not needed.
      defined: fallback.defined,
      nothingWhenRaised: false,
    });
  };

  const method = ({ value: of, name, offset }: NodeOf<"attribute">, args: readonly Node[]): Meaning => {
    const value = read(of);
    const signature = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
    if (signature === undefined) {
      return refuse(`calls the method .${name}(), which has no exact equal in Jexl`, { offset });
    }
    if (!takes(signature, args.length)) refuse(`calls .${name}() with ${args.length} values`, { offset });
    const [first] = args;
    if ((name === "startswith" || name === "endswith") && first !== undefined) {
      const parts = first.kind === "tuple" ? first.items : [first];
      const texts = parts.flatMap((part) =>
        part.kind === "constant" && typeof part.value === "string" ? [part.value] : [],
      );
      if (args.length === 1 && texts.length === parts.length) return startsOrEnds(name, value, texts);
      if (first.kind !== "constant" && itemsOf(first) !== undefined) {
        return refuse(`calls .${name}() with more than a text or a tuple of texts written out`, first);
      }
    }
    return ofValue(
      called(
        name,
        signature,
        value,
        args.map((arg) => noFloat(read(arg), arg)),
      ),
    );
  };

  const builtIn = ({ name, offset }: NodeOf<"name">, args: readonly Node[]): Meaning => {
    const [first] = args;
    if (first !== undefined && args.length === 1 && name === "bool") {
      const { truthy, falsy, defined } = meaningOf(first);
      return truth({ truthy: () => truthy, falsy: () => falsy, defined: () => defined });
    }
    if (first !== undefined && args.length === 1 && (name === "any" || name === "all")) {
      const items = itemsOf(first);
      return items === undefined
        ? refuse(`calls ${name}() on what is not a list written out`, first)
        : anyOrAll(name, items.map(meaningOf));
    }
    if (args.length > 1 && (name === "max" || name === "min")) {
      return ofValue(
        extreme(
          name,
          args.map((arg) => noList(read(arg), arg)),
        ),
      );
    }
    const signature = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (signature === undefined) return refuse(`calls ${name}(), which has no equal in Jexl`, { offset });
    if (first === undefined || !takes(signature, args.length - 1)) {
      return refuse(`calls ${name}() with ${args.length} values`, { offset });
    }
    const value = read(first);
    if (name === "str" && isList(value)) refuse("calls str() on a list or tuple", first);
    return ofValue(called(name, signature, name === "str" ? noFloat(value, first) : value, []));
  };

  return meaningOf;
}
