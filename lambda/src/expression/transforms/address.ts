import ipaddr from "ipaddr.js";
import { anyPair, anyText, type Transform } from "./transform.ts";

/** Ranges as `ipaddr.js` names them: RFC 1918, loopback, link local, carrier-grade NAT (RFC 6598), ULA (RFC 4193). */
const PRIVATE: readonly string[] = ["private", "loopback", "linkLocal", "carrierGradeNat", "uniqueLocal"];

/**
 * Whether an address lies in a range such as `198.51.100.0/25` or `2001:db8::/32`, or is the address itself. IPv6 that
 * only carries IPv4 counts as IPv4. False for what is no address (CloudTrail also writes names of services) or no range.
 */
function isInRange(address: string, range: string): boolean {
  if (!isAddress(address)) return false;
  const candidate = ipaddr.process(address);
  if (isAddress(range)) return candidate.toNormalizedString() === ipaddr.process(range).toNormalizedString();
  if (!isRange(range)) return false;
  const [network, bits] = ipaddr.parseCIDR(range);
  return network.kind() === candidate.kind() && candidate.match(network, bits);
}

/** Whether a text is a range in which addresses can be, or an address. */
export function isRange(text: string): boolean {
  return isAddress(text) || ipaddr.IPv6.isValidCIDR(text) || ipaddr.IPv4.isValidCIDRFourPartDecimal(text);
}

/** The library would also take `10` and `0x0a.1` for addresses. */
function isAddress(text: string): boolean {
  return ipaddr.IPv6.isValid(text) || ipaddr.IPv4.isValidFourPartDecimal(text);
}

/** Of IP addresses, both versions. */
export const ADDRESS_TRANSFORMS = {
  /** `sourceIPAddress|inCidr(['198.51.100.0/25', '2001:db8::/32'])` */
  inCidr: anyPair(isInRange),
  /** `sourceIPAddress|isIp`: and no name of a service. */
  isIp: anyText(isAddress),
  /** `sourceIPAddress|isPrivateIp`: RFC 1918, loopback, link local, carrier-grade NAT, unique local. */
  isPrivateIp: anyText((text) => isAddress(text) && PRIVATE.includes(ipaddr.process(text).range())),
} satisfies Readonly<Record<string, Transform>>;
