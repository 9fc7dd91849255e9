import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_JSON_CHARACTERS, MAX_JSON_DEPTH } from "#expression/bare-json.ts";
import { createCompiler } from "#expression/compile.ts";
import { EvaluationError } from "#expression/evaluation-error.ts";
import { MAX_PATTERN_CHARACTERS, MAX_TEXT_CHARACTERS, MAX_TOTAL_CHARACTERS } from "#expression/transforms/pattern.ts";
import { MAX_REPLACED_CHARACTERS } from "#expression/transforms/text.ts";
import { TRANSFORMS } from "#expression/transforms.ts";

const compile = createCompiler();

/** One use of a transform, with its arguments as values of the record. */
function use(name: string, value: unknown, ...args: readonly unknown[]): unknown {
  const names = args.map((_, index) => `a${index}`);
  const text = names.length === 0 ? `value|${name}` : `value|${name}(${names.join(", ")})`;
  return compile(text)({ value, ...Object.fromEntries(names.map((argument, index) => [argument, args[index]])) });
}

const PORTS = {
  items: [
    { from: 22, ipRanges: { items: [{ cidrIp: "192.0.2.0/24" }, { cidrIp: "0.0.0.0/0" }] } },
    { from: 80, ipRanges: {} },
    { from: null, ipRanges: { items: [{ cidrIp: "198.51.100.0/24" }] } },
  ],
};

describe("the transform", () => {
  test.each<readonly [name: string, value: unknown, args: readonly unknown[], expected: unknown]>([
    ["startsWith", "GetObject", ["Get"], true],
    ["startsWith", "GetObject", ["Put"], false],
    ["startsWith", "GetObject", [["Put", "Get"]], true],
    ["startsWith", ["PutObject", "GetObject"], ["Get"], true],
    ["startsWith", [], ["Get"], false],
    ["startsWith", "GetObject", [[]], false],
    ["startsWith", null, ["Get"], false],
    ["startsWith", undefined, ["Get"], false],
    ["startsWith", { text: "Get" }, ["Get"], false],
    ["startsWith", "GetObject", [null], false],
    ["startsWith", 12, [1], false],
    ["startsWith", ["a", null, 7, "Get"], [["Get", {}]], true],
    ["endsWith", "Client.UnauthorizedOperation", ["UnauthorizedOperation"], true],
    ["endsWith", "GetObject", [["Bucket", "Object"]], true],
    ["endsWith", null, ["a"], false],
    ["contains", "aws-cli kali", [["kali", "parrot"]], true],
    ["contains", ["a", "b"], ["b"], true],
    ["contains", ["ab"], ["b"], true],
    ["contains", undefined, [undefined], false],
    ["contains", {}, [{}], false],

    ["lower", "ABC", [], "abc"],
    ["lower", ["ABC", 7, null], [], ["abc", 7, null]],
    ["lower", null, [], undefined],
    ["upper", "abc", [], "ABC"],
    ["upper", ["a", "b"], [], ["A", "B"]],
    ["upper", 7, [], undefined],
    ["trim", "\t a b \n", [], "a b"],
    ["trim", [" a", "b "], [], ["a", "b"]],
    ["trim", {}, [], undefined],
    ["split", "a/b//c", ["/"], ["a", "b", "", "c"]],
    ["split", "abc", ["/"], ["abc"]],
    ["split", "abc", [], undefined],
    ["split", undefined, ["/"], undefined],
    ["split", ["a/b"], ["/"], undefined],
    ["replace", "a.b.c", [".", "-"], "a-b-c"],
    ["replace", "aXb", ["X", "$&$1"], "a$&$1b"],
    ["replace", "abc", ["", "-"], "abc"],
    ["replace", "abc", ["b"], undefined],
    ["replace", null, ["a", "b"], undefined],
    ["replace", "a".repeat(1_024), ["a", "b".repeat(MAX_REPLACED_CHARACTERS / 1_024 + 1)], undefined],
    ["slice", "2026-01-31T09:30:00Z", [0, 10], "2026-01-31"],
    ["slice", "abcdef", [-2], "ef"],
    ["slice", [1, 2, 3], [1], [2, 3]],
    ["slice", "abc", [], "abc"],
    ["slice", "abc", ["1"], undefined],
    ["slice", "abc", [0, null], undefined],
    ["slice", 12, [0], undefined],

    ["length", "abc", [], 3],
    ["length", [1, 2], [], 2],
    ["length", {}, [], 0],
    ["length", { a: 1, b: 2 }, [], 2],
    ["length", null, [], undefined],
    ["length", 7, [], undefined],
    ["keys", { a: 1, b: 2 }, [], ["a", "b"]],
    ["keys", [1], [], []],
    ["keys", "abc", [], []],
    ["keys", null, [], []],
    ["values", { a: 1, b: null }, [], [1, null]],
    ["values", [1, 2], [], [1, 2]],
    ["values", "abc", [], []],
    ["values", undefined, [], []],
    ["has", { a: null }, ["a"], true],
    ["has", { a: 1 }, ["b"], false],
    ["has", { a: 1 }, [["b", "a"]], true],
    ["has", {}, ["constructor"], false],
    ["has", ["x"], ["0"], true],
    ["has", null, ["a"], false],
    ["has", "text", ["length"], false],
    ["has", { 1: 1 }, [1], false],
    ["pluck", PORTS, ["items.ipRanges.items.cidrIp"], ["192.0.2.0/24", "0.0.0.0/0", "198.51.100.0/24"]],
    ["pluck", PORTS, ["items.from"], [22, 80]],
    ["pluck", PORTS, [["items.from", "items.to"]], [22, 80]],
    ["pluck", PORTS, ["items.ipRanges.items.nothing"], []],
    ["pluck", [PORTS, PORTS], ["items.from"], [22, 80, 22, 80]],
    ["pluck", { a: [[{ b: [[1], 2] }], { b: {} }, null, "b"] }, ["a.b"], [1, 2]],
    ["pluck", { a: { b: false } }, ["a.b"], [false]],
    ["pluck", {}, ["constructor.name"], []],
    ["pluck", "abc", ["length"], []],
    ["pluck", undefined, ["a"], []],
    ["pluck", PORTS, [], []],
    ["any", ["a", "b"], [["b", "c"]], true],
    ["any", ["a", "b"], ["b"], true],
    ["any", "a", [["a"]], true],
    ["any", ["1"], [[1]], false],
    ["any", [], [["a"]], false],
    ["any", {}, [[{}]], false],
    ["any", undefined, [[undefined]], false],
    ["any", ["a"], [], false],
    ["all", ["a", "b"], [["a", "b", "c"]], true],
    ["all", ["a", "d"], [["a", "b", "c"]], false],
    ["all", "a", ["a"], true],
    ["all", [], [["a"]], false],
    ["all", {}, [["a"]], false],
    ["all", null, [[null]], false],
    ["missing", ["a", "b"], [["a", "b"]], false],
    ["missing", ["a", "b"], [["a", "c"]], true],
    ["missing", {}, ["a"], true],
    ["missing", undefined, [["a"]], true],
    ["missing", ["a"], [[]], false],
    ["missing", ["a"], [], false],

    ["inCidr", "198.51.100.7", ["198.51.100.0/25"], true],
    ["inCidr", "198.51.100.128", ["198.51.100.0/25"], false],
    ["inCidr", "198.51.100.7", [["192.0.2.0/24", "198.51.100.7"]], true],
    ["inCidr", ["192.0.2.1", "198.51.100.7"], ["198.51.100.0/24"], true],
    ["inCidr", "198.51.100.7", ["198.51.100.8"], false],
    ["inCidr", "2001:db8::1", ["2001:db8::/32"], true],
    ["inCidr", "2001:DB8:0::1", ["2001:db8::1"], true],
    ["inCidr", "::ffff:198.51.100.7", ["198.51.100.0/24"], true],
    ["inCidr", "198.51.100.7", ["::/0"], false],
    ["inCidr", "2001:db8::1", ["0.0.0.0/0"], false],
    ["inCidr", "192.0.2.1", ["0.0.0.0/0"], true],
    ["inCidr", "s3.amazonaws.com", ["0.0.0.0/0"], false],
    ["inCidr", "AWS Internal", ["::/0"], false],
    ["inCidr", "198.51.100.7", ["198.51.100.0/33"], false],
    ["inCidr", "198.51.100.7", ["everywhere"], false],
    ["inCidr", "10", ["0.0.0.0/0"], false],
    ["inCidr", "10.1.2.3", ["10/8"], false],
    ["inCidr", undefined, ["0.0.0.0/0"], false],
    ["inCidr", "198.51.100.7", [undefined], false],
    ["isIp", "203.0.113.7", [], true],
    ["isIp", "2001:db8::7", [], true],
    ["isIp", ["cloudtrail.amazonaws.com", "203.0.113.7"], [], true],
    ["isIp", "cloudtrail.amazonaws.com", [], false],
    ["isIp", "203.0.113.0/24", [], false],
    ["isIp", "12", [], false],
    ["isIp", null, [], false],
    ["isPrivateIp", "10.1.2.3", [], true],
    ["isPrivateIp", "172.31.0.1", [], true],
    ["isPrivateIp", "172.32.0.1", [], false],
    ["isPrivateIp", "192.168.0.1", [], true],
    ["isPrivateIp", "127.0.0.1", [], true],
    ["isPrivateIp", "169.254.169.254", [], true],
    ["isPrivateIp", "100.64.0.1", [], true],
    ["isPrivateIp", "100.128.0.1", [], false],
    ["isPrivateIp", "::1", [], true],
    ["isPrivateIp", "fe80::1", [], true],
    ["isPrivateIp", "fd00::1", [], true],
    ["isPrivateIp", "::ffff:10.1.2.3", [], true],
    ["isPrivateIp", "203.0.113.7", [], false],
    ["isPrivateIp", "2001:db8::7", [], false],
    ["isPrivateIp", "ec2.amazonaws.com", [], false],
    ["isPrivateIp", undefined, [], false],

    ["matches", "aws-cli/2 kali", ["(?i)KALI|parrot"], true],
    ["matches", "GetObject", ["^(Put|Delete)"], false],
    ["matches", ["GetObject", "PutObject"], ["^Put"], true],
    ["matches", "GetObject", [["^Put", "Object$"]], true],
    ["matches", "ünïcode €", ["ï.ode \\p{Sc}$"], true],
    ["matches", undefined, ["."], false],
    ["matches", "abc", [undefined], false],
    ["matches", { a: "abc" }, ["abc"], false],
    ["matches", "", ["^$"], true],
    ["anyMatch", { a: [{ b: "x" }, { c: { d: "AKIAIOSFODNN7EXAMPLE" } }] }, ["^AKIA[A-Z0-9]{16}$"], true],
    ["anyMatch", { AKIAIOSFODNN7EXAMPLE: 1 }, ["AKIA"], false],
    ["anyMatch", "abc", ["b"], true],
    ["anyMatch", null, ["."], false],
    ["anyMatch", [], ["."], false],

    ["isTrue", true, [], true],
    ["isTrue", "true", [], true],
    ["isTrue", "True", [], true],
    ["isTrue", ["false", "true"], [], true],
    ["isTrue", "false", [], false],
    ["isTrue", 1, [], false],
    ["isTrue", undefined, [], false],
    ["isFalse", false, [], true],
    ["isFalse", "FALSE", [], true],
    ["isFalse", true, [], false],
    ["isFalse", 0, [], false],
    ["isFalse", null, [], false],
    ["isFalse", undefined, [], false],
    ["number", "3600", [], 3600],
    ["number", " -1.5e2 ", [], -150],
    ["number", 7, [], 7],
    ["number", "0x10", [], undefined],
    ["number", "", [], undefined],
    ["number", "1e999", [], undefined],
    ["number", Number.NaN, [], undefined],
    ["number", true, [], undefined],
    ["number", [1], [], undefined],
    ["number", null, [], undefined],
    ["string", "a", [], "a"],
    ["string", 22, [], "22"],
    ["string", false, [], "false"],
    ["string", { a: [1] }, [], '{"a":[1]}'],
    ["string", null, [], undefined],
    ["string", undefined, [], undefined],
    ["json", { a: [1, "b"] }, [], '{"a":[1,"b"]}'],
    ["json", "a", [], '"a"'],
    ["json", null, [], "null"],
    ["json", undefined, [], undefined],
    ["parseJson", '{"a":[1]}', [], { a: [1] }],
    ["parseJson", "%7B%22a%22%3A%20%5B1%5D%7D", [], { a: [1] }],
    ["parseJson", '{"a":"100%"}', [], { a: "100%" }],
    ["parseJson", "%7B%", [], undefined],
    ["parseJson", "not json", [], undefined],
    ["parseJson", '"a"', [], "a"],
    ["parseJson", `"${"a".repeat(MAX_JSON_CHARACTERS)}"`, [], undefined],
    ["parseJson", "[".repeat(MAX_JSON_DEPTH + 1) + "]".repeat(MAX_JSON_DEPTH + 1), [], undefined],
    ["parseJson", "[".repeat(100_000), [], undefined],
    ["parseJson", "[".repeat(100_000) + "]".repeat(100_000), [], undefined],
    ["parseJson", { a: 1 }, [], undefined],

    ["hour", "2026-01-31T23:30:00Z", [], 23],
    ["hour", "2026-01-31T00:30:00Z", [], 0],
    ["hour", "2026-01-31T23:30:00Z", ["Europe/Berlin"], 0],
    ["hour", "2026-07-31T21:30:00Z", ["Europe/Berlin"], 23],
    ["hour", "2026-03-29T00:59:59Z", ["Europe/Berlin"], 1],
    ["hour", "2026-03-29T01:00:00Z", ["Europe/Berlin"], 3],
    ["hour", "2026-01-31T12:30:00.123+02:00", [], 10],
    ["hour", "2026-01-31T12:30:00Z", ["Nowhere/Land"], undefined],
    ["hour", "2026-01-31T12:30:00Z", [null], undefined],
    ["hour", "2026-02-31T99:30:00Z", [], undefined],
    ["hour", "2026-01-31", [], undefined],
    ["hour", "Jan 31, 2026, 9:30:00 AM", [], undefined],
    ["hour", undefined, [], undefined],
    ["weekday", "2026-01-31T23:30:00Z", [], 6],
    ["weekday", "2026-01-31T23:30:00Z", ["Europe/Berlin"], 7],
    ["weekday", "2026-02-02T09:00:00Z", ["America/New_York"], 1],
    ["weekday", "2026-02-02T01:00:00Z", ["America/New_York"], 7],
    ["weekday", 7, [], undefined],
  ])("%s of %j with %j is %j", (name, value, args, expected) => {
    expect(use(name, value, ...args)).toEqual(expected);
  });

  test("parseJson gives objects in which no key leads to the host", () => {
    const text = JSON.stringify({ a: { b: [{}] } });
    expect([
      compile("text|parseJson()['a']['constructor']")({ text }),
      compile("(text|parseJson).a.b[0]['toString']")({ text }),
      compile("(text|parseJson).a['__proto__'].x")({ text: '{"a":{"__proto__":{"x":1}}}' }),
      compile("(text|parseJson) == 'text'")({ text }),
    ]).toEqual([undefined, undefined, 1, false]);
  });

  const PATTERNS = ["matches", "anyMatch"];
  test.each(Object.keys(TRANSFORMS).filter((name) => !PATTERNS.includes(name)))("%s never throws", (name) => {
    fc.assert(
      fc.property(fc.anything(), fc.array(fc.anything(), { maxLength: 2 }), (value, args) => {
        TRANSFORMS[name]?.(value, ...args);
      }),
      { seed: 1 },
    );
  });

  test.each(PATTERNS)("%s throws nothing but what may be told", (name) => {
    fc.assert(
      fc.property(fc.anything(), fc.oneof(fc.string(), fc.anything()), (value, pattern) => {
        try {
          return typeof TRANSFORMS[name]?.(value, pattern) === "boolean";
        } catch (error) {
          return error instanceof EvaluationError;
        }
      }),
      { seed: 1 },
    );
  });
});

describe("a search by a pattern is bounded", () => {
  const long = "ab".repeat(MAX_TEXT_CHARACTERS / 2);
  const outcome = (name: string, value: unknown, pattern: unknown) => {
    try {
      return use(name, value, pattern);
    } catch (error) {
      return error instanceof EvaluationError ? error.message : error;
    }
  };

  test.each([
    ["a text as long as it may be", "matches", long, "c$", false],
    [
      "a longer text",
      "matches",
      `${long}c`,
      "c$",
      "a text has more than the 65536 characters that a pattern may search",
    ],
    [
      "a longer text inside",
      "anyMatch",
      { a: [`${long}c`] },
      "c$",
      "a text has more than the 65536 characters that a pattern may search",
    ],
    [
      "too much text inside",
      "anyMatch",
      Array(MAX_TOTAL_CHARACTERS / MAX_TEXT_CHARACTERS + 1).fill(long),
      "c$",
      "there is too much text to search for a pattern",
    ],
    ["a long pattern", "matches", "a", "a".repeat(MAX_PATTERN_CHARACTERS), false],
    [
      "a longer pattern",
      "matches",
      "a",
      "a".repeat(MAX_PATTERN_CHARACTERS + 1),
      "a pattern is longer than 1000 characters",
    ],
    ["a pattern that explodes elsewhere", "matches", long, "^(([ab])+)+[cd]$", false],
    ["a pattern of many steps", "matches", long, "[ab]{1000}[cd]", "a pattern is too large for so long a text"],
    ["many patterns", "matches", long, Array(500).fill("[ab]{10}[cd]"), "a pattern is too large for so long a text"],
    [
      "a pattern that is none",
      "matches",
      "secret",
      "(secret",
      "a pattern is none that RE2 knows (it has no look-around and no back references)",
    ],
    [
      "repetitions of repetitions",
      "matches",
      "a",
      "((a{100}){100}){100}",
      "a pattern is none that RE2 knows (it has no look-around and no back references)",
    ],
    [
      "a look-around",
      "matches",
      "a",
      "(?=a)",
      "a pattern is none that RE2 knows (it has no look-around and no back references)",
    ],
  ])("%s", (_name, transform, value, pattern, expected) => {
    expect(outcome(transform, value, pattern)).toEqual(expected);
  });

  test("patterns out of records do not pile up, and hold after many others", () => {
    for (let index = 0; index < 1_200; index++) use("matches", "x", `^${index}$`);
    expect([use("matches", "7", "^7$"), use("matches", "8", "^7$")]).toEqual([true, false]);
  });
});
