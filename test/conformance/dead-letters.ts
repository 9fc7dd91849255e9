import { describe, expect, test } from "vitest";
import type { DeadLetter, DeadLetterQueue } from "#cli/dead-letters/ports.ts";

/** A queue that holds what a case needs, and the time that it knows. */
export interface DeadLettersUnderTest {
  readonly queue: DeadLetterQueue;
  /** Lets this much time pass. */
  readonly wait: (seconds: number) => Promise<void>;
}

const bodiesOf = (letters: readonly DeadLetter[]) => letters.map(({ body }) => body).toSorted();
const everything = async (queue: DeadLetterQueue, hiddenSeconds: number) => {
  const letters: DeadLetter[] = [];
  for (;;) {
    const more = await queue.receive(10, hiddenSeconds);
    if (more.length === 0) return letters;
    letters.push(...more);
  }
};

/**
 * What every {@link DeadLetterQueue} does.
 * @param open makes a queue with these messages
 */
export function deadLettersConformance(
  name: string,
  open: (bodies: readonly string[]) => Promise<DeadLettersUnderTest>,
): void {
  describe(`dead letters: ${name}`, () => {
    test("tells of each message what it knows, and hides it", async () => {
      const { queue } = await open(["a", '{"b":1}', "ü\n"]);
      const letters = await everything(queue, 60);
      expect(bodiesOf(letters)).toEqual(["a", '{"b":1}', "ü\n"]);
      expect(letters.map(({ received, error }) => [received, error])).toEqual(letters.map(() => [1, undefined]));
      expect(letters.every(({ sentAt = "" }) => new Date(sentAt).toISOString() === sentAt)).toBe(true);
      expect([new Set(letters.map(({ id }) => id)).size, await queue.receive(10, 60)]).toEqual([3, []]);
    });

    test("receives no more than asked for", async () => {
      const { queue } = await open(["a", "b", "c"]);
      expect((await queue.receive(1, 60)).length).toBe(1);
    });

    test("counts what waits and what is hidden", async () => {
      const { queue } = await open(["a", "b", "c"]);
      await queue.receive(1, 60);
      expect(await queue.count()).toEqual({ waiting: 2, hidden: 1 });
    });

    test("shows again what is given back, under the same id, received once more", async () => {
      const { queue } = await open(Array.from({ length: 12 }, (_, index) => `body ${index}`));
      const letters = await everything(queue, 60);
      await queue.show(letters);
      const again = await everything(queue, 60);
      const idsOf = (given: readonly DeadLetter[]) => given.map(({ id }) => id).toSorted();
      expect([idsOf(again), new Set(again.map(({ received }) => received))]).toEqual([idsOf(letters), new Set([2])]);
    });

    test("shows again what nobody gave back in time", async () => {
      const { queue, wait } = await open(["a"]);
      await queue.receive(1, 1);
      await wait(1.5);
      expect(bodiesOf(await queue.receive(1, 60))).toEqual(["a"]);
    });

    test("removes for good, also what was shown before", async () => {
      const { queue } = await open(["a", "b"]);
      const [first, second] = await everything(queue, 60);
      if (first === undefined || second === undefined) throw new Error("the queue lost a message");
      await queue.remove(first);
      await queue.show([second]);
      const [again] = await queue.receive(10, 60);
      expect(again?.id).toBe(second.id);
      if (again !== undefined) await queue.remove(again);
      expect(await queue.count()).toEqual({ waiting: 0, hidden: 0 });
    });

    test("does not mind giving back what is visible or gone", async () => {
      const { queue } = await open(["a", "b"]);
      const letters = await everything(queue, 60);
      const [first] = letters;
      if (first === undefined) throw new Error("the queue lost a message");
      await queue.remove(first);
      await queue.show(letters);
      await queue.show(letters);
      await queue.show([]);
      expect((await queue.count()).waiting).toBe(1);
    });
  });
}
