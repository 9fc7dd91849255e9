import { describe, expect, test } from "vitest";
import { detailsOf } from "#alerts/details.ts";
import { resourceOf } from "#alerts/resource.ts";
import { type RawRecord, record } from "#test/support/records.ts";

/** The details of a call, as `label: value` lines. */
function details(overrides: RawRecord, requiredTags?: unknown): readonly string[] {
  const call = record(overrides);
  return detailsOf(call, resourceOf(call), requiredTags).map(({ label, value }) => `${label}: ${value}`);
}
const ec2 = (eventName: string, requestParameters: unknown, more: RawRecord = {}) => ({
  eventSource: "ec2.amazonaws.com",
  eventName,
  requestParameters,
  ...more,
});
const permission = (more: RawRecord) => ({ groupId: "sg-1", ipPermissions: { items: [more] } });
const ranges = (...cidrs: readonly string[]) => ({ items: cidrs.map((cidrIp) => ({ cidrIp })) });

describe("a security group tells the ports and ranges", () => {
  test.each<[string, RawRecord, readonly string[]]>([
    [
      "of a list of permissions",
      ec2("AuthorizeSecurityGroupIngress", {
        groupId: "sg-1",
        ipPermissions: {
          items: [
            {
              ipProtocol: "tcp",
              fromPort: 22,
              toPort: 22,
              groups: {},
              ipRanges: ranges("0.0.0.0/0"),
              ipv6Ranges: { items: [{ cidrIpv6: "::/0" }] },
              prefixListIds: {},
            },
            { ipProtocol: "udp", fromPort: 5000, toPort: 5010, ipRanges: ranges("192.0.2.0/24") },
          ],
        },
      }),
      ["Opened: tcp 22 (SSH) from everyone (0.0.0.0/0, ::/0); udp 5000–5010 from 192.0.2.0/24"],
    ],
    [
      "that it did not open, where the call was refused",
      ec2(
        "AuthorizeSecurityGroupIngress",
        permission({ ipProtocol: "tcp", fromPort: 22, toPort: 22, ipRanges: ranges("0.0.0.0/0") }),
        { errorCode: "Client.UnauthorizedOperation" },
      ),
      ["Not opened: tcp 22 (SSH) from everyone (0.0.0.0/0)"],
    ],
    [
      "of a range of ports, with the services in it",
      ec2(
        "AuthorizeSecurityGroupIngress",
        permission({ ipProtocol: "tcp", fromPort: 20, toPort: 25, ipRanges: ranges("0.0.0.0/0") }),
      ),
      ["Opened: tcp 20–25 (with FTP, SSH, Telnet, and 1 more) from everyone (0.0.0.0/0)"],
    ],
    [
      "of all traffic",
      ec2("AuthorizeSecurityGroupIngress", permission({ ipProtocol: "-1", ipRanges: ranges("10.0.0.0/8") })),
      ["Opened: all traffic from 10.0.0.0/8"],
    ],
    [
      "of all ports",
      ec2(
        "AuthorizeSecurityGroupIngress",
        permission({ ipProtocol: "6", fromPort: 0, toPort: 65535, groups: { items: [{ groupId: "sg-2" }] } }),
      ),
      ["Opened: tcp, all ports from sg-2"],
    ],
    [
      "of the old flat form",
      ec2("AuthorizeSecurityGroupIngress", {
        groupId: "sg-1",
        ipPermissions: {},
        ipProtocol: "tcp",
        fromPort: 3389,
        toPort: 3389,
        cidrIp: "0.0.0.0/0",
      }),
      ["Opened: tcp 3389 (RDP) from everyone (0.0.0.0/0)"],
    ],
    [
      "that go out",
      ec2("AuthorizeSecurityGroupEgress", permission({ ipProtocol: "-1", ipRanges: ranges("0.0.0.0/0") })),
      ["Opened (outbound): all traffic to everyone (0.0.0.0/0)"],
    ],
    [
      "that are closed",
      ec2(
        "RevokeSecurityGroupIngress",
        permission({ ipProtocol: "tcp", fromPort: 443, toPort: 443, ipRanges: ranges("203.0.113.0/24") }),
      ),
      ["Closed: tcp 443 (HTTPS) from 203.0.113.0/24"],
    ],
    [
      "of changed rules, one or several",
      ec2("ModifySecurityGroupRules", {
        ModifySecurityGroupRulesRequest: {
          GroupId: "sg-1",
          SecurityGroupRule: [
            {
              SecurityGroupRuleId: "sgr-1",
              SecurityGroupRule: { IpProtocol: "tcp", FromPort: 22, ToPort: 22, CidrIpv4: "0.0.0.0/0" },
            },
            { SecurityGroupRuleId: "sgr-2", SecurityGroupRule: { IpProtocol: "-1", CidrIpv6: "::/0" } },
          ],
        },
      }),
      ["Now open: tcp 22 (SSH) for everyone (0.0.0.0/0); all traffic for everyone (::/0)"],
    ],
    [
      "of a network ACL",
      ec2("CreateNetworkAclEntry", {
        networkAclId: "acl-1",
        ruleNumber: 100,
        egress: false,
        ruleAction: "allow",
        aclProtocol: "6",
        portRange: { from: 22, to: 22 },
        cidrBlock: "0.0.0.0/0",
      }),
      ["Allowed: tcp 22 (SSH) from everyone (0.0.0.0/0) (rule 100, inbound)"],
    ],
    [
      "of an entry that denies",
      ec2("ReplaceNetworkAclEntry", {
        ruleNumber: 1,
        egress: true,
        ruleAction: "deny",
        aclProtocol: "-1",
        cidrBlock: "192.0.2.0/24",
      }),
      ["Denied: all traffic to 192.0.2.0/24 (rule 1, outbound)"],
    ],
    ["that is removed", ec2("DeleteNetworkAclEntry", { ruleNumber: 7, egress: false }), ["Removed: rule 7, inbound"]],
    [
      "five at most",
      ec2("AuthorizeSecurityGroupIngress", {
        ipPermissions: {
          items: Array.from({ length: 9 }, (_, port) => ({
            ipProtocol: "tcp",
            fromPort: 8000 + port,
            toPort: 8000 + port,
            ipRanges: ranges("192.0.2.1/32"),
          })),
        },
      }),
      [`Opened: ${[0, 1, 2, 3, 4].map((port) => `tcp ${8000 + port} from 192.0.2.1/32`).join("; ")}; and 4 more`],
    ],
    ["not, where there are none", ec2("AuthorizeSecurityGroupIngress", null), []],
  ])("%s", (_name, overrides, expected) => {
    expect(details(overrides)).toEqual(expected);
  });
});

const policy = (...statements: readonly unknown[]) => ({ Version: "2012-10-17", Statement: statements });
const putPolicy = (document: unknown) => ({
  eventSource: "iam.amazonaws.com",
  eventName: "PutUserPolicy",
  requestParameters: { userName: "bob", policyName: "all", policyDocument: document },
});

describe("a policy tells what it grants", () => {
  test.each<[string, RawRecord, readonly string[]]>([
    [
      "everything on everything",
      putPolicy(JSON.stringify(policy({ Effect: "Allow", Action: "*", Resource: "*" }))),
      ["Grants: Allow: every action on everything", "Request: policyName: all"],
    ],
    [
      "from a text that is URL-encoded",
      putPolicy(
        encodeURIComponent(JSON.stringify(policy({ Effect: "Allow", NotAction: "iam:*", Resource: ["a", "b"] }))),
      ),
      ["Grants: Allow: everything but iam:* on a, b", "Request: policyName: all"],
    ],
    [
      "to whom, under what conditions",
      {
        eventName: "PutBucketPolicy",
        requestParameters: {
          bucketName: "example",
          bucketPolicy: policy(
            {
              Effect: "Allow",
              Principal: "*",
              Action: ["s3:GetObject"],
              Resource: "arn:aws:s3:::example/*",
              Condition: { IpAddress: { "aws:SourceIp": "192.0.2.0/24" } },
            },
            {
              Effect: "Deny",
              Principal: {
                AWS: ["arn:aws:iam::222222222222:root", "333333333333", "arn:aws:iam::444444444444:role/x"],
              },
              Action: "s3:*",
            },
          ),
        },
      },
      [
        "Grants: Allow everyone: s3:GetObject on arn:aws:s3:::example/*, if aws:SourceIp fits; Deny account 222222222222, account 333333333333, role/x of 444444444444: s3:*",
      ],
    ],
    [
      "for a managed policy its name",
      {
        eventSource: "iam.amazonaws.com",
        eventName: "AttachRolePolicy",
        requestParameters: { roleName: "ci", policyArn: "arn:aws:iam::aws:policy/AdministratorAccess" },
      },
      ["Policy: AdministratorAccess"],
    ],
    [
      "three statements at most",
      putPolicy(policy(...["a", "b", "c", "d"].map((name) => ({ Effect: "Allow", Action: name, Resource: "*" })))),
      [
        "Grants: Allow: a on everything; Allow: b on everything; Allow: c on everything; and 1 more",
        "Request: policyName: all",
      ],
    ],
    [
      "of a queue, among its attributes",
      {
        eventSource: "sqs.amazonaws.com",
        eventName: "SetQueueAttributes",
        requestParameters: {
          queueUrl: "https://sqs.eu-central-1.amazonaws.com/111111111111/orders",
          attributes: { Policy: JSON.stringify(policy({ Effect: "Allow", Principal: "*", Action: "sqs:*" })) },
        },
      },
      ["Grants: Allow everyone: sqs:*"],
    ],
    [
      "of a topic, which is a value without a name",
      {
        eventSource: "sns.amazonaws.com",
        eventName: "SetTopicAttributes",
        requestParameters: {
          topicArn: "arn:aws:sns:eu-central-1:111111111111:orders",
          attributeName: "Policy",
          attributeValue: JSON.stringify(policy({ Effect: "Allow", Principal: { AWS: "*" }, Action: "SNS:Publish" })),
        },
      },
      ["Grants: Allow everyone: SNS:Publish", "Request: attributeName: Policy"],
    ],
    [
      "of a vault, in an object of its own",
      {
        eventSource: "glacier.amazonaws.com",
        eventName: "SetVaultAccessPolicy",
        requestParameters: {
          vaultName: "archive",
          policy: { policy: JSON.stringify(policy({ Effect: "Allow", Principal: "*", Action: "glacier:*" })) },
        },
      },
      ["Grants: Allow everyone: glacier:*", "Request: vaultName: archive"],
    ],
    ["not what is no policy", putPolicy("{nothing"), ["Request: policyName: all"]],
    ["not what is hostile", putPolicy(`${"[".repeat(50_000)}`), ["Request: policyName: all"]],
  ])("%s", (_name, overrides, expected) => {
    expect(details(overrides)).toEqual(expected);
  });
});

describe("other calls tell what matters", () => {
  const login = (more: RawRecord) => ({
    eventSource: "signin.amazonaws.com",
    eventName: "ConsoleLogin",
    requestParameters: null,
    responseElements: { ConsoleLogin: "Success" },
    ...more,
  });
  const SSO = "arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice";
  const REQUIRED = { instance: { CostCenter: "[0-9]{4}", Team: null }, volume: { Team: null } };
  const tags = (...pairs: readonly string[]) =>
    pairs.map((pair) => ({ key: pair.split("=")[0], value: pair.split("=")[1] }));
  test.each<[string, RawRecord, readonly string[], unknown?]>([
    ["a sign-in with MFA", login({ additionalEventData: { MFAUsed: "Yes" } }), ["MFA: yes"]],
    ["a sign-in without", login({ additionalEventData: { MFAUsed: "No" } }), ["MFA: no"]],
    [
      "a sign-in by Identity Center, where AWS always writes No",
      login({ userIdentity: { type: "AssumedRole", arn: SSO }, additionalEventData: { MFAUsed: "No" } }),
      ["MFA: not told: Identity Center asks for it"],
    ],
    [
      "a sign-in by another provider",
      login({ userIdentity: { type: "SAMLUser" }, additionalEventData: { MFAUsed: "No" } }),
      ["MFA: not told: it is no user of IAM"],
    ],
    [
      "tags that are missing",
      ec2("RunInstances", {
        instanceType: "t3.micro",
        tagSpecificationSet: { items: [{ resourceType: "instance", tags: tags("Team=web") }] },
      }),
      ["Missing tags: CostCenter, Team (volume)", "Tags: Team = web", "Type: t3.micro"],
      REQUIRED,
    ],
    [
      "tags that a template gave",
      ec2(
        "RunInstances",
        {},
        { responseElements: { instancesSet: { items: [{ instanceId: "i-1", tagSet: { items: tags("A=1") } }] } } },
      ),
      ["Missing tags: B", "Tags: A = 1"],
      ["A", "B"],
    ],
    [
      "tags that were deleted",
      ec2("DeleteTags", { resourcesSet: { items: [{ resourceId: "i-1" }] }, tagSet: { items: tags("Team") } }),
      ["Deleted tags: Team"],
    ],
    [
      "with whom a snapshot is shared",
      ec2("ModifySnapshotAttribute", {
        snapshotId: "snap-1",
        createVolumePermission: {
          add: { items: [{ group: "all" }, { userId: "222222222222" }] },
          remove: { items: [{ userId: "333333333333" }] },
        },
      }),
      ["Shared with: everyone, account 222222222222", "No longer with: account 333333333333"],
    ],
    [
      "with whom a snapshot of a database is shared",
      {
        eventSource: "rds.amazonaws.com",
        eventName: "ModifyDBSnapshotAttribute",
        requestParameters: { attributeName: "restore", valuesToAdd: ["all"], dBSnapshotIdentifier: "backup" },
      },
      ["Shared with: everyone"],
    ],
    [
      "which access key was made",
      {
        eventSource: "iam.amazonaws.com",
        eventName: "CreateAccessKey",
        requestParameters: null,
        responseElements: {
          accessKey: { accessKeyId: `AKIA${"ABCDEFGHIJKLMNOP"}`, userName: "bob", status: "Active" },
        },
      },
      ["Access key: AKIA…MNOP", "Of user: bob"],
    ],
    [
      "the most telling parameters of any other",
      {
        requestParameters: {
          Host: "example.s3.amazonaws.com",
          note: "n",
          publicAccess: true,
          nested: { list: { items: [{ name: "first" }, { name: "second" }] } },
          a1: 1,
          a2: 2,
          a3: 3,
          a4: 4,
          clientToken: "once",
          empty: {},
        },
      },
      [
        "Request: publicAccess: true · nested.list.name: first · nested.list.name: second · note: n · a1: 1 · a2: 2 · and 2 more",
      ],
    ],
    [
      "a group that is called as the user who comes into it",
      {
        eventSource: "iam.amazonaws.com",
        eventName: "AddUserToGroup",
        requestParameters: { userName: "admin", groupName: "admin" },
      },
      ["Request: groupName: admin"],
    ],
    [
      "to whom a list of grants gives access, however deep it stands",
      {
        eventName: "PutBucketAcl",
        requestParameters: {
          bucketName: "example",
          AccessControlPolicy: {
            AccessControlList: { Grant: [{ Grantee: { URI: "http://acs.amazonaws.com/groups/global/AllUsers" } }] },
          },
        },
      },
      [
        "Request: AccessControlPolicy.AccessControlList.Grant.Grantee.URI: http://acs.amazonaws.com/groups/global/AllUsers",
      ],
    ],
    [
      "what only begins like noise",
      {
        eventSource: "route53.amazonaws.com",
        eventName: "ChangeResourceRecordSets",
        requestParameters: { hostedZoneId: "Z1" },
      },
      ["Request: hostedZoneId: Z1"],
    ],
    [
      "what EC2 wraps",
      ec2("ModifyInstanceMetadataOptions", {
        ModifyInstanceMetadataOptionsRequest: { InstanceId: "i-1", HttpTokens: "optional" },
      }),
      ["Request: httpTokens: optional"],
    ],
    ["nothing of what is not there", { requestParameters: null }, []],
  ])("%s", (_name, overrides, expected, required) => {
    expect(details(overrides, required)).toEqual(expected);
  });

  test("no more than fits, whatever a caller sends", () => {
    const wide = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, index) => [`k${index}${"x".repeat(90)}`, "v".repeat(500)]),
    );
    const told = detailsOf(record({ requestParameters: wide }), undefined, undefined);
    expect(told.length).toBe(1);
    expect(told[0]?.value.length).toBeLessThanOrEqual(600);
  });

  test("how many more there are, at least, where nobody counts all of them", () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`k${index}`, "v"]));
    const [told] = details({ requestParameters: many });
    expect(told).toBe("Request: k0: v · k1: v · k2: v · k3: v · k4: v · k5: v · and at least 194 more");
  });
});
