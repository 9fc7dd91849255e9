import { DescribeAutoScalingGroupsCommand } from "@aws-sdk/client-auto-scaling";
import {
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
} from "@aws-sdk/client-ec2";
import type { Context, Step } from "#incident-response/context.ts";
import { describeInstance } from "#incident-response/describe.ts";
import { Skip } from "#incident-response/run-step.ts";
import { madeTags } from "./made-tags.ts";
import { quarantineGroup } from "./quarantine-group.ts";
import { tokenOf } from "./volumes.ts";

/** A machine that does not start in it has a problem. */
const START_MAX_MS = 600_000;

/** Starts the machine on which the disks are looked into, in the zone of the disks. */
export const forensicInstance: Step = async (context) => {
  const { run, settings, records, changed } = context;
  const { forensic } = settings;
  const prepared = records.get("ForensicVolumes")?.details;
  if (forensic === null) throw new Skip("no forensic machine is named");
  if (typeof prepared?.subnetId !== "string") throw new Skip("there is no disk to look into");
  const id = await runOne(context, "ForensicInstance", {
    ImageId: forensic.ami,
    InstanceType: forensic.instanceType as NonNullable<RunInstancesCommandInput["InstanceType"]>,
    SubnetId: prepared.subnetId,
    SecurityGroupIds: [forensic.securityGroupId ?? (await groupIn(context, prepared.subnetId))],
    MetadataOptions: { HttpTokens: "required" },
    ...(forensic.instanceProfileArn === null ? {} : { IamInstanceProfile: { Arn: forensic.instanceProfileArn } }),
  });
  changed({ what: "instance", id, before: null, after: `forensic machine of ${run.case}` });
  return { status: "ok", details: { instanceId: id } };
};

async function groupIn({ aws, run, settings, changed }: Context, subnetId: string): Promise<string> {
  const { Subnets: [subnet] = [] } = await aws.ec2.send(new DescribeSubnetsCommand({ SubnetIds: [subnetId] }));
  const wanted = { vpcId: subnet?.VpcId ?? "", account: run.account, region: run.region, settings };
  return quarantineGroup(aws.ec2, wanted, changed);
}

/** One instance. The same call, made again, gives the same one. */
async function runOne(context: Context, step: string, input: Partial<RunInstancesCommandInput>): Promise<string> {
  const { aws, run } = context;
  const Tags = madeTags(context, step, run.instanceId);
  const { Instances: [instance] = [] } = await aws.ec2.send(
    new RunInstancesCommand({
      ...input,
      MinCount: 1,
      MaxCount: 1,
      ClientToken: tokenOf(run.case, step),
      TagSpecifications: [{ ResourceType: "instance", Tags }],
    }),
  );
  if (instance?.InstanceId === undefined) throw new Error("EC2 started no instance");
  return instance.InstanceId;
}

/** Asked until the forensic machine runs and its disks can be attached. */
export const awaitForensic: Step = async ({ aws, records }) => {
  const started = records.get("ForensicInstance");
  const id = started?.details?.instanceId;
  if (started === undefined || typeof id !== "string") throw new Skip("there is no forensic machine");
  const { instance } = await describeInstance(aws, id);
  const volumes = records.get("ForensicVolumes")?.details?.volumes;
  const VolumeIds = Array.isArray(volumes)
    ? volumes.flatMap((one) => (typeof one?.id === "string" ? [one.id] : []))
    : [];
  const { Volumes = [] } = VolumeIds.length === 0 ? {} : await aws.ec2.send(new DescribeVolumesCommand({ VolumeIds }));
  const ready = Volumes.every(({ State }) => State === "available" || State === "in-use");
  if (instance.State?.Name === "running" && ready) return { status: "ok" };
  const late = Date.now() - Date.parse(started.ended) > START_MAX_MS;
  const reason = `the forensic machine is ${instance.State?.Name}, its disks are ${ready ? "" : "not "}ready`;
  return { status: late ? "failed" : "pending", reason };
};

/** Keeps the service up: by the Auto Scaling group that lost the instance, or from a launch template; never from its image. */
export const replacement: Step = async (context) => {
  const { aws, before, run, settings, changed } = context;
  if (run.profile !== "full") throw new Skip("the profile is contain");
  const group = before.autoScaling?.group;
  if (group !== undefined) {
    const asked = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] });
    const { AutoScalingGroups: [found] = [] } = await aws.autoScaling.send(asked);
    const others = (found?.Instances ?? []).filter(({ InstanceId }) => InstanceId !== run.instanceId);
    return {
      status: "ok",
      reason: `${group} replaces it`,
      details: { group, instances: others.map(({ InstanceId }) => InstanceId) },
    };
  }
  const template = settings.replacementLaunchTemplate;
  if (template === null) throw new Skip("it is in no Auto Scaling group, and no launch template is named");
  const id = await runOne(context, "Replacement", {
    LaunchTemplate: { LaunchTemplateId: template.id, Version: template.version },
    ...(template.subnetId === null ? {} : { SubnetId: template.subnetId }),
  });
  changed({ what: "instance", id, before: null, after: `replacement of ${run.instanceId}` });
  return { status: "ok", details: { instanceId: id } };
};
