/** Loopback addresses: where tests and demos put their stand-in, and the only ones for which plain http will do. */
const LOOPBACK = /^(127(\.\d{1,3}){3}|\[::1\]|localhost)$/;

/**
 * Why a hook may not be used, or undefined when it may. The sentence never holds the URL, at most its host.
 * @param allowedHosts host names, such as `hooks.slack.com`
 */
export function hookProblem(hook: string, allowedHosts: readonly string[]): string | undefined {
  const url = URL.parse(hook);
  if (url === null) return "is not a URL: it should look like https://hooks.slack.com/services/…";
  if (LOOPBACK.test(url.hostname) && ["http:", "https:"].includes(url.protocol)) return undefined;
  if (url.protocol !== "https:") return "does not begin with https://";
  if (url.username !== "" || url.password !== "") return "has a user name or a password in it";
  if (!allowedHosts.includes(url.hostname)) {
    return `points at the host ${url.hostname}, which is not in allowed_hook_hosts (${allowedHosts.join(", ")})`;
  }
  return undefined;
}
