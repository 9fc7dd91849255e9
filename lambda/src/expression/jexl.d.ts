/** The part of Jexl 2.3 that is used here; the package brings no types of its own. */
declare module "jexl" {
  interface Expression {
    compile(): Expression;
    evalSync(context: object): unknown;
  }
  interface Jexl {
    addTransforms(transforms: Readonly<Record<string, (...args: unknown[]) => unknown>>): void;
    createExpression(text: string): Expression;
    readonly _grammar: JexlGrammar;
  }
  interface JexlGrammar {
    readonly elements: Readonly<Record<string, { readonly type: string }>>;
  }
  const jexl: { readonly Jexl: new () => Jexl };
  export default jexl;
  export type { Expression, Jexl, JexlGrammar };
}

declare module "jexl/dist/Lexer.js" {
  import type { JexlGrammar } from "jexl";
  export interface Token {
    readonly type: string;
    readonly value: unknown;
    /** The token as written, with the white space behind it. */
    readonly raw: string;
  }
  export default class Lexer {
    constructor(grammar: JexlGrammar);
    getElements(text: string): string[];
    getTokens(elements: string[]): Token[];
  }
}

declare module "jexl/dist/parser/Parser.js" {
  import type { JexlGrammar } from "jexl";
  import type { Token } from "jexl/dist/Lexer.js";
  export default class Parser {
    constructor(grammar: JexlGrammar);
    addToken(token: Token): unknown;
    complete(): unknown;
  }
}
