import type { Fact } from "#model/news.ts";
import { type CloudTrailRecord, textAt } from "#model/record.ts";
import { accessKeyDetails } from "./details/access-key.ts";
import { instanceDetails } from "./details/instances.ts";
import { isPolicy, policyDetails } from "./details/policy.ts";
import { requestDetails } from "./details/request.ts";
import { trafficDetails } from "./details/security-group.ts";
import { sharingDetails } from "./details/sharing.ts";
import { signInDetails } from "./details/sign-in.ts";
import { tagDetails } from "./details/tags.ts";
import { masked } from "./mask.ts";
import type { Resource } from "./resource.ts";
import { serviceOf } from "./service.ts";
import { bounded } from "./values.ts";

const MAX_DETAILS = 6;
const MAX_VALUE = 600;

/**
 * What matters about a call, most telling first: what is known of its kind, then the parameters that are left. Secrets
 * are masked.
 * @param resource what the alert says already
 * @param requiredTags as rules see it in `config.requiredTags`
 */
export function detailsOf(
  record: CloudTrailRecord,
  resource: Resource | undefined,
  requiredTags: unknown,
): readonly Fact[] {
  const source = serviceOf(textAt(record, "eventSource") ?? "");
  const ofKind = [
    ...(source === "ec2"
      ? [...trafficDetails(record), ...tagDetails(record, requiredTags), ...instanceDetails(record)]
      : []),
    ...(source === "ec2" || source === "rds" ? sharingDetails(record) : []),
    ...(source === "signin" ? signInDetails(record) : []),
    ...(source === "iam" ? accessKeyDetails(record) : []),
    ...policyDetails(record),
  ].filter(({ value }) => value !== resource?.name && value !== resource?.given);
  /** By name and value: a group may be called as the user is who comes into it. */
  const isSaid = (name: string, value: string) =>
    (name === resource?.key && value === resource.given) ||
    ofKind.some((fact) => fact.value === value || (value.length > 3 && fact.value.includes(value))) ||
    isPolicy(value);
  // Traffic and sign-ins are said completely; elsewhere the rest of the request may matter, too.
  const rest = ofKind.some(({ label }) =>
    /^(Opened|Closed|Not opened|Not closed|Now open|Allowed|Denied|Removed|MFA|Missing|Shared|No longer)/.test(label),
  )
    ? []
    : requestDetails(record, isSaid);
  return [...ofKind, ...rest].slice(0, MAX_DETAILS).map(({ label, value }) => ({
    label,
    value: bounded(masked(undefined, value), MAX_VALUE),
  }));
}
