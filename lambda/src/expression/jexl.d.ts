/** The syntax of Jexl 2.3, without its evaluator; the package brings no types of its own. */
declare module "jexl/dist/grammar.js" {
  export interface GrammarElement {
    readonly type: string;
    readonly precedence?: number;
    /** Of operators; `&&` and `||` have another way. A unary operator takes the left value only. */
    readonly eval?: (left: unknown, right?: unknown) => unknown;
  }
  export interface Grammar {
    readonly elements: Readonly<Record<string, GrammarElement>>;
  }
  const module: { readonly getGrammar: () => Grammar };
  export default module;
}

declare module "jexl/dist/Lexer.js" {
  import type { Grammar } from "jexl/dist/grammar.js";
  export interface Token {
    readonly type: string;
    readonly value: unknown;
    /** The token as written, with the white space behind it. */
    readonly raw: string;
  }
  export default class Lexer {
    constructor(grammar: Grammar);
    getElements(text: string): string[];
    getTokens(elements: string[]): Token[];
  }
}

declare module "jexl/dist/parser/Parser.js" {
  import type { Grammar } from "jexl/dist/grammar.js";
  import type { Token } from "jexl/dist/Lexer.js";
  /** A node, or nothing where nothing was written, as in `()`. */
  export type Ast = AstNode | null | undefined;
  export type AstNode =
    | { readonly type: "Identifier"; readonly value: string; readonly from?: Ast; readonly relative?: true }
    | { readonly type: "Literal"; readonly value: string | number | boolean }
    | { readonly type: "ArrayLiteral"; readonly value: readonly Ast[] }
    | { readonly type: "ObjectLiteral"; readonly value: Readonly<Record<string, Ast>> }
    | { readonly type: "UnaryExpression"; readonly operator: string; readonly right: Ast }
    | { readonly type: "BinaryExpression"; readonly operator: string; readonly left: Ast; readonly right: Ast }
    | {
        readonly type: "ConditionalExpression";
        readonly test: Ast;
        readonly consequent?: Ast;
        readonly alternate?: Ast;
      }
    | { readonly type: "FilterExpression"; readonly relative: boolean; readonly expr: Ast; readonly subject: Ast }
    | { readonly type: "FunctionCall"; readonly pool: string; readonly name: string; readonly args: readonly Ast[] };
  export default class Parser {
    constructor(grammar: Grammar);
    addToken(token: Token): unknown;
    complete(): Ast;
    /** The node that was placed last. */
    readonly _cursor?: Ast;
    /** The parser of what stands inside a bracket that is still open. */
    readonly _subParser?: Parser | null;
  }
}
