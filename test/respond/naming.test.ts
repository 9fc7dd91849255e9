import {
  CreateSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  RevokeSecurityGroupEgressCommand,
} from "@aws-sdk/client-ec2";
import { CreateKeyCommand } from "@aws-sdk/client-kms";
import { CreateBucketCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { CreateTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import { expect, test, vi } from "vitest";
import { ACCOUNT, elsewhere, groupsOf, launch, REGION, respond, type Scene } from "./support/scene.ts";
import { playSteps } from "./support/steps.ts";
import { useScene } from "./support/use-scene.ts";

vi.spyOn(console, "log").mockImplementation(() => {});
const account = await useScene();

async function groupOf(scene: Scene, id: string) {
  const GroupIds = (await groupsOf(scene, id)).flat();
  const { SecurityGroups = [] } = await scene.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds }));
  return SecurityGroups[0];
}

test("A10: the quarantine group is made in the VPC of the instance; one that is given for another VPC is not used there, and said so", async () => {
  const [one, other] = [await elsewhere(account), await elsewhere(account)];
  const made = { GroupName: "mine", Description: "x", VpcId: one.vpcId };
  const { GroupId = "" } = await account.ec2.send(new CreateSecurityGroupCommand(made));
  const everywhere = { GroupId, IpPermissions: [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }] };
  await account.ec2.send(new RevokeSecurityGroupEgressCommand(everywhere));
  const ids = [await launch(one), await launch(other)] as const;
  const { code, out } = await respond("-i", ids[0], "-i", ids[1], "-g", GroupId);
  const [first, second] = [await groupOf(one, ids[0]), await groupOf(other, ids[1])];
  expect({ code, first: [first?.GroupId, first?.VpcId], second: [second?.GroupName, second?.VpcId] }).toEqual({
    code: 0,
    first: [GroupId, one.vpcId],
    second: [`ir-quarantine-${other.vpcId}`, other.vpcId],
  });
  expect(out).toContain(`${GroupId} is of another VPC: ${second?.GroupId} is used in ${other.vpcId}`);
});

test("A12: group and tag Name are templates of the deployment; bucket and topic those of the command line", async () => {
  const scene = await elsewhere(account);
  const id = await launch(scene);
  const nameTag = "{account} {region} {vpc} {instance} {case} {step} {else}";
  const records = await playSteps(
    { instanceId: id, profile: "contain", case: "case-1" },
    { nameTag, quarantineGroupName: "q-{account}-{region}-{vpc}" },
  );
  expect((await groupOf(scene, id))?.GroupName).toBe(`q-${ACCOUNT}-${REGION}-${scene.vpcId}`);
  const SnapshotIds = (records.LiveSnapshots?.evidence ?? []).map(({ id: snapshot }) => snapshot);
  const { Snapshots = [] } = await scene.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds }));
  expect(Snapshots[0]?.Tags).toContainEqual({
    Key: "Name",
    Value: `${ACCOUNT} ${REGION} ${scene.vpcId} ${id} case-1 LiveSnapshots {else}`,
  });

  const Bucket = `evidence-${ACCOUNT}-${REGION}`;
  await scene.s3.send(new CreateBucketCommand({ Bucket }));
  const { TopicArn } = await new SNSClient(scene.truth.client).send(
    new CreateTopicCommand({ Name: `incidents-${REGION}` }),
  );
  const named = [
    "-b",
    "evidence-{account}-{region}",
    "-t",
    "arn:{partition}:sns:{region}:{account}:incidents-{region}",
  ];
  expect((await respond("-i", await launch(scene), ...named)).code).toBe(0);
  const { Contents = [] } = await scene.s3.send(new ListObjectsV2Command({ Bucket }));
  expect(Contents.length).toBeGreaterThan(4);
  expect(new Set(scene.truth.calls("Publish").map(({ params }) => params.TopicArn))).toEqual(new Set([TopicArn]));
});

test("A15: one run works with EC2, Auto Scaling, SSM, KMS, S3 and SNS", async () => {
  const scene = await elsewhere(account);
  await scene.kms.send(new CreateKeyCommand({ Description: "test", KeyUsage: "ENCRYPT_DECRYPT" }));
  const id = await launch(scene);
  expect((await respond("-i", id, "--kms-key-description", "test")).code).toBe(0);
  const services = new Set(scene.truth.calls(({ outcome }) => outcome === "done").map(({ service }) => service));
  expect(["autoscaling", "ec2", "kms", "s3", "sns"].filter((service) => !services.has(service))).toEqual([]);
  // Asked where the module is; it is not deployed here.
  expect(scene.truth.calls("ssm:GetParameter")).toHaveLength(1);
});
