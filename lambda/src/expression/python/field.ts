import { isIdentifier, literal, NONE } from "./jexl-literal.ts";
import { kindText, SCALARS } from "./kinds.ts";
import { test, YES } from "./logic.ts";
import type { Value } from "./meaning.ts";
import type { Constant } from "./syntax.ts";

/**
 * Top-level fields that CloudTrail documents as texts, booleans or numbers: no other than these may be a list or object,
 * as the flattened record of a dotted name never is.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 */
const LEAVES = new Set(
  "apiVersion awsRegion errorCode errorMessage eventCategory eventID eventName eventSource eventTime eventType eventVersion managementEvent readOnly recipientAccountId requestID sessionCredentialFromConsole sharedEventID sourceIPAddress userAgent vpcEndpointAccountId vpcEndpointId".split(
    " ",
  ),
);

/** `event["key"]`, or `event.get("key", fallback)`. */
export function readField(key: string, fallback?: { readonly value: Constant }): Value {
  const leaf = key.includes(".") || LEAVES.has(key);
  const text = LEAVES.has(key) && isIdentifier(key) ? key : `event[${literal(key)}]`;
  const absentTypes = leaf ? ["missing"] : ["missing", "list", "object"];
  const needs = new Set([key]);
  const present = leaf
    ? test(`event|has(${literal(key)})`, "transform", { needs, presenceOf: key })
    : test(`!(${kindText(text, absentTypes)})`, "whole", {
        needs,
        presenceOf: key,
        opposite: { text: kindText(text, absentTypes), form: "comparison" },
      });
  const reading = { key, text, leaf, present, absentTypes };
  if (fallback === undefined) {
    return { text, form: "whole", types: SCALARS, defined: present, nothingWhenRaised: true, reading };
  }
  const isItself = fallback.value === null && leaf;
  const condition = present.form === "whole" ? present.text : `(${present.text})`;
  return {
    text: isItself ? text : `(${condition} ? ${text} : ${fallback.value === null ? NONE : literal(fallback.value)})`,
    form: "whole",
    types: SCALARS,
    defined: YES,
    nothingWhenRaised: true,
    reading: { ...reading, fallback },
  };
}
