import { nearest } from "#expression/nearest.ts";
import { isRange } from "#expression/transforms/address.ts";
import { patternOf } from "#expression/transforms/pattern.ts";
import type { RuleProblem } from "#model/decision.ts";
import { messageOf } from "#model/errors.ts";
import type { DefaultRule } from "#model/rule.ts";
import type { RuleSettings } from "#model/settings.ts";
import { TAGGED_TYPES } from "./lacks-tags.ts";

/** What is wrong with settings beside expressions; a plan refuses most of it already. */
export function settingProblems(settings: RuleSettings, defaultRules: readonly DefaultRule[]): readonly RuleProblem[] {
  return [...unknownNames(settings, defaultRules), ...wrongTags(settings), ...wrongRanges(settings)];
}

/** Packs and rules that the configuration names and that there are not. */
function unknownNames(
  { packs, overrides, rules }: RuleSettings,
  defaultRules: readonly DefaultRule[],
): readonly RuleProblem[] {
  const packNames = new Set(defaultRules.map(({ pack }) => pack));
  const ids = new Set([...defaultRules, ...rules].map(({ id }) => id));
  return [...unknown("packs", packs, packNames), ...unknown("rule_overrides", overrides, ids)];
}

/** Types of resources that there are not, and patterns that are none. */
function wrongTags({ ruleConfig }: RuleSettings): readonly RuleProblem[] {
  const required = ruleConfig.requiredTags;
  if (typeof required !== "object" || required === null) return [];
  const patterns = Object.entries(required).flatMap(([type, tags]) =>
    Object.entries(tags ?? {}).flatMap(([key, pattern]) => {
      try {
        if (typeof pattern === "string") patternOf(pattern);
        return [];
      } catch (error) {
        return [{ ruleId: `required_tags.${type}.${key}`, message: messageOf(error) }];
      }
    }),
  );
  return [...unknown("required_tags", required, TAGGED_TYPES), ...patterns];
}

/** Ranges in which no address can be: Terraform takes some for right that a rule does not, such as `010.0.0.0/8`. */
function wrongRanges({ ruleConfig, overrides }: RuleSettings): readonly RuleProblem[] {
  const given: readonly (readonly [string, unknown])[] = [
    ["allowed_cidrs", ruleConfig.allowedCidrs],
    ...Object.entries(overrides).flatMap(([id, { exceptions }]) =>
      exceptions.map(({ cidrs }, index) => [`rule_overrides.${id}.exceptions[${index}].cidrs`, cidrs] as const),
    ),
  ];
  return given.flatMap(([ruleId, ranges]) =>
    (Array.isArray(ranges) ? ranges : [])
      .filter((range) => !isRange(String(range)))
      .map((range) => ({ ruleId, message: `${range} is no address range; write one such as 198.51.100.0/24` })),
  );
}

function unknown(variable: string, names: object, there: ReadonlySet<string>): readonly RuleProblem[] {
  return Object.keys(names)
    .filter((name) => !there.has(name))
    .map((name) => {
      const meant = nearest(name, there);
      const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
      return { ruleId: `${variable}.${name}`, message: `there is no such name${hint}` };
    });
}
