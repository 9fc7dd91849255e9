import { setTimeout as delay } from "node:timers/promises";

const everyMs = 10;
const deadlineMs = 10_000;

/** Waits until the condition holds. @throws Error after ten seconds */
export async function settled(condition: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > endMs) throw new Error(`It did not happen within ${deadlineMs} ms.`);
    await delay(everyMs);
  }
}
