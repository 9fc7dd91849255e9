import { describe, expect, test } from "vitest";
import { createCompiler, MAX_DEPTH, MAX_LENGTH, MAX_TOKENS } from "#expression/compile.ts";
import { EvaluationError } from "#expression/evaluation-error.ts";
import { ExpressionError } from "#expression/expression-error.ts";
import { TRANSFORMS } from "#expression/transforms.ts";

const compile = createCompiler();
const KNOWN = Object.keys(TRANSFORMS).join(", ");

const DEEP = /^is nested more than 100 levels deep at line 1, column 101:\n/;

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
      "a transform is misspelt",
      "x|startWith('a')",
      1,
      3,
      'uses the unknown transform "startWith"; did you mean "startsWith"?',
      "x|startWith('a')",
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
    [
      "a transform is called as a function",
      "lower(a) == 'b'",
      1,
      1,
      'calls "lower" as a function; write value|lower(…)',
      "lower(a) == 'b'",
      "",
    ],
    [
      "a pattern is none",
      "a|matches('x', 'y') && (b|matches(['c', '(d']))",
      1,
      41,
      "has a pattern that cannot be used: a pattern is none that RE2 knows (it has no look-around and no back references)",
      "a|matches('x', 'y') && (b|matches(['c', '(d']))",
      " ".repeat(40),
    ],
    [
      "a time zone is none",
      "(eventTime|hour('Berlin')) > 18",
      1,
      17,
      'names the unknown time zone "Berlin"; write one like "Europe/Berlin"',
      "(eventTime|hour('Berlin')) > 18",
      " ".repeat(16),
    ],
    [
      "rules stand side by side",
      "a == 'b', c == 'd'",
      1,
      9,
      'has an unexpected "," (an expression is one rule; give several as a list, or as one text with the separator between them)',
      "a == 'b', c == 'd'",
      "        ",
    ],
    [
      "a bracket is open when the next rule begins",
      "a in ['b', c == 'd'",
      1,
      6,
      'never closes the "[" (several rules in one text are not split inside brackets)',
      "a in ['b', c == 'd'",
      "     ",
    ],
    [
      "a quote is missing before the next rule",
      "a == 'b, c == 'd'",
      1,
      17,
      "has an unexpected ' (a text that does not end; several rules in one text are not split inside quotes)",
      "a == 'b, c == 'd'",
      " ".repeat(16),
    ],
    ["a bracket is left open", "(a", 1, 1, 'never closes the "("', "(a", ""],
    [
      "a name is negative",
      "a == 1 && (b == -c)",
      1,
      17,
      'has an unexpected "-" (only a number can be negative)',
      "a == 1 && (b == -c)",
      " ".repeat(16),
    ],
    ["a number is negative", "- 5 == == a", 1, 8, 'has an unexpected "=="', "- 5 == == a", "       "],
    ["it ends too early", "a ==  ", 1, 5, "ends too early", "a ==  ", "    "],
    ["a character is illegal", "a # b", 1, 3, 'has an unexpected "#"', "a # b", "  "],
    ["a word is no operator", "a and b", 1, 3, 'has an unexpected "and"; write &&', "a and b", "  "],
    ["a value is assigned", "a = 'b'", 1, 3, 'has an unexpected "="; write ==', "a = 'b'", "  "],
    [
      "the place is on a later line",
      "a == 'b'\n\t&& c === 'd'",
      2,
      9,
      'has an unexpected "="; write ==',
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
    ["nested in brackets", `${"(".repeat(MAX_DEPTH + 1)}a${")".repeat(MAX_DEPTH + 1)}`, DEEP],
    ["nested in lists", `${"[".repeat(MAX_DEPTH + 1)}a${"]".repeat(MAX_DEPTH + 1)}`, DEEP],
    [
      "nested in filters",
      `${"a[".repeat(MAX_DEPTH + 1)}a${"]".repeat(MAX_DEPTH + 1)}`,
      /^is nested more than 100 levels/,
    ],
    ["nested in ternaries", `${"a ? b : ".repeat(MAX_DEPTH + 1)}c`, /^is nested more than 100 levels/],
    ["nested in negations", `${"!".repeat(MAX_DEPTH + 1)}a`, DEEP],
  ])("when it is %s", (_name, text, message) => {
    expect(errorOf(text)).toMatchObject({ message: expect.stringMatching(message) });
  });

  test.each([
    ["as long as it may be", "a".repeat(MAX_LENGTH)],
    ["of as many parts as it may have", `a${"||a".repeat((MAX_TOKENS - 2) / 2)}`],
    ["nested as deep as it may be", `${"(".repeat(MAX_DEPTH)}a${")".repeat(MAX_DEPTH)}`],
    [
      "that asks twice as deep, one after the other",
      Array(3)
        .fill(`${"!(".repeat(40)}a${")".repeat(40)}`)
        .join("||"),
    ],
    ["with a long row of names", `a${".b".repeat((MAX_TOKENS - 2) / 2)}`],
    ["with a long row of transforms", `a${"|lower".repeat((MAX_TOKENS - 2) / 2)}`],
  ])("one %s compiles and runs", (_name, text) => {
    expect(typeof compile(text)({ a: true })).toMatch(/boolean|undefined/);
  });
});

describe("a compiled expression", () => {
  test("may be asked again and again, about different contexts", () => {
    const isGet = compile("name|startsWith('Get')");
    expect([isGet({ name: "GetObject" }), isGet({ name: "PutObject" }), isGet({}), isGet({ name: "GetItem" })]).toEqual(
      [true, false, false, true],
    );
  });

  test("throws where a transform may not be asked, in words that quote nothing of the record", () => {
    const search = compile("name|matches(pattern)");
    expect(() => search({ name: "x", pattern: "(secret" })).toThrow(
      new EvaluationError("a pattern is none that RE2 knows (it has no look-around and no back references)"),
    );
  });
});
