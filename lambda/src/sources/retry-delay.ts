/** After the first attempt, and at most: short enough that an outage which ends is noticed soon. In seconds. */
const FIRST_SECONDS = 10;
const MAX_SECONDS = 900;

/**
 * How long a message that was not finished waits: twice as long each time.
 * @param receives how often it was handed out, at least once
 */
export function retryDelaySeconds(receives: number): number {
  return Math.min(MAX_SECONDS, FIRST_SECONDS * 2 ** Math.min(receives - 1, 20));
}
