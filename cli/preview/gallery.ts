import { toAlert } from "#alerts/to-alert.ts";
import { CommandError } from "#cli/shared/command-error.ts";
import { PACKAGED_RULES } from "#cli/shared/packaged-rules.ts";
import { type RuleFile, readRuleFiles } from "#cli/shared/rule-files.ts";
import { isChosen, type RuleOptions, type Rules } from "#cli/shared/rule-options.ts";
import { defaultRules } from "#default-rules";
import { slackMessage } from "#delivery/slack-message.ts";
import type { DefaultRule } from "#model/rule.ts";
import type { MessageSettings, RuleSettings } from "#model/settings.ts";
import { flatten } from "#records/flatten.ts";
import { decide } from "#rules/decide.ts";
import { createRuleSet } from "#rules/rule-set.ts";
import { onlyWordings } from "#rules/wording.ts";
import type { DrawnMessage } from "./page/document.ts";

/** The message of one default rule. */
export interface Specimen extends DrawnMessage {
  readonly pack: string;
}

/** What records beside rules leave out because no rule asks for it, and every real record has. */
const USUAL = {
  eventVersion: "1.09",
  eventTime: "2025-06-11T09:15:00Z",
  awsRegion: "eu-central-1",
  sourceIPAddress: "198.51.100.7",
  userAgent: "aws-cli/2.15.30 Python/3.11.8 Linux/6.1 exe/x86_64",
  eventID: "6f1c2a6e-5d0b-4c53-9a57-0c1d2e3f4a5b",
  eventType: "AwsApiCall",
};

/**
 * One message for each default rule that alerts, in the order of the packs: what it says of the first record that
 * stands beside it. Rules that are off are there, too.
 * @throws CommandError when the files of the package are not there
 */
export async function gallery({ settings, messages }: Rules, options: RuleOptions): Promise<readonly Specimen[]> {
  const { rules, problems } = await readRuleFiles(PACKAGED_RULES);
  const [problem] = problems;
  if (problem !== undefined)
    throw new CommandError(`a rule file of the package is broken: ${problem}; install it again`);
  const files = new Map(rules.map(({ rule }) => [rule.id, rule]));
  return defaultRules
    .filter(({ pack, origin }) => origin !== "ignore" && isChosen(pack, options))
    .flatMap((rule) => {
      const file = files.get(rule.id);
      const severity = settings.overrides[rule.id]?.severity ?? rule.severity;
      return file === undefined ? [] : specimen({ ...rule, severity }, file, settings, messages);
    });
}

/** Asks this rule alone: with the others, the worst of those that match would give the title. */
function specimen(
  rule: DefaultRule,
  { matching, config }: RuleFile,
  { ruleConfig: given, overrides }: RuleSettings,
  messages: MessageSettings,
): readonly Specimen[] {
  const [first] = matching;
  const ruleConfig: Readonly<Record<string, unknown>> = { ...given, ...config };
  const { ruleSet } = createRuleSet([rule], ruleConfig, { overrides: onlyWordings(overrides) });
  for (const element of [completed(first), first]) {
    const judgeable = flatten(element);
    if ("unjudgeable" in judgeable) continue;
    const { decision } = decide(ruleSet, judgeable);
    if (decision.kind !== "alert") continue;
    const alert = toAlert(judgeable.record, decision.rules, { messages, requiredTags: ruleConfig.requiredTags });
    const caption = rule.enabled ? rule.id : `${rule.id} (opt-in)`;
    return [{ pack: rule.pack, payload: slackMessage(alert), at: alert.when, caption, anchor: rule.id }];
  }
  return [];
}

function completed(element: unknown): unknown {
  if (typeof element !== "object" || element === null) return element;
  const identity = "userIdentity" in element ? element.userIdentity : undefined;
  const account =
    typeof identity === "object" && identity !== null && "accountId" in identity ? identity.accountId : undefined;
  return { ...USUAL, recipientAccountId: account ?? "111111111111", ...element };
}
