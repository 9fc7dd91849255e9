import { CreateTagsCommand, EC2Client, RunInstancesCommand } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ec2TagStore } from "#aws/ec2.ts";
import { createHandler } from "#handler.ts";
import { configuration, fakeWorld } from "#test/support/fakes.ts";
import { startMoto } from "#test/support/moto.ts";
import { type SlackStandIn, startSlackStandIn } from "#test/support/slack-stand-in/server.ts";

const ACCOUNT = "123456789012";
const REGION = "eu-central-1";

let moto: Awaited<ReturnType<typeof startMoto>>;
let slack: SlackStandIn;
let ec2: EC2Client;
const clients = (region: string) =>
  new EC2Client({ region, endpoint: moto.endpoint, credentials: { accessKeyId: "test", secretAccessKey: "test" } });

beforeAll(async () => {
  [moto, slack] = await Promise.all([startMoto(), startSlackStandIn()]);
  ec2 = clients(REGION);
});
afterAll(async () => {
  await Promise.all([moto?.stop(), slack?.close()]);
});

async function startInstances(count: number): Promise<readonly string[]> {
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({ ImageId: "ami-12345678", MinCount: count, MaxCount: count }),
  );
  return Instances.flatMap(({ InstanceId }) => InstanceId ?? []);
}

const tag = (ids: readonly string[], tags: Readonly<Record<string, string>>) =>
  ec2.send(
    new CreateTagsCommand({ Resources: [...ids], Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
  );

test("the tags of more resources than one call may name, and nothing of those that have none or are gone", async () => {
  const ids = await startInstances(230);
  await tag(ids.slice(1), { Team: "a", Name: "b" });
  const tags = await ec2TagStore(clients).tagsOf(REGION, [...ids, "i-00000000000000000"]);
  expect([...tags.keys()].sort()).toEqual(ids.slice(1).toSorted());
  expect(tags.get(ids[229] ?? "")).toEqual(
    new Map([
      ["Team", "a"],
      ["Name", "b"],
    ]),
  );
});

test("a region that does not answer is an error", async () => {
  const nowhere = () => new EC2Client({ region: REGION, endpoint: "http://127.0.0.1:9", maxAttempts: 1 });
  await expect(ec2TagStore(nowhere).tagsOf(REGION, ["i-1"])).rejects.toThrow();
});

test("an instance that was tagged after it was started is no alert, one that was not is", async () => {
  const [tagged = "", untagged = ""] = await startInstances(2);
  await tag([tagged], { Team: "a" });
  const started = (instanceId: string) => ({
    eventVersion: "1.09",
    eventID: instanceId,
    eventTime: "2026-06-11T09:15:00Z",
    eventSource: "ec2.amazonaws.com",
    eventName: "RunInstances",
    awsRegion: REGION,
    recipientAccountId: ACCOUNT,
    userIdentity: { type: "IAMUser", userName: "alice", accountId: ACCOUNT },
    requestParameters: { instancesSet: { items: [{ imageId: "ami-12345678", minCount: 1, maxCount: 1 }] } },
    responseElements: { instancesSet: { items: [{ instanceId }] } },
  });
  const world = {
    ...fakeWorld({
      document: configuration({
        required_tags: { instance: { Team: null } },
        rule_config: { self: { accountId: ACCOUNT } },
        allowed_hook_hosts: ["127.0.0.1"],
      }),
      hooks: { "/hooks/default": slack.hook("alerts") },
    }),
    tags: ec2TagStore(clients),
  };
  const handler = createHandler(world);
  const tell = (record: object) =>
    handler({ "detail-type": "AWS API Call via CloudTrail", source: "aws.ec2", account: ACCOUNT, detail: record });
  expect([await tell(started(tagged)), await tell(started(untagged))]).toMatchObject([
    { records: { in: 1, alerted: 0, unmatched: 1 }, alerts: { delivered: 0 } },
    { records: { in: 1, alerted: 1, unmatched: 0 }, alerts: { delivered: 1 } },
  ]);
});
