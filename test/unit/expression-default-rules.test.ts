import { expect, test } from "vitest";
import { readRuleFiles } from "#default-rules";
import { createChecker } from "#expression/check.ts";
import { transforms } from "#rules/transforms.ts";
import { VOCABULARY } from "#rules/vocabulary.ts";

const check = createChecker(transforms, VOCABULARY);

test("no default rule walks into a trap", () => {
  const rules = readRuleFiles();
  const findings = rules.flatMap(({ id, expression }) => check(expression).map(({ message }) => `${id} ${message}`));
  expect({ some: rules.length > 0, findings }).toEqual({ some: true, findings: [] });
});
