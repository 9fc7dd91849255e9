import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import {
  AttachNetworkInterfaceCommand,
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeNetworkInterfacesCommand,
  EC2Client,
  RunInstancesCommand,
  type RunInstancesCommandInput,
} from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { KMSClient } from "@aws-sdk/client-kms";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import { runProgram } from "#cli/program.ts";
import { fakeTerminal } from "#test/support/dead-letters.ts";
import { startTruth, type Truth } from "#test/support/truth/truth.ts";

/** The account of moto. */
export const ACCOUNT = "123456789012";
export const REGION = "us-east-1";
/** As the naming rules have it. */
export const bucketIn = (region: string) => `s3-access-logs.${ACCOUNT}-${region}`;
export const BUCKET = bucketIn(REGION);
export const TOPIC = `arn:aws:sns:${REGION}:${ACCOUNT}:slack-events`;

/** moto starts any. */
const IMAGE = "ami-0123456789abcdef0";

/** An account with a network, on the proxy, and the operator's machine before it. */
export interface Scene {
  readonly truth: Truth;
  readonly region: string;
  readonly ec2: EC2Client;
  readonly autoScaling: AutoScalingClient;
  readonly loadBalancing: ElasticLoadBalancingV2Client;
  readonly kms: KMSClient;
  readonly s3: S3Client;
  readonly imageId: string;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly groupId: string;
}

/** What a command printed, and its exit code. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly said: string;
  /** Of `--json`. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
}

/** Starts the proxy and points the environment of this process to it. */
export async function startScene(): Promise<Scene> {
  return ownNetwork(await startTruth());
}

/** The same on a proxy that runs. */
export async function ownNetwork(truth: Truth): Promise<Scene> {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: truth.url,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  });
  return network(truth);
}

/** Empties everything, and makes the network anew. */
export async function freshScene({ truth }: Scene): Promise<Scene> {
  await truth.reset();
  return network(truth);
}

async function network(truth: Truth): Promise<Scene> {
  process.env.HOME = mkdtempSync(path.join(tmpdir(), "respond-"));
  return sceneIn(truth, REGION);
}

/** Of all regions, these are switched on in every account. */
const OTHER_REGIONS = [
  ...["us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1"],
  ...["eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3", "eu-north-1"],
  ...["ap-south-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-southeast-1", "ap-southeast-2"],
];

/**
 * The same account in another region. Scenes of several regions can be played at the same time: instances, calls and faults
 * of one are not those of another. `respond` has to be told the region.
 * @param number from 0; each has a region of its own
 */
export async function abroad({ truth }: Scene, number: number): Promise<Scene> {
  const region = OTHER_REGIONS[number];
  if (region === undefined) throw new Error(`there are ${OTHER_REGIONS.length} other regions`);
  return sceneIn(truth, region);
}

async function sceneIn(truth: Truth, region: string): Promise<Scene> {
  const config = { ...truth.client, region };
  const ec2 = new EC2Client(config);
  const s3 = new S3Client({ ...config, forcePathStyle: true });
  const place = await newNetwork(ec2, region);
  const Bucket = bucketIn(region);
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  await new SNSClient(config).send(new CreateTopicCommand({ Name: "slack-events" }));
  truth.forgetCalls(region);
  return {
    truth,
    region,
    ec2,
    s3,
    autoScaling: new AutoScalingClient(config),
    loadBalancing: new ElasticLoadBalancingV2Client(config),
    kms: new KMSClient(config),
    imageId: IMAGE,
    ...place,
  };
}

/** The same account with a network of its own: where a test needs no empty account. */
export async function elsewhere(scene: Scene): Promise<Scene> {
  const place = await newNetwork(scene.ec2, scene.region);
  scene.truth.forgetCalls(scene.region);
  return { ...scene, ...place };
}

async function newNetwork(ec2: EC2Client, region: string): Promise<Pick<Scene, "vpcId" | "subnetId" | "groupId">> {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }));
  const vpcId = Vpc?.VpcId ?? "";
  const { Subnet } = await ec2.send(
    new CreateSubnetCommand({ VpcId: vpcId, CidrBlock: "10.0.1.0/24", AvailabilityZone: `${region}a` }),
  );
  const group = { GroupName: "web", Description: "web", VpcId: vpcId };
  const { GroupId: groupId = "" } = await ec2.send(new CreateSecurityGroupCommand(group));
  return { vpcId, subnetId: Subnet?.SubnetId ?? "", groupId };
}

/** Starts an instance. @returns its id */
export async function launch(
  { ec2, truth, region, imageId, subnetId, groupId }: Scene,
  input: Partial<RunInstancesCommandInput> = {},
): Promise<string> {
  const { Instances: [instance] = [] } = await ec2.send(
    new RunInstancesCommand({
      ImageId: imageId,
      InstanceType: "m5.large",
      MinCount: 1,
      MaxCount: 1,
      ...(input.NetworkInterfaces === undefined ? { SubnetId: subnetId, SecurityGroupIds: [groupId] } : {}),
      ...input,
    }),
  );
  truth.forgetCalls(region);
  return instance?.InstanceId ?? "";
}

/** Gives an instance one more network interface. @returns its id */
export async function addInterface(
  { ec2, subnetId, groupId }: Scene,
  instanceId: string,
  index = 1,
  groups: readonly string[] = [groupId],
): Promise<string> {
  const made = await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId: subnetId, Groups: [...groups] }));
  const NetworkInterfaceId = made.NetworkInterface?.NetworkInterfaceId ?? "";
  await ec2.send(new AttachNetworkInterfaceCommand({ NetworkInterfaceId, InstanceId: instanceId, DeviceIndex: index }));
  return NetworkInterfaceId;
}

/** The security groups of each interface of an instance. */
export async function groupsOf({ ec2 }: Scene, instanceId: string): Promise<readonly (readonly string[])[]> {
  const Filters = [{ Name: "attachment.instance-id", Values: [instanceId] }];
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  return NetworkInterfaces.map(({ Groups = [] }) => Groups.flatMap(({ GroupId }) => GroupId ?? []).sort());
}

/** Runs `respond` in this process. */
export async function respond(...args: readonly string[]): Promise<Ran> {
  const terminal = fakeTerminal();
  const code = await runProgram(["respond", ...args], terminal);
  const out = terminal.written.join("\n");
  const lines = args.includes("--json") ? terminal.written.map((line) => JSON.parse(line)) : [];
  return { code, out, said: terminal.said.join("\n"), lines };
}

/** The keys of the evidence bucket. */
export async function keysIn({ s3, region }: Scene, prefix = ""): Promise<readonly string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucketIn(region), Prefix: prefix }));
  return Contents.flatMap(({ Key }) => Key ?? []);
}

/** An object of the evidence bucket. */
export async function objectIn({ s3, region }: Scene, key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucketIn(region), Key: key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? new Uint8Array());
}
