import { setTimeout as sleep } from "node:timers/promises";
import { ModifyNetworkInterfaceAttributeCommand, type NetworkInterface } from "@aws-sdk/client-ec2";
import { errorName, isMissing, isThrottled, isTransient } from "#incident-response/aws-error.ts";
import type { Context, Step } from "#incident-response/context.ts";
import { describeInterfaces } from "#incident-response/describe.ts";
import type { StepResult } from "#incident-response/record.ts";
import { explained, Skip } from "#incident-response/run-step.ts";
import { quarantineGroup } from "./quarantine-group.ts";

/** Rounds of changing and looking: an interface may be attached meanwhile, and a new group takes a while to be known. */
const MAX_ROUNDS = 8;
const BETWEEN_ROUNDS_MS = 500;
/** A refusal twice in a row is one. */
const REFUSED_ROUNDS = 2;

/**
 * Puts every network interface of the instance into the quarantine group of its VPC, and nothing else, and looks until
 * that is so. An interface that cannot be changed keeps no other one open.
 */
export const isolate: Step = async (context) => {
  if (context.before.instance.state === "terminated") throw new Skip("the instance is terminated: it has no network");
  const groups = new Map<string, string>();
  const notes = new Set<string>();
  let problems: readonly unknown[] = [];
  let refusedRounds = 0;
  for (let round = 1; round <= MAX_ROUNDS && refusedRounds < REFUSED_ROUNDS; round += 1) {
    const interfaces = await describeInterfaces(context.aws, context.run.instanceId);
    const withoutGroup = new Set(interfaces.flatMap(({ VpcId }) => VpcId ?? []).filter((vpcId) => !groups.has(vpcId)));
    const making = await Promise.allSettled(
      Array.from(withoutGroup, (vpcId) => makeGroup(context, vpcId, groups, notes)),
    );
    const open = interfaces.filter((one) => !isIn(one, groups.get(one.VpcId ?? "")));
    if (open.length === 0) return isolated(context, interfaces, groups, notes);
    const closing = await Promise.allSettled(open.map((one) => close(context, one, groups)));
    problems = [...making, ...closing].flatMap((tried) => (tried.status === "rejected" ? [tried.reason] : []));
    if (problems.length > 0) await sleep(BETWEEN_ROUNDS_MS * round, undefined, { signal: context.signal });
    refusedRounds = problems.length > 0 && problems.every(isRefusal) ? refusedRounds + 1 : 0;
  }
  const why = problems.length === 0 ? "an interface does not stay in it" : problems.map(explained).join("; ");
  const refused = refusedRounds === REFUSED_ROUNDS;
  return { status: "failed", reason: `not every interface is in quarantine: ${why}`, details: { refused } };
};

/** Neither load nor a resource that is too new: asking again gets the same answer. */
const isRefusal = (error: unknown) => !isThrottled(error) && !isTransient(error) && !isMissing(error);

const isIn = ({ Groups = [] }: NetworkInterface, group: string | undefined) =>
  group !== undefined && Groups.length === 1 && Groups[0]?.GroupId === group;

/**
 * One group for each VPC: an instance may have interfaces in several. Addresses that may come in want a group of their
 * own; where that cannot be had, the group without them is better than none.
 */
async function makeGroup(context: Context, vpcId: string, groups: Map<string, string>, notes: Set<string>) {
  const { aws, run, settings, changed } = context;
  const group = (forensicCidrs: string[]) =>
    quarantineGroup(
      aws.ec2,
      { vpcId, account: run.account, region: run.region, settings: { ...settings, forensicCidrs } },
      changed,
    );
  try {
    groups.set(vpcId, await group(settings.forensicCidrs));
  } catch (error) {
    if (settings.forensicCidrs.length === 0 || !isRefusal(error)) throw error;
    groups.set(vpcId, await group([]));
    const full = errorName(error) === "SecurityGroupLimitExceeded";
    notes.add(`nobody is let in: ${full ? `${vpcId} takes no more security groups` : explained(error)}`);
  }
  const { quarantineGroupId: given } = settings;
  if (given !== null && groups.get(vpcId) !== given)
    notes.add(`${given} is of another VPC: ${groups.get(vpcId)} is used in ${vpcId}`);
}

async function close({ aws, changed }: Context, one: NetworkInterface, groups: ReadonlyMap<string, string>) {
  const { VpcId: vpcId = "", NetworkInterfaceId: id = "", Groups = [] } = one;
  const group = groups.get(vpcId);
  if (group === undefined) return;
  await aws.ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: id, Groups: [group] }));
  changed({ what: "groups", id, before: Groups.map(({ GroupId }) => GroupId), after: [group] });
}

/** What stays open although the groups are closed, in words. */
const RESIDUAL = "VPC resolver (DNS), time service and metadata service: security groups do not filter them";

function isolated(
  { before }: Context,
  interfaces: readonly NetworkInterface[],
  groups: ReadonlyMap<string, string>,
  notes: ReadonlySet<string>,
): StepResult {
  return {
    status: "ok",
    ...(notes.size === 0 ? {} : { reason: [...notes].join("; ") }),
    details: {
      groups: Object.fromEntries(groups),
      interfaces: interfaces.map(({ NetworkInterfaceId }) => NetworkInterfaceId),
      // Connections that were tracked before go on until they end. A stop cuts them; nothing else here does for sure.
      connections: before.instance.state === "stopped" ? "severed" : "draining",
      residual: [RESIDUAL],
    },
  };
}
