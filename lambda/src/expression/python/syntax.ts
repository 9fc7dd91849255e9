/** Where a node begins in the rule's text (UTF-16 units from 0), and how deep it reaches. */
interface Place {
  readonly offset: number;
  readonly depth: number;
}

/** What Python reads as one value that is written out. */
export type Constant = string | number | boolean | null;

/** An operator between two operands of a comparison. */
export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in" | "is" | "is not";

/** The syntax of a Python expression; the names are those of Python's own `ast`, in plain words. */
export type Node = Place &
  (
    | { readonly kind: "constant"; readonly value: Constant; readonly float?: true }
    | { readonly kind: "name"; readonly name: string }
    | { readonly kind: "and" | "or"; readonly operands: readonly Node[] }
    | { readonly kind: "unary"; readonly operator: "not" | "+" | "-" | "~"; readonly operand: Node }
    | { readonly kind: "binary"; readonly operator: string; readonly left: Node; readonly right: Node }
    | {
        readonly kind: "compare";
        readonly first: Node;
        readonly others: readonly { readonly operator: Comparison; readonly operand: Node }[];
      }
    | { readonly kind: "conditional"; readonly test: Node; readonly yes: Node; readonly no: Node }
    | { readonly kind: "subscript"; readonly value: Node; readonly index: Node }
    | {
        readonly kind: "slice";
        readonly start: Node | undefined;
        readonly end: Node | undefined;
        readonly step: Node | undefined;
      }
    | { readonly kind: "tuple" | "list" | "set"; readonly items: readonly Node[] }
    | { readonly kind: "dict" }
    | { readonly kind: "attribute"; readonly value: Node; readonly name: string }
    | { readonly kind: "call"; readonly called: Node; readonly args: readonly Node[] }
  );

/** A node before its depth is known. */
export type Draft = Node extends infer N ? (N extends Node ? Omit<N, "depth"> : never) : never;

/** The items one by one, where they are written out. */
export function itemsOf(node: Node): readonly Node[] | undefined {
  return node.kind === "tuple" || node.kind === "list" || node.kind === "set" ? node.items : undefined;
}

/** The record. */
export function isEvent(node: Node): boolean {
  return node.kind === "name" && node.name === "event";
}

/** `event.keys()` */
export function isKeys(node: Node): boolean {
  if (node.kind !== "call" || node.args.length > 0 || node.called.kind !== "attribute") return false;
  return node.called.name === "keys" && isEvent(node.called.value);
}
