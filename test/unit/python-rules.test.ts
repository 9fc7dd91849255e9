import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readRuleFiles } from "#default-rules";
import { createCompiler } from "#expression/compile.ts";
import { ExpressionError } from "#expression/expression-error.ts";
import { FUNCTIONS, METHODS } from "#expression/python/calls.ts";
import { literal } from "#expression/python/jexl-literal.ts";
import { PYTHON_TRANSFORMS } from "#expression/python/transforms.ts";
import { isPython, translatePython } from "#expression/python/translate.ts";
import { expressions, soup } from "#test/oracle/expressions.ts";
import { PYTHON_RULES } from "#test/oracle/python-rules.ts";
import { repoRoot } from "#test/support/tools.ts";

const compile = createCompiler(PYTHON_TRANSFORMS);

/** What is said of a rule that cannot be translated. */
function refusal(rule: string): string {
  try {
    return `is translated: ${translatePython(rule)}`;
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return error.message;
  }
}

describe("a translated rule", () => {
  test.each([
    [`event["eventName"] == "CreateUser"`, "eventName == 'CreateUser'"],
    [`event["eventName"] != "CreateUser"`, "(event|has('eventName')) && eventName != 'CreateUser'"],
    [`event.get("errorCode", "") != "AccessDenied"`, "errorCode != 'AccessDenied'"],
    [`event.get("errorCode", "-") == "-"`, "!(event|has('errorCode')) || errorCode == '-'"],
    [`"errorCode" in event`, "event|has('errorCode')"],
    [`"errorCode" not in event`, "!(event|has('errorCode'))"],
    [`"responseElements" in event`, "!((event['responseElements']|type) in ['missing', 'list', 'object'])"],
    [
      `"requestParameters.roleName" in event and event["requestParameters.roleName"] == "admin"`,
      "event['requestParameters.roleName'] == 'admin'",
    ],
    [
      `"requestParameters.roleName" in event and event["requestParameters.roleName"] != "admin"`,
      "(event|has('requestParameters.roleName')) && event['requestParameters.roleName'] != 'admin'",
    ],
    [
      "'userIdentity.accountId' in event and event['userIdentity.accountId'] == '11111111111'",
      "event['userIdentity.accountId'] in ['11111111111']",
    ],
    [`event["eventName"].startswith(("Delete", "Remove"))`, "eventName|startsWith(['Delete', 'Remove'])"],
    [`event["eventName"].startswith(("Delete"))and(True)`, "eventName|startsWith('Delete')"],
    [`not event["eventName"].endswith("Tags")`, "(eventName|type) == 'text' && !(eventName|endsWith('Tags'))"],
    [`"role/" in event.get("userIdentity.arn", "")`, "'role/' in event['userIdentity.arn']"],
    [
      `"role/" not in event.get("userIdentity.arn", "")`,
      "(event['userIdentity.arn']|type) in ['text', 'missing'] && !('role/' in event['userIdentity.arn'])",
    ],
    [`event["eventName"] in {"CreateUser", "CreateRole"}`, "eventName in ['CreateUser', 'CreateRole']"],
    [`event["requestParameters.maxItems"] == 1`, "event['requestParameters.maxItems'] in [1, true]"],
    [`event.get("errorCode") is None`, "(errorCode|type) in ['null', 'missing']"],
    [
      `event["eventSource"] == "iam.amazonaws.com" or event["readOnly"] is False`,
      "eventSource == 'iam.amazonaws.com' || ((event|has('eventSource')) && readOnly in [false])",
    ],
    [`event.get("errorCode")`, "errorCode in [true]"],
    [`event.get("errorCode") and True`, "!!(errorCode)"],
    [`len(event["userIdentity.accountId"]) == 12`, "(event['userIdentity.accountId']|python('len')) == 12"],
    [`event["userIdentity.arn"][:4] == "arn:"`, "(event['userIdentity.arn']|python('slice', 0, 4)) == 'arn:'"],
    [`event["eventName"].lower() == "createuser"`, "(eventName|lower) == 'createuser'"],
    [
      `not (event["a.b"] == "x" and event["c.d"] == "y")`,
      "(event|has('a.b')) && (event['a.b'] != 'x' || ((event|has('c.d')) && event['c.d'] != 'y'))",
    ],
    [`any([event["eventName"] == "CreateUser", False])`, "eventName == 'CreateUser'"],
    [`False`, "false"],
  ])("is short: %s", (python, jexl) => {
    expect(translatePython(python)).toBe(jexl);
  });

  test.each(PYTHON_RULES)("is valid Jexl: %s", (rule) => {
    expect(() => compile(translatePython(rule))).not.toThrow();
  });
});

describe("a rule in Python that cannot be translated", () => {
  test.each([
    [`any(v == "0.0.0.0/0" for k, v in event.items())`, "uses a comprehension, for which Jexl has pluck", 5],
    [`[k for k in event]`, "uses a comprehension", 2],
    [`(lambda: True)()`, "uses lambda", 2],
    [`event["a"] == f"{1}"`, "uses an f-string; join texts with +", 15],
    [`event["a"] == b"x"`, "uses bytes; leave out the b", 15],
    [`(x := 5) == 5`, "uses :=, which gives a name to a value", 4],
    [`event["a"].split(sep=",")`, "names an argument (sep=)", 18],
    [`max(*event)`, "unpacks a list with *", 5],
    [`event["a"] == 3j`, "uses a complex number", 15],
    [`__import__("os").system("x")`, "calls __import__(), which has no equal in Jexl", 1],
    [`isinstance(event["a"], str)`, "calls isinstance(), which has no equal in Jexl", 1],
    [`event["a"].format("x")`, "calls the method .format(), which has no exact equal in Jexl", 12],
    [`event["a"].title() == "X"`, "calls the method .title(), which has no exact equal in Jexl", 12],
    [`event["a"].lower("x") == "X"`, "calls .lower() with 1 values", 12],
    [`event["a"].startswith(["x"])`, "calls .startswith() with more than a text or a tuple of texts written out", 23],
    [`"x" in event.values()`, "calls event.values(), which looks through the whole record", 14],
    [`event.keys() == 1`, "calls event.keys(), other than behind in", 7],
    [`event.get() == 1`, "calls event.get(), with the wrong number of values", 7],
    [`len(event) > 5`, `uses the whole event; name a field of it: event["eventName"]`, 5],
    [`event[event["a"]] == "x"`, "uses a key that is not a text written out", 7],
    [`event["${"k".repeat(513)}"] == "x"`, "uses a key of more than 512 characters", 7],
    [`event["a"] ** 2 == 4`, "uses the operator **", 1],
    [`event["a"] * 2 == 4`, "uses the operator *", 1],
    [`~1 == 2`, "uses the operator ~", 1],
    [`event["a"] % 2 == 0`, "uses % on what may be a text, where it fills in values; write int(…) % …", 1],
    [`event["a"] is "x"`, "uses is for what is not None, True or False; write ==", 1],
    [`{"a": 1} == 1`, "uses a dict", 1],
    [`{"a"} == 1`, "uses a set other than behind in", 1],
    [`[["a"]] == 1`, "uses a list in a list", 2],
    [`event["a"] in [["x"]]`, "looks for a list in a list", 1],
    [`[1] < [2]`, "uses < on a list or tuple", 1],
    [`[1] + [2] == 1`, "calculates with a list or tuple", 1],
    [`(1,) == [1]`, "compares a list with a tuple", 1],
    [`event["a"][::2] == "x"`, "uses a slice with a step", 14],
    [`str([1]) == "x"`, "calls str() on a list or tuple", 5],
    [`str(1.0) == "1.0"`, "uses what may be a float where Python tells 1.0 from 1", 5],
    [`any(event["a"].split())`, "calls any() on what is not a list written out", 16],
    [`event["a"] == true`, `uses the name "true"; Python writes True`, 15],
    [`eventName == "x"`, `uses the name "eventName"; a rule knows only event`, 1],
    [`event.eventName == "x"`, `reads the attribute .eventName; a field is written event["a.b"]`, 7],
    [`event["a"]() == "x"`, "calls what is no function", 1],
    [`event["a"] == "\\N{BULLET}"`, "names a character (\\N{…}); write \\u and its number", 16],
    [`event["a"] == "\\ud83d"`, "writes half of a character (a surrogate); write \\U and its whole number", 16],
    [`event["a"] == 9007199254740993`, "uses a number too large to be exact", 15],
  ])("is refused by name: %s", (rule, problem, column) => {
    expect(refusal(rule)).toContain(problem);
    expect(refusal(rule)).toContain(` at line 1, column ${column}:\n`);
  });

  test.each([
    ["", "is empty", 1, 1],
    ["  \n ", "is empty", 1, 1],
    [`event["a"] = "x"`, 'has an unexpected "="', 1, 12],
    [`event["a"] == "x" and`, "ends too early", 1, 22],
    [`event["a"] == "x`, 'has an unexpected " (a text that does not end)', 1, 15],
    [`event["a"] == "x"; True`, 'has an unexpected ";"', 1, 18],
    [`event["a"] == 012`, 'has an unexpected "01"', 1, 15],
    [`event["a"] == "\\x1"`, 'has an unexpected "\\x"', 1, 16],
    [`(event["a"] ==\n  )`, 'has an unexpected ")"', 2, 3],
    [`event["a"] == "x"\n and True`, "has a line break outside of brackets", 2, 2],
    [`event["a"] == "x" and import`, 'has an unexpected "import"', 1, 23],
  ])("is told where its syntax is wrong: %j", (rule, problem, line, column) => {
    expect(refusal(rule)).toContain(`${problem} at line ${line}, column ${column}:\n`);
  });

  test("points at the place with a caret", () => {
    expect(refusal(`event["a"] == "x" and\u0020event["b"].title() == "Y"`)).toBe(
      "calls the method .title(), which has no exact equal in Jexl at line 1, column 34:\n" +
        `  event["a"] == "x" and event["b"].title() == "Y"\n` +
        "                                   ^",
    );
  });

  const long = (count: number, of: (index: number) => string, sign: string) =>
    Array.from({ length: count }, (_, index) => of(index)).join(sign);
  const knot = (depth: number): string =>
    depth === 0
      ? `event["k.0"] == "x"`
      : `(${knot(depth - 1)} ${depth % 2 === 0 ? "and" : "or"} event["k.${depth}"] == "x")`;
  test.each([
    ["characters", `"${"x".repeat(65_536)}" == "x"`, "is longer than 65536 characters"],
    ["parts", long(1_100, (index) => `"${index}" in "x"`, " or "), "has more than 2000 parts"],
    ["levels of brackets", `${"(".repeat(101)}True${")".repeat(101)}`, "is nested more than 100 deep"],
    ["levels of not", `${"not ".repeat(5_000)}True`, "is nested more than 100 deep"],
    ["levels of signs", `${"-".repeat(5_000)}1`, "is nested more than 100 deep"],
    ["levels of sums", long(200, () => "1", " + "), "is nested more than 100 deep"],
    ["levels of methods", `event["a"]${".lower()".repeat(200)}`, "is nested more than 100 deep"],
    [
      "characters of Jexl",
      long(300, (index) => `event["requestParameters.field${index}"] != "x"`, " and "),
      "has more than 10000 characters or 1000 parts when it is translated to Jexl",
    ],
    ["characters of what is asked for twice", `not ${knot(95)}`, "when it is translated to Jexl"],
  ])("is bounded in %s", (_what, rule, problem) => {
    expect(refusal(rule)).toContain(problem);
  });

  test("is told by nothing but an ExpressionError, whatever the text", () => {
    const piece = fc.constantFrom(
      "event",
      "[",
      "]",
      "(",
      ")",
      '"a"',
      "'",
      '"',
      "not",
      "and",
      "in",
      "is",
      "==",
      "<",
      "-",
      ",",
      ".get",
      ".lower",
      "if",
      "else",
      "1",
      "1.5",
      "\\",
      "\n",
      "for",
      "lambda",
      ":",
      "{",
      "}",
      "*",
      "len",
      "r",
      "f",
      "#",
      "True",
      " ",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join("")),
          fc.string({ unit: "binary" }),
        ),
        (text) => {
          refusal(text);
          isPython(text);
        },
      ),
      { seed: 1, numRuns: 3_000 },
    );
  });
});

describe("a text in Jexl", () => {
  test("has exactly the value that it had in Python", () => {
    const unit = fc.oneof(
      fc.constantFrom("\\", "'", '"', "\n", "u", "a", "\u0000", "\u{1F600}", "\u2028"),
      fc.string({ unit: "binary", maxLength: 1 }),
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 8 }), (units) => {
        const text = units.join("");
        expect(compile(`[${literal(text)}, ${literal(text)}]`)({})).toEqual([text, text]);
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });

  test("has exactly the number", () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true })), (number) => {
        expect(compile(`[1, ${literal(number)}]`)({})).toEqual([1, number]);
      }),
      { seed: 1, numRuns: 1_000 },
    );
  });
});

describe("docs/rules-from-python.md", () => {
  const page = readFileSync(path.join(repoRoot, "docs/rules-from-python.md"), "utf8");
  const rows = (heading: string) =>
    (page.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "")
      .split("\n")
      .filter((line) => line.startsWith("| "))
      .map((line) =>
        line
          .split(/(?<!\\)\|/)
          .slice(1, -1)
          .map((cell) => cell.trim().replaceAll("\\|", "|")),
      );
  const codeOf = (cell = "") => /^`([^`]+)`$/.exec(cell)?.[1] ?? "";
  const examples = rows("Examples").slice(1);

  test("has examples", () => {
    expect(examples.length).toBeGreaterThan(5);
  });
  test.each(examples)("shows what comes out of %s", (python, jexl) => {
    expect(translatePython(codeOf(python))).toBe(codeOf(jexl));
  });

  const words = (row: string) =>
    /`([^`]+)`/.exec(rows("What is translated").find(([what]) => what === row)?.[1] ?? "")?.[1]?.split(" ");
  test("names every function and method", () => {
    expect(words("functions")).toEqual([...Object.keys(FUNCTIONS), "all", "any", "bool"].sort());
    expect(words("methods of texts")).toEqual(Object.keys(METHODS).sort());
  });
});

describe("in auto", () => {
  test.each([
    `event["eventName"] == "CreateUser" and True`,
    `not event["readOnly"]`,
    `event.get("errorCode") == "x"`,
    `event["eventName"].startswith("Get")`,
    `'userIdentity.accountId' in event and event['userIdentity.accountId'] == '11111111111'`,
    `"errorCode" in event`,
    `event["eventName"] in ("a", "b")`,
    `event["eventName"] in {"a", "b"}`,
    `event["eventName"][:3] == "Get"`,
    `1 < event["requestParameters.maxResults"] <= 500`,
    `event["readOnly"] == True`,
    `event["errorCode"] is None`,
    `len(event["eventName"]) == 3`,
    `event["eventName"] == "a" "b"`,
    `event["eventName"] == r"a"`,
    `event["eventName"] == "a"  # the first`,
    `"a" if event["readOnly"] else "b"`,
    `event["readOnly"] == true and event["eventName"] == "x"`,
    `any(k == "x" for k in event)`,
    `event["a"] == f"x"`,
    `__import__("os")`,
    `event["a"].title() == "X"`,
  ])("is Python: %s", (rule) => {
    expect(isPython(rule)).toBe(true);
  });

  test.each([
    `event["eventName"] == "CreateUser"`,
    `event["eventName"] != "CreateUser"`,
    `event["eventName"] == "CreateUser" && true`,
    `event["a"]["b"] == "x"`,
    `event["x"]|any(["a"])`,
    `event.eventName in ["a", "b"]`,
    `1 < event.x <= 500`,
    `1 < x <= 500`,
    `x in event`,
    `eventName == "and"`,
    `eventName == "C:\\New"`,
    `lambda == 1`,
    `"a" in event["b"]`,
  ])("is Jexl: %s", (rule) => {
    expect(isPython(rule)).toBe(false);
    expect(() => compile(rule)).not.toThrow();
  });

  test.each([
    "",
    "not eventName",
    `eventName == "x" and userIdentity.type == "Root"`,
    `event.userIdentity.type == "Root" and event["eventName"] == "x"`,
    `event["a"] == "x" or`,
    `event["a"] == "x" and event.get("b"`,
    `event["a"] == "x`,
    `foo(event["a"])`,
    `event["a"] and event["b"] && event["c"]`,
    `event.get("k")|lower`,
  ])("is neither, and left to Jexl's error: %j", (rule) => {
    expect(isPython(rule)).toBe(false);
    expect(() => compile(rule)).toThrow(ExpressionError);
  });

  test("no default rule is Python", () => {
    const rules = readRuleFiles();
    expect(rules.length).toBeGreaterThan(3);
    expect(rules.filter(({ expression }) => isPython(expression)).map(({ id }) => id)).toEqual([]);
  });

  test("no random Jexl is Python", () => {
    fc.assert(
      fc.property(fc.oneof(expressions, soup), (text) => {
        fc.pre(isValid(text));
        expect(isPython(text)).toBe(false);
      }),
      { seed: 1, numRuns: 3_000 },
    );
  });
});

function isValid(text: string): boolean {
  try {
    compile(text);
    return true;
  } catch {
    return false;
  }
}
