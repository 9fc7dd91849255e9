/** The part of Jexl 2.3 with its own evaluator, which only tests need; the package brings no types. */
declare module "jexl" {
  interface Expression {
    compile(): Expression;
    evalSync(context: object): unknown;
  }
  interface Jexl {
    addTransforms(transforms: Readonly<Record<string, (...args: unknown[]) => unknown>>): void;
    createExpression(text: string): Expression;
  }
  const jexl: { readonly Jexl: new () => Jexl };
  export default jexl;
}
