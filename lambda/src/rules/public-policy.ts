import type { Transform } from "#expression/transforms.ts";
import { allowStatements, entriesOf, listOf, type Statement } from "./policy.ts";

/**
 * Condition keys that say who may come or from where, so that a fixed value lets in only some. After "The meaning of
 * public" (https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html) and the keys of
 * principals and of the network in
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 * Not among them: what any account can set for itself (`aws:PrincipalTag`) or anyone can write (`aws:Referer`).
 */
const NARROWING_KEYS: ReadonlySet<string> = new Set([
  "aws:principalaccount",
  "aws:principalarn",
  "aws:principalorgid",
  "aws:principalorgpaths",
  "aws:principalservicename",
  "aws:principalservicenameslist",
  "aws:sourceaccount",
  "aws:sourcearn",
  "aws:sourceorgid",
  "aws:sourceorgpaths",
  "aws:sourceowner",
  "aws:sourcevpc",
  "aws:sourcevpcarn",
  "aws:sourcevpce",
  "aws:userid",
  "aws:vpceaccount",
  "aws:vpceorgid",
  "aws:vpceorgpaths",
  "kms:calleraccount",
  "s3:dataaccesspointaccount",
  "s3:dataaccesspointarn",
  "sts:externalid",
]);
/** Keys of which the value "true" keeps the public out: calls of AWS services, and mounts of EFS inside a VPC. */
const NARROWING_WHEN_TRUE: ReadonlySet<string> = new Set([
  "aws:principalisawsservice",
  "elasticfilesystem:accessedviamounttarget",
]);
const POSITIVE = /^(foranyvalue:)?(string(equals|equalsignorecase|like)|arn(equals|like))$/;
const BOOLEAN = /^(foranyvalue:)?bool$/;
const ADDRESS = /^(foranyvalue:)?ipaddress$/;
/** A range that is broader than these counts as public with AWS. */
const FEWEST_BITS = { ipv4: 8, ipv6: 32 };

/** Whether a value of a condition names something in particular, though other parts of it may be wildcards. */
function isFixed(value: unknown): boolean {
  const text = String(value);
  const [scheme, , service, , account = "", ...resource] = text.split(":");
  if (scheme === "arn" && resource.length > 0) {
    // Buckets are named without an account, and their names are unique in the world.
    return /^\d{12}$/.test(account) || (service === "s3" && startsFixed(resource.join(":")));
  }
  return startsFixed(text);
}

/** Does not begin with a wildcard or with a variable such as `${aws:username}`. */
function startsFixed(text: string): boolean {
  return text !== "" && !/^([*?]|\$\{)/.test(text);
}

function isNarrowRange(value: unknown): boolean {
  const [address = "", bits] = String(value).split("/");
  if (bits === undefined) return startsFixed(address);
  return Number(bits) >= (address.includes(":") ? FEWEST_BITS.ipv6 : FEWEST_BITS.ipv4);
}

/**
 * A negated operator, one with `IfExists` and `ForAllValues` also hold for a caller of whom the key says nothing, such as
 * an anonymous one; so they narrow nothing.
 */
function narrows(operator: string, key: string, values: readonly unknown[]): boolean {
  if (POSITIVE.test(operator)) return NARROWING_KEYS.has(key) && values.every(isFixed);
  if (BOOLEAN.test(operator)) return NARROWING_WHEN_TRUE.has(key) && values.every((value) => String(value) === "true");
  return ADDRESS.test(operator) && key === "aws:sourceip" && values.every(isNarrowRange);
}

/** All conditions of a statement have to hold, so one that narrows is enough. */
function isNarrowed({ condition }: Statement): boolean {
  return entriesOf(condition).some(([operator, keys]) =>
    entriesOf(keys).some(([key, values]) => narrows(operator, key, listOf(values))),
  );
}

function isForEveryone({ principal, notprincipal }: Statement): boolean {
  if (notprincipal !== undefined) return true;
  return [principal, ...entriesOf(principal).flatMap(([kind, names]) => (/^(aws|\*)$/.test(kind) ? [names] : []))]
    .flatMap(listOf)
    .includes("*");
}

/**
 * `requestParameters.policy|isPublicPolicy`: whether a resource's policy document (an object or its text) allows
 * something to everyone, and no Condition narrows that to known callers, organizations, networks or sources.
 */
export const isPublicPolicy: Transform = (document) =>
  allowStatements(document).some((statement) => isForEveryone(statement) && !isNarrowed(statement));
