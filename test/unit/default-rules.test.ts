import { describe, expect, test } from "vitest";
import { defaultRules, readRuleFiles } from "#default-rules";
import { flatten } from "#records/flatten.ts";
import { decide } from "#rules/decide.ts";
import { examine } from "#rules/examine.ts";
import { createRuleSet } from "#rules/rule-set.ts";

const FILES = readRuleFiles();

describe.each(FILES)("the rule $id", ({ id, title, severity, kind, expression, config, matching, nonMatching }) => {
  const origin = kind === "ignore" ? "ignore" : "default";
  const { ruleSet, problems } = createRuleSet([{ id, title, severity, expression, origin }], config);
  const verdict = (element: unknown) => {
    const judgeable = flatten(element);
    if ("unjudgeable" in judgeable) return judgeable;
    const { decision, problems } = decide(ruleSet, judgeable);
    return { kind: decision.kind, problems };
  };

  test("compiles", () => {
    expect(problems).toEqual([]);
  });
  test.each(matching.map((element, index) => ({ index, element })))("matches matching[$index]", ({ element }) => {
    expect(verdict(element)).toEqual({ kind: kind === "ignore" ? "ignored" : "alert", problems: [] });
  });
  test.each(nonMatching.map((element, index) => ({ index, element })))(
    "does not match nonMatching[$index]",
    ({ element }) => {
      expect(verdict(element)).toEqual({ kind: "unmatched", problems: [] });
    },
  );
});

describe.each(FILES.filter(({ setting }) => setting !== undefined))("the rule $id without $setting", (file) => {
  const { ruleSet } = createRuleSet([{ ...file, origin: "default" }], {});
  test.each(file.matching)("matches nothing", (element) => {
    const judgeable = flatten(element);
    expect("unjudgeable" in judgeable ? judgeable : decide(ruleSet, judgeable)).toEqual({
      decision: { kind: "unmatched" },
      problems: [],
    });
  });
});

test.each(FILES)("nothing can be said against the expression of $id", ({ expression }) => {
  expect(examine(expression.trim(), "condition")).toEqual([]);
});

test("the default rules are the rule files, each id once", () => {
  const ids = FILES.map(({ id }) => id);
  expect({ some: ids.length > 0, unique: [...new Set(ids)], ids: defaultRules.map(({ id }) => id) }).toEqual({
    some: true,
    unique: ids,
    ids,
  });
});

test("the default rules compile together", () => {
  expect(createRuleSet(defaultRules, {}).problems).toEqual([]);
});
