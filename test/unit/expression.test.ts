import fc from "fast-check";
import jexlModule from "jexl";
import { describe, expect, test } from "vitest";
import { createCompiler, MAX_LENGTH, MAX_TOKENS } from "#expression/compile.ts";
import { ExpressionError } from "#expression/expression-error.ts";
import { TRANSFORMS } from "#expression/transforms.ts";

const compile = createCompiler();
const KNOWN = "startsWith, endsWith, contains, inCidr, has, lower, length";

/** The error of an expression that may not compile. */
function errorOf(text: string) {
  try {
    compile(text);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return { message: error.message, line: error.line, column: error.column };
  }
  return "compiles";
}

describe("an expression that cannot be used is shown with its place", () => {
  test.each([
    ["it is empty", "", 1, 1, "is empty", "", ""],
    ["it is white space", " \n\t", 1, 1, "is empty", " ", ""],
    ["an operator is doubled", "a == == 'b'", 1, 6, 'has an unexpected "=="', "a == == 'b'", "     "],
    [
      "a text does not end",
      "eventName == 'x",
      1,
      14,
      "has an unexpected ' (a text that does not end)",
      "eventName == 'x",
      "             ",
    ],
    [
      "a text of nothing does not end",
      'a == "',
      1,
      6,
      'has an unexpected " (a text that does not end)',
      'a == "',
      "     ",
    ],
    [
      "a transform is unknown",
      "x|nothing",
      1,
      3,
      `uses the unknown transform "nothing" (known: ${KNOWN})`,
      "x|nothing",
      "  ",
    ],
    [
      "a transform is a property of every object",
      "x|constructor",
      1,
      3,
      'has an unexpected "constructor"',
      "x|constructor",
      "  ",
    ],
    [
      "a function is called",
      "a && foo(1)",
      1,
      6,
      'calls "foo" as a function; there are only transforms: value|name(arguments)',
      "a && foo(1)",
      "     ",
    ],
    ["a bracket is left open", "(a", 1, 1, 'never closes the "("', "(a", ""],
    ["it ends too early", "a ==  ", 1, 5, "ends too early", "a ==  ", "    "],
    ["a character is illegal", "a # b", 1, 3, 'has an unexpected "#"', "a # b", "  "],
    ["a word is no operator", "a and b", 1, 3, 'has an unexpected "and"', "a and b", "  "],
    [
      "the place is on a later line",
      "a == 'b'\n\t&& c === 'd'",
      2,
      9,
      'has an unexpected "="',
      " && c === 'd'",
      "        ",
    ],
    [
      "the place is far along a long line",
      `${"a || ".repeat(20)}# ${"|| a ".repeat(20)}`,
      1,
      101,
      'has an unexpected "#"',
      `…${"a || ".repeat(12)}# ${"|| a ".repeat(11)}|| `,
      " ".repeat(61),
    ],
  ])("when %s", (_name, text, line, column, problem, shown, indent) => {
    expect(errorOf(text)).toEqual({
      message: `${problem} at line ${line}, column ${column}:\n  ${shown}\n  ${indent}^`,
      line,
      column,
    });
  });

  test.each([
    ["too long", "a".repeat(MAX_LENGTH + 1), /^is longer than 10000 characters at line 1, column 10001:\n/],
    [
      "made of too many parts",
      Array(MAX_TOKENS).fill("a").join("||"),
      /^has more than 1000 parts at line 1, column 2999:\n/,
    ],
  ])("when it is %s", (_name, text, message) => {
    expect(errorOf(text)).toMatchObject({ message: expect.stringMatching(message) });
  });

  test.each([
    ["as long as it may be", "a".repeat(MAX_LENGTH)],
    ["of as many parts as it may have", `a${"||a".repeat((MAX_TOKENS - 2) / 2)}`],
    ["nested as deep as its parts allow", `${"(".repeat(499)}a${")".repeat(499)}`],
  ])("one %s compiles and runs", (_name, text) => {
    expect(typeof compile(text)({ a: true })).toMatch(/boolean|undefined/);
  });
});

describe("the transform", () => {
  const evaluate = (name: string, value: unknown, argument: unknown) =>
    compile(argument === undefined ? `value|${name}` : `value|${name}(argument)`)({ value, argument });

  test.each([
    ["startsWith", "GetObject", "Get", true],
    ["startsWith", "GetObject", "Put", false],
    ["startsWith", "GetObject", ["Put", "Get"], true],
    ["startsWith", ["PutObject", "GetObject"], "Get", true],
    ["startsWith", [], "Get", false],
    ["startsWith", "GetObject", [], false],
    ["startsWith", null, "Get", false],
    ["startsWith", undefined, "Get", false],
    ["startsWith", { text: "Get" }, "Get", false],
    ["startsWith", "GetObject", null, false],
    ["startsWith", 12, 1, false],
    ["startsWith", ["a", null, 7, "Get"], ["Get", {}], true],
    ["endsWith", "Client.UnauthorizedOperation", "UnauthorizedOperation", true],
    ["endsWith", "GetObject", ["Bucket", "Object"], true],
    ["endsWith", null, "a", false],
    ["contains", "aws-cli kali", ["kali", "parrot"], true],
    ["contains", ["a", "b"], "b", true],
    ["contains", ["ab"], "b", true],
    ["contains", undefined, undefined, false],
    ["contains", {}, {}, false],
    ["inCidr", "198.51.100.7", "198.51.100.0/25", true],
    ["inCidr", "198.51.100.128", "198.51.100.0/25", false],
    ["inCidr", "198.51.100.7", ["192.0.2.0/24", "198.51.100.7"], true],
    ["inCidr", "198.51.100.7", "198.51.100.8", false],
    ["inCidr", "2001:db8::1", "2001:db8::/32", true],
    ["inCidr", "2001:DB8:0::1", "2001:db8::1", true],
    ["inCidr", "::ffff:198.51.100.7", "198.51.100.0/24", true],
    ["inCidr", "198.51.100.7", "::/0", false],
    ["inCidr", "2001:db8::1", "0.0.0.0/0", false],
    ["inCidr", "192.0.2.1", "0.0.0.0/0", true],
    ["inCidr", "s3.amazonaws.com", "0.0.0.0/0", false],
    ["inCidr", "AWS Internal", "::/0", false],
    ["inCidr", "198.51.100.7", "198.51.100.0/33", false],
    ["inCidr", "198.51.100.7", "everywhere", false],
    ["inCidr", "10", "0.0.0.0/0", false],
    ["inCidr", "10.1.2.3", "10/8", false],
    ["inCidr", undefined, "0.0.0.0/0", false],
    ["inCidr", "198.51.100.7", undefined, false],
    ["has", { a: null }, "a", true],
    ["has", { a: 1 }, "b", false],
    ["has", {}, "constructor", false],
    ["has", ["x"], "0", true],
    ["has", null, "a", false],
    ["has", "text", "length", false],
    ["has", { 1: 1 }, 1, false],
    ["lower", "ABC", undefined, "abc"],
    ["lower", ["ABC"], undefined, undefined],
    ["lower", null, undefined, undefined],
    ["length", "abc", undefined, 3],
    ["length", [1, 2], undefined, 2],
    ["length", {}, undefined, undefined],
    ["length", null, undefined, undefined],
    ["length", 7, undefined, undefined],
  ])("%s of %j with %j is %j", (name, value, argument, expected) => {
    expect(evaluate(name, value, argument)).toEqual(expected);
  });

  test.each(Object.keys(TRANSFORMS))("%s never throws", (name) => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (value, argument) => {
        TRANSFORMS[name]?.(value, argument);
      }),
      { seed: 1 },
    );
  });
});

describe("a compiled expression", () => {
  const CONTEXT = {
    a: true,
    b: { c: "Get", d: { e: null } },
    n: 7,
    list: [
      { x: 1, y: "one" },
      { x: 2, y: "two" },
    ],
    words: ["Get", "Put"],
    none: null,
    empty: [],
    event: { "b.c": "Get" },
  };
  const { expression } = fc.letrec<{ expression: string }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom("a", "b.c", "b.d.e", "b.d.e.f", "n", "list", "list[0].y", "list[.x == 2].y", "words[1]", "words"),
      fc.constantFrom(
        "none",
        "none[0]",
        "none.x",
        "empty",
        "empty[0]",
        "missing",
        "missing.x.y",
        "missing[0]",
        "missing[.x == 1]",
      ),
      fc.constantFrom(
        "event['b.c']",
        "list.x",
        "0",
        "1.5",
        "-2",
        "'Get'",
        '"two"',
        "''",
        "true",
        "false",
        "{k: 'Get'}.k",
        "[]",
      ),
      fc
        .tuple(
          fc.constantFrom("==", "!=", "<", ">", "<=", ">=", "&&", "||", "in", "+", "-", "*", "/", "//", "%", "^"),
          tie("expression"),
          tie("expression"),
        )
        .map(([operator, left, right]) => `(${left}) ${operator} (${right})`),
      fc.tuple(tie("expression"), tie("expression")).map(([left, right]) => `${left} == ${right}`),
      tie("expression").map((operand) => `!${operand}`),
      fc
        .tuple(tie("expression"), tie("expression"), tie("expression"))
        .map(([test, yes, no]) => `(${test}) ? ${yes} : ${no}`),
      fc.tuple(tie("expression"), tie("expression")).map((items) => `[${items.join(", ")}]`),
      fc
        .tuple(
          tie("expression"),
          fc.constantFrom("startsWith", "endsWith", "contains", "inCidr", "has", "lower", "length"),
          tie("expression"),
        )
        .map(([value, name, argument]) => `(${value})|${name}(${argument})`),
    ),
  }));
  const outcomeOf = (run: () => unknown) => {
    try {
      return { value: run() };
    } catch {
      return "throws";
    }
  };

  test("gives the verdict that Jexl gives, and throws where Jexl throws", () => {
    const jexl = new jexlModule.Jexl();
    jexl.addTransforms(TRANSFORMS);
    const seen = { values: 0, throws: 0 };
    fc.assert(
      fc.property(expression, (text) => {
        const expected = outcomeOf(() => jexl.createExpression(text).evalSync(CONTEXT));
        seen[expected === "throws" ? "throws" : "values"] += 1;
        expect(outcomeOf(() => compile(text)(CONTEXT))).toEqual(expected);
      }),
      { seed: 1, numRuns: 2_000 },
    );
    expect({ values: seen.values > 200, throws: seen.throws > 20 }).toEqual({ values: true, throws: true });
  });

  test("may be asked again and again, about different contexts", () => {
    const isGet = compile("name|startsWith('Get')");
    expect([isGet({ name: "GetObject" }), isGet({ name: "PutObject" }), isGet({}), isGet({ name: "GetItem" })]).toEqual(
      [true, false, false, true],
    );
  });
});
