import type { Transform } from "#expression/transforms.ts";
import { allowStatements, listOf, type Statement } from "./policy.ts";

const EVERY_ACTION = /^\*+(:\*+)?$/;
/** `*`, and ARNs in which nothing is said, such as `arn:aws:*:*:*:*`. */
const EVERY_RESOURCE = /^(arn:(aws[a-z-]*|\*+):)?\*[*:/]*$/;

const someIs = (value: unknown, pattern: RegExp) =>
  listOf(value).some((item) => typeof item === "string" && pattern.test(item));

/** What `NotAction` and `NotResource` leave out is little beside what they let in, unless they leave out everything. */
const allBut = (value: unknown, pattern: RegExp) => value !== undefined && !someIs(value, pattern);

function allowsEverything(statement: Statement): boolean {
  const { action, notaction, resource, notresource } = statement;
  return (
    (someIs(action, EVERY_ACTION) || allBut(notaction, EVERY_ACTION)) &&
    (someIs(resource, EVERY_RESOURCE) || allBut(notresource, EVERY_RESOURCE))
  );
}

/**
 * `requestParameters.policyDocument|isAdminPolicy`: whether a policy document (an object or its text) allows every
 * action, or every action but some, on every resource. A Condition changes nothing: it says when, not how much.
 */
export const isAdminPolicy: Transform = (document) => allowStatements(document).some(allowsEverything);
