import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { linksOf } from "#alerts/links.ts";
import { timeIn } from "#alerts/time.ts";
import type { RuleRef } from "#model/rule.ts";
import { type MessageSettings, PLAIN_MESSAGES } from "#model/settings.ts";
import type { ObjectRef } from "#model/source-item.ts";
import { type RawRecord, record } from "#test/support/records.ts";

const RULE: RuleRef = { id: "a", origin: "default", severity: "low" };
const LOG_FILE: ObjectRef = { bucket: "logs", key: "AWSLogs/1/a b+c.json.gz" };
const links = (overrides: RawRecord, settings: Partial<MessageSettings> = {}, logFile?: ObjectRef) =>
  linksOf(record(overrides), [RULE], { ...PLAIN_MESSAGES, ...settings }, logFile).map(
    ({ text, url }) => `${text} ${url}`,
  );
/** The link to what a call was about, without the console's address. */
const resource = (service: string, eventName: string, requestParameters: unknown, more: RawRecord = {}) =>
  links({ eventSource: `${service}.amazonaws.com`, eventName, requestParameters, eventID: undefined, ...more }).map(
    (link) => link.replace("https://console.aws.amazon.com/", ""),
  );

describe("links lead", () => {
  const ID = "00000000-0000-4000-8000-000000000001";
  test.each([
    ["eu-central-1", "https://console.aws.amazon.com/"],
    ["us-gov-west-1", "https://console.amazonaws-us-gov.com/"],
    ["cn-north-1", "https://console.amazonaws.cn/"],
  ])("into the console of the partition of %s", (awsRegion, console) => {
    expect(links({ awsRegion }, {}, LOG_FILE)).toEqual([
      `CloudTrail event ${console}cloudtrailv2/home?region=${awsRegion}#/events/${ID}`,
      `Bucket ${console}s3/buckets/example?region=${awsRegion}`,
      `Log file ${console}s3/object/logs?prefix=AWSLogs%2F1%2Fa%20b%2Bc.json.gz`,
    ]);
  });

  test.each([
    ["of its bucket, which is another than the call's", "eu-west-1", "?region=eu-west-1&prefix="],
    ["that nobody told, which S3 finds", undefined, "?prefix="],
    ["that is none, which S3 finds, too", "evil.example/", "?prefix="],
  ])("to the log file in a region %s", (_, region, query) => {
    const given = { awsRegion: "us-east-1", eventID: undefined, requestParameters: null };
    expect(links(given, {}, { ...LOG_FILE, region })).toEqual([
      `Log file https://console.aws.amazon.com/s3/object/logs${query}AWSLogs%2F1%2Fa%20b%2Bc.json.gz`,
    ]);
  });

  test("nowhere from a region that is none", () => {
    expect(links({ awsRegion: "evil.example/" }, {}, LOG_FILE)).toEqual([]);
  });

  test.each([{ managementEvent: false }, { eventCategory: "Data" }, { eventCategory: "NetworkActivity" }])(
    "not to the event history for %j, which is not in it",
    (overrides) => {
      expect(links(overrides).filter((link) => link.startsWith("CloudTrail"))).toEqual([]);
    },
  );

  test.each<[string, string, string, unknown, readonly string[], RawRecord?]>([
    ["a role", "iam", "PutRolePolicy", { roleName: "ci" }, ["Role iam/home?region=eu-central-1#/roles/details/ci"]],
    ["a user", "iam", "CreateUser", { userName: "a b" }, ["User iam/home?region=eu-central-1#/users/details/a%20b"]],
    ["a group", "iam", "PutGroupPolicy", { groupName: "g" }, ["Group iam/home?region=eu-central-1#/groups/details/g"]],
    [
      "a policy",
      "iam",
      "CreatePolicyVersion",
      { policyArn: "arn:aws:iam::111111111111:policy/dev" },
      ["Policy iam/home?region=eu-central-1#/policies/details/arn%3Aaws%3Aiam%3A%3A111111111111%3Apolicy%2Fdev"],
    ],
    [
      "a key by its ARN",
      "kms",
      "PutKeyPolicy",
      { keyId: "arn:aws:kms:eu-central-1:111111111111:key/11111111-2222-3333-4444-555555555555" },
      ["Key kms/home?region=eu-central-1#/kms/keys/11111111-2222-3333-4444-555555555555"],
    ],
    [
      "a function by its ARN",
      "lambda",
      "UpdateFunctionCode20150331v2",
      { functionName: "arn:aws:lambda:eu-central-1:111111111111:function:app:live" },
      ["Function lambda/home?region=eu-central-1#/functions/app"],
    ],
    [
      "a security group",
      "ec2",
      "AuthorizeSecurityGroupIngress",
      { groupId: "sg-1" },
      ["Security group ec2/home?region=eu-central-1#SecurityGroup:groupId=sg-1"],
    ],
    [
      "a security group in the newer form",
      "ec2",
      "ModifySecurityGroupRules",
      { ModifySecurityGroupRulesRequest: { GroupId: "sg-1" } },
      ["Security group ec2/home?region=eu-central-1#SecurityGroup:groupId=sg-1"],
    ],
    [
      "a snapshot",
      "ec2",
      "ModifySnapshotAttribute",
      { snapshotId: "snap-1" },
      ["Snapshot ec2/home?region=eu-central-1#SnapshotDetails:snapshotId=snap-1"],
    ],
    [
      "an instance in a list",
      "ec2",
      "StopInstances",
      { instancesSet: { items: [{ instanceId: "i-1" }] } },
      ["Instance ec2/home?region=eu-central-1#InstanceDetails:instanceId=i-1"],
    ],
    [
      "an instance that was made, and not to its image",
      "ec2",
      "RunInstances",
      { instancesSet: { items: [{ imageId: "ami-1" }] }, subnetId: "subnet-1" },
      ["Instance ec2/home?region=eu-central-1#InstanceDetails:instanceId=i-2"],
      { responseElements: { instancesSet: { items: [{ instanceId: "i-2" }] } } },
    ],
    [
      "a tagged instance",
      "ec2",
      "CreateTags",
      { resourcesSet: { items: [{ resourceId: "i-1" }] } },
      ["Instance ec2/home?region=eu-central-1#InstanceDetails:instanceId=i-1"],
    ],
    [
      "a secret, whose ARN has six characters more than its name",
      "secretsmanager",
      "GetSecretValue",
      { secretId: "arn:aws:secretsmanager:eu-central-1:111111111111:secret:prod/db-AbCdEf" },
      ["Secret secretsmanager/secret?region=eu-central-1&name=prod%2Fdb"],
    ],
    [
      "a log group",
      "logs",
      "PutRetentionPolicy",
      { logGroupName: "/aws/lambda/app" },
      ["Log group cloudwatch/home?region=eu-central-1#logsV2:log-groups/log-group/$252Faws$252Flambda$252Fapp"],
    ],
    ["nothing that is gone", "s3", "DeleteBucket", { bucketName: "example" }, []],
    [
      "what is there still, since the call was refused",
      "s3",
      "DeleteBucket",
      { bucketName: "example" },
      ["Bucket s3/buckets/example?region=eu-central-1"],
      { errorCode: "AccessDenied" },
    ],
    ...["DeleteBucketPolicy", "DeleteBucketPublicAccessBlock", "DeleteObject"].map(
      (call): [string, string, string, unknown, readonly string[]] => [
        `what lost only a part: ${call}`,
        "s3",
        call,
        { bucketName: "example" },
        ["Bucket s3/buckets/example?region=eu-central-1"],
      ],
    ),
    [
      "a user who lost a boundary",
      "iam",
      "DeleteUserPermissionsBoundary",
      { userName: "bob" },
      ["User iam/home?region=eu-central-1#/users/details/bob"],
    ],
    ["no policy that is gone", "iam", "DeletePolicy", { policyArn: "arn:aws:iam::111111111111:policy/a" }, []],
    ["no database that is gone", "rds", "DeleteDBInstance", { dBInstanceIdentifier: "orders" }, []],
    ["no function that is gone", "lambda", "DeleteFunction20150331", { functionName: "app" }, []],
    [
      "no instances that are gone",
      "ec2",
      "TerminateInstances",
      { instancesSet: { items: [{ instanceId: "i-1" }] } },
      [],
    ],
    ["no security group that is gone", "ec2", "DeleteSecurityGroup", { groupId: "sg-1" }, []],
    [
      "no security group that only its name tells",
      "ec2",
      "AuthorizeSecurityGroupIngress",
      { groupName: "default" },
      [],
    ],
    ...["app:live", "111111111111:function:app:live", "arn:aws:lambda:eu-central-1:111111111111:function:app:live"].map(
      (functionName): [string, string, string, unknown, readonly string[]] => [
        `the function of an alias: ${functionName}`,
        "lambda",
        "AddPermission",
        { functionName },
        ["Function lambda/home?region=eu-central-1#/functions/app"],
      ],
    ),
    ["nothing in particular", "sts", "GetCallerIdentity", null, []],
    ["nothing with a name that no resource has", "s3", "PutBucketAcl", { bucketName: "x".repeat(5_000) }, []],
  ])("to %s", (_name, service, call, request, expected, more) => {
    expect(resource(service, call, request, more)).toEqual(expected);
  });

  test("to the runbooks of the rules that matched", () => {
    const runbooks = { a: "https://wiki.example.com/a", b: "https://wiki.example.com/b" };
    expect(links({ eventID: undefined, requestParameters: null }, { runbooks })).toEqual([
      "Runbook https://wiki.example.com/a",
    ]);
  });

  test("through the access portal, each into the account that holds the page", () => {
    const identityCenter = { startUrl: "https://example.awsapps.com/start", roleName: "Read Only" };
    const page = (url: string) => encodeURIComponent(`https://console.aws.amazon.com/${url}`);
    expect(links({}, { identityCenter, logAccountId: "999999999999" }, LOG_FILE)).toEqual([
      `CloudTrail event https://example.awsapps.com/start/#/console?account_id=111111111111&role_name=Read%20Only&destination=${page(`cloudtrailv2/home?region=eu-central-1#/events/${ID}`)}`,
      `Bucket https://example.awsapps.com/start/#/console?account_id=111111111111&role_name=Read%20Only&destination=${page("s3/buckets/example?region=eu-central-1")}`,
      `Log file https://example.awsapps.com/start/#/console?account_id=999999999999&role_name=Read%20Only&destination=${page("s3/object/logs?prefix=AWSLogs%2F1%2Fa%20b%2Bc.json.gz")}`,
    ]);
  });

  test.each([
    ["us-gov-west-1", "https://console.amazonaws-us-gov.com/"],
    ["cn-north-1", "https://console.amazonaws.cn/"],
  ])("through the access portal into the partition of %s", (awsRegion, page) => {
    const identityCenter = { startUrl: "https://example.awsapps.com/start", roleName: undefined };
    const [event = ""] = links({ awsRegion }, { identityCenter });
    expect(new URL(event.split(" ").at(-1) ?? "").origin).toBe("https://example.awsapps.com");
    expect(decodeURIComponent(event.split("destination=")[1] ?? "")).toContain(page);
  });

  test("nowhere else, whatever the record and the file are called", () => {
    const text = fc.string({ unit: "binary", maxLength: 60 });
    const HOSTS = ["console.aws.amazon.com", "example.awsapps.com"];
    let seen = 0;
    fc.assert(
      fc.property(text, text, text, fc.boolean(), (id, name, key, hasPortal) => {
        const identityCenter = hasPortal
          ? { startUrl: "https://example.awsapps.com/start", roleName: undefined }
          : undefined;
        const overrides = { eventID: id, requestParameters: { bucketName: name }, recipientAccountId: key };
        for (const link of linksOf(
          record(overrides),
          [],
          { ...PLAIN_MESSAGES, identityCenter },
          { bucket: name, key },
        )) {
          const { protocol, host, username } = new URL(link.url);
          expect({ protocol, known: HOSTS.includes(host), username }).toEqual({
            protocol: "https:",
            known: true,
            username: "",
          });
          expect(link.url).toMatch(/^[\x21-\x7e]+$/);
          seen += 1;
        }
      }),
      { seed: 51, numRuns: 100 },
    );
    expect(seen).toBeGreaterThan(100);
  });
});

describe("a time", () => {
  test.each([
    ["2025-06-11T09:15:00Z", "UTC", "Wed 11 Jun 2025, 09:15:00 UTC"],
    ["2025-06-11T09:15:00Z", "Europe/Berlin", "Wed 11 Jun 2025, 11:15:00 Europe/Berlin (GMT+2)"],
    ["2025-01-11T23:30:05Z", "Europe/Berlin", "Sun 12 Jan 2025, 00:30:05 Europe/Berlin (GMT+1)"],
    ["2025-06-11T00:00:00Z", "Asia/Kolkata", "Wed 11 Jun 2025, 05:30:00 Asia/Kolkata (GMT+5:30)"],
    ["yesterday", "UTC", "yesterday"],
    ["2025-99-99T00:00:00Z", "UTC", "2025-99-99T00:00:00Z"],
  ])("%s in %s is %s", (time, zone, expected) => {
    expect(timeIn(time, zone)).toBe(expected);
  });
});
