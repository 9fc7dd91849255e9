import { describe, expect, test } from "vitest";
import { whoIn } from "#alerts/who.ts";
import { type MessageSettings, PLAIN_MESSAGES } from "#model/settings.ts";
import { type RawRecord, ROOT, record } from "#test/support/records.ts";

const NAMED: MessageSettings = { ...PLAIN_MESSAGES, accountNames: { "111111111111": "prod-payments" } };
const who = (userIdentity: unknown, overrides: RawRecord = {}) => whoIn(record({ userIdentity, ...overrides }), NAMED);
const session = (role: string, name: string, more: RawRecord = {}) => ({
  type: "AssumedRole",
  principalId: `AROAEXAMPLE:${name}`,
  arn: `arn:aws:sts::111111111111:assumed-role/${role}/${name}`,
  accountId: "111111111111",
  ...more,
});

describe("who called", () => {
  test.each<[string, unknown, string, RawRecord?]>([
    ["root", ROOT, "root of prod-payments"],
    ["root of an account without a name", { ...ROOT, accountId: "222222222222" }, "root of 222222222222"],
    [
      "root by AssumeRoot",
      { ...ROOT, sessionContext: { assumedRoot: "true" } },
      "root of prod-payments (session of AssumeRoot)",
    ],
    ["an IAM user", { type: "IAMUser", userName: "alice", accountId: "111111111111" }, "IAM user alice"],
    [
      "an IAM user by its ARN alone",
      { type: "IAMUser", arn: "arn:aws:iam::111111111111:user/team/bob" },
      "IAM user bob",
    ],
    [
      "a user name that AWS hides",
      { type: "IAMUser", userName: "HIDDEN_DUE_TO_SECURITY_REASONS" },
      "somebody with a wrong user name",
    ],
    [
      "Identity Center",
      session("AWSReservedSSO_AdministratorAccess_0123456789abcdef", "alice"),
      "alice via Identity Center (AdministratorAccess)",
    ],
    [
      "Identity Center, with a name of several words",
      session("AWSReservedSSO_Read_Only_Prod_0123456789abcdef", "alice@example.com"),
      "alice@example.com via Identity Center (Read_Only_Prod)",
    ],
    ["a role", session("deploy", "ci-42"), "role deploy / session ci-42"],
    ["the role of an instance", session("web", "i-0123456789abcdef0"), "role web / instance i-0123456789abcdef0"],
    [
      "a role without an ARN",
      { type: "AssumedRole", principalId: "AROA:ci", sessionContext: { sessionIssuer: { userName: "deploy" } } },
      "role deploy / session ci",
    ],
    ["a session without a role", { type: "AssumedRole", principalId: "AROA:ci" }, "role session ci"],
    ["a session without anything", { type: "AssumedRole" }, "role session without a name"],
    [
      "a source identity",
      session("deploy", "ci-42", { sessionContext: { sourceIdentity: "alice" } }),
      "role deploy / session ci-42 (source identity alice)",
    ],
    [
      "a role of another account",
      session("audit", "scan", { accountId: "222222222222" }),
      "role audit / session scan of account 222222222222",
    ],
    [
      "a role through a service",
      session("deploy", "ci", { invokedBy: "cloudformation.amazonaws.com" }),
      "role deploy / session ci through cloudformation",
    ],
    [
      "a federated user",
      {
        type: "FederatedUser",
        arn: "arn:aws:sts::111111111111:federated-user/carol",
        sessionContext: { sessionIssuer: { type: "IAMUser", userName: "broker" } },
      },
      "federated user carol (of broker)",
    ],
    [
      "SAML",
      { type: "SAMLUser", userName: "dave", identityProvider: "arn:aws:iam::111111111111:saml-provider/idp" },
      "dave via SAML (idp)",
    ],
    [
      "a web identity",
      {
        type: "WebIdentityUser",
        userName: "repo:example/app:ref:refs/heads/main",
        identityProvider: "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com",
      },
      "repo:example/app:ref:refs/heads/main via web identity (token.actions.githubusercontent.com)",
    ],
    [
      "another account",
      { type: "AWSAccount", principalId: "AROAEXAMPLE:scan", accountId: "333333333333" },
      "session scan of account 333333333333",
    ],
    [
      "nobody who is known",
      { type: "AWSAccount", principalId: "", accountId: "anonymous" },
      "somebody who is not signed in",
    ],
    ["a service", { type: "AWSService", invokedBy: "autoscaling.amazonaws.com" }, "AWS service autoscaling"],
    [
      "a user of Identity Center",
      { type: "IdentityCenterUser", onBehalfOf: { userId: "94482488-3041-7096" } },
      "Identity Center user 94482488-3041-7096",
    ],
    ["a directory user", { type: "Directory", userName: "erin" }, "directory user erin"],
    [
      "an unknown caller of an account",
      { type: "Unknown", accountId: "111111111111" },
      "unknown caller of account prod-payments (111111111111)",
    ],
    ["a type that is not known", { type: "Martian", principalId: "m" }, "Martian m"],
    ["nothing at all", {}, "unknown"],
    ["foreign shapes", { type: "IAMUser", userName: ["x"], arn: 7, principalId: {} }, "IAM user without a name"],
    ["no object", "alice", "unknown"],
  ])("is told as %s", (_name, identity, expected, overrides) => {
    expect(who(identity, overrides)).toBe(expected);
  });

  test("takes no name for an account from the keys that every object has", () => {
    expect(who({ type: "Root", accountId: "constructor" })).toBe("root of constructor");
  });
});
