import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isAdminPolicy } from "#rules/admin-policy.ts";
import { isPublicPolicy } from "#rules/public-policy.ts";

/** A policy document of these statements, each allowing something on something where it does not say otherwise. */
const policy = (...statements: readonly object[]) => ({
  Version: "2012-10-17",
  Statement: statements.map((statement) => ({ Effect: "Allow", ...statement })),
});
const OPEN = { Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::assets/*" };
const withCondition = (Condition: object) => policy({ ...OPEN, Condition });
const when = (operator: string, key: string, value: unknown) => withCondition({ [operator]: { [key]: value } });

describe("isPublicPolicy", () => {
  test.each<readonly [name: string, document: unknown, expected: boolean]>([
    ["everyone", policy(OPEN), true],
    ["everyone of AWS", policy({ ...OPEN, Principal: { AWS: "*" } }), true],
    ["everyone in a list", policy({ ...OPEN, Principal: { AWS: ["arn:aws:iam::111111111111:root", "*"] } }), true],
    ["everyone in a list of principals", policy({ ...OPEN, Principal: ["*"] }), true],
    ["an account", policy({ ...OPEN, Principal: { AWS: "arn:aws:iam::111111111111:root" } }), false],
    ["a service", policy({ ...OPEN, Principal: { Service: "cloudtrail.amazonaws.com" } }), false],
    ["everyone but some", policy({ NotPrincipal: { AWS: "111111111111" }, Action: "*", Resource: "*" }), true],
    ["nobody in particular (an identity's policy)", policy({ Action: "*", Resource: "*" }), false],
    ["a refusal of everyone", policy({ ...OPEN, Effect: "Deny" }), false],
    ["a refusal of everyone but some", policy({ NotPrincipal: "*", Effect: "Deny" }), false],
    ["the second statement", policy({ ...OPEN, Effect: "Deny" }, OPEN), true],
    ["one statement without a list", { Statement: { Effect: "Allow", ...OPEN } }, true],
    ["names in lower case", { statement: [{ effect: "Allow", principal: { aws: "*" }, action: "*" }] }, true],
    ["text", JSON.stringify(policy(OPEN)), true],
    ["URL-encoded text", encodeURIComponent(JSON.stringify(policy(OPEN))), true],
    [
      "text of a policy that is not public",
      JSON.stringify(when("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3")),
      false,
    ],
    ["a list of documents", [policy(), JSON.stringify(policy(OPEN))], true],
    ["text that is no policy", "{", false],
    ["nothing", undefined, false],
    ["null", null, false],
    ["an empty object", {}, false],
    ["statements that are none", { Statement: [null, 7, "*", []] }, false],
  ])("%s", (_name, document, expected) => {
    expect(isPublicPolicy(document)).toBe(expected);
  });

  test.each<readonly [operator: string, key: string, value: unknown, isPublic: boolean]>([
    ["StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5", false],
    ["StringEquals", "AWS:principalorgid", ["o-a1b2c3d4e5", "o-f6g7h8i9j0"], false],
    ["StringEquals", "aws:PrincipalOrgID", ["o-a1b2c3d4e5", "*"], true],
    ["StringLike", "aws:PrincipalOrgID", "*", true],
    ["StringEqualsIfExists", "aws:PrincipalOrgID", "o-a1b2c3d4e5", true],
    ["StringNotEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5", true],
    ["ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-a1b2c3d4e5/r-ab12/*", false],
    ["ForAllValues:StringLike", "aws:PrincipalOrgPaths", "o-a1b2c3d4e5/r-ab12/*", true],
    ["StringEquals", "aws:PrincipalAccount", "111111111111", false],
    ["StringEquals", "aws:PrincipalAccount", 111111111111, false],
    ["ArnLike", "aws:PrincipalArn", "arn:aws:iam::111111111111:role/*", false],
    ["ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/deploy", true],
    ["StringLike", "aws:PrincipalArn", "*", true],
    ["StringEquals", "AWS:SourceOwner", "111111111111", false],
    ["StringEquals", "aws:SourceAccount", "111111111111", false],
    ["StringEqualsIfExists", "aws:SourceAccount", "111111111111", true],
    ["ArnEquals", "aws:SourceArn", "arn:aws:sns:eu-central-1:111111111111:alerts", false],
    ["ArnLike", "aws:SourceArn", "arn:aws:s3:::uploads", false],
    ["ArnLike", "aws:SourceArn", "arn:aws:s3:*:*:uploads", false],
    ["ArnLike", "aws:SourceArn", "arn:aws:s3:::*", true],
    ["ArnLike", "aws:SourceArn", "arn:aws:sns:*:*:alerts", true],
    ["StringEquals", "aws:SourceVpc", "vpc-0a1b2c3d", false],
    ["StringEquals", "aws:SourceVpce", "vpce-0a1b2c3d", false],
    ["StringNotEquals", "aws:SourceVpce", "vpce-0a1b2c3d", true],
    ["StringLike", "aws:userid", "AROAEXAMPLE:*", false],
    ["StringEquals", "aws:username", "deploy", true],
    ["StringEquals", "aws:PrincipalTag/team", "blue", true],
    ["StringLike", "aws:Referer", "https://example.com/*", true],
    ["StringEquals", "s3:x-amz-acl", "public-read", true],
    ["StringEquals", "kms:CallerAccount", "111111111111", false],
    ["StringEquals", "kms:ViaService", "ec2.eu-central-1.amazonaws.com", true],
    ["StringEquals", "s3:DataAccessPointAccount", "111111111111", false],
    ["StringLike", "s3:DataAccessPointArn", "arn:aws:s3:eu-central-1:111111111111:accesspoint/*", false],
    ["StringEquals", "sts:ExternalId", "8f2c", false],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of IAM's
    ["StringEquals", "aws:PrincipalAccount", "${aws:PrincipalAccount}", true],
    ["StringEquals", "aws:PrincipalAccount", [], false],
    ["Bool", "aws:PrincipalIsAWSService", "true", false],
    ["Bool", "aws:PrincipalIsAWSService", "false", true],
    ["Bool", "elasticfilesystem:AccessedViaMountTarget", true, false],
    ["Bool", "aws:SecureTransport", "true", true],
    ["Null", "aws:PrincipalOrgID", "false", true],
    ["IpAddress", "aws:SourceIp", "198.51.100.0/24", false],
    ["IpAddress", "aws:SourceIp", ["198.51.100.7", "2001:db8::/32"], false],
    ["IpAddress", "aws:SourceIp", "0.0.0.0/0", true],
    ["IpAddress", "aws:SourceIp", ["198.51.100.0/24", "::/0"], true],
    ["IpAddress", "aws:SourceIp", ["0.0.0.0/1", "128.0.0.0/1"], true],
    ["NotIpAddress", "aws:SourceIp", "198.51.100.0/24", true],
    ["IpAddress", "aws:VpcSourceIp", "10.0.0.0/16", true],
    ["DateLessThan", "aws:CurrentTime", "2027-01-01T00:00:00Z", true],
  ])("with the condition %s %s %j is %j", (operator, key, value, isPublic) => {
    expect(isPublicPolicy(when(operator, key, value))).toBe(isPublic);
  });

  test("one condition of several is enough to narrow, in whatever order", () => {
    expect([
      isPublicPolicy(
        withCondition({
          Bool: { "aws:SecureTransport": "true" },
          StringEquals: { "s3:x-amz-acl": "private", "aws:PrincipalOrgID": "o-a1b2c3d4e5" },
        }),
      ),
      isPublicPolicy(withCondition({ Bool: { "aws:SecureTransport": "true" }, StringEquals: {} })),
    ]).toEqual([false, true]);
  });
});

describe("isAdminPolicy", () => {
  test.each<readonly [name: string, document: unknown, expected: boolean]>([
    ["everything", policy({ Action: "*", Resource: "*" }), true],
    ["everything in lists", policy({ Action: ["s3:*", "*"], Resource: ["arn:aws:s3:::a", "*"] }), true],
    ["every action of every service", policy({ Action: "*:*", Resource: "*" }), true],
    ["every ARN", policy({ Action: "*", Resource: "arn:aws:*:*:*:*" }), true],
    [
      "everything, with a second factor",
      policy({ Action: "*", Resource: "*", Condition: { Bool: { a: true } } }),
      true,
    ],
    ["all but some actions", policy({ NotAction: "iam:*", Resource: "*" }), true],
    ["all but all actions", policy({ NotAction: ["iam:*", "*"], Resource: "*" }), false],
    ["all but some resources", policy({ Action: "*", NotResource: "arn:aws:s3:::logs" }), true],
    ["one service", policy({ Action: "s3:*", Resource: "*" }), false],
    ["one bucket", policy({ Action: "*", Resource: "arn:aws:s3:::assets/*" }), false],
    ["all buckets", policy({ Action: "*", Resource: "arn:aws:s3:::*" }), false],
    ["actions here, resources there", policy({ Action: "*", Resource: "a" }, { Action: "a", Resource: "*" }), false],
    ["a refusal", policy({ Effect: "Deny", Action: "*", Resource: "*" }), false],
    ["actions without resources", policy({ Action: "*" }), false],
    ["text", JSON.stringify(policy({ Action: "*", Resource: "*" })), true],
    ["URL-encoded text", encodeURIComponent(JSON.stringify(policy({ Action: "*", Resource: "*" }))), true],
    ["nothing", undefined, false],
    ["a name", "AdministratorAccess", false],
  ])("%s", (_name, document, expected) => {
    expect(isAdminPolicy(document)).toBe(expected);
  });
});

test.each([
  ["isPublicPolicy", isPublicPolicy],
  ["isAdminPolicy", isAdminPolicy],
])("%s gives a boolean for anything", (_name, transform) => {
  const part = fc.oneof(fc.anything(), fc.constantFrom("*", "Allow", {}, []));
  const statement = fc.record({
    Effect: fc.constant("Allow"),
    Principal: part,
    Action: part,
    Resource: part,
    Condition: part,
  });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.anything(),
        statement.map((one) => ({ Statement: one })),
        fc.json(),
      ),
      (document) => typeof transform(document) === "boolean",
    ),
    { seed: 1, numRuns: 1_000 },
  );
});
