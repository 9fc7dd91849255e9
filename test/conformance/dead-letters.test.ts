import { fakeDeadLetters } from "#test/support/dead-letters.ts";
import { deadLettersConformance } from "./dead-letters.ts";

deadLettersConformance("in memory", async (bodies) => {
  const queue = fakeDeadLetters(bodies);
  return { queue, wait: async (seconds) => queue.advance(seconds) };
});
