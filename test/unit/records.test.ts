import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MalformedElement } from "#model/log-file.ts";
import { valueAt } from "#model/record.ts";
import { flatten } from "#records/flatten.ts";

/** `{"a":{"a":…}}`, so deep. */
function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? { a: value } : [value];
  return value;
}

/** What a rule could reach through a value's prototypes by a name. */
function inheritedNames(value: unknown): readonly string[] {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null ? [] : [...Object.getOwnPropertyNames(prototype), ...inheritedNames(prototype)];
}

/** Both views of a record that can be judged. */
function judged(element: unknown) {
  const judgeable = flatten(element);
  if ("unjudgeable" in judgeable) throw new Error(judgeable.unjudgeable);
  const { record, flat } = judgeable;
  return { record, flat };
}

describe("flatten", () => {
  test("makes dotted keys, also for lists, and keeps null", () => {
    const element = {
      eventName: "A",
      list: [{ x: 1 }, ["y", null]],
      none: null,
      empty: {},
      nothing: [],
      "dotted.key": true,
    };
    expect(judged(element)).toEqual({
      record: element,
      flat: { eventName: "A", "list.0.x": 1, "list.1.0": "y", "list.1.1": null, none: null, "dotted.key": true },
    });
  });

  test("takes __proto__ and constructor for plain keys, and no object inherits a name", () => {
    const { record, flat } = judged(
      JSON.parse('{"eventName":"A","__proto__":{"__proto__":1},"constructor":{"prototype":2},"list":[{"a":1}]}'),
    );
    const list = record.list as readonly object[];
    expect({
      flat: Object.entries(flat),
      record: JSON.stringify(record),
      inherited: [flat, record, valueAt(record, "__proto__"), record.constructor, ...list].flatMap(inheritedNames),
      untouched: "prototype" in {},
    }).toEqual({
      flat: [
        ["eventName", "A"],
        ["__proto__.__proto__", 1],
        ["constructor.prototype", 2],
        ["list.0.a", 1],
      ],
      record: '{"eventName":"A","__proto__":{"__proto__":1},"constructor":{"prototype":2},"list":[{"a":1}]}',
      inherited: [],
      untouched: false,
    });
  });

  test.each([
    ["null", null, "is null"],
    ["a list", [{ eventName: "A" }], "is a list"],
    ["a text", "eventName", "is a string"],
    ["a number", 7, "is a number"],
    ["a record without eventName", { eventID: "x" }, "has no eventName"],
    ["a record whose insightDetails are a list", { insightDetails: [] }, "has no eventName"],
    ["a record whose insightDetails are null", { insightDetails: null }, "has no eventName"],
    ["a record whose insightDetails are a text", { insightDetails: "Start" }, "has no eventName"],
    ["a record with an empty eventName", { eventName: "" }, "has no eventName"],
    ["a record whose eventName is no text", { eventName: ["A"] }, "has no eventName"],
    ["a record that inherits nothing", JSON.parse('{"__proto__":{"eventName":"A"}}'), "has no eventName"],
    ["an element that is no JSON", new MalformedElement("is not JSON"), "is not JSON"],
  ])("cannot judge %s", (_name, element, unjudgeable) => {
    expect(flatten(element)).toEqual({ unjudgeable });
  });

  test.each([
    [
      "an element that is too large",
      new MalformedElement("is larger than 9 bytes", "record_bytes"),
      "is larger than 9 bytes",
      "record_bytes",
    ],
    ["a record nested too deep", { eventName: "A", deep: nested(100) }, "is nested more than 64 deep", "record_depth"],
    [
      "a record nested so deep that it would overflow the stack",
      { eventName: "A", deep: nested(100_000) },
      "is nested more than 64 deep",
      "record_depth",
    ],
    [
      "a record with too many values",
      { eventName: "A", wide: Array(100_001).fill(0) },
      "has more than 100000 values",
      "record_values",
    ],
  ])("cannot judge %s, and says which limit it is over", (_name, element, unjudgeable, limit) => {
    expect(flatten(element)).toEqual({ unjudgeable, limit });
  });

  test("judges an Insight, which has no eventName of its own", () => {
    const element = { eventID: "i", insightDetails: { eventName: "CreateUser" } };
    expect(judged(element)).toEqual({
      record: element,
      flat: { eventID: "i", "insightDetails.eventName": "CreateUser" },
    });
  });

  test("judges what is deep and wide, but no more than CloudTrail writes", () => {
    expect(flatten({ eventName: "A", deep: nested(60), wide: Array(50_000).fill(0) })).toHaveProperty(
      "record.eventName",
      "A",
    );
  });

  test("never throws, changes no value, and names each of them", () => {
    const leaves = (value: unknown): number =>
      typeof value === "object" && value !== null
        ? Object.values(value).reduce((sum: number, item) => sum + leaves(item), 0)
        : 1;
    let judged = 0;
    fc.assert(
      fc.property(fc.json(), fc.boolean(), (text, named) => {
        const value: unknown = JSON.parse(text);
        const element =
          named && typeof value === "object" && !Array.isArray(value) ? { nested: value, eventName: "A" } : value;
        const judgeable = flatten(element);
        if ("unjudgeable" in judgeable) return;
        judged += 1;
        expect(JSON.stringify(judgeable.record)).toBe(JSON.stringify(element));
        expect(Object.keys(judgeable.flat).length).toBeLessThanOrEqual(leaves(element));
      }),
      { seed: 5, numRuns: 500 },
    );
    expect(judged).toBeGreaterThan(50);
  });
});
