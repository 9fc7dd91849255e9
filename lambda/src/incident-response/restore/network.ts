import {
  AssociateAddressCommand,
  DescribeAddressesCommand,
  DescribeSecurityGroupsCommand,
  ModifyNetworkInterfaceAttributeCommand,
} from "@aws-sdk/client-ec2";
import { describeInterfaces, tagsOf } from "#incident-response/describe.ts";
import type { InterfaceBefore } from "#incident-response/run.ts";
import { MANAGED } from "#incident-response/steps/quarantine-group.ts";
import { attempt, type PuttingBack } from "./putting-back.ts";

/** Puts every interface back into the groups that it was in: what ends the isolation, so it comes last. */
export async function restoreGroups(back: PuttingBack): Promise<void> {
  const { aws, before, run } = back.context;
  const now = await describeInterfaces(aws, run.instanceId);
  const wanted = [...before.interfaces, ...interfacesSince(back)];
  const mentioned = [
    ...now.flatMap(({ Groups = [] }) => Groups.map(({ GroupId = "" }) => GroupId)),
    ...groupsBefore(wanted),
  ];
  const known = await describeKnown(back, mentioned);
  for (const was of wanted) {
    await attempt(back, was.id, async () => {
      const one = now.find(({ NetworkInterfaceId }) => NetworkInterfaceId === was.id);
      if (one === undefined) return void back.drift.push(`${was.id} is not attached any more`);
      const groups = (one.Groups ?? []).map(({ GroupId = "" }) => GroupId);
      const [only = ""] = groups;
      const quarantined = groups.length === 1 && isQuarantine(back, was.id, only, known);
      if (sameSet(groups, was.groups)) {
        if (quarantined) back.drift.push(`${was.id} was in quarantine when its state before was recorded`);
        return;
      }
      if (!quarantined) {
        return void back.drift.push(`the groups of ${was.id} are ${groups.join(", ")}, which is not our doing`);
      }
      const there = was.groups.filter((id) => known.has(id));
      if (there.length < was.groups.length)
        back.drift.push(`groups of ${was.id} were deleted since: ${without(was.groups, there)}`);
      if (there.length === 0) return void back.drift.push(`${was.id} stays in quarantine: none of its groups is left`);
      await aws.ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: was.id, Groups: there }));
      back.context.changed({ what: "groups", id: was.id, before: groups, after: there });
    });
  }
}

/** An interface with the groups that it was in. */
type Was = Pick<InterfaceBefore, "id" | "groups">;

/** Interfaces that were attached after the state before was recorded, and that a run then put into quarantine. */
function interfacesSince({ context, changes }: PuttingBack): readonly Was[] {
  const known = new Set(context.before.interfaces.map(({ id }) => id));
  const since = new Map<string, Was>();
  for (const { what, id, before } of changes) {
    if (what !== "groups" || known.has(id) || since.has(id) || !Array.isArray(before)) continue;
    since.set(id, { id, groups: before.filter((group) => typeof group === "string") });
  }
  return [...since.values()];
}

const groupsBefore = (interfaces: readonly Was[]) => interfaces.flatMap(({ groups }) => groups);
const without = (all: readonly string[], some: readonly string[]) =>
  all.filter((one) => !some.includes(one)).join(", ");
const sameSet = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every((item) => other.includes(item));

/** The groups that exist, with their tags. */
async function describeKnown({ context }: PuttingBack, ids: readonly string[]) {
  const Filters = [{ Name: "group-id", Values: [...new Set(ids)] }];
  const { SecurityGroups = [] } = await context.aws.ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
  return new Map(SecurityGroups.map(({ GroupId = "", Tags }) => [GroupId, tagsOf(Tags)]));
}

function isQuarantine(
  { context, changes }: PuttingBack,
  interfaceId: string,
  id: string,
  known: ReadonlyMap<string, Readonly<Record<string, string>>>,
): boolean {
  const ours = changes.some(
    (change) =>
      change.what === "groups" && change.id === interfaceId && Array.isArray(change.after) && change.after.includes(id),
  );
  return ours || id === context.before.quarantineGroupId || known.get(id)?.[MANAGED.Key] === MANAGED.Value;
}

/** Gives the Elastic IPs back, unless somebody else has them now. */
export async function restoreAddresses(back: PuttingBack): Promise<void> {
  const { aws, before, changed } = back.context;
  for (const { id, elastic } of before.interfaces) {
    for (const { allocationId, publicIp, privateIp } of elastic) {
      await attempt(back, publicIp, async () => {
        const asked = new DescribeAddressesCommand({ AllocationIds: [allocationId] });
        const { Addresses: [address] = [] } = await aws.ec2.send(asked);
        if (address === undefined) return void back.drift.push(`the address ${publicIp} was released`);
        if (address.NetworkInterfaceId === id) return;
        if (address.AssociationId !== undefined) {
          return void back.drift.push(
            `the address ${publicIp} belongs to ${address.NetworkInterfaceId ?? "another"} now`,
          );
        }
        const wanted = { AllocationId: allocationId, NetworkInterfaceId: id, AllowReassociation: false };
        const at = privateIp === undefined ? {} : { PrivateIpAddress: privateIp };
        await aws.ec2.send(new AssociateAddressCommand({ ...wanted, ...at }));
        changed({ what: "elasticIp", id: allocationId, before: null, after: publicIp });
      });
    }
  }
}
