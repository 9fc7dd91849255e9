/** From worst to least: the order in which rules of one alert are listed. */
export const SEVERITIES = ["critical", "high", "medium", "low", "info"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Where a rule comes from: shipped with the module, written by the user, made from `events_to_track`, or an ignore rule. */
export type RuleOrigin = "default" | "custom" | "tracked" | "ignore";

/** What people are told of a rule. */
export interface RuleRef {
  readonly id: string;
  readonly origin: RuleOrigin;
  readonly severity: Severity;
  /** A sentence in plain words; absent for rules that are only an expression. */
  readonly title?: string;
  /** The group that a rule of the module is switched with: its folder in `rules/`. A user's rules are in none. */
  readonly pack?: string;
  /** What to look at first. */
  readonly investigate?: string;
  /** What the user's templates say of the record that it matched; of what is missing here, the words are ours. */
  readonly wording?: Wording;
}

/** Texts made of a record by templates of the user's: foreign, and not bounded. */
export interface Wording {
  readonly title?: string;
  /** At least one. */
  readonly details?: readonly { readonly label: string; readonly value: string }[];
}

/** A rule before it is compiled: a Jexl expression and what it is called. */
export interface RuleDefinition extends RuleRef {
  readonly expression: string;
}

/** A rule that comes with the module. */
export interface DefaultRule extends RuleDefinition {
  readonly pack: string;
  /** Whether it is on unless the configuration says otherwise. */
  readonly enabled: boolean;
  /** The Terraform variable without which it never matches. */
  readonly setting?: RuleSetting;
}

/** What the rules of a user are written in; auto: Python where an expression uses what only Python has, else Jexl. */
export const RULES_LANGUAGES = ["auto", "jexl", "python"] as const;
export type RulesLanguage = (typeof RULES_LANGUAGES)[number];

/** What the user changes about a rule. */
export interface RuleOverride {
  readonly enabled: boolean | undefined;
  readonly severity: Severity | undefined;
  /** When any of them holds, the rule does not match. */
  readonly exceptions: readonly RuleException[];
  /** A template, in Jexl, for the title of an alert. */
  readonly title: string | undefined;
  /** Templates for what an alert tells in detail, by their labels; none for those that we choose. */
  readonly details: Readonly<Record<string, string>>;
}

/** Holds when all of what it names fits the record; of a list, one entry is enough, and an empty list names nothing. */
export interface RuleException {
  readonly reason: string;
  /** The last day, in UTC, whose records it holds for: `2027-01-31`. */
  readonly until: string | undefined;
  /** ARNs of the caller or of its role, or their names in the account of the call; `*` stands for any characters. */
  readonly actors: readonly string[];
  /** Address ranges that the call came from. */
  readonly cidrs: readonly string[];
  /** Accounts in which the call took effect. */
  readonly accounts: readonly string[];
  readonly expression: string | undefined;
}

/** Variables that rules depend on. */
export type RuleSetting = "allowed_cidrs" | "office_hours" | "required_tags";

/** Compares two severities: negative when `a` is worse than `b`. */
export function bySeverity(a: Severity, b: Severity): number {
  return SEVERITIES.indexOf(a) - SEVERITIES.indexOf(b);
}
