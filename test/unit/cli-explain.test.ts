import { expect, test } from "vitest";
import { defaultRules } from "#default-rules";
import { pathsOf } from "#expression/paths.ts";

test.each<[string, readonly string[]]>([
  ["true", []],
  ["eventName == 'x'", ["eventName"]],
  ["a.b.c == 1 && (a.b.c > d.e)", ["a.b.c", "d.e"]],
  ["event['a.b.0'] == event.a.c", ["event.a.b.0", "event.a.c"]],
  ["a.items[0].b == 1", ["a.items.0.b"]],
  ["(eventName|startsWith(['a', config.b])) || !c", ["eventName", "config.b", "c"]],
  ["(event|has('a.b')) && (c.d|pluck('e.f'))", ["event.a.b", "c.d.e.f"]],
  ["event|lacksTags(config.requiredTags)", ["event", "config.requiredTags"]],
  ["a[.b == c.d].e == 1", ["a", "c.d"]],
  ["a ? b : [c, {d: e}]", ["a", "b", "c", "e"]],
  ["a[b] == 1", ["a", "b"]],
  ["'x' in a.b", ["a.b"]],
])("%s looks at %j", (expression, paths) => {
  expect(pathsOf(expression).map((path) => path.join("."))).toEqual(paths);
});

test("every default rule looks at something", () => {
  expect(defaultRules.length).toBeGreaterThan(10);
  expect(defaultRules.filter(({ expression }) => pathsOf(expression).length === 0)).toEqual([]);
});
