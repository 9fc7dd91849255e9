import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { EC2Client, StopInstancesCommand } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { S3Client } from "@aws-sdk/client-s3";
import { settled } from "#test/support/truth/eventually.ts";
import { type GroupedVictim, launchInGroup } from "#test/support/truth/grouped-shapes.ts";
import { createNetwork, type Network } from "#test/support/truth/networks.ts";
import { describeInstance, launch, type Victim } from "#test/support/truth/shapes.ts";
import type { Truth } from "#test/support/truth/truth.ts";

/** What the tests of the refusals share: instances that no refused call changes, and clients that do not try again. */
export type Stage = {
  readonly truth: Truth;
  readonly ec2: EC2Client;
  readonly autoScaling: AutoScalingClient;
  readonly loadBalancers: ElasticLoadBalancingV2Client;
  readonly s3: S3Client;
  readonly network: Network;
  readonly otherNetwork: Network;
  readonly plain: Victim;
  readonly stopped: Victim;
  readonly twoInterfaces: Victim;
  readonly oneTimeSpot: Victim;
  readonly grouped: GroupedVictim;
};

/** A call that must be refused, and the code that AWS documents for it. */
export type Row = readonly [what: string, code: string, call: (stage: Stage) => Promise<unknown>];

/** Sets everything up. */
export async function setStage(truth: Truth): Promise<Stage> {
  const settings = { ...truth.client, maxAttempts: 1 };
  const ec2 = new EC2Client(settings);
  const network = await createNetwork(ec2, { zones: ["us-east-1a", "us-east-1b"] });
  const otherNetwork = await createNetwork(ec2);
  const stopped = await launch(truth, { network, data: 1 });
  await ec2.send(new StopInstancesCommand({ InstanceIds: [stopped.id] }));
  await settled(async () => (await describeInstance(ec2, stopped.id)).State?.Name === "stopped");
  return {
    truth,
    ec2,
    autoScaling: new AutoScalingClient(settings),
    loadBalancers: new ElasticLoadBalancingV2Client(settings),
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    network,
    otherNetwork,
    plain: await launch(truth, { network, data: 1 }),
    stopped,
    twoInterfaces: await launch(truth, { network, interfaces: 2, elasticIp: true, profile: true }),
    oneTimeSpot: await launch(truth, { network, spot: "one-time" }),
    grouped: await launchInGroup(truth, { network, sizes: [2, 2, 3], targetGroups: 1 }),
  };
}
