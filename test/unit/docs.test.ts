import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { flatten } from "#records/flatten.ts";
import { decide } from "#rules/decide.ts";
import { createRuleSet } from "#rules/rule-set.ts";
import { blocks, documents } from "#test/support/documents.ts";
import { record } from "#test/support/records.ts";
import { repoRoot } from "#test/support/tools.ts";

const rulesPage = readFileSync(path.join(repoRoot, "docs/rules.md"), "utf8");
const inCells = (heading: string) => {
  const section = rulesPage.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return section
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1));
};
const codeOf = (cell = "") => /`([^`]+)`/.exec(cell)?.[1]?.replaceAll("\\|", "|") ?? "";

/** The verdict of one expression on one record. */
function verdict(expression: string, overrides: Record<string, unknown>): unknown {
  const { ruleSet, problems } = createRuleSet([{ id: "r", origin: "custom", severity: "low", expression }], {});
  const judgeable = flatten(record(overrides));
  if (problems.length > 0 || "unjudgeable" in judgeable) return problems.map(({ message }) => message);
  const { decision, problems: failures } = decide(ruleSet, judgeable);
  return failures.length > 0 ? failures : decision.kind;
}

describe("docs/rules.md", () => {
  test.each(blocks("docs/rules.md", "jexl"))("the example works: %s", (expression) => {
    expect(["alert", "unmatched"]).toContain(verdict(expression, {}));
  });

  test("the examples match what they are made for", () => {
    const records = [
      { eventName: "DeleteBucket" },
      { eventName: "CreateBucket" },
      { eventName: "AssumeRole", requestParameters: { roleArn: "arn:aws:iam::111111111111:role/break-glass" } },
      { eventName: "UpdateFunctionCode20150331v2" },
    ];
    const examples = blocks("docs/rules.md", "jexl");
    expect(examples).toHaveLength(records.length);
    const addresses = [{}, { sourceIPAddress: "192.0.2.7" }, {}, {}];
    expect(examples.map((rule, index) => verdict(rule, { ...records[index], ...addresses[index] }))).toEqual(
      examples.map(() => "alert"),
    );
  });

  const transforms = inCells("Transforms");
  test.each(transforms)("the transform %s is called as shown: %s", (name, example) => {
    expect(codeOf(example)).toContain(codeOf(name));
    expect(["alert", "unmatched"]).toContain(verdict(codeOf(example), {}));
  });

  test("names every transform", () => {
    const unknown = verdict("a|nothing", {});
    const known = /known: ([^)]+)\)/.exec(String(unknown))?.[1]?.split(", ") ?? [];
    expect(transforms.map(([name]) => codeOf(name)).sort()).toEqual(known.sort());
  });

  test.each([
    // `a || b && c` is `(a || b) && c`, so a false c decides.
    ["a || b && c", "true || true && false", "unmatched"],
    ["!a == b", "!eventName == false", "alert"],
    ["a == 'x'|lower", "'x' == 'X'|lower", "alert"],
    [
      "not",
      "not eventName",
      ['the expression has an unexpected "eventName" at line 1, column 5:\n  not eventName\n      ^'],
    ],
  ])("the trap is real: %s", (_trap, expression, expected) => {
    expect(verdict(expression, {})).toEqual(expected);
  });
});

describe("documents", () => {
  test.each(documents())("%s links only to what is there", (document) => {
    const text = readFileSync(path.join(repoRoot, document), "utf8");
    const targets = Array.from(text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g), ([, target]) => target ?? "");
    const broken = targets.filter((target) => !existsSync(path.join(repoRoot, path.dirname(document), target)));
    expect(broken).toEqual([]);
  });

  test.each(documents())("%s shows only commands that the Makefile has", (document) => {
    const text = readFileSync(path.join(repoRoot, document), "utf8");
    const targets = Array.from(text.matchAll(/`make ([a-z-]+)/g), ([, target]) => `${target}:`);
    const makefile = readFileSync(path.join(repoRoot, "Makefile"), "utf8").split("\n");
    expect(targets.filter((target) => !makefile.some((line) => line.startsWith(target)))).toEqual([]);
  });
});
