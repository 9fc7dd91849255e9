import * as v from "valibot";
import { ConfigurationError } from "#model/errors.ts";
import type { RuleDefinition } from "#model/rule.ts";
import type { RuleSettings } from "#model/settings.ts";
import { trackedEvents } from "./events-to-track.ts";
import { RULE_DOCUMENT, type RuleDocument } from "./rule-document.ts";
import { splitRules } from "./split-rules.ts";

/**
 * The rules of a configuration document, whatever else is in it; what is left out is as the module has it.
 * @throws ConfigurationError with every problem and its path
 */
export function parseRuleSettings(document: unknown): RuleSettings {
  return ruleSettings(parsed(v.object(RULE_DOCUMENT), document));
}

/** @throws ConfigurationError with every problem and its path, a line each */
export function parsed<T extends v.GenericSchema>(schema: T, document: unknown): v.InferOutput<T> {
  const result = v.safeParse(schema, document);
  if (result.success) return result.output;
  // The library's own words for a misspelt name are about types.
  const problems = result.issues.map(
    (issue) =>
      `${v.getDotPath(issue) ?? "configuration"}: ${issue.expected === "never" ? "there is no such name here" : issue.message}`,
  );
  throw new ConfigurationError(problems.join("\n"));
}

/** Of a document that was parsed. */
export function ruleSettings(document: RuleDocument): RuleSettings {
  const { allowed_cidrs: allowedCidrs, office_hours: officeHours, required_tags: requiredTags } = document;
  const tracked = trackedEvents(document.events_to_track);
  return {
    useDefaultRules: document.use_default_rules,
    packs: document.packs,
    overrides: document.rule_overrides,
    language: document.rules_language,
    rules: [...definitions("rules", document), ...tracked.rules, ...definitions("ignore_rules", document)],
    ruleConfig: {
      ...document.rule_config,
      // A rule whose setting is not there does not match.
      ...(allowedCidrs.length > 0 ? { allowedCidrs } : {}),
      ...(officeHours === undefined ? {} : { officeHours }),
      ...(Object.keys(requiredTags).length > 0 ? { requiredTags } : {}),
    },
    problems: tracked.problems,
  };
}

/** Rules without an id are called after the place where they stand, such as `rules[0]`. */
function definitions(variable: "rules" | "ignore_rules", document: RuleDocument): readonly RuleDefinition[] {
  const given = document[variable];
  const rules = typeof given === "string" ? splitRules(given, document.rules_separator) : given;
  return rules.map((rule, index) => {
    const place = `${variable}[${index}]`;
    const origin = variable === "rules" ? "custom" : "ignore";
    if (typeof rule === "string") return { id: place, origin, severity: "medium", expression: rule };
    const { expression, id, title, severity } = rule;
    return { id: id ?? place, origin, severity: severity ?? "medium", ...(title ? { title } : {}), expression };
  });
}
