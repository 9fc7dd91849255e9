import { ExpressionError } from "#expression/expression-error.ts";
import { type Token, tokenize } from "./lexer.ts";
import { OutsideError } from "./outside-error.ts";
import type { Comparison, Draft, Node } from "./syntax.ts";

/** Bounds of one rule, as the older module has them: parts, and levels of parts in parts. */
const MAX_NODES = 2_000;
const MAX_DEPTH = 100;

/** What was read of a rule's text. */
export interface Parsed {
  readonly tree: Node;
  /** Every name that is read as a variable or called as a function. */
  readonly names: ReadonlySet<string>;
  /**
   * Whether something is there that only Python has: `certain` what Jexl cannot even read, `likely` what Jexl reads
   * otherwise (`in event`, `1 < x < 5`, `True`).
   */
  readonly pythonOnly: "certain" | "likely" | "no";
  /** Whether `|` is there, which pipes into a transform in Jexl, or `.name` without a call, which is a field in Jexl. */
  readonly likeJexl: boolean;
}

const KEYWORDS = new Set(
  "False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield".split(
    " ",
  ),
);
const CONSTANTS: Readonly<Record<string, boolean | null>> = { True: true, False: false, None: null };
const BINARY: Readonly<Record<string, number>> = {
  "|": 1,
  "^": 2,
  "&": 3,
  "<<": 4,
  ">>": 4,
  "+": 5,
  "-": 5,
  "*": 6,
  "/": 6,
  "//": 6,
  "%": 6,
  "@": 6,
};

/** Reads a Python expression. @throws ExpressionError at a syntax error; OutsideError at what is never translated */
export function parse(text: string): Parsed {
  return new Reader(text).all();
}

class Reader {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #names = new Set<string>();
  #at = 0;
  #nodes = 0;
  #nesting = 0;
  #pythonOnly: Parsed["pythonOnly"];
  #likeJexl = false;

  constructor(text: string) {
    const { tokens, pythonOnly } = tokenize(text);
    this.#text = text;
    this.#tokens = tokens;
    this.#pythonOnly = pythonOnly ? "certain" : "no";
  }

  all(): Parsed {
    const tree = this.#items("end", this.#token.offset);
    if (this.#token.kind !== "end") this.#unexpected();
    return { tree, names: this.#names, pythonOnly: this.#pythonOnly, likeJexl: this.#likeJexl };
  }

  get #token(): Token {
    const token = this.#tokens[this.#at] ?? this.#tokens.at(-1);
    if (token === undefined) throw new ExpressionError("is empty", this.#text, 0);
    return token;
  }

  #is(...texts: readonly string[]): boolean {
    return this.#token.kind !== "string" && this.#token.kind !== "end" && texts.includes(this.#token.text);
  }

  #accept(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at += 1;
    return true;
  }

  #follows(pattern: RegExp): boolean {
    return pattern.test(this.#tokens[this.#at + 1]?.text ?? "");
  }

  #expect(text: string): void {
    if (!this.#accept(text)) this.#unexpected();
  }

  #unexpected(): never {
    const { kind, text, offset } = this.#token;
    throw new ExpressionError(kind === "end" ? "ends too early" : `has an unexpected "${text}"`, this.#text, offset);
  }

  #outside(problem: string, offset = this.#token.offset): never {
    throw new OutsideError(problem, this.#text, offset);
  }

  #certain(): void {
    this.#pythonOnly = "certain";
  }

  #node(draft: Draft, ...children: readonly (Node | undefined)[]): Node {
    this.#nodes += 1;
    const depth = 1 + Math.max(0, ...children.map((child) => child?.depth ?? 0));
    if (this.#nodes > MAX_NODES)
      throw new ExpressionError(`has more than ${MAX_NODES} parts`, this.#text, draft.offset);
    if (depth > MAX_DEPTH) {
      throw new ExpressionError(`is nested more than ${MAX_DEPTH} deep`, this.#text, draft.offset);
    }
    return { ...draft, depth };
  }

  /** Brackets make no nodes, but they nest the reader, as chains of `not` do. */
  #nested<T>(read: () => T): T {
    this.#nesting += 1;
    if (this.#nesting > MAX_DEPTH) {
      throw new ExpressionError(`is nested more than ${MAX_DEPTH} deep`, this.#text, this.#token.offset);
    }
    const result = read();
    this.#nesting -= 1;
    return result;
  }

  /** What stands between brackets: one expression, or a tuple when there is a comma. */
  #items(close: string, offset: number): Node {
    const first = this.#item();
    if (!this.#is(",")) return first;
    const items = [first];
    while (this.#accept(",") && !this.#ends(close)) items.push(this.#item());
    this.#certain();
    return this.#node({ kind: "tuple", items, offset }, ...items);
  }

  #ends(close: string): boolean {
    return close === "end" ? this.#token.kind === "end" : this.#is(close);
  }

  #item(): Node {
    if (this.#is("*", "**")) this.#outside("unpacks a list with *");
    const { offset } = this.#token;
    const item = this.#expression();
    if (this.#is("for", "async")) {
      this.#outside(
        "uses a comprehension, for which Jexl has pluck, as in (requestParameters|pluck('a.b'))|any('x'),",
        offset,
      );
    }
    if (this.#is(":=")) this.#outside("uses :=, which gives a name to a value");
    return item;
  }

  #expression(): Node {
    return this.#nested(() => {
      if (this.#is("lambda") && this.#follows(/^(?:[\p{L}_*:])/u)) this.#outside("uses lambda");
      const { offset } = this.#token;
      const yes = this.#or();
      if (!this.#accept("if")) return yes;
      this.#certain();
      const test = this.#or();
      this.#expect("else");
      const no = this.#expression();
      return this.#node({ kind: "conditional", test, yes, no, offset }, test, yes, no);
    });
  }

  #or(): Node {
    return this.#chain("or", () => this.#chain("and", () => this.#not()));
  }

  #chain(kind: "and" | "or", operand: () => Node): Node {
    const { offset } = this.#token;
    const first = operand();
    if (!this.#is(kind)) return first;
    const operands = [first];
    while (this.#accept(kind)) operands.push(operand());
    this.#certain();
    return this.#node({ kind, operands, offset }, ...operands);
  }

  #not(): Node {
    const { offset } = this.#token;
    if (!this.#accept("not")) return this.#comparison();
    this.#certain();
    const operand = this.#nested(() => this.#not());
    return this.#node({ kind: "unary", operator: "not", operand, offset }, operand);
  }

  #comparison(): Node {
    const { offset } = this.#token;
    const first = this.#binary(1);
    const others: { operator: Comparison; operand: Node }[] = [];
    for (let operator = this.#comparisonOperator(); operator !== undefined; operator = this.#comparisonOperator()) {
      const operand = this.#binary(1);
      if (operator === "in" && operand.kind === "name" && operand.name === "event") this.#likely();
      others.push({ operator, operand });
    }
    if (others.length === 0) return first;
    if (others.length > 1) this.#likely();
    return this.#node({ kind: "compare", first, others, offset }, first, ...others.map(({ operand }) => operand));
  }

  #likely(): void {
    if (this.#pythonOnly === "no") this.#pythonOnly = "likely";
  }

  #comparisonOperator(): Comparison | undefined {
    for (const operator of ["==", "!=", "<=", ">=", "<", ">", "in"] as const)
      if (this.#accept(operator)) return operator;
    if (this.#is("is", "not")) this.#certain();
    if (this.#accept("is")) return this.#accept("not") ? "is not" : "is";
    if (!this.#accept("not")) return undefined;
    this.#expect("in");
    return "not in";
  }

  #binary(lowest: number): Node {
    const { offset } = this.#token;
    let left = this.#unary();
    while (this.#token.kind === "sign") {
      const operator = this.#token.text;
      const precedence = BINARY[operator];
      if (precedence === undefined || precedence < lowest) return left;
      this.#at += 1;
      this.#likeJexl ||= operator === "|";
      const right = this.#binary(precedence + 1);
      left = this.#node({ kind: "binary", operator, left, right, offset }, left, right);
    }
    return left;
  }

  #unary(): Node {
    const { offset } = this.#token;
    for (const operator of ["+", "-", "~"] as const) {
      if (!this.#accept(operator)) continue;
      if (operator !== "-") this.#certain();
      const operand = this.#nested(() => this.#unary());
      return this.#node({ kind: "unary", operator, operand, offset }, operand);
    }
    const left = this.#primary();
    if (!this.#accept("**")) return left;
    const right = this.#nested(() => this.#unary());
    return this.#node({ kind: "binary", operator: "**", left, right, offset }, left, right);
  }

  #primary(): Node {
    const { offset } = this.#token;
    let value = this.#atom();
    for (;;) {
      if (this.#accept(".")) {
        const name = this.#token;
        if (name.kind !== "name" || KEYWORDS.has(name.text)) this.#unexpected();
        this.#at += 1;
        this.#likeJexl ||= !this.#is("(");
        value = this.#node({ kind: "attribute", value, name: name.text, offset: name.offset }, value);
      } else if (this.#accept("(")) {
        this.#certain();
        const args = this.#arguments();
        value = this.#node({ kind: "call", called: value, args, offset: value.offset }, value, ...args);
      } else if (this.#accept("[")) {
        const index = this.#index();
        this.#expect("]");
        value = this.#node({ kind: "subscript", value, index, offset }, value, index);
      } else return value;
    }
  }

  #arguments(): readonly Node[] {
    const args: Node[] = [];
    while (!this.#accept(")")) {
      const name = this.#token;
      args.push(this.#item());
      if (this.#is("=")) this.#outside(`names an argument (${name.text}=)`, name.offset);
      if (!this.#is(")")) this.#expect(",");
    }
    return args;
  }

  #index(): Node {
    const { offset } = this.#token;
    const bound = () => (this.#is(":", "]") ? undefined : this.#item());
    const start = bound();
    if (!this.#accept(":")) {
      if (start === undefined) this.#unexpected();
      if (this.#is(",")) this.#outside("uses a subscript of several values");
      return start;
    }
    this.#certain();
    const end = bound();
    const step = this.#accept(":") ? bound() : undefined;
    return this.#node({ kind: "slice", start, end, step, offset }, start, end, step);
  }

  #atom(): Node {
    const token = this.#token;
    const { offset } = token;
    if (token.kind === "end") this.#unexpected();
    if (token.kind === "string") return this.#texts();
    this.#at += 1;
    if (token.kind === "number") {
      const value = Number(token.value);
      return this.#node({ kind: "constant", value, offset, ...(token.float ? { float: true } : {}) });
    }
    if (token.kind === "name") {
      const constant = Object.hasOwn(CONSTANTS, token.text) ? CONSTANTS[token.text] : undefined;
      if (constant !== undefined) {
        this.#likely();
        return this.#node({ kind: "constant", value: constant, offset });
      }
      if (!KEYWORDS.has(token.text)) {
        this.#names.add(token.text);
        return this.#node({ kind: "name", name: token.text, offset });
      }
    }
    if (token.text === "(") return this.#parenthesised(offset);
    if (token.text === "[") return this.#list(offset);
    if (token.text === "{") return this.#braces(offset);
    if (token.text === "...") this.#outside("uses ...", offset);
    this.#at -= 1;
    return this.#unexpected();
  }

  /** Texts that stand side by side are one. */
  #texts(): Node {
    const { offset } = this.#token;
    let value = "";
    let count = 0;
    for (; this.#token.kind === "string"; this.#at += 1) {
      value += this.#token.value ?? "";
      count += 1;
    }
    if (count > 1) this.#certain();
    return this.#node({ kind: "constant", value, offset });
  }

  #parenthesised(offset: number): Node {
    if (this.#accept(")")) {
      this.#certain();
      return this.#node({ kind: "tuple", items: [], offset });
    }
    const inner = this.#items(")", offset);
    this.#expect(")");
    return inner;
  }

  #list(offset: number): Node {
    const items: Node[] = [];
    while (!this.#accept("]")) {
      items.push(this.#item());
      if (!this.#is("]")) this.#expect(",");
    }
    return this.#node({ kind: "list", items, offset }, ...items);
  }

  #braces(offset: number): Node {
    const items: Node[] = [];
    let pairs = this.#is("}");
    while (!this.#accept("}")) {
      items.push(this.#item());
      if (this.#accept(":")) {
        pairs = true;
        items.push(this.#item());
      }
      if (!this.#is("}")) this.#expect(",");
    }
    if (pairs) return this.#node({ kind: "dict", offset }, ...items);
    this.#certain();
    return this.#node({ kind: "set", items, offset }, ...items);
  }
}
