import { createHash } from "node:crypto";
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
  type IpPermission,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  type SecurityGroup,
  type SecurityGroupRule,
} from "@aws-sdk/client-ec2";
import { errorName } from "#incident-response/aws-error.ts";
import { tagsOf } from "#incident-response/describe.ts";
import { named } from "#incident-response/names.ts";
import type { Change } from "#incident-response/record.ts";
import type { Settings } from "#incident-response/settings.ts";

/** What tells our groups, snapshots, volumes and machines. */
export const MANAGED = { Key: "ir:managed", Value: "true" };

/** Names of groups of strangers in the way, at most. */
const MAX_NAMES = 10;

/** What a group must be. */
export interface Wanted {
  readonly vpcId: string;
  readonly account: string;
  readonly region: string;
  readonly settings: Pick<Settings, "quarantineGroupId" | "quarantineGroupName" | "forensicCidrs" | "forensicPorts">;
}

/**
 * The quarantine group of a VPC: the given one, ours, or a new one. Its rules are what they should be when this returns:
 * inbound only the forensic addresses, outbound nothing.
 * @returns its id
 * @throws Error when the given one lets too much through; what the SDK throws
 */
export async function quarantineGroup(
  ec2: EC2Client,
  wanted: Wanted,
  changed: (change: Change) => void,
): Promise<string> {
  const { quarantineGroupId: given } = wanted.settings;
  if (given !== null) {
    const [group] = await describeGroups(ec2, [{ Name: "group-id", Values: [given] }]);
    if (group === undefined) throw new Error(`there is no security group ${given}`);
    if (group.VpcId === wanted.vpcId) return checked(ec2, given);
  }
  const base = nameOf(wanted);
  for (let number = 1; number <= MAX_NAMES; number += 1) {
    const name = number === 1 ? base : `${base}-${number}`;
    const id = await ours(ec2, wanted, name, changed);
    if (id === undefined) continue;
    await closeUp(ec2, id, wanted, changed);
    return id;
  }
  throw new Error(`the names ${base} to ${base}-${MAX_NAMES} belong to security groups of others`);
}

/** Of at most 255 characters; rules that differ make another group, so that no case changes those of another. */
function nameOf({ vpcId, account, region, settings }: Wanted): string {
  const filled = named(settings.quarantineGroupName, { vpc: vpcId, account, region });
  const { forensicCidrs: cidrs, forensicPorts: ports } = settings;
  if (cidrs.length === 0) return filled;
  const rules = JSON.stringify([[...cidrs].sort(), [...ports].sort()]);
  return `${filled.slice(0, 240)}-${createHash("sha256").update(rules).digest("hex").slice(0, 6)}`;
}

/** The group of a name, made where there is none. @returns undefined where it belongs to somebody else */
async function ours(
  ec2: EC2Client,
  { vpcId }: Wanted,
  name: string,
  changed: (change: Change) => void,
): Promise<string | undefined> {
  const filters = [
    { Name: "vpc-id", Values: [vpcId] },
    { Name: "group-name", Values: [name] },
  ];
  const idIfOurs = (group: SecurityGroup) =>
    tagsOf(group.Tags)[MANAGED.Key] === MANAGED.Value ? group.GroupId : undefined;
  const [found] = await describeGroups(ec2, filters);
  if (found !== undefined) return idIfOurs(found);
  try {
    const { GroupId: id } = await ec2.send(
      new CreateSecurityGroupCommand({
        GroupName: name,
        VpcId: vpcId,
        Description: "Quarantine: instances under incident investigation",
        TagSpecifications: [{ ResourceType: "security-group", Tags: [MANAGED, { Key: "Name", Value: name }] }],
      }),
    );
    changed({ what: "quarantineGroup", id: id ?? "", before: null, after: name });
    return id;
  } catch (error) {
    if (errorName(error) !== "InvalidGroup.Duplicate") throw error;
    // Another run was faster, or our own request came twice.
    const [now] = await describeGroups(ec2, filters);
    if (now === undefined) throw error;
    return idIfOurs(now);
  }
}

async function describeGroups(
  ec2: EC2Client,
  Filters: { readonly Name: string; readonly Values: string[] }[],
): Promise<readonly SecurityGroup[]> {
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
  return SecurityGroups;
}

async function rulesOf(ec2: EC2Client, id: string): Promise<readonly SecurityGroupRule[]> {
  const Filters = [{ Name: "group-id", Values: [id] }];
  const { SecurityGroupRules = [] } = await ec2.send(new DescribeSecurityGroupRulesCommand({ Filters }));
  return SecurityGroupRules;
}

/** A given group may be stricter than ours, and hold addresses of its own, but it lets nobody out and not everyone in. */
async function checked(ec2: EC2Client, id: string): Promise<string> {
  const rules = await rulesOf(ec2, id);
  const wide = rules.find(
    ({ IsEgress, CidrIpv4, CidrIpv6 }) => IsEgress || CidrIpv4?.endsWith("/0") || CidrIpv6?.endsWith("/0"),
  );
  if (wide === undefined) return id;
  const what = wide.IsEgress ? "lets traffic out" : "is open to everyone";
  throw new Error(`the security group ${id} ${what} (${wide.SecurityGroupRuleId}); it isolates nothing`);
}

/** Rounds until AWS tells what was asked for. */
const MAX_ROUNDS = 4;

/** Takes away every rule that is not wanted, also the outbound ones that AWS gives to a new group, and adds what is. */
async function closeUp(
  ec2: EC2Client,
  id: string,
  { settings }: Wanted,
  changed: (change: Change) => void,
): Promise<void> {
  const wanted = new Map(
    settings.forensicCidrs.flatMap((cidr) =>
      settings.forensicPorts.map((port) => [`tcp ${port} ${cidr}`, { cidr, port }]),
    ),
  );
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    const rules = await rulesOf(ec2, id);
    const extra = rules.filter((rule) => rule.IsEgress || !wanted.has(shapeOf(rule)));
    const present = new Set(rules.filter(({ IsEgress }) => !IsEgress).map(shapeOf));
    const missing = Array.from(wanted).flatMap(([shape, rule]) => (present.has(shape) ? [] : [rule]));
    if (extra.length === 0 && missing.length === 0) return;
    await revoke(ec2, id, extra);
    await authorize(ec2, id, missing.map(permission));
    changed({ what: "quarantineGroupRules", id, before: rules.map(shapeOf), after: Array.from(wanted.keys()) });
  }
  throw new Error(`the rules of the security group ${id} do not stay what they should be`);
}

async function revoke(ec2: EC2Client, GroupId: string, rules: readonly SecurityGroupRule[]): Promise<void> {
  const ids = (egress: boolean) =>
    rules
      .filter(({ IsEgress }) => (IsEgress === true) === egress)
      .flatMap(({ SecurityGroupRuleId }) => SecurityGroupRuleId ?? []);
  const [out, into] = [ids(true), ids(false)];
  await Promise.all([
    out.length > 0 &&
      goneIsFine(ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId, SecurityGroupRuleIds: out }))),
    into.length > 0 &&
      goneIsFine(ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId, SecurityGroupRuleIds: into }))),
  ]);
}

/** Another run may be faster; a fresh group may not be known everywhere. The next round looks. */
async function goneIsFine(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!/NotFound$|Duplicate$/.test(errorName(error))) throw error;
  });
}

async function authorize(ec2: EC2Client, GroupId: string, permissions: readonly IpPermission[]): Promise<void> {
  if (permissions.length === 0) return;
  await goneIsFine(ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [...permissions] })));
}

function permission({ cidr, port }: { readonly cidr: string; readonly port: number }): IpPermission {
  const ranges = cidr.includes(":") ? { Ipv6Ranges: [{ CidrIpv6: cidr }] } : { IpRanges: [{ CidrIp: cidr }] };
  return { IpProtocol: "tcp", FromPort: port, ToPort: port, ...ranges };
}

function shapeOf({ IsEgress, IpProtocol, FromPort, ToPort, ...rule }: SecurityGroupRule): string {
  const ports = FromPort === ToPort ? `${FromPort}` : `${FromPort}-${ToPort}`;
  const peer = rule.CidrIpv4 ?? rule.CidrIpv6 ?? rule.ReferencedGroupInfo?.GroupId ?? rule.PrefixListId ?? "?";
  return `${IsEgress ? "out " : ""}${IpProtocol} ${ports} ${peer}`;
}
