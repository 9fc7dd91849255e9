import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  RevokeSecurityGroupEgressCommand,
  StopInstancesCommand,
} from "@aws-sdk/client-ec2";
import { HeadObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect, test } from "vitest";
import {
  ACCOUNT,
  addInterface,
  BUCKET,
  groupsOf,
  keysIn,
  launch,
  objectIn,
  REGION,
  respond,
  TOPIC,
} from "./support/scene.ts";
import { useScene } from "./support/use-scene.ts";

const scene = await useScene({ fresh: true });

const finalLine = (id: string) => `Security Response mechanism complete for instance: ${id}`;

async function rulesOf(group: string) {
  const Filters = [{ Name: "group-id", Values: [group] }];
  const { SecurityGroupRules = [] } = await scene.ec2.send(new DescribeSecurityGroupRulesCommand({ Filters }));
  return SecurityGroupRules.map(
    ({ IsEgress, FromPort, ToPort, CidrIpv4, CidrIpv6 }) =>
      `${IsEgress ? "out" : "in"} ${FromPort}-${ToPort} ${CidrIpv4 ?? CidrIpv6}`,
  ).sort();
}

async function isQuarantined(id: string): Promise<boolean> {
  const groups = (await groupsOf(scene, id)).flat();
  const [group = ""] = groups;
  return groups.length > 0 && new Set(groups).size === 1 && group !== scene.groupId;
}

async function tagsOf(id: string): Promise<Readonly<Record<string, string | undefined>>> {
  const { Reservations = [] } = await scene.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  return Object.fromEntries((Reservations[0]?.Instances?.[0]?.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
}

/** Changes in the order in which they arrived, of the whole account. */
const changes = () =>
  scene.truth.calls(({ mutating }) => mutating).map(({ service, action }) => `${service}:${action}`);

describe("one instance, nothing deployed", () => {
  test("A1 A2 B1 B2 B3 B4 B5 B6 A11 trap 6 7: the id is enough for all that the console tool does", async () => {
    const id = await launch(scene);
    await addInterface(scene, id);
    const { code, out } = await respond("-i", id);

    expect({ code, last: out.split("\n").at(-1) }).toEqual({ code: 0, last: finalLine(id) });
    expect(await isQuarantined(id)).toBe(true);
    const [group = ""] = (await groupsOf(scene, id)).flat();
    expect(await rulesOf(group)).toEqual([]);
    const Filters = [{ Name: "tag:ir:source", Values: [id] }];
    const { Snapshots = [] } = await scene.ec2.send(new DescribeSnapshotsCommand({ Filters }));
    expect(Snapshots).toHaveLength(1);
    const asked = { InstanceId: id, Attribute: "disableApiTermination" } as const;
    const { DisableApiTermination } = await scene.ec2.send(new DescribeInstanceAttributeCommand(asked));
    expect(DisableApiTermination?.Value).toBe(true);
    expect(await tagsOf(id)).toMatchObject({
      "ir:status": "quarantine",
      "ir:investigation": "incident investigation required",
    });
    const files = (await keysIn(scene, "cases/")).map((key) => path.basename(key));
    expect(files).toEqual(
      expect.arrayContaining(["before.json", "console-output.txt", "manifest-1.json", "screenshot.jpg"]),
    );
    const told = scene.truth.calls("Publish").map(({ params }) => [params.TopicArn, params.Message?.split("\n")[0]]);
    expect(told).toEqual([
      [TOPIC, `EC2 instance ${id} is isolated`],
      [TOPIC, finalLine(id)],
    ]);
  });

  test("A13 B7 trap 24: every object of evidence is encrypted with KMS, and every call of S3 names the owner", async () => {
    const id = await launch(scene);
    await respond("-i", id);
    const keys = await keysIn(scene);
    expect(keys.length).toBeGreaterThan(4);
    for (const Key of keys) {
      const { ServerSideEncryption } = await scene.s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key }));
      expect([Key, ServerSideEncryption]).toEqual([Key, "aws:kms"]);
    }
    const ofRun = scene.truth.calls(({ service, action }) => service === "s3" && !/^(Head|List)/.test(action));
    expect(new Set(ofRun.map(({ params }) => params["x-amz-expected-bucket-owner"]))).toEqual(new Set([ACCOUNT]));
    const screenshot = await objectIn(scene, keys.find((key) => key.endsWith("screenshot.jpg")) ?? "");
    expect(screenshot.subarray(0, 2).toString("hex")).toBe("ffd8");
  });

  test("the state before is kept before anything is changed, and isolation comes before everything slow", async () => {
    const id = await launch(scene);
    await respond("-i", id);
    const calls = scene.truth.calls(() => true);
    const first = (filter: (call: (typeof calls)[number]) => boolean) => calls.findIndex(filter);
    const kept = first(({ params }) => params.Key?.endsWith("before.json") === true);
    const changed = first(({ service, mutating }) => service === "ec2" && mutating);
    const isolated = first(({ action }) => action === "ModifyNetworkInterfaceAttribute");
    const slow = first(({ action }) => /Snapshot|Screenshot|ConsoleOutput|Publish|CreateTags/.test(action));
    expect([kept < changed, changed < isolated, isolated < slow]).toEqual([true, true, true]);
  });

  test("A8 A9: an instance that does not exist is exit 3, and nothing is touched", async () => {
    const { code, out } = await respond("-i", "i-0123456789abcdef0");
    expect({ code, changed: changes() }).toEqual({ code: 3, changed: [] });
    expect(out).toContain("Unable to get instance metadata");
    expect((await respond("-i", "web-1")).code).toBe(3);
  });

  test("G11: a dry run makes no changing call, shows the plan, and exits 0", async () => {
    const id = await launch(scene);
    const { code, out } = await respond(id, "--dry-run");
    expect({ code, changed: changes() }).toEqual({ code: 0, changed: [] });
    expect(out).toMatch(/Isolate .*eni-/);
    expect(out).not.toContain("complete");
  });

  test("with --json, standard output is JSON lines, of which the last one holds the final line, also on standard error", async () => {
    const id = await launch(scene);
    const { code, lines, said } = await respond("-i", id, "--json");
    expect(code).toBe(0);
    expect(lines.at(-1)).toMatchObject({ event: "ended", instance: id, outcome: "done", text: finalLine(id) });
    expect(said).toContain(finalLine(id));
    expect(lines.filter(({ event }) => event === "step").map(({ step }) => step)).toContain("Isolate");
  });

  test("run once more, it finds the instance contained: exit 6, and nothing is changed", async () => {
    const id = await launch(scene);
    await respond("-i", id);
    scene.truth.forgetCalls();
    const { code } = await respond("-i", id);
    const puts = scene.truth.calls(({ mutating, applied }) => mutating && applied);
    expect({ code, puts: puts.map(({ action }) => action) }).toEqual({ code: 6, puts: [] });
  });

  test("the operator's log holds the state before, every step, and is nobody else's business", async () => {
    const id = await launch(scene);
    await respond("-i", id);
    const folder = path.join(process.env.HOME ?? "", ".cloudtrail-to-slack", "log");
    const [file = ""] = readdirSync(folder);
    const entries = readFileSync(path.join(folder, file), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(entries.find(({ before }) => before !== undefined).before.interfaces[0].groups).toEqual([scene.groupId]);
    expect(entries.flatMap(({ record }) => record?.step ?? [])).toContain("Notify");
  });
});

describe("what refuses", () => {
  test.each([
    ["CreateSecurityGroup", "denied"],
    ["ModifyNetworkInterfaceAttribute", "denied"],
    ["DescribeSecurityGroupRules", "denied"],
  ] as const)("%s refused: exit 5, not isolated, no final line, and people are paged", async (on, kind) => {
    const id = await launch(scene);
    scene.truth.inject({ on, times: 1_000, fault: { kind } });
    const { code, out } = await respond("-i", id);
    expect(code).toBe(5);
    expect(out).not.toContain("mechanism complete");
    expect(out).toContain("NOT ISOLATED");
    const [page] = scene.truth.calls("Publish");
    expect(page?.params.Subject).toContain("NOT ISOLATED");
  });

  test.each([
    ["PutObject", "s3:PutObject"],
    ["all of S3", (call: { readonly service: string }) => call.service === "s3"],
    ["Publish", "sns:Publish"],
    ["CreateTags", "ec2:CreateTags"],
    ["CreateSnapshots", "ec2:CreateSnapshots"],
    ["ModifyInstanceAttribute", "ec2:ModifyInstanceAttribute"],
  ] as const)("%s refused: exit 4, isolated, with the final line", async (_name, on) => {
    const id = await launch(scene);
    scene.truth.inject({ on, times: 1_000, fault: { kind: "denied" } });
    const { code, out } = await respond("-i", id);
    expect({ code, isolated: await isQuarantined(id) }).toEqual({ code: 4, isolated: true });
    expect(out).toContain(finalLine(id));
  });

  test("a bucket that does not answer keeps isolation waiting for seconds, not for its deadline", async () => {
    const id = await launch(scene);
    scene.truth.inject({ on: ({ service }) => service === "s3", times: 1_000, fault: { kind: "never" } });
    const running = respond("-i", id);
    const startedMs = Date.now();
    while (!(await isQuarantined(id)) && Date.now() - startedMs < 20_000)
      await new Promise((wake) => setTimeout(wake, 100));
    const ms = Date.now() - startedMs;
    expect(ms).toBeLessThan(15_000);
    scene.truth.forgetCalls();
    scene.truth.inject({ on: ({ service }) => service === "s3", times: 1_000, fault: { kind: "denied" } });
    expect((await running).code).toBe(4);
  });

  test("a bucket of a stranger gets nothing", async () => {
    const id = await launch(scene);
    scene.truth.bucketBelongsTo(BUCKET, "999999999999");
    const { code } = await respond("-i", id);
    expect({ code, keys: await keysIn(scene) }).toEqual({ code: 4, keys: [] });
  });

  test("A7: without credentials that AWS accepts, exit 7 and nothing is touched", async () => {
    const id = await launch(scene);
    scene.truth.inject({ on: "GetCallerIdentity", times: 100, fault: { kind: "denied" } });
    expect({ code: (await respond("-i", id)).code, changed: changes() }).toEqual({ code: 7, changed: [] });
  });
});

describe("the quarantine group", () => {
  const inVpc = () => [{ Name: "vpc-id", Values: [scene.vpcId] }];
  const groupNames = async () => {
    const { SecurityGroups = [] } = await scene.ec2.send(new DescribeSecurityGroupsCommand({ Filters: inVpc() }));
    return SecurityGroups.map(({ GroupName }) => GroupName).sort();
  };

  test("--allow-cidr opens port 22 to these addresses, IPv4 and IPv6, and nothing else", async () => {
    const id = await launch(scene);
    await respond("-i", id, "--allow-cidr", "192.0.2.0/24", "--allow-cidr", "2001:db8::/64");
    const [group = ""] = (await groupsOf(scene, id)).flat();
    expect(await rulesOf(group)).toEqual(["in 22-22 192.0.2.0/24", "in 22-22 2001:db8::/64"]);
  });

  test("an address block of everyone is refused before anything happens: exit 2", async () => {
    const id = await launch(scene);
    const { code } = await respond("-i", id, "--allow-cidr", "0.0.0.0/0");
    expect({ code, changed: changes() }).toEqual({ code: 2, changed: [] });
  });

  test("trap 8 46: ours is used again, and rules that somebody added are taken away", async () => {
    const [first, second] = [await launch(scene), await launch(scene)];
    await respond("-i", first);
    const [GroupId = ""] = (await groupsOf(scene, first)).flat();
    const opened = { GroupId, IpPermissions: [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }] };
    await scene.ec2.send(new AuthorizeSecurityGroupIngressCommand(opened));
    await respond("-i", second);
    expect((await groupsOf(scene, second)).flat()).toEqual([GroupId]);
    expect(await rulesOf(GroupId)).toEqual([]);
  });

  test("trap 8: the name belongs to somebody else: another one is made", async () => {
    const name = `ir-quarantine-${scene.vpcId}`;
    const foreign = { GroupName: name, Description: "x", VpcId: scene.vpcId };
    await scene.ec2.send(new CreateSecurityGroupCommand(foreign));
    const id = await launch(scene);
    expect((await respond("-i", id)).code).toBe(0);
    expect(await groupNames()).toEqual(["default", name, `${name}-2`, "web"]);
  });

  test("A3: a given group that lets nobody out is used; one that does is refused: exit 5", async () => {
    const id = await launch(scene);
    const made = { GroupName: "mine", Description: "x", VpcId: scene.vpcId };
    const { GroupId = "" } = await scene.ec2.send(new CreateSecurityGroupCommand(made));
    const refused = await respond("-i", id, "-g", GroupId);
    expect({ code: refused.code, groups: await groupsOf(scene, id) }).toEqual({ code: 5, groups: [[scene.groupId]] });
    const everywhere = { GroupId, IpPermissions: [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }] };
    await scene.ec2.send(new RevokeSecurityGroupEgressCommand(everywhere));
    const used = await respond("-i", id, "-g", GroupId);
    expect({ code: used.code, groups: await groupsOf(scene, id) }).toEqual({ code: 0, groups: [[GroupId]] });
  });
});

test("trap 42: a stopped instance is isolated and its disks are kept; its console has nothing to show", async () => {
  const id = await launch(scene);
  await scene.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
  await new Promise((wake) => setTimeout(wake, 100));
  const { code, lines } = await respond("-i", id, "--json");
  const status = (name: string) => lines.find(({ step }) => step === name)?.status;
  expect({ code, isolated: await isQuarantined(id) }).toEqual({ code: 0, isolated: true });
  expect([status("LiveSnapshots"), status("Screenshot"), status("ConsoleOutput")]).toEqual([
    "ok",
    "skipped",
    "skipped",
  ]);
});

test("A4 A5 A6: without anything named, region, bucket and topic follow the naming rules", async () => {
  const region = process.env.AWS_REGION;
  delete process.env.AWS_REGION;
  try {
    await respond("-i", "i-0123456789abcdef0");
    expect(scene.truth.calls("DescribeInstances")[0]?.region).toBe("us-west-2");
  } finally {
    process.env.AWS_REGION = region;
  }
  expect([BUCKET, TOPIC]).toEqual([
    `s3-access-logs.${ACCOUNT}-${REGION}`,
    `arn:aws:sns:${REGION}:${ACCOUNT}:slack-events`,
  ]);
});
