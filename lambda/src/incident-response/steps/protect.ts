import {
  CreateTagsCommand,
  DescribeInstanceAttributeCommand,
  ModifyInstanceAttributeCommand,
  ModifyNetworkInterfaceAttributeCommand,
} from "@aws-sdk/client-ec2";
import type { Context, Step } from "#incident-response/context.ts";
import { describeInstance, describeInterfaces } from "#incident-response/describe.ts";
import { explained, Skip } from "#incident-response/run-step.ts";

/** What a spot instance does not take. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_ChangingDisableAPITermination.html */
const SPOT = "a spot instance cannot be protected";

/** Nobody terminates the instance by accident. */
export const terminationProtection: Step = async ({ aws, before, run, changed }) => {
  mustBeThere(before.instance.state);
  if (before.instance.lifecycle === "spot") throw new Skip(SPOT);
  const InstanceId = run.instanceId;
  const asked = new DescribeInstanceAttributeCommand({ InstanceId, Attribute: "disableApiTermination" });
  const { DisableApiTermination: now } = await aws.ec2.send(asked);
  if (now?.Value === true) return { status: "ok", reason: "it was on" };
  await aws.ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, DisableApiTermination: { Value: true } }));
  changed({ what: "terminationProtection", id: InstanceId, before: now?.Value ?? false, after: true });
  return { status: "ok" };
};

/** A shutdown from inside leaves the instance stopped, not gone: termination protection does not help there. */
export const shutdownBehavior: Step = async ({ aws, before, run, changed }) => {
  mustBeThere(before.instance.state);
  if (before.instance.rootDeviceType === "instance-store")
    throw new Skip("its root is an instance store: it cannot stop");
  if (before.instance.lifecycle === "spot") throw new Skip("what a spot instance does is part of its request");
  const InstanceId = run.instanceId;
  const asked = new DescribeInstanceAttributeCommand({ InstanceId, Attribute: "instanceInitiatedShutdownBehavior" });
  const { InstanceInitiatedShutdownBehavior: now } = await aws.ec2.send(asked);
  if (now?.Value === "stop") return { status: "ok", reason: "it was stop" };
  const wanted = { InstanceId, InstanceInitiatedShutdownBehavior: { Value: "stop" } };
  await aws.ec2.send(new ModifyInstanceAttributeCommand(wanted));
  changed({ what: "shutdownBehavior", id: InstanceId, before: now?.Value, after: "stop" });
  return { status: "ok" };
};

/** Disks and network interfaces stay when the instance goes. */
export const keepVolumes: Step = async (context) => {
  mustBeThere(context.before.instance.state);
  const { aws, run } = context;
  const [{ instance }, interfaces] = await Promise.all([
    describeInstance(aws, run.instanceId),
    describeInterfaces(aws, run.instanceId),
  ]);
  const volumes = (instance.BlockDeviceMappings ?? []).flatMap(({ DeviceName, Ebs }) =>
    Ebs?.DeleteOnTermination === true ? [{ device: DeviceName, id: Ebs.VolumeId ?? "" }] : [],
  );
  const attached = interfaces.flatMap(({ NetworkInterfaceId: id = "", Attachment }) =>
    Attachment?.DeleteOnTermination === true ? [{ id, attachmentId: Attachment.AttachmentId }] : [],
  );
  const tries = await Promise.allSettled([
    keep(context, volumes),
    ...attached.map((one) => keepInterface(context, one.id, one.attachmentId)),
  ]);
  const problems = tries.flatMap((tried) => (tried.status === "rejected" ? [explained(tried.reason)] : []));
  return problems.length === 0 ? { status: "ok" } : { status: "failed", reason: problems.join("; ") };
};

async function keep(
  { aws, run, changed }: Context,
  volumes: readonly { readonly device: string | undefined; readonly id: string }[],
): Promise<void> {
  if (volumes.length === 0) return;
  const BlockDeviceMappings = volumes.map(({ device }) => ({
    DeviceName: device,
    Ebs: { DeleteOnTermination: false },
  }));
  await aws.ec2.send(new ModifyInstanceAttributeCommand({ InstanceId: run.instanceId, BlockDeviceMappings }));
  for (const { id } of volumes) changed({ what: "deleteOnTermination", id, before: true, after: false });
}

async function keepInterface({ aws, changed }: Context, id: string, AttachmentId: string | undefined): Promise<void> {
  const Attachment = { AttachmentId, DeleteOnTermination: false };
  await aws.ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: id, Attachment }));
  changed({ what: "deleteOnTermination", id, before: true, after: false });
}

/** The tags that tell people what happened. Whoever has the account can change them: the truth stands in the manifest. */
export const quarantineTags = (caseName: string, isolatedAt: string) => [
  { Key: "ir:status", Value: "quarantine" },
  { Key: "ir:investigation", Value: "incident investigation required" },
  { Key: "ir:case", Value: caseName },
  { Key: "ir:isolated-at", Value: isolatedAt },
];

/** Tells that the diagnostic interrupt of a case was sent, where the bucket does not. */
export const interruptTag = (caseName: string) => ({ Key: "ir:interrupt", Value: caseName });

/** Marks the instance. */
export const tags: Step = async ({ aws, before, run, changed }) => {
  const wanted = quarantineTags(run.case, run.startedAt);
  await aws.ec2.send(new CreateTagsCommand({ Resources: [run.instanceId], Tags: wanted }));
  const old = Object.fromEntries(wanted.map(({ Key }) => [Key, before.instance.tags[Key] ?? null]));
  const after = Object.fromEntries(wanted.map(({ Key, Value }) => [Key, Value]));
  changed({ what: "tags", id: run.instanceId, before: old, after });
  return { status: "ok" };
};

function mustBeThere(state: string): void {
  if (state === "terminated") throw new Skip("the instance is terminated");
}
