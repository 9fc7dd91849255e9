import type { Destination, Target } from "#model/destination.ts";
import type { News } from "#model/news.ts";
import type { Outcome, Told } from "#model/outcome.ts";
import type { Ports } from "#model/ports.ts";
import type { Invocation, Letter, TellingStages } from "./invocation.ts";
import { closeWindow, reviseFirstMessages } from "./repeats.ts";
import { tellLetter } from "./tell-letter.ts";

/** Tells each destination its news in order, the destinations beside each other. */
export type Tell = (news: readonly News[]) => Promise<void>;

/** Tells news, and in the end writes down what the ledger could not be told meanwhile. */
export interface Teller {
  readonly tell: Tell;
  /**
   * Tells what was only counted in a window, if its time is over.
   * @throws what the ledger throws: then nothing was told
   */
  readonly tellRepeats: (windowId: string) => Promise<void>;
  /** @returns whether the ledger knows everything that was told */
  readonly settle: () => Promise<boolean>;
}

/**
 * The second half of the pipeline, news → told: routing → ledger → delivery → outcome. News that was told before is not
 * told again; alerts of one group are told together, and repeats within a window are counted; news that could not be told
 * stands in `failures` and comes again. A destination that does not take messages is not tried with all of them.
 */
export function createTeller(stages: TellingStages, ports: Ports, outcome: Outcome): Teller {
  const ledger = stages.guard(ports.ledger, (error) => {
    outcome.ledger.failed += 1;
    ports.log.error("the ledger cannot be reached; telling without it", { reason: String(error) });
  });
  const state = { givenUp: new Map(), dead: new Map(), strikes: new Map(), outdated: new Map() };
  const invocation: Invocation = { stages, ports, outcome, ledger, ...state };
  return {
    tell: (news) => tellAll(news, invocation),
    tellRepeats: (windowId) => tellRepeats(windowId, invocation),
    settle: async () => {
      await reviseFirstMessages(invocation);
      return ledger.settle();
    },
  };
}

async function tellAll(news: readonly News[], invocation: Invocation): Promise<void> {
  const { stages, outcome } = invocation;
  const post = new Map<string, Post>();
  for (const item of news) {
    const targets = stages.targetsFor(item);
    if (item.kind === "alert") outcome.news.alerts += 1;
    address(item, targets, post, invocation);
  }
  await Promise.all(Array.from(post.values(), (own) => tellDestination(own, invocation)));
}

async function tellRepeats(windowId: string, invocation: Invocation): Promise<void> {
  const { stages, outcome } = invocation;
  const ended = await closeWindow(windowId, invocation);
  if (ended === undefined) return;
  const { alert, untold, destination, openedMs } = ended.window;
  const targets = stages.targetsFor(alert);
  const same = targets.filter((target) => stages.destinationKey(target.destination) === destination);
  // Where the configuration does not name it any more, those hear of it who hear of such alerts now. Nobody is called twice.
  const quiet = (same.length > 0 ? same : targets).map(({ mention: _called, ...target }) => target);
  const post = new Map<string, Post>();
  const failuresBefore = outcome.failures.length;
  address(stages.moreNotice(alert, untold, `${windowId}/${openedMs}`), quiet, post, invocation);
  await Promise.all(Array.from(post.values(), (own) => tellDestination(own, invocation)));
  if (outcome.failures.length === failuresBefore) await ended.forget();
}

/** What one destination is to be told: one letter for each group, or for what is in none, in order. */
interface Post {
  readonly destination: Destination;
  readonly letters: Map<string, Letter>;
}

/** Puts news into the post of its targets. */
function address(news: News, targets: readonly Target[], post: Map<string, Post>, invocation: Invocation): void {
  const { stages, outcome } = invocation;
  const counts = countsOf(news, outcome);
  outcome.news.copies += Math.max(1, targets.length);
  counts.in += Math.max(1, targets.length);
  if (targets.length === 0) {
    counts.failed += 1;
    outcome.failures.push({ what: news.title, reason: "there is no destination; configure a default one" });
  }
  for (const target of targets) {
    const name = stages.destinationKey(target.destination);
    const own = post.get(name) ?? { destination: target.destination, letters: new Map<string, Letter>() };
    post.set(name, own);
    const key = stages.ledgerKey(news, target.destination);
    const group = news.kind === "alert" ? news.group : key;
    const letter = own.letters.get(group);
    if (letter === undefined)
      own.letters.set(group, { kind: news.kind, target, counts, untold: new Map([[key, { news, key }]]) });
    // The same twice is told once.
    else if (letter.untold.has(key)) counts.alreadyDelivered += 1;
    else letter.untold.set(key, { news, key });
  }
}

async function tellDestination({ destination, letters }: Post, invocation: Invocation): Promise<void> {
  const { outcome, ledger } = invocation;
  const told = await ledger.delivered(Array.from(letters.values(), ({ untold }) => [...untold.keys()]).flat());
  let reported = false;
  for (const letter of letters.values()) {
    const { kind: what, counts, untold: members } = letter;
    for (const key of [...members.keys()].filter((key) => told.has(key))) {
      members.delete(key);
      counts.alreadyDelivered += 1;
    }
    const failed = await tellLetter(letter, invocation);
    if (failed === undefined) continue;
    counts.failed += members.size;
    // One failure stands for all that are skipped with it: they come again together.
    const { kind, ...untold } = failed;
    if (!reported || kind !== "skipped") {
      outcome.failures.push({
        what: `${what} for the ${destination.kind} destination "${destination.name}"`,
        ...untold,
      });
    }
    reported = true;
  }
}

function countsOf(news: News, outcome: Outcome): Told {
  return news.kind === "alert" ? outcome.alerts : outcome.notices;
}
