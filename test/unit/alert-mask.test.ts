import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { masked } from "#alerts/mask.ts";
import { toAlert } from "#alerts/to-alert.ts";
import { plainMessage, slackMessage } from "#delivery/slack-message.ts";
import { record } from "#test/support/records.ts";

const KEY_ID = `AKIA${"ABCDEFGHIJKLMNOP"}`;
const SECRET_KEY = `wJalrXUtnFEMI/K7MDENG/${"bPxRfiCYEXAMPLEKEY"}`;
const JWT = `eyJhbGciOiJIUzI1NiJ9.${"eyJzdWIiOiIxIn0"}.${"c2lnbmF0dXJl"}`;
const PEM = `-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----`;

describe("a value is masked", () => {
  test.each([
    "password",
    "masterUserPassword",
    "MasterUserPassword",
    "newPassword",
    "passphrase",
    "secretString",
    "clientSecret",
    "secretAccessKey",
    "sessionToken",
    "authToken",
    "oAuthToken",
    "authorization",
    "privateKey",
    "private_key",
    "apiKey",
    "certificatePrivateKey",
    "userData",
    "plaintext",
    "credentials",
    "authenticationCode1",
    "SetCookie",
    "webhookUrl",
    "pwd",
    "DB_PASS",
    "db-pwd",
    "dbPass",
  ])("because it is called %s", (key) => {
    expect(masked(key, "hunter2-hunter2")).toBe("(hidden)");
  });

  test.each([
    ["userName", "alice"],
    ["secretId", "prod/db"],
    ["secretArn", "arn:aws:secretsmanager:eu-central-1:111111111111:secret:prod"],
    ["nextToken", "page-2"],
    ["clientToken", "once"],
    ["clientRequestToken", "once"],
    ["httpTokens", "optional"],
    ["passwordResetRequired", "true"],
    ["minimumPasswordLength", "8"],
    ["maxPasswordAge", "365"],
    ["passwordReusePrevention", "24"],
    ["tokenType", "Bearer"],
    ["accessKeyStatus", "Inactive"],
    ["authorizationType", "NONE"],
    ["keyId", "11111111-2222-3333-4444-555555555555"],
    ["instanceId", "i-0123456789abcdef0"],
    ["policyArn", "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"],
    ["imageDigest", `sha256:${"0123456789abcdef".repeat(4)}`],
    ["key", "reports/2025/06/11/Quarterly_Report_of_the_Payments_Team.pdf"],
    ["kmsEncryptionContext", "aws:s3:arn"],
    ["compass", "north"],
    ["roleArn", "arn:aws:iam::111111111111:role/InfraStack-ApiHandlerServiceRole5A6B7C8D-AbCdEf123456"],
  ])("not because it is called %s (%s)", (key, value) => {
    expect(masked(key, value)).toBe(value);
  });

  test.each([
    ["the id of an access key, but for its ends", `uses ${KEY_ID} now`, "uses AKIA…MNOP now"],
    ["a secret access key", `it is ${SECRET_KEY}.`, "it is (hidden)."],
    ["a JWT", `Token ${JWT}`, "Token (hidden)"],
    ["a private key", `a ${PEM} b`, "a (hidden) b"],
    ["a private key that is cut off", PEM.slice(0, 50), "(hidden)"],
    ["a password in an address", "postgres://app:hunter2@db.example.com/x", "postgres://app:(hidden)@db.example.com/x"],
    ["a hook", "https://hooks.slack.com/services/T0/B0/abcdef", "(hidden)"],
    ["a bot token", `xoxb-${"1234567890"}-abcdefghij`, "(hidden)"],
    ["a bearer token", "Authorization: Bearer abcdef123456", "Authorization: Bearer (hidden)"],
    ["what an equals sign follows", "--password=hunter2 --user x", "--password=(hidden) --user x"],
    ["a name that ends so", "db_password=hunter2 CLIENT-SECRET: abcdef", "db_password=(hidden) CLIENT-SECRET=(hidden)"],
    ["what pages are numbered by, which it is not", "nextToken=page-2", "nextToken=page-2"],
    ["long hexadecimal digits", "0123456789abcdef".repeat(4), "(hidden)"],
    ["long base64", `x ${Buffer.from("0123456789 some secret bytes !?").toString("base64")} y`, "x (hidden) y"],
  ])("because it looks like %s", (_name, value, expected) => {
    expect(masked(undefined, value)).toBe(expected);
  });

  test("whatever stands around it, and in no more than a moment", () => {
    const around = fc.string({ unit: "grapheme", maxLength: 200 });
    fc.assert(
      fc.property(around, around, fc.constantFrom(SECRET_KEY, JWT, KEY_ID), (before, after, secret) => {
        expect(masked("note", `${before} ${secret} ${after}`)).not.toContain(secret);
      }),
      { seed: 41, numRuns: 300 },
    );
    for (const unit of ["a", "-----BEGIN A-----", "eyJabcdef.", "a:", "://a:", "token=", "A1b", "bearer "]) {
      expect(masked(unit.repeat(20_000), unit.repeat(20_000)).length).toBeLessThanOrEqual(2_100);
    }
  });

  test("in every text that people get of an alert", () => {
    const alert = toAlert(
      record({
        eventSource: "rds.amazonaws.com",
        eventName: "ModifyDBInstance",
        requestParameters: {
          dBInstanceIdentifier: "shop",
          masterUserPassword: "correct-horse",
          note: SECRET_KEY,
          nested: { list: [{ apiKey: "battery-staple" }] },
          environment: [{ name: "DB_PASSWORD", value: "hunter2" }],
        },
        errorCode: "InvalidParameter",
        errorMessage: `the key ${KEY_ID} with ${JWT}`,
      }),
      [{ id: "a", origin: "custom", severity: "low" }],
    );
    const told = JSON.stringify([slackMessage(alert), plainMessage(alert)]);
    const secrets = ["correct-horse", "hunter2", SECRET_KEY, "battery-staple", KEY_ID, JWT];
    expect(secrets.filter((secret) => told.includes(secret))).toEqual([]);
    expect(alert.details).toEqual([
      {
        label: "Request",
        value:
          "masterUserPassword: (hidden) · environment.name: DB_PASSWORD · note: (hidden) · nested.list.apiKey: (hidden) · environment.value: (hidden)",
      },
    ]);
  });

  test("but not in names that tools made up", () => {
    const role = "InfraStack-ApiHandlerServiceRole5A6B7C8D-AbCdEf123456";
    const arn = `arn:aws:sts::111111111111:assumed-role/${role}/x`;
    const { who, call, error } = toAlert(
      record({
        eventSource: "lambda.amazonaws.com",
        eventName: "UpdateFunctionCode20150331v2",
        userIdentity: { type: "AssumedRole", arn },
        requestParameters: { functionName: role },
        errorCode: "AccessDenied",
        errorMessage: `User: ${arn} is not authorized`,
      }),
      [{ id: "a", origin: "custom", severity: "low" }],
    );
    expect({ who, call, error }).toEqual({
      who: `role ${role} / session x`,
      call: `Lambda UpdateFunctionCode, function ${role}`,
      error: `AccessDenied: User: ${arn} is not authorized`,
    });
  });

  test("in the values of tags", () => {
    const tagSet = { items: [{ key: "db_password", value: "hunter2hunter" }] };
    const created = record({
      eventSource: "ec2.amazonaws.com",
      eventName: "CreateTags",
      requestParameters: { resourcesSet: { items: [{ resourceId: "i-0123456789abcdef0" }] }, tagSet },
    });
    const { details } = toAlert(created, [{ id: "a", origin: "custom", severity: "low" }]);
    expect(details).toContainEqual({ label: "Tags", value: "db_password = (hidden)" });
  });
});
