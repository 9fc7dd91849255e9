import type { Predicate } from "#expression/compile.ts";
import { ADDRESS_TRANSFORMS } from "#expression/transforms/address.ts";
import { accountOf, type CloudTrailRecord, textAt } from "#model/record.ts";
import type { RuleException } from "#model/rule.ts";

/** Whether an exception holds for a record. Throws what its expression throws on this context. */
export type CompiledException = (record: CloudTrailRecord, context: object) => boolean;

/**
 * An exception that can be asked.
 * @param condition its expression, compiled; true when it has none
 */
export function compileException(exception: RuleException, condition: Predicate): CompiledException {
  const { until, actors, cidrs, accounts } = exception;
  const parts: CompiledException[] = [];
  // By the record's own time, so that it does not matter when a record is read. One without a time is excepted by nothing that ends.
  if (until !== undefined) parts.push((record) => (textAt(record, "eventTime") ?? "~").slice(0, until.length) <= until);
  if (actors.length > 0)
    parts.push((record) => namesOf(record).some((name) => actors.some((actor) => isLike(name, actor))));
  if (cidrs.length > 0) parts.push((record) => ADDRESS_TRANSFORMS.inCidr(record.sourceIPAddress, cidrs) === true);
  if (accounts.length > 0) parts.push((record) => accounts.includes(accountOf(record) ?? ""));
  return (record, context) => parts.every((holds) => holds(record, context)) && condition(context) === true;
}

/** Names that AWS makes sure are unique, or that nobody else can take. */
const UNIQUE_NAMES = [
  ["userIdentity", "arn"],
  ["userIdentity", "principalId"],
  ["userIdentity", "invokedBy"],
  ["userIdentity", "sessionContext", "sessionIssuer", "arn"],
] as const;
/** Names that every account gives as it likes. */
const OWN_NAMES = [
  ["userIdentity", "userName"],
  ["userIdentity", "sessionContext", "sessionIssuer", "userName"],
] as const;

/** By what names the caller is known: its own, and that of its role. A stranger's role may be called as one of ours. */
function namesOf(record: CloudTrailRecord): readonly string[] {
  const callerAccount = textAt(record, "userIdentity", "accountId");
  const isStranger = callerAccount !== undefined && callerAccount !== accountOf(record);
  const paths = isStranger ? UNIQUE_NAMES : [...UNIQUE_NAMES, ...OWN_NAMES];
  return paths.flatMap((path) => textAt(record, ...path) ?? []);
}

/** In `arn:partition:service:region:account:resource` the resource may hold colons, too: users and roles have paths. */
const ARN_PARTS = 6;

/**
 * Whether a text is what a pattern says, in which `*` stands for any characters; in an ARN for those of one part, as in
 * IAM's ArnLike. Else the user with the path `/x:role/` and the name `deploy` would be `arn:aws:iam::*:role/deploy`.
 */
function isLike(text: string, pattern: string): boolean {
  if (!pattern.startsWith("arn:")) return partIsLike(text, pattern);
  const patterns = pattern.split(":");
  const count = Math.min(patterns.length, ARN_PARTS);
  const parts = text.split(":");
  if (parts.length < count) return false;
  const texts = firstAndRest(parts, count);
  return firstAndRest(patterns, count).every((part, index) => partIsLike(texts[index] ?? "", part));
}

/** As many parts, the last one with all that is left. */
function firstAndRest(parts: readonly string[], count: number): readonly string[] {
  return [...parts.slice(0, count - 1), parts.slice(count - 1).join(":")];
}

/** Linear: each piece is looked for once. */
function partIsLike(text: string, pattern: string): boolean {
  const [first = "", ...others] = pattern.split("*");
  const last = others.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let position = first.length;
  for (const piece of others) {
    const found = text.indexOf(piece, position);
    if (found < 0 || found + piece.length > end) return false;
    position = found + piece.length;
  }
  return true;
}
