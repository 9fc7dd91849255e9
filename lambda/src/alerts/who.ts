import { type CloudTrailRecord, textAt, valueAt } from "#model/record.ts";
import type { MessageSettings } from "#model/settings.ts";
import { accountInWords, accountShort } from "./account.ts";
import { isService, serviceOf } from "./service.ts";

/** Roles of IAM Identity Center: `AWSReservedSSO_<permission set>_<16 hexadecimal digits>`. */
const IDENTITY_CENTER_ROLE = /^AWSReservedSSO_(.+)_[0-9a-f]{16}$/;

/** Whether a role's sessions are people, who sign in through IAM Identity Center. */
export function isIdentityCenterRole(role: string): boolean {
  return IDENTITY_CENTER_ROLE.test(role);
}

/** CloudTrail hides what was typed as a user name when there is no such user: it may be a password. */
const HIDDEN_NAME = "HIDDEN_DUE_TO_SECURITY_REASONS";

/**
 * The caller as a person would say it.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
 */
export function whoIn(record: CloudTrailRecord, settings: MessageSettings): string {
  const at = (...path: readonly string[]) => textAt(record, "userIdentity", ...path);
  const who = callerOf(at, record, settings);
  const home = at("accountId");
  const here = textAt(record, "recipientAccountId");
  const isNamed =
    at("type") === "Root" || at("type") === "AWSAccount" || at("type") === "AWSService" || at("type") === "Unknown";
  const isForeign = !isNamed && home !== undefined && here !== undefined && home !== here;
  const service = at("invokedBy");
  const through = service !== undefined && at("type") !== "AWSService" && isService(service) && service;
  return [who, isForeign && `of account ${accountInWords(home, settings)}`, through && `through ${serviceOf(through)}`]
    .filter(Boolean)
    .join(" ");
}

type At = (...path: readonly string[]) => string | undefined;

function callerOf(at: At, record: CloudTrailRecord, settings: MessageSettings): string {
  const name = at("userName");
  switch (at("type")) {
    case "Root": {
      const isAssumed = String(valueAt(record, "userIdentity", "sessionContext", "assumedRoot")) === "true";
      return `root of ${accountShort(at("accountId"), settings)}${isAssumed ? " (session of AssumeRoot)" : ""}`;
    }
    case "IAMUser":
      if (name === HIDDEN_NAME) return "somebody with a wrong user name";
      return `IAM user ${name ?? lastOf(at("arn")) ?? at("principalId") ?? "without a name"}`;
    case "AssumedRole":
    case "Role":
      return sessionOf(at);
    case "FederatedUser": {
      const issuer = at("sessionContext", "sessionIssuer", "userName");
      const user = lastOf(at("arn")) ?? name ?? afterColon(at("principalId"));
      return `federated user ${user ?? "without a name"}${issuer === undefined ? "" : ` (of ${issuer})`}`;
    }
    case "SAMLUser":
      return `${name ?? afterColon(at("principalId")) ?? "somebody"} via SAML${providerOf(at)}`;
    case "WebIdentityUser":
      return `${name ?? afterColon(at("principalId")) ?? "somebody"} via web identity${providerOf(at)}`;
    case "AWSAccount":
      return otherAccount(at, settings);
    case "AWSService":
      return `AWS service ${serviceOf(at("invokedBy") ?? at("principalId") ?? "without a name")}`;
    case "IdentityCenterUser":
      return `Identity Center user ${name ?? at("onBehalfOf", "userId") ?? at("credentialId") ?? "without a name"}`;
    case "Directory":
      return `directory user ${name ?? at("principalId") ?? "without a name"}`;
    case "Unknown":
      return `unknown caller${at("accountId") === undefined ? "" : ` of account ${accountInWords(at("accountId"), settings)}`}`;
    default: {
      const known = ["arn", "userName", "invokedBy", "principalId", "accountId"].map((key) => at(key)).find(Boolean);
      return [at("type"), known].filter(Boolean).join(" ") || "unknown";
    }
  }
}

/** `arn:aws:sts::111111111111:assumed-role/<role>/<session>` */
function sessionOf(at: At): string {
  const [, fromArn, sessionFromArn] = /:assumed-role\/([^/]+)\/(.+)$/s.exec(at("arn") ?? "") ?? [];
  const role = fromArn ?? at("sessionContext", "sessionIssuer", "userName") ?? lastOf(at("arn"));
  const session = sessionFromArn ?? afterColon(at("principalId"));
  const source = at("sessionContext", "sourceIdentity") ?? at("sourceIdentity");
  const bySource = source === undefined || source === session ? "" : ` (source identity ${source})`;
  if (role === undefined) return `role session ${session ?? at("principalId") ?? "without a name"}${bySource}`;
  const [, permissionSet] = IDENTITY_CENTER_ROLE.exec(role) ?? [];
  if (permissionSet !== undefined) return `${session ?? "somebody"} via Identity Center (${permissionSet})${bySource}`;
  if (session === undefined) return `role ${role}${bySource}`;
  const kind = /^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(session) ? "instance" : "session";
  return `role ${role} / ${kind} ${session}${bySource}`;
}

function otherAccount(at: At, settings: MessageSettings): string {
  const accountId = at("accountId");
  const principal = at("principalId");
  if (accountId === "anonymous" || accountId === "ANONYMOUS_PRINCIPAL") return "somebody who is not signed in";
  const session = afterColon(principal);
  const caller = session === undefined ? (principal ?? "somebody") : `session ${session}`;
  return `${caller} of account ${accountInWords(accountId, settings)}`;
}

/** ` (token.actions.githubusercontent.com)`, or nothing. */
function providerOf(at: At): string {
  const provider = at("identityProvider");
  return provider === undefined ? "" : ` (${provider.replace(/^arn:.*?-provider\//, "")})`;
}

/** The part of an ARN after its last slash. */
function lastOf(arn: string | undefined): string | undefined {
  return arn?.slice(arn.lastIndexOf("/") + 1) || undefined;
}

/** What follows the id of a principal: the session's name. */
function afterColon(principal: string | undefined): string | undefined {
  return principal?.includes(":") ? principal.slice(principal.indexOf(":") + 1) || undefined : undefined;
}
