import type { Suspect } from "#model/decision.ts";
import { messageOf } from "#model/errors.ts";
import type { Ports } from "#model/ports.ts";
import { accountOf, type CloudTrailRecord, textAt } from "#model/record.ts";
import { hasRequiredTags, lacksTags, taggedResources } from "./lacks-tags.ts";

/** The rule that the present tags may take back. */
const RULE_ID = "ec2-required-tags-missing";
/** More resources are not asked about at once: for what is left the records decide. */
const MAX_ASKED = 1_000;

/** Asking about a region takes eight seconds at most; the rest is kept for telling. In milliseconds. */
const MIN_REMAINING_MS = 20_000;

/**
 * Takes the rule about required tags back from suspects whose resources have them by now. Where EC2 cannot be asked (the
 * resources of another account, a refusal, no time, a resource that is gone), the record decides.
 * @param config what rules see as `config`
 * @returns as many suspects, in their order; one without a rule is none any more. Never throws.
 */
export async function confirmTags(
  suspects: readonly Suspect[],
  config: Readonly<Record<string, unknown>>,
  { tags, log, remainingMs }: Pick<Ports, "tags" | "log" | "remainingMs">,
): Promise<readonly Suspect[]> {
  const { requiredTags } = config;
  if (typeof requiredTags !== "object" || requiredTags === null || Array.isArray(requiredTags)) return suspects;
  const accountId = textAt(config, "self", "accountId");
  const isAskable = ({ record, rules }: Suspect) =>
    accountId !== undefined && accountOf(record) === accountId && rules.some(({ id }) => id === RULE_ID);
  const idsByRegion = new Map<string, Set<string>>();
  let asked = 0;
  for (const { record } of suspects.filter(isAskable)) {
    const region = textAt(record, "awsRegion");
    if (region === undefined) continue;
    const ids = idsByRegion.get(region) ?? new Set();
    idsByRegion.set(region, ids);
    for (const { id } of taggedResources(record)) if (asked < MAX_ASKED && !ids.has(id) && ids.add(id)) asked += 1;
  }
  const present = new Map<string, ReadonlyMap<string, string>>();
  for (const [region, ids] of idsByRegion) {
    if (ids.size === 0) continue;
    if (remainingMs() < MIN_REMAINING_MS) {
      log.warning("no time is left to ask for the present tags; the records decide", { region });
      continue;
    }
    try {
      for (const [id, found] of await tags.tagsOf(region, [...ids])) present.set(id, found);
    } catch (error) {
      log.warning("the present tags are not known; the records decide", { region, reason: messageOf(error) });
    }
  }
  const hasThemNow = (suspect: Suspect) => {
    try {
      return isAskable(suspect) && !lacksTagsNow(suspect.record, requiredTags, present);
    } catch {
      // A pattern that is none: an apply refuses it.
      return false;
    }
  };
  return suspects.map((suspect) =>
    hasThemNow(suspect) ? { ...suspect, rules: suspect.rules.filter(({ id }) => id !== RULE_ID) } : suspect,
  );
}

/** By the present tags where they are known of all resources of a type, else by the record. */
function lacksTagsNow(
  record: CloudTrailRecord,
  requiredTags: object,
  present: ReadonlyMap<string, ReadonlyMap<string, string>>,
): boolean {
  const resources = taggedResources(record);
  const unknown = new Set(resources.filter(({ id }) => !present.has(id)).map(({ type }) => type));
  const isKnown = (type: string) => !unknown.has(type) && resources.some((resource) => resource.type === type);
  const untold = Object.entries(requiredTags).filter(([type]) => !isKnown(type));
  return (
    lacksTags(record, Object.fromEntries(untold)) === true ||
    resources.some(({ id, type }) => {
      const tags = present.get(id);
      return isKnown(type) && tags !== undefined && !hasRequiredTags(type, tags, requiredTags);
    })
  );
}
