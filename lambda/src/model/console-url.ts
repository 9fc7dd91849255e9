/** Hosts of the AWS console, by what begins the names of a partition's regions. https://docs.aws.amazon.com/general/latest/gr/signin-service.html */
const HOSTS = [
  ["cn-", "console.amazonaws.cn"],
  ["us-gov-", "console.amazonaws-us-gov.com"],
  // Partitions whose consoles stand elsewhere, and for themselves.
  ["us-iso", undefined],
  ["eu-iso", undefined],
  ["eusc-", undefined],
  ["", "console.aws.amazon.com"],
] as const;

/** What a region looks like: nothing else comes into an address. */
const REGION = /^[a-z]{2,4}(-[a-z]{2,12}){1,3}-\d{1,2}$/;

/**
 * The address of a page of the AWS console.
 * @param page path, query and fragment, already encoded, such as `cloudwatch/home#alarmsV2:alarm/x`
 * @returns undefined for what is no region, or one of a partition that is not known here
 */
export function consoleUrl(region: string, page: string): string | undefined {
  if (!REGION.test(region)) return undefined;
  const [, host] = HOSTS.find(([prefix]) => region.startsWith(prefix)) ?? [];
  if (host === undefined) return undefined;
  const [, path = "", query = "", fragment = ""] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(page) ?? [];
  return `https://${host}/${path}?region=${region}${query && `&${query}`}${fragment}`;
}
