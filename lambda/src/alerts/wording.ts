import type { Fact } from "#model/news.ts";
import type { RuleRef, Wording } from "#model/rule.ts";
import { masked } from "./mask.ts";
import { bounded } from "./values.ts";

/** Slack shows less; a topic has the rest. */
const MAX_TITLE = 300;
const MAX_VALUE = 600;

/** What the user's templates say in place of our title and details, bounded and without secrets. */
export function wordedIn(wording: Wording = {}): { readonly title?: string; readonly details?: readonly Fact[] } {
  const { title, details } = wording;
  return {
    ...(title === undefined ? {} : { title: bounded(masked(undefined, title), MAX_TITLE) }),
    ...(details === undefined
      ? {}
      : {
          details: details.map(({ label, value }) => ({ label, value: bounded(masked(undefined, value), MAX_VALUE) })),
        }),
  };
}

/** A rule as an alert lists it: what it says of the record stands in the alert. */
export function withoutWording({ wording: _said, ...rule }: RuleRef): RuleRef {
  return rule;
}
