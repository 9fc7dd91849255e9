import ipaddr from "ipaddr.js";

/** What stands behind `value|name(arguments)`. Never throws: what cannot be answered is false or undefined. */
export type Transform = (value: unknown, ...args: unknown[]) => unknown;

/** A text, or each text of a list; nothing of anything else. */
export function texts(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((item) => typeof item === "string");
}

/** True when any text on the left and any on the right stand in the relation. */
function anyPair(relation: (text: string, part: string) => boolean): Transform {
  return (value, parts) => texts(value).some((text) => texts(parts).some((part) => relation(text, part)));
}

/**
 * Whether an address lies in a range such as `198.51.100.0/25` or `2001:db8::/32`, or is the address itself. IPv6 that
 * only carries IPv4 counts as IPv4. False for what is no address (CloudTrail also writes names of services) or no range.
 */
function isInRange(address: string, range: string): boolean {
  if (!isAddress(address)) return false;
  const candidate = ipaddr.process(address);
  if (isAddress(range)) return candidate.toNormalizedString() === ipaddr.process(range).toNormalizedString();
  if (!ipaddr.IPv6.isValidCIDR(range) && !ipaddr.IPv4.isValidCIDRFourPartDecimal(range)) return false;
  const [network, bits] = ipaddr.parseCIDR(range);
  return network.kind() === candidate.kind() && candidate.match(network, bits);
}

/** The library would also take `10` and `0x0a.1` for addresses. */
function isAddress(text: string): boolean {
  return ipaddr.IPv6.isValid(text) || ipaddr.IPv4.isValidFourPartDecimal(text);
}

/** Transforms that every expression may use. Where a text is expected, a list means "any of them". */
export const TRANSFORMS: Readonly<Record<string, Transform>> = {
  /** `errorCode|startsWith('AccessDenied')`, `eventName|startsWith(['Get', 'List'])` */
  startsWith: anyPair((text, part) => text.startsWith(part)),
  /** `errorCode|endsWith('UnauthorizedOperation')` */
  endsWith: anyPair((text, part) => text.endsWith(part)),
  /** `userAgent|contains(['kali', 'parrot'])` */
  contains: anyPair((text, part) => text.includes(part)),
  /** `sourceIPAddress|inCidr(['198.51.100.0/25', '2001:db8::/32'])` */
  inCidr: anyPair(isInRange),
  /** `event|has('requestParameters.policyArn')`: whether a key is there, whatever its value. */
  has: (value, key) =>
    typeof value === "object" && value !== null && typeof key === "string" && Object.hasOwn(value, key),
  /** `userAgent|lower` */
  lower: (value) => (typeof value === "string" ? value.toLowerCase() : undefined),
  /** `requestParameters.groupId|length`: of a text or a list. */
  length: (value) => (typeof value === "string" || Array.isArray(value) ? value.length : undefined),
};
