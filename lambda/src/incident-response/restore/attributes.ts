import {
  AssociateIamInstanceProfileCommand,
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeIamInstanceProfileAssociationsCommand,
  DescribeInstanceAttributeCommand,
  type IamInstanceProfileAssociation,
  ModifyInstanceAttributeCommand,
  ModifyInstanceMetadataOptionsCommand,
  ModifyNetworkInterfaceAttributeCommand,
} from "@aws-sdk/client-ec2";
import { describeInstance, describeInterfaces, tagsOf } from "#incident-response/describe.ts";
import { interruptTag, quarantineTags } from "#incident-response/steps/protect.ts";
import { attempt, type PuttingBack, wasChanged } from "./putting-back.ts";

/** What was there before, by the state before or, where that could not be read, by what the step said. */
function wasBefore(back: PuttingBack, what: string, known: unknown): unknown {
  return known ?? back.changes.find((change) => change.what === what)?.before;
}

/** Termination protection and shutdown behaviour, where they are as a response leaves them and were not before. */
export async function restoreProtection(back: PuttingBack): Promise<void> {
  const { aws, before, run, changed } = back.context;
  const InstanceId = run.instanceId;
  const attribute = async (Attribute: "disableApiTermination" | "instanceInitiatedShutdownBehavior") =>
    aws.ec2.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute }));
  await attempt(back, "termination protection", async () => {
    if (wasBefore(back, "terminationProtection", before.terminationProtection) !== false) return;
    const { DisableApiTermination: now } = await attribute("disableApiTermination");
    if (now?.Value !== true) return;
    await aws.ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, DisableApiTermination: { Value: false } }));
    changed({ what: "terminationProtection", id: InstanceId, before: true, after: false });
  });
  await attempt(back, "shutdown behaviour", async () => {
    if (wasBefore(back, "shutdownBehavior", before.shutdownBehavior) !== "terminate") return;
    const { InstanceInitiatedShutdownBehavior: now } = await attribute("instanceInitiatedShutdownBehavior");
    if (now?.Value !== "stop") return;
    const wanted = { InstanceId, InstanceInitiatedShutdownBehavior: { Value: "terminate" } };
    await aws.ec2.send(new ModifyInstanceAttributeCommand(wanted));
    changed({ what: "shutdownBehavior", id: InstanceId, before: "stop", after: "terminate" });
  });
}

/** Disks and interfaces that went with the instance go with it again. */
export async function restoreDeletion(back: PuttingBack): Promise<void> {
  const { aws, before, run, changed } = back.context;
  await attempt(back, "deletion of disks", async () => {
    const { instance } = await describeInstance(aws, run.instanceId);
    const kept = before.volumes.filter(({ id, deleteOnTermination }) => {
      const now = instance.BlockDeviceMappings?.find(({ Ebs }) => Ebs?.VolumeId === id)?.Ebs?.DeleteOnTermination;
      return deleteOnTermination && now === false;
    });
    if (kept.length === 0) return;
    const BlockDeviceMappings = kept.map(({ device }) => ({ DeviceName: device, Ebs: { DeleteOnTermination: true } }));
    await aws.ec2.send(new ModifyInstanceAttributeCommand({ InstanceId: run.instanceId, BlockDeviceMappings }));
    for (const { id } of kept) changed({ what: "deleteOnTermination", id, before: false, after: true });
  });
  await attempt(back, "deletion of interfaces", async () => {
    const now = await describeInterfaces(aws, run.instanceId);
    for (const { id, deleteOnTermination } of before.interfaces) {
      const one = now.find(({ NetworkInterfaceId }) => NetworkInterfaceId === id)?.Attachment;
      if (!deleteOnTermination || one === undefined || one.DeleteOnTermination === true) continue;
      const Attachment = { AttachmentId: one.AttachmentId, DeleteOnTermination: true };
      await aws.ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: id, Attachment }));
      changed({ what: "deleteOnTermination", id, before: false, after: true });
    }
  });
}

/** Takes our marks off. A mark that somebody changed stays. */
export async function restoreTags(back: PuttingBack): Promise<void> {
  const { aws, before, run, changed } = back.context;
  await attempt(back, "tags", async () => {
    const { instance } = await describeInstance(aws, run.instanceId);
    const now = tagsOf(instance.Tags);
    const old = before.instance.tags;
    const marks = [...quarantineTags(run.case, ""), interruptTag(run.case)];
    const ours = marks.filter(({ Key, Value }) => {
      if (now[Key] === undefined || now[Key] === old[Key]) return false;
      if (Key === "ir:isolated-at" || now[Key] === Value) return true;
      back.drift.push(`the tag ${Key} is ${now[Key]} now, which is not our doing`);
      return false;
    });
    const keys = ours.map(({ Key }) => Key);
    const gone = keys.filter((key) => old[key] === undefined).map((Key) => ({ Key }));
    const again = keys.flatMap((Key) => (old[Key] === undefined ? [] : [{ Key, Value: old[Key] }]));
    const Resources = [run.instanceId];
    if (gone.length > 0) await aws.ec2.send(new DeleteTagsCommand({ Resources, Tags: gone }));
    if (again.length > 0) await aws.ec2.send(new CreateTagsCommand({ Resources, Tags: again }));
    if (keys.length > 0) changed({ what: "tags", id: run.instanceId, before: keys, after: again });
  });
}

/** Metadata service and instance profile, only where a run says that it took them. */
export async function restoreCredentials(back: PuttingBack): Promise<void> {
  const { aws, before, run, changed } = back.context;
  const InstanceId = run.instanceId;
  await attempt(back, "metadata service", async () => {
    const { instance } = await describeInstance(aws, InstanceId);
    if (instance.MetadataOptions?.HttpEndpoint !== "disabled" || before.instance.metadataEndpoint === "disabled")
      return;
    if (!wasChanged(back, "metadataEndpoint", InstanceId))
      return void back.drift.push("the metadata service is disabled, which no run of the case says it did");
    await aws.ec2.send(new ModifyInstanceMetadataOptionsCommand({ InstanceId, HttpEndpoint: "enabled" }));
    changed({ what: "metadataEndpoint", id: InstanceId, before: "disabled", after: "enabled" });
  });
  await attempt(back, "instance profile", async () => {
    const Arn = before.instance.profileArn;
    if (Arn === undefined) return;
    const now = await associationOf(back);
    if (now?.IamInstanceProfile?.Arn === Arn) return;
    if (!wasChanged(back, "profile", InstanceId))
      return void back.drift.push(`the instance has the profile ${Arn} no more, which no run of the case says it did`);
    if (now !== undefined)
      return void back.drift.push(`the instance has the profile ${now.IamInstanceProfile?.Arn} now`);
    const wanted = new AssociateIamInstanceProfileCommand({ InstanceId, IamInstanceProfile: { Arn } });
    await aws.ec2.send(wanted).catch(async (error: unknown) => {
      // Perhaps an earlier request got there, whose answer did not.
      if ((await associationOf(back))?.IamInstanceProfile?.Arn !== Arn) throw error;
    });
    changed({ what: "profile", id: InstanceId, before: null, after: Arn });
  });
}

async function associationOf({
  context: { aws, run },
}: PuttingBack): Promise<IamInstanceProfileAssociation | undefined> {
  const Filters = [{ Name: "instance-id", Values: [run.instanceId] }];
  const asked = new DescribeIamInstanceProfileAssociationsCommand({ Filters });
  const { IamInstanceProfileAssociations = [] } = await aws.ec2.send(asked);
  return IamInstanceProfileAssociations.find(({ State }) => State === "associated" || State === "associating");
}
