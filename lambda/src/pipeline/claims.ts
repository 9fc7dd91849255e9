import type { Invocation, Letter, Member } from "./invocation.ts";

/** How many rows are asked about at the same time. */
const PARALLEL = 25;

/** What came of claiming several. Those that were told by others are counted, and leave the letter. */
export interface Claimed {
  readonly mine: readonly Member[];
  /** Another invocation is telling some of them, or was ended in the midst of it. */
  readonly held: boolean;
}

/** Claims the telling of these members of a letter until a time. */
export async function claim(
  letter: Letter,
  members: readonly Member[],
  untilMs: number,
  { ledger }: Invocation,
): Promise<Claimed> {
  const claims = await inParallel(members, ({ key }) => ledger.claim(key, untilMs));
  const of = (kind: string) => members.filter((_, index) => claims[index]?.kind === kind);
  const delivered = of("delivered");
  leave(letter, delivered);
  letter.counts.alreadyDelivered += delivered.length;
  return { mine: of("mine"), held: of("held").length > 0 };
}

/** They were told: nobody tells them again. */
export async function confirm(members: readonly Member[], { ledger }: Invocation): Promise<void> {
  await inParallel(members, ({ key }) => ledger.confirm(key));
}

/** They were not told: anybody may. */
export async function release(members: readonly Member[], { ledger }: Invocation): Promise<void> {
  await inParallel(members, ({ key }) => ledger.release(key));
}

/** Takes out of a letter what is settled. */
export function leave(letter: Letter, settled: readonly Member[]): void {
  for (const { key } of settled) letter.untold.delete(key);
}

async function inParallel<T>(members: readonly Member[], ask: (member: Member) => Promise<T>): Promise<readonly T[]> {
  const answers: T[] = [];
  for (let begin = 0; begin < members.length; begin += PARALLEL) {
    answers.push(...(await Promise.all(members.slice(begin, begin + PARALLEL).map(ask))));
  }
  return answers;
}
