import { createHash } from "node:crypto";
import { accountOf, type CloudTrailRecord, textAt } from "#model/record.ts";
import type { RuleRef } from "#model/rule.ts";
import { isIdentityCenterRole } from "./who.ts";

/** Of SHA-256: enough that no two groups share it. In hexadecimal digits. */
const LENGTH = 32;

/** What is the same in alerts that are told together: rules, actor, call, account and kind of error. */
export function groupOf(record: CloudTrailRecord, rules: readonly RuleRef[]): string {
  const same = [
    rules.map(({ id }) => id),
    actorOf(record),
    textAt(record, "eventSource"),
    textAt(record, "eventName"),
    accountOf(record),
    textAt(record, "errorCode") ?? textAt(record, "responseElements", "ConsoleLogin"),
  ];
  return createHash("sha256").update(JSON.stringify(same)).digest("hex").slice(0, LENGTH);
}

/** The user or role; a session only where it is a person's, which it is in IAM Identity Center. */
function actorOf(record: CloudTrailRecord): readonly (string | undefined)[] {
  const at = (...path: readonly string[]) => textAt(record, "userIdentity", ...path);
  const [type, arn] = [at("type"), at("arn")];
  const [, account, role] = /^arn:[^:]*:sts::(\d*):assumed-role\/([^/]+)\//.exec(arn ?? "") ?? [];
  const isPerson = isIdentityCenterRole(role ?? at("sessionContext", "sessionIssuer", "userName") ?? "");
  if (!isPerson && (type === "AssumedRole" || type === "FederatedUser")) {
    const issuer = at("sessionContext", "sessionIssuer", "arn");
    if (issuer !== undefined) return [type, issuer];
    if (role !== undefined) return [type, account, role];
  }
  // Of a role of another account: `AROA…:<session>`.
  const principal = at("principalId")?.replace(/^(AROA[^:]*):.*$/s, "$1");
  const name =
    arn ?? at("invokedBy") ?? principal ?? at("userName") ?? at("onBehalfOf", "userId") ?? at("credentialId");
  return [type, name, arn === undefined ? at("accountId") : ""];
}
