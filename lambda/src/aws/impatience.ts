/**
 * How an AWS client is kept from waiting for ever, as by default: an invocation's time is better spent with handing back.
 * @param requestTimeout until the answer begins, in milliseconds; each of the client's attempts has as long
 */
export function impatience(requestTimeout: number) {
  return { connectionTimeout: 1_000, requestTimeout, throwOnRequestTimeout: true };
}
