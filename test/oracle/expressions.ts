import fc from "fast-check";

const PATHS = [
  ..."a b.c b.d.e b.d.e.f n list words none none.x empty missing missing.x.y list.x words.length".split(" "),
  ...["list[0].y", "list[.x == 2]", "list[.x == 9].y", "list[1]", "words[1]", "none[0]", "empty[0]", "empty.x"],
  ...[
    "missing[0]",
    "none[!.x]",
    "b.d.e[.n]",
    "missing[.x == 1]",
    "event['b.c']",
    "event[words[0]]",
    "list[a]",
    "list[false]",
    "list[.x > n]",
  ],
  ...[
    "list[.z.q == 'deep'].z",
    "words[.length > 1]",
    "mixed[.a]",
    "mixed[.]",
    "mixed[n - 7]",
    "config.list",
    ".n",
    ".b.c",
  ],
  ...["list[.x == 2 && b.c == 'Get'].y", "list[(.x) == 2]", "list[list[.x == 2].x == .x]", "words['length']"],
];
const LITERALS = [
  "0",
  "1.5",
  "-2",
  ".5",
  "'Get'",
  '"two"',
  "''",
  "'it\\'s'",
  "'\\\\d\\\\'",
  "true",
  "false",
  "{}",
  "[]",
];
const BINARY = ["==", "!=", "<", ">", "<=", ">=", "&&", "||", "in", "+", "-", "*", "/", "//", "%", "^"];
const TRANSFORM_NAMES = [
  ..."startsWith endsWith contains inCidr has lower upper trim length split replace slice keys values pluck".split(" "),
  ..."any all missing isIp isTrue isFalse number string json parseJson matches isCall isPublicPolicy".split(" "),
];

/** Expressions over the whole grammar, with and without parentheses. Most of them are valid. */
export const expressions: fc.Arbitrary<string> = fc.letrec<{ expression: string; operand: string }>((tie) => ({
  operand: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(...PATHS),
    fc.constantFrom(...LITERALS),
    tie("expression").map((inner) => `(${inner})`),
  ),
  expression: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie("operand"),
    fc
      .tuple(tie("operand"), fc.constantFrom(...BINARY), tie("expression"))
      .map(([left, operator, right]) => `${left} ${operator} ${right}`),
    fc
      .array(tie("operand"), { minLength: 2, maxLength: 5 })
      .chain((operands) =>
        fc
          .array(fc.constantFrom("&&", "||"), { minLength: operands.length, maxLength: operands.length })
          .map((operators) => operands.map((operand, index) => `${operand} ${operators[index]} `).join("")),
      )
      .map((row) => `${row} a`),
    tie("operand").map((operand) => `!${operand}`),
    fc.tuple(tie("operand"), tie("expression")).map(([operand, right]) => `!${operand} == ${right}`),
    fc.tuple(tie("operand"), tie("expression"), tie("expression")).map(([test, yes, no]) => `${test} ? ${yes} : ${no}`),
    fc.tuple(tie("operand"), tie("expression")).map(([test, no]) => `${test} ?: ${no}`),
    fc.array(tie("expression"), { maxLength: 3 }).map((items) => `[${items.join(", ")}]`),
    fc
      .tuple(tie("expression"), tie("expression"))
      .map(([one, two]) => `{k: ${one}, l: ${two}}`)
      .chain((literal) => fc.constantFrom(literal, `${literal}.k`, `${literal}.l.k`)),
    fc
      .tuple(tie("operand"), fc.constantFrom(...TRANSFORM_NAMES), fc.array(tie("expression"), { maxLength: 2 }))
      .map(([value, name, args]) => (args.length === 0 ? `${value}|${name}` : `${value}|${name}(${args.join(", ")})`)),
    fc
      .tuple(tie("operand"), fc.constantFrom("split('t')", "keys", "lower", "parseJson()"), tie("expression"))
      .map(([value, transform, index]) => `${value}|${transform}[${index}]`),
    fc.tuple(fc.constantFrom("list", "words", "b", "mixed"), tie("expression")).map(([list, key]) => `${list}[${key}]`),
    fc
      .tuple(fc.constantFrom("list", "b", "mixed", "n"), fc.constantFrom(".x", ".c", "."), tie("expression"))
      .map(([list, name, right]) => `${list}[${name} == ${right}]`),
  ),
})).expression;

const TOKENS = [
  ..."a b.c list words n none missing x toString constructor in true false 'Get' 0 1 - + * / // ^ % == != > >= <".split(
    " ",
  ),
  ..."<= && || ! . [ ] ( ) { } ? : , | length lower startsWith('G') $ _ é 'open".split(" "),
];

/** Pieces of the language in any order: few are valid, and those in ways that nobody writes. */
export const soup: fc.Arbitrary<string> = fc
  .tuple(fc.array(fc.constantFrom(...TOKENS), { minLength: 1, maxLength: 9 }), fc.constantFrom("", " "))
  .map(([tokens, space]) => tokens.join(space));

const VALUES = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, 1, 2, "", "Get", "two", "true", "[1]", '{"a":1}', "192.0.2.7"),
  fc.array(fc.constantFrom<unknown>("Get", "two", 1, null, false, { x: 1 }), { maxLength: 3 }),
  fc.dictionary(fc.constantFrom("x", "y", "z", "c", "d", "constructor", "__proto__"), fc.jsonValue(), { maxKeys: 3 }),
);
const USUAL = {
  a: true,
  b: { c: "Get", d: { e: null } },
  n: 7,
  list: [
    { x: 1, y: "one", z: null },
    { x: 2, y: "two", z: { q: "deep" } },
  ],
  words: ["Get", "Put"],
  none: null,
  empty: [],
  mixed: [null, 0, "", "text", { a: 1, x: 2 }, [3], false],
  config: { list: ["Get"] },
  event: { "b.c": "Get", Get: 1 },
};

/** Contexts with the names that {@link expressions} use: some values as usual, others anything. */
export const contexts: fc.Arbitrary<Record<string, unknown>> = fc
  .dictionary(fc.constantFrom(...Object.keys(USUAL)), fc.option(VALUES, { nil: undefined }), { maxKeys: 4 })
  .map((changed) => ({ ...USUAL, ...changed }));
