import type { RuleProblem } from "./decision.ts";
import type { Routing } from "./destination.ts";
import type { Limits } from "./log-file.ts";
import type { RuleDefinition, RuleOverride, RulesLanguage } from "./rule.ts";

/** From most to least. Nothing is logged as CRITICAL: choosing it silences the log, as in the older module. */
export const LOG_LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What decides about records. */
export interface RuleSettings {
  readonly useDefaultRules: boolean;
  /** Packs of default rules that are on as a whole, with the rules that are else off, or off as a whole. */
  readonly packs: Readonly<Record<string, boolean>>;
  /** By the id of a rule. */
  readonly overrides: Readonly<Record<string, RuleOverride>>;
  /** What custom and ignore rules are written in. */
  readonly language: RulesLanguage;
  /** Custom rules, tracked events and ignore rules, in the user's order. */
  readonly rules: readonly RuleDefinition[];
  /** What rules see as `config`. */
  readonly ruleConfig: Readonly<Record<string, unknown>>;
  /** Parts of the configuration that were left out because they are wrong; empty after a successful apply. */
  readonly problems: readonly RuleProblem[];
}

/** How messages are worded, and where they lead. */
export interface MessageSettings {
  /** By account id. */
  readonly accountNames: Readonly<Record<string, string>>;
  /** Whether AWS Organizations is asked what the other accounts are called. */
  readonly namesFromOrganizations: boolean;
  /** IANA name of the time zone that times are shown in. */
  readonly timeZone: string;
  /** Links lead through the access portal of IAM Identity Center, which signs in to the right account first. */
  readonly identityCenter: { readonly startUrl: string; readonly roleName: string | undefined } | undefined;
  /** By the id of a rule: a page that says what to do. */
  readonly runbooks: Readonly<Record<string, string>>;
  /** The account that holds the bucket with the log files. */
  readonly logAccountId: string | undefined;
}

/** What holds when nobody says otherwise. */
export const PLAIN_MESSAGES: MessageSettings = {
  accountNames: {},
  namesFromOrganizations: false,
  timeZone: "UTC",
  identityCenter: undefined,
  runbooks: {},
  logAccountId: undefined,
};

/** What the user decided, checked: made once per cold start from environment and SSM. */
export interface Settings extends RuleSettings, Routing {
  readonly allowedHookHosts: readonly string[];
  readonly messages: MessageSettings;
  readonly tellRuleProblems: boolean;
  readonly countRefusedCalls: boolean;
  readonly limits: Limits;
  /** How long repeats of an alert are only counted, in milliseconds, 0 for not at all; and the queue (ARN) that wakes the function then. */
  readonly grouping: { readonly windowMs: number; readonly retryQueue: string };
  /** The table that remembers what was told, and for how long; undefined when it is switched off. */
  readonly ledger: { readonly table: string; readonly retentionDays: number } | undefined;
}
