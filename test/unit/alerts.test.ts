import { describe, expect, test } from "vitest";
import { recordProblemsNotice, ruleProblemsNotice } from "#alerts/notices.ts";
import { toAlert } from "#alerts/to-alert.ts";
import type { RuleRef } from "#model/rule.ts";
import { type RawRecord, ROOT, record } from "#test/support/records.ts";

const TITLED: RuleRef = { id: "titled", origin: "default", severity: "high", title: "Something happened" };
const BARE: RuleRef = { id: "rules[0]", origin: "custom", severity: "medium" };

describe("toAlert", () => {
  test("tells who, what, where, when and by which rules", () => {
    expect(toAlert(record(), [TITLED, BARE])).toEqual({
      kind: "alert",
      severity: "high",
      title: "Something happened",
      // Part of what is published and of the ledger's rows: another one would begin every window anew.
      group: "047085a7436959e4d3a2d5d68a10c9dc",
      eventId: "00000000-0000-4000-8000-000000000001",
      accountId: "111111111111",
      accountName: undefined,
      region: "eu-central-1",
      what: "s3.amazonaws.com CreateBucket",
      call: "S3 CreateBucket, bucket example",
      who: "IAM user alice",
      callerArn: "arn:aws:iam::111111111111:user/alice",
      when: "2025-06-11T09:15:00Z",
      time: "Wed 11 Jun 2025, 09:15:00 UTC",
      from: "198.51.100.7",
      userAgent: "aws-cli/2.15.0",
      origin: "198.51.100.7 · AWS CLI 2.15",
      result: "succeeded",
      error: undefined,
      details: [],
      links: [
        {
          text: "CloudTrail event",
          url: "https://console.aws.amazon.com/cloudtrailv2/home?region=eu-central-1#/events/00000000-0000-4000-8000-000000000001",
        },
        { text: "Bucket", url: "https://console.aws.amazon.com/s3/buckets/example?region=eu-central-1" },
      ],
      rules: [TITLED, BARE],
    });
  });

  const signIn = (overrides: RawRecord) => ({
    eventSource: "signin.amazonaws.com",
    eventName: "ConsoleLogin",
    ...overrides,
  });
  test.each([
    ["takes the call for a title when the rule has none", {}, { title: "CreateBucket was called" }, BARE],
    [
      "says in such a title that the call was refused",
      { errorCode: "AccessDenied" },
      { title: "CreateBucket was refused", result: "refused" },
      BARE,
    ],
    [
      "says in such a title that the call failed",
      { errorCode: "BucketAlreadyExists" },
      { title: "CreateBucket failed", result: "failed" },
      BARE,
    ],
    [
      "says of a service once that it is the caller and the client",
      { sourceIPAddress: "autoscaling.amazonaws.com", userAgent: "autoscaling.amazonaws.com" },
      { origin: "AWS service autoscaling" },
    ],
    [
      "leaves the version of an API out of the words",
      { eventSource: "lambda.amazonaws.com", eventName: "UpdateFunctionCode20150331v2", requestParameters: null },
      { call: "Lambda UpdateFunctionCode", what: "lambda.amazonaws.com UpdateFunctionCode20150331v2" },
    ],
    [
      "masks a secret in what is said in words",
      { errorCode: "Client.InvalidParameter", errorMessage: "password=hunter2-hunter2 is too short" },
      { error: "Client.InvalidParameter: password=(hidden) is too short" },
    ],
    ["names root", { userIdentity: ROOT }, { who: "root of 111111111111" }],
    [
      "names a user without ARN",
      { userIdentity: { type: "IAMUser", userName: "bob", principalId: "AIDA" } },
      { who: "IAM user bob" },
    ],
    [
      "names the AWS service that calls",
      { userIdentity: { type: "AWSService", invokedBy: "ec2.amazonaws.com" }, sourceIPAddress: "ec2.amazonaws.com" },
      { who: "AWS service ec2", from: "ec2.amazonaws.com" },
    ],
    [
      "names an account that has nothing else",
      { userIdentity: { type: "AWSAccount", accountId: "222222222222" } },
      { who: "somebody of account 222222222222" },
    ],
    [
      "names the principal that it finds without a type",
      { userIdentity: { principalId: "AROA:session" } },
      { who: "AROA:session" },
    ],
    ["does not know who when there is no identity", { userIdentity: null }, { who: "unknown" }],
    [
      "passes over empty and foreign shapes",
      { userIdentity: { type: "", arn: 7, userName: ["x"] }, awsRegion: null, sourceIPAddress: {}, userAgent: "" },
      { who: "unknown", region: undefined, from: undefined, userAgent: undefined },
    ],
    [
      "takes the account in which the call took effect",
      { recipientAccountId: "222222222222" },
      { accountId: "222222222222" },
    ],
    [
      "takes the caller's account when no other is told",
      { recipientAccountId: undefined },
      { accountId: "111111111111" },
    ],
    ["has no account when none is told", { recipientAccountId: null, userIdentity: {} }, { accountId: undefined }],
    ["has an empty id when there is none", { eventID: undefined }, { eventId: "" }],
    ["leaves out a source that is missing", { eventSource: undefined }, { what: "CreateBucket" }],
    [
      "tells the error of a call",
      { errorCode: "AccessDenied", errorMessage: "not for you" },
      { error: "AccessDenied: not for you" },
    ],
    ["tells an error that is only a code", { errorCode: "AccessDenied" }, { error: "AccessDenied" }],
    [
      "tells a sign-in that failed with a message",
      signIn({ errorMessage: "Failed authentication", responseElements: { ConsoleLogin: "Failure" } }),
      { error: "Failed authentication" },
    ],
    [
      "tells a sign-in that failed without one",
      signIn({ responseElements: { ConsoleLogin: "Failure" } }),
      { error: "Failure" },
    ],
    [
      "tells no error of a sign-in that worked",
      signIn({ responseElements: { ConsoleLogin: "Success" } }),
      { error: undefined },
    ],
  ])("%s", (_name, overrides, expected, rule = TITLED) => {
    const alert = toAlert(record(overrides), [rule]);
    expect(Object.fromEntries(Object.keys(expected).map((key) => [key, Object(alert)[key]]))).toEqual(expected);
  });
});

describe("a notice", () => {
  const DAY = "2025-06-11";
  const RULES = {
    label: "Meaning",
    value:
      "A rule whose expression fails matches nothing; where only an exception, a title or a detail of it fails, it alerts without that. All other rules were asked.",
  };
  const RECORD = { label: "Meaning", value: "No rule was asked about it; all other records were judged." };
  const RECORDS = { label: "Meaning", value: "No rule was asked about them; all other records were judged." };
  test.each([
    [
      "about one rule",
      ruleProblemsNotice([{ ruleId: "a", message: "m:\n  expression\n  ^" }], DAY),
      "high",
      "A rule does not work",
      [{ label: "Rule", value: "a: m" }, RULES],
    ],
    [
      "about two rules",
      ruleProblemsNotice(
        [
          { ruleId: "a", message: "m" },
          { ruleId: "b", message: "n" },
        ],
        DAY,
      ),
      "high",
      "2 rules do not work",
      [{ label: "Rule", value: "a: m" }, { label: "Rule", value: "b: n" }, RULES],
    ],
    [
      "about one record",
      recordProblemsNotice([{ where: "f Records[0]", reason: "is null" }], 1),
      "medium",
      "A record could not be judged",
      [{ label: "Record", value: "f Records[0] is null" }, RECORD],
    ],
    [
      "about more records than are named",
      recordProblemsNotice([{ where: "f Records[0]", reason: "is null" }], 5),
      "medium",
      "5 records could not be judged",
      [{ label: "Record", value: "f Records[0] is null" }, RECORDS],
    ],
  ])("%s says what it means", (_name, notice, severity, title, facts) => {
    const occasion = title.includes("rule") ? { occasion: DAY } : {};
    expect(notice).toEqual({ kind: "notice", severity, ...occasion, title, facts });
  });

  test("about very many rules names the first twenty and counts them all", () => {
    const notice = ruleProblemsNotice(
      Array.from({ length: 300 }, (_, index) => ({ ruleId: `r${index}`, message: "m" })),
      DAY,
    );
    expect({ title: notice.title, values: notice.facts.slice(0, -1).map(({ value }) => value) }).toEqual({
      title: "300 rules do not work",
      values: Array.from({ length: 20 }, (_, index) => `r${index}: m`),
    });
  });
});
