/** Parts of names that AWS gives to what passes by itself: throttling and failures of its own, those of KMS included. */
const PASSING = /Throttl|TooManyRequests|Internal|Unavailable|Timeout|Busy/i;

/** Whether what AWS answered passes by itself, so that it says nothing about the destination. */
export function isPassing(error: unknown): boolean {
  return error instanceof Error && PASSING.test(error.name);
}
