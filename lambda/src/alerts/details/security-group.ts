import { type Fields, fieldsOf, firstOf, listed, objectsOf } from "#alerts/values.ts";
import type { Fact } from "#model/news.ts";
import { type CloudTrailRecord, textAt } from "#model/record.ts";

/** Ports that attackers look for first, and those that are commonly meant to be open. */
const PORTS: ReadonlyMap<string, string> = new Map([
  ["20", "FTP"],
  ["21", "FTP"],
  ["22", "SSH"],
  ["23", "Telnet"],
  ["25", "SMTP"],
  ["53", "DNS"],
  ["80", "HTTP"],
  ["389", "LDAP"],
  ["443", "HTTPS"],
  ["445", "SMB"],
  ["1433", "SQL Server"],
  ["1521", "Oracle"],
  ["2049", "NFS"],
  ["2375", "Docker"],
  ["3306", "MySQL"],
  ["3389", "RDP"],
  ["5432", "PostgreSQL"],
  ["5900", "VNC"],
  ["5985", "WinRM"],
  ["6379", "Redis"],
  ["9200", "Elasticsearch"],
  ["11211", "Memcached"],
  ["27017", "MongoDB"],
]);

/** Protocols by the numbers that network ACLs and security groups may have. */
const PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ["1", "icmp"],
  ["6", "tcp"],
  ["17", "udp"],
  ["58", "icmpv6"],
]);

const MAX_RULES = 5;
const MAX_PEERS = 4;

/** What a change of a security group or of a network ACL lets in or out: ports and ranges. */
export function trafficDetails(record: CloudTrailRecord): readonly Fact[] {
  const call = textAt(record, "eventName") ?? "";
  const request = fieldsOf(record.requestParameters);
  if (/^(Create|Replace|Delete)NetworkAclEntry$/.test(call)) return aclDetails(call, request);
  const isOut = call.endsWith("Egress");
  const opened = openings(request, isOut);
  if (opened.length === 0) return [];
  const tookEffect = textAt(record, "errorCode") === undefined;
  const label = labelOf(call, tookEffect);
  return [{ label: isOut ? `${label} (outbound)` : label, value: listed(opened, MAX_RULES, "; ") }];
}

function labelOf(call: string, tookEffect: boolean): string {
  if (call.startsWith("Revoke")) return tookEffect ? "Closed" : "Not closed";
  if (!tookEffect) return "Not opened";
  return call.startsWith("Modify") ? "Now open" : "Opened";
}

/** `tcp 22 (SSH) from everyone (0.0.0.0/0)`, one for each permission. */
function openings(request: Fields, isOut: boolean): readonly string[] {
  const side = (ranges: readonly string[]) => sideOf(ranges, isOut);
  const permissions = objectsOf(request.ipPermissions).map((permission) => {
    const { ipProtocol, fromPort, toPort } = permission;
    return `${traffic(ipProtocol, fromPort, toPort)} ${side(peersOf(permission))}`;
  });
  const flat = firstOf(request, "cidrIp", "cidrIpv6", "sourceSecurityGroupName");
  const modified = objectsOf(fieldsOf(request.ModifySecurityGroupRulesRequest).SecurityGroupRule).flatMap((entry) => {
    const rule = fieldsOf(entry.SecurityGroupRule);
    const peer = firstOf(rule, "CidrIpv4", "CidrIpv6", "ReferencedGroupId", "PrefixListId");
    // The record does not tell the direction.
    return peer === undefined ? [] : [`${traffic(rule.IpProtocol, rule.FromPort, rule.ToPort)} for ${peers([peer])}`];
  });
  const { ipProtocol, fromPort, toPort } = request;
  return [
    ...permissions,
    ...(flat === undefined ? [] : [`${traffic(ipProtocol, fromPort, toPort)} ${side([flat])}`]),
    ...modified,
  ];
}

function peersOf(permission: Fields): readonly string[] {
  return [
    ...objectsOf(permission.ipRanges).map((range) => firstOf(range, "cidrIp")),
    ...objectsOf(permission.ipv6Ranges).map((range) => firstOf(range, "cidrIpv6")),
    ...objectsOf(permission.groups).map((group) => firstOf(group, "groupId", "groupName")),
    ...objectsOf(permission.prefixListIds).map((list) => firstOf(list, "prefixListId")),
  ].filter((peer) => peer !== undefined);
}

function sideOf(ranges: readonly string[], isOut: boolean): string {
  return isOut ? `to ${peers(ranges)}` : `from ${peers(ranges)}`;
}

function peers(ranges: readonly string[]): string {
  if (ranges.length === 0) return "nobody";
  const all = ranges.filter((range) => /^(0\.0\.0\.0|::)\/0$/.test(range));
  const others = ranges.filter((range) => !all.includes(range));
  return [
    ...(all.length === 0 ? [] : [`everyone (${all.join(", ")})`]),
    ...(others.length === 0 ? [] : [listed(others, MAX_PEERS)]),
  ].join(", ");
}

/** Protocol and ports: `tcp 22 (SSH)`, `udp 5000–5010`, `all traffic`. */
function traffic(protocol: unknown, from: unknown, to: unknown): string {
  const number = String(protocol ?? "");
  if (number === "-1" || number === "all") return "all traffic";
  const name = PROTOCOLS.get(number) ?? (number === "" ? "traffic" : number);
  if (from === undefined || from === null || /icmp/.test(name)) return name;
  const [first, last] = [String(from), String(to ?? from)];
  if (first === last) return `${name} ${first}${PORTS.has(first) ? ` (${PORTS.get(first)})` : ""}`;
  if (/^[01]$/.test(first) && last === "65535") return `${name}, all ports`;
  const within = [...PORTS].filter(([port]) => Number(port) >= Number(first) && Number(port) <= Number(last));
  const known = [...new Set(within.map(([, service]) => service))];
  return `${name} ${first}–${last}${known.length === 0 ? "" : ` (with ${listed(known, 3)})`}`;
}

function aclDetails(call: string, request: Fields): readonly Fact[] {
  const side = String(request.egress) === "true" ? "outbound" : "inbound";
  const entry = `rule ${firstOf(request, "ruleNumber") ?? "?"}, ${side}`;
  if (call.startsWith("Delete")) return [{ label: "Removed", value: entry }];
  const { from, to } = fieldsOf(request.portRange);
  const peer = firstOf(request, "cidrBlock", "ipv6CidrBlock");
  const what = `${traffic(request.aclProtocol ?? request.protocol, from, to)} ${sideOf(peer === undefined ? [] : [peer], side === "outbound")}`;
  return [{ label: request.ruleAction === "deny" ? "Denied" : "Allowed", value: `${what} (${entry})` }];
}
