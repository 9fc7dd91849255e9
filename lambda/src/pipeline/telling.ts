import type { Delivery, Destination, Target } from "#model/destination.ts";
import { assertNever } from "#model/errors.ts";
import type { News } from "#model/news.ts";
import type { Outcome, Told } from "#model/outcome.ts";
import type { DeliveryOptions, GuardedLedger, Ledger, Ports } from "#model/ports.ts";

/** The steps of telling, each already configured; the pipeline's `Stages` hold them. */
export interface TellingStages {
  /** routing: to whom, and to whom instead. */
  readonly targetsFor: (news: News) => readonly Target[];
  /** ledger: what makes two deliveries the same. */
  readonly ledgerKey: (news: News, destination: Destination) => string;
  /** ledger: what a destination is called there. */
  readonly destinationKey: (destination: Destination) => string;
  /** ledger: one that is never in the way. */
  readonly guard: (ledger: Ledger | undefined, onFailure: (error: unknown) => void) => GuardedLedger;
}

/** Tells each destination its news in order, the destinations beside each other. */
export type Tell = (news: readonly News[]) => Promise<void>;

/** What is kept of an invocation's time to hand back what was not told: log lines and the answer. In milliseconds. */
export const RESERVE_MS = 5_000;
/** Less than this is not enough to hear Slack out. */
const MIN_DELIVERY_MS = 2_000;
/**
 * How long a claim lasts, which has to be longer than one telling takes: three times ten seconds without an answer, and
 * three seconds between. Until then a retry waits when the invocation was ended in the midst of it.
 */
const CLAIM_MS = 60_000;
const MAX_DELIVERY_MS = 45_000;
/**
 * How long an invocation waits for its turn when others are telling the same destination. Longer, and all that wait would
 * use up the account's concurrency; the retry queue waits for nothing.
 */
const MAX_WAIT_MS = 60_000;
/** How often Slack is asked again that said "later", and how often it is looked whether another invocation has finished. */
const MAX_THROTTLED = 30;
const MAX_HELD = 15;
const HELD_WAIT_MS = 1_000;
/** How many messages in a row a destination may leave open, each asked for several times. */
const MAX_STRIKES = 2;

/** How the telling of one piece of news ended. `skipped`: the destination did not take an earlier one. */
type Ending = { readonly kind: "delivered" | "alreadyDelivered" } | ({ readonly kind: "failed" | "skipped" } & Untold);

/** Why something was not told. */
interface Untold {
  readonly reason: string;
  /** Only time was short: it may come again at once. */
  readonly soon?: boolean;
  /** How long the destination asks to be left alone. */
  readonly afterSeconds?: number;
}

/** Tells news, and in the end writes down what the ledger could not be told meanwhile. */
export interface Teller {
  readonly tell: Tell;
  /** @returns whether the ledger knows everything that was told */
  readonly settle: () => Promise<boolean>;
}

/**
 * The second half of the pipeline, news → told: routing → ledger → delivery → outcome. News that was told before is not
 * told again; news that could not be told stands in `failures` and comes again. A destination that does not take
 * messages is not tried with all of them.
 */
export function createTeller(stages: TellingStages, ports: Ports, outcome: Outcome): Teller {
  const ledger = stages.guard(ports.ledger, (error) => {
    outcome.ledger.failed += 1;
    ports.log.error("the ledger cannot be reached; telling without it", { reason: String(error) });
  });
  const state = { givenUp: new Map(), dead: new Map(), strikes: new Map() };
  const invocation: Invocation = { stages, ports, outcome, ledger, ...state };
  const tell: Tell = async (news) => {
    const queues = new Map<string, { readonly destination: Destination; readonly letters: Letter[] }>();
    for (const item of news) {
      const targets = stages.targetsFor(item);
      if (item.kind === "alert") outcome.news.alerts += 1;
      outcome.news.copies += Math.max(1, targets.length);
      if (targets.length === 0) {
        const counts = countsOf(item, outcome);
        counts.in += 1;
        counts.failed += 1;
        outcome.failures.push({ what: item.title, reason: "there is no destination; configure a default one" });
      }
      for (const target of targets) {
        const key = stages.destinationKey(target.destination);
        const queue = queues.get(key);
        const letter = { news: item, target };
        if (queue === undefined) queues.set(key, { destination: target.destination, letters: [letter] });
        else queue.letters.push(letter);
      }
    }
    await Promise.all(
      Array.from(queues.values(), ({ destination, letters }) => tellDestination(letters, destination, invocation)),
    );
  };
  return { tell, settle: () => ledger.settle() };
}

/** What one invocation remembers of its destinations, by what they are called in the ledger. */
interface Invocation {
  readonly stages: TellingStages;
  readonly ports: Ports;
  readonly outcome: Outcome;
  readonly ledger: GuardedLedger;
  /** Those that do not take messages, and why: they are not tried again, and what is for them comes again. */
  readonly givenUp: Map<string, Untold>;
  /** Those that are told through their fallback, and why. */
  readonly dead: Map<string, string>;
  /** How many messages in a row were left open. */
  readonly strikes: Map<string, number>;
}

/** One piece of news for one destination. */
interface Letter {
  readonly news: News;
  readonly target: Target;
}

async function tellDestination(
  letters: readonly Letter[],
  destination: Destination,
  invocation: Invocation,
): Promise<void> {
  const { stages, outcome, ledger } = invocation;
  const keys = letters.map(({ news }) => stages.ledgerKey(news, destination));
  const told = await ledger.delivered(keys);
  let reported = false;
  for (const [index, letter] of letters.entries()) {
    const { news: item } = letter;
    const counts = countsOf(item, outcome);
    counts.in += 1;
    const key = keys[index] ?? "";
    const ending: Ending = told.has(key) ? { kind: "alreadyDelivered" } : await tellOne(letter, key, invocation);
    if (!("reason" in ending)) {
      counts[ending.kind] += 1;
      continue;
    }
    counts.failed += 1;
    // One failure stands for all that are skipped with it: they come again together.
    const { kind, ...untold } = ending;
    if (!reported || kind !== "skipped") {
      outcome.failures.push({
        what: `${item.kind} for the ${destination.kind} destination "${destination.name}"`,
        ...untold,
      });
    }
    reported = true;
  }
}

/** Tries one piece of news as often as the destination asks for patience, and through its fallback when it is dead. */
async function tellOne({ news, target }: Letter, key: string, invocation: Invocation): Promise<Ending> {
  const { stages, ports, outcome, ledger, givenUp, dead, strikes } = invocation;
  const { destination, fallback, mention } = target;
  const name = stages.destinationKey(destination);
  const skipped = givenUp.get(name);
  if (skipped !== undefined) return { kind: "skipped", ...skipped };
  const giveUp = (untold: Untold): Ending => {
    givenUp.set(name, untold);
    return { kind: "failed", ...untold };
  };
  const left = { held: MAX_HELD, throttled: MAX_THROTTLED };
  let notBeforeMs = ports.clock.nowMs();
  for (;;) {
    const death = dead.get(name);
    const via = death !== undefined && fallback !== undefined ? fallback : destination;
    const banner = via === destination ? undefined : bannerFor(destination, death);
    const attempt = await attemptOnce(news, key, { via, banner, mention, notBeforeMs }, invocation);
    switch (attempt.kind) {
      case "delivered":
        strikes.delete(name);
        return { kind: "delivered" };
      case "alreadyDelivered":
        return { kind: "alreadyDelivered" };
      case "held":
        left.held -= 1;
        if (left.held === 0) return giveUp({ reason: "another invocation is telling it and has not finished" });
        notBeforeMs = ports.clock.nowMs() + HELD_WAIT_MS;
        break;
      case "late": {
        outcome.handedBack.count += 1;
        const reason = "its turn would have come too late";
        if (left.throttled < MAX_THROTTLED) {
          // Nobody else may try before, either.
          if (via.kind !== "sns") await ledger.takeSlot(stages.destinationKey(via), notBeforeMs, notBeforeMs);
          const afterSeconds = Math.max(0, Math.ceil((notBeforeMs - ports.clock.nowMs()) / 1000));
          return giveUp({ reason, afterSeconds });
        }
        // Who told something may go on at once; who did not would only use up attempts.
        const madeProgress = outcome.alerts.delivered + outcome.notices.delivered > 0;
        return giveUp(madeProgress ? { reason, soon: true } : { reason });
      }
      case "throttled":
        if (left.throttled === 0) return giveUp({ reason: attempt.reason });
        left.throttled -= 1;
        notBeforeMs = ports.clock.nowMs() + attempt.retryAfterSeconds * 1000;
        break;
      case "dead":
        if (via !== destination || fallback === undefined) return giveUp({ reason: attempt.reason });
        dead.set(name, attempt.reason);
        break;
      case "ambiguous": {
        // It may be this message's fault: two in a row are the destination's.
        const count = (strikes.get(name) ?? 0) + 1;
        strikes.set(name, count);
        if (count >= MAX_STRIKES) return giveUp({ reason: attempt.reason });
        return { kind: "failed", reason: attempt.reason };
      }
      case "refused":
        return { kind: "failed", reason: attempt.reason };
      default:
        return assertNever(attempt);
    }
  }
}

/** How one attempt ended. `late`: its turn, or the time for a delivery after it, did not come within the invocation's. */
type Attempt = Delivery | { readonly kind: "alreadyDelivered" | "held" | "late" };

/** How one attempt is made. */
interface Sending extends Pick<DeliveryOptions, "banner" | "mention"> {
  readonly via: Destination;
  readonly notBeforeMs: number;
}

/** Waits for the destination's next free moment, claims, sends, and confirms or releases. */
async function attemptOnce(
  news: News,
  key: string,
  { via, banner, mention, notBeforeMs }: Sending,
  invocation: Invocation,
): Promise<Attempt> {
  const { ports, ledger } = invocation;
  if (!(await waitForTurn(via, notBeforeMs, invocation))) return { kind: "late" };
  const claim = await ledger.claim(key, ports.clock.nowMs() + Math.min(CLAIM_MS, ports.remainingMs()));
  if (claim.kind === "delivered") return { kind: "alreadyDelivered" };
  if (claim.kind === "held") return { kind: "held" };
  const withinMs = Math.min(MAX_DELIVERY_MS, ports.remainingMs() - RESERVE_MS);
  // The ledger took its time: an answer that is not waited for would be ambiguous by our own fault.
  if (withinMs < MIN_DELIVERY_MS) {
    await ledger.release(key);
    return { kind: "late" };
  }
  const delivery = await ports.deliver(news, via, { withinMs, banner, mention });
  if (delivery.kind === "delivered") await ledger.confirm(key);
  else await ledger.release(key);
  note(delivery, via, invocation);
  return delivery;
}

/** @returns whether its turn came in time for it, and for a delivery after it */
async function waitForTurn(via: Destination, notBeforeMs: number, invocation: Invocation): Promise<boolean> {
  const { stages, ports, ledger } = invocation;
  const { clock } = ports;
  const nowMs = clock.nowMs();
  const endMs = nowMs + ports.remainingMs() - RESERVE_MS - MIN_DELIVERY_MS;
  if (notBeforeMs > endMs) return false;
  const notAfterMs = Math.min(endMs, Math.max(notBeforeMs, nowMs) + MAX_WAIT_MS);
  // Topics take what they are given.
  const turnMs =
    via.kind === "sns" ? notBeforeMs : await ledger.takeSlot(stages.destinationKey(via), notBeforeMs, notAfterMs);
  if (turnMs === undefined) return false;
  const waitMs = turnMs - clock.nowMs();
  if (waitMs > 0) await clock.sleep(waitMs);
  return true;
}

/** Keeps count of the answers that an eye should be kept on. */
function note(delivery: Delivery, via: Destination, { outcome, ports }: Invocation): void {
  const { answers, deadDestinations } = outcome;
  if (delivery.kind === "delivered") {
    if (delivery.degraded === undefined) return;
    answers.degraded += 1;
    ports.log.warning("told as plain text", { destination: via.name, reason: delivery.degraded });
  } else if (delivery.kind === "throttled") answers.throttled += 1;
  else if (delivery.kind === "ambiguous") answers.ambiguous += 1;
  else if (delivery.kind === "dead" && !deadDestinations.has(via.name)) {
    deadDestinations.add(via.name);
    ports.log.error("a destination is dead", { destination: via.name, reason: delivery.reason });
  }
}

function bannerFor(destination: Destination, death: string | undefined): string {
  return `For ${destination.name}, which cannot be told any more: ${death ?? "it is dead"}. ${REMEDIES[destination.kind]}`;
}

const REMEDIES: Readonly<Record<Destination["kind"], string>> = {
  slack_webhook: "Give it a new hook.",
  slack_app: "Let the app in, or name another channel.",
  sns: "Let the function publish to the topic, or name another one.",
};

function countsOf(news: News, outcome: Outcome): Told {
  return news.kind === "alert" ? outcome.alerts : outcome.notices;
}
