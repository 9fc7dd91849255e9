import { bounded, type Fields, fieldsOf, firstOf, listed, scalarOf, valuesOf } from "#alerts/values.ts";
import type { Fact } from "#model/news.ts";
import type { CloudTrailRecord } from "#model/record.ts";

/** Where policy documents stand in requests, as text or as object. */
const DOCUMENTS = [
  "policyDocument",
  "assumeRolePolicyDocument",
  "policy",
  "Policy",
  "policy.policy",
  "bucketPolicy",
  "policyText",
  "policyInJson",
  "resourcePolicy",
  "accessPolicies",
  "accessPolicy",
  "attributes.Policy",
  "attribute.Policy",
  "attributeValue",
  "PutAccessPointPolicyRequest.Policy",
  "content",
].map((path) => path.split("."));
const MAX_STATEMENTS = 3;
const MAX_ITEMS = 4;
const MAX_ITEM = 120;
/** IAM's own limits are far below. In characters. */
const MAX_DOCUMENT = 100_000;

/** What a policy that the call sets grants, to whom, on what. */
export function policyDetails(record: CloudTrailRecord): readonly Fact[] {
  const request = fieldsOf(record.requestParameters);
  const attached = firstOf(request, "policyArn");
  const at = (path: readonly string[]) => path.reduce<unknown>((value, key) => fieldsOf(value)[key], request);
  const grants = DOCUMENTS.flatMap((path) => statementsOf(at(path))).map(inWords);
  return [
    ...(attached === undefined
      ? []
      : [{ label: "Policy", value: attached.replace(/^arn:[a-z-]+:iam::(aws|\d{12}):policy\//, "") }]),
    ...(grants.length === 0 ? [] : [{ label: "Grants", value: listed(grants, MAX_STATEMENTS, "; ") }]),
  ];
}

/** Whether a text is a policy, which is told in words. */
export function isPolicy(text: string): boolean {
  return text.includes("{") && statementsOf(text).length > 0;
}

/** The statements of a document; none of what is no policy. Names of its parts in lower case: not every service keeps them. */
function statementsOf(document: unknown): readonly Fields[] {
  const parsed = typeof document === "string" ? parse(document) : document;
  return valuesOf(lower(parsed).statement).map(lower);
}

function parse(text: string): unknown {
  if (text.length > MAX_DOCUMENT) return undefined;
  try {
    return JSON.parse(/^\s*%7b/i.test(text) ? decodeURIComponent(text) : text);
  } catch {
    return undefined;
  }
}

/** `Allow everyone: s3:GetObject on arn:aws:s3:::example/*, if aws:SourceIp …` */
function inWords(statement: Fields): string {
  const { effect, principal, notprincipal, action, notaction, resource, notresource, condition } = statement;
  const who =
    notprincipal !== undefined
      ? `everyone but ${principals(notprincipal)}`
      : principal === undefined
        ? undefined
        : principals(principal);
  const what =
    notaction === undefined ? texts(action, "every action") : `everything but ${texts(notaction, "nothing")}`;
  const target =
    notresource !== undefined
      ? `everything but ${texts(notresource, "nothing")}`
      : resource === undefined
        ? undefined
        : texts(resource, "everything");
  const keys = Object.values(lower(condition)).flatMap((operands) => Object.keys(fieldsOf(operands)));
  return [
    `${scalarOf(effect) ?? "Allow"}${who === undefined ? "" : ` ${who}`}: ${what}`,
    target === undefined ? "" : ` on ${target}`,
    keys.length === 0
      ? ""
      : `, if ${listed(
          keys.map((key) => bounded(key, MAX_ITEM)),
          MAX_ITEMS,
        )} fits`,
  ].join("");
}

/** `everyone`, account ids, ARNs without what all have, services. */
function principals(principal: unknown): string {
  if (principal === "*") return "everyone";
  const names = Object.values(fieldsOf(principal)).flatMap(valuesOf).map(scalarOf);
  if (names.includes("*")) return "everyone";
  const known = names
    .flatMap((name) => name ?? [])
    .map((name) => {
      const [, account, rest] = /^arn:[a-z-]+:(?:iam|sts)::(\d{12}):(.+)$/.exec(name) ?? [];
      if (account !== undefined) return rest === "root" ? `account ${account}` : `${rest} of ${account}`;
      return /^\d{12}$/.test(name) ? `account ${name}` : name;
    });
  return known.length === 0
    ? "nobody"
    : listed(
        known.map((name) => bounded(name, MAX_ITEM)),
        MAX_ITEMS,
      );
}

function texts(value: unknown, all: string): string {
  const items = valuesOf(value).flatMap((item) => scalarOf(item) ?? []);
  if (items.includes("*") || items.includes("*:*")) return all;
  return (
    listed(
      items.map((item) => bounded(item, MAX_ITEM)),
      MAX_ITEMS,
    ) || "nothing"
  );
}

function lower(value: unknown): Fields {
  return Object.fromEntries(Object.entries(fieldsOf(value)).map(([key, item]) => [key.toLowerCase(), item]));
}
