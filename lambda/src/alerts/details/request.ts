import { masked } from "#alerts/mask.ts";
import { bounded, type Fields, requestOf, scalarOf } from "#alerts/values.ts";
import type { Fact } from "#model/news.ts";
import type { CloudTrailRecord } from "#model/record.ts";

const MAX_SHOWN = 6;
const MAX_VALUE = 120;
const MAX_KEY = 60;
/** A request may hold thousands of values; people need the first. */
const MAX_LOOKED_AT = 200;
const MAX_DEPTH = 8;

/** What says nothing about what happened. */
const NOISE =
  /(^|\.)(host$|x-amz-(?!acl|grant)|xmlns|maxResults|maxItems|pageSize|nextToken|marker|clientToken|clientRequestToken|idempotencyToken|dryRun|tag$|tagSet|tagSpecification|publicKeyMaterial|attributeType|ipPermissions|createVolumePermission|launchPermission)|(^|\.)(policy|policyDocument|assumeRolePolicyDocument|bucketPolicy)(\.|$)|(^|\.)policyArn$/i;

/** The parameters that tell most: switches, states and names come before the rest. */
const TELLING =
  /(public|enabled?|disabled?|status|state|access|encrypt|delet|retention|days|password|mfa|role|user|group|name|id|arn|cidr|region)/i;

/**
 * The most telling parameters of any request, where nothing better is known: `publicAccess: true · bucketName: example`.
 * @param isKnown whether a value of such a name is said elsewhere in the alert
 */
export function requestDetails(
  record: CloudTrailRecord,
  isKnown: (name: string, value: string) => boolean,
): readonly Fact[] {
  const found: { readonly key: string; readonly value: string }[] = [];
  collect(withoutWrapper(record), "", 0, found);
  const nameOf = (key: string) => key.slice(key.lastIndexOf(".") + 1);
  const news = found.filter(({ key, value }) => !NOISE.test(key) && !isKnown(nameOf(key), value));
  const isTelling = ({ key }: { readonly key: string }) => TELLING.test(key);
  const ordered = [...news.filter(isTelling), ...news.filter((entry) => !isTelling(entry))];
  if (ordered.length === 0) return [];
  const shown = ordered.slice(0, MAX_SHOWN).map(({ key, value }) => {
    return `${bounded(key, MAX_KEY)}: ${bounded(masked(nameOf(key), value), MAX_VALUE)}`;
  });
  const more = ordered.length - shown.length;
  const atLeast = found.length >= MAX_LOOKED_AT ? "at least " : "";
  return [{ label: "Request", value: shown.join(" · ") + (more > 0 ? ` · and ${atLeast}${more} more` : "") }];
}

/** With the wrapper away, and not beside what was in it. */
function withoutWrapper(record: CloudTrailRecord): Fields {
  const { [`${String(record.eventName)}Request`]: _wrapper, ...request } = requestOf(record);
  return request;
}

/** The scalars of a request with dotted keys, without the wrappers of lists. */
function collect(value: unknown, path: string, depth: number, found: { key: string; value: string }[]): void {
  if (found.length >= MAX_LOOKED_AT) return;
  const scalar = scalarOf(value);
  if (scalar !== undefined) {
    found.push({ key: path, value: scalar });
    return;
  }
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return;
  const name = nameBeside(value);
  for (const [key, item] of Object.entries(value)) {
    const hidden = name !== undefined && /value$/i.test(key) ? scalarOf(item) : undefined;
    if (hidden !== undefined) {
      found.push({ key: [path, key].filter(Boolean).join("."), value: masked(name, hidden) });
      continue;
    }
    const isWrapper = key === "items" || Array.isArray(value);
    collect(item, isWrapper ? path : [path, key].filter(Boolean).join("."), depth + 1, found);
  }
}

/** What a value is called by the text beside it, as in `{"name": "DB_PASSWORD", "value": "…"}`. */
function nameBeside(value: object): string | undefined {
  const [, name] = Object.entries(value).find(([key]) => /(name|key)$/i.test(key)) ?? [];
  return typeof name === "string" ? name : undefined;
}
