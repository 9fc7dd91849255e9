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
  const host = hostOf(region);
  if (host === undefined) return undefined;
  const [, path = "", query = "", fragment = ""] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(page) ?? [];
  return `https://${host}/${path}?region=${region}${query && `&${query}`}${fragment}`;
}

/**
 * The address of a page whose region is not known, for services such as S3 whose console finds it by itself.
 * @param neighbour any region of the same partition
 * @param page see {@link consoleUrl}
 * @returns undefined as {@link consoleUrl} does
 */
export function consoleUrlWithoutRegion(neighbour: string, page: string): string | undefined {
  const host = hostOf(neighbour);
  return host === undefined ? undefined : `https://${host}/${page}`;
}

function hostOf(region: string): string | undefined {
  if (!REGION.test(region)) return undefined;
  const [, host] = HOSTS.find(([prefix]) => region.startsWith(prefix)) ?? [];
  return host;
}
