import type { Delivery, Destination, Place } from "#model/destination.ts";
import { assertNever, messageOf } from "#model/errors.ts";
import { MAX_KEPT } from "#model/ports.ts";
import { type Claimed, claim, confirm, leave, release } from "./claims.ts";
import { alertsOf, type Invocation, type Letter, type Member, RESERVE_MS, type Untold } from "./invocation.ts";
import {
  abandonWindow,
  beginWindow,
  countRepeats,
  countReplies,
  type Look,
  lookAt,
  openWindow,
  threadFor,
} from "./repeats.ts";

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
/** How often repeats are tried to be counted while others change their window; then they are told. */
const MAX_TRIES_TO_COUNT = 5;
/** What the ledger needs at most to know of one more alert that it was told. In milliseconds. */
const CONFIRM_MS = 5;
/** How many messages in a row a destination may leave open, each asked for several times. */
const MAX_STRIKES = 2;

/** Why members of a letter were left untold. `skipped`: the destination did not take an earlier letter. */
export interface Failed extends Untold {
  readonly kind: "failed" | "skipped";
}

/**
 * Tries one letter as often as the destination asks for patience, and through its fallback when it is dead.
 * @returns undefined when nothing of it is left untold
 */
export async function tellLetter(letter: Letter, invocation: Invocation): Promise<Failed | undefined> {
  const { stages, ports, outcome, ledger, givenUp, dead, strikes } = invocation;
  const { destination, fallback } = letter.target;
  const name = stages.destinationKey(destination);
  const giveUp = (untold: Untold): Failed => {
    givenUp.set(name, untold);
    return { kind: "failed", ...untold };
  };
  const left = { held: MAX_HELD, throttled: MAX_THROTTLED, races: MAX_TRIES_TO_COUNT };
  let notBeforeMs = ports.clock.nowMs();
  while (letter.untold.size > 0) {
    const skipped = givenUp.get(name);
    if (skipped !== undefined) return { kind: "skipped", ...skipped };
    const death = dead.get(name);
    const via = death !== undefined && fallback !== undefined ? fallback : destination;
    const banner = via === destination ? undefined : bannerFor(destination, death);
    const attempt = await attemptOnce(letter, { via, banner, notBeforeMs, asRepeat: left.races > 0 }, invocation);
    switch (attempt.kind) {
      case "delivered":
        strikes.delete(name);
        break;
      case "settled":
        break;
      case "raced":
        left.races -= attempt.forGood ? left.races : 1;
        break;
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
        const { alerts, notices } = outcome;
        const madeProgress = alerts.delivered + alerts.grouped + notices.delivered > 0;
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
  return undefined;
}

/**
 * How one attempt ended. `settled`: without a message, counted or told by others. `raced`: as a repeat it could not be
 * told, which may be tried again unless it is for good. `late`: its turn, or the time for a delivery after it, did not come
 * within the invocation's.
 */
type Attempt =
  | Delivery
  | { readonly kind: "settled" | "held" | "late" }
  | { readonly kind: "raced"; readonly forGood: boolean };

/** How one attempt is made. */
interface Sending {
  readonly via: Destination;
  readonly banner: string | undefined;
  readonly notBeforeMs: number;
  /** Whether it may be told as a repeat of what was told before. */
  readonly asRepeat: boolean;
}

async function attemptOnce(letter: Letter, sending: Sending, invocation: Invocation): Promise<Attempt> {
  const { ports } = invocation;
  const { via, notBeforeMs, asRepeat } = sending;
  const look = await lookAt(letter, invocation);
  const window = asRepeat ? openWindow(look, ports.clock.nowMs()) : undefined;
  const thread = window && threadFor(window, via, invocation);
  if (look !== undefined && window !== undefined && thread === undefined) return count(letter, look, invocation);
  const beginMs = ports.clock.nowMs();
  if (!(await waitForTurn(via, notBeforeMs, invocation))) return { kind: "late" };
  // Others may have told the first of its group meanwhile.
  const hasWaited = ports.clock.nowMs() > beginMs;
  if (hasWaited && look !== undefined && asRepeat && window === undefined) {
    const now = await lookAt(letter, invocation);
    if (openWindow(now, ports.clock.nowMs()) !== undefined) return { kind: "raced", forGood: false };
  }
  return send(letter, { ...sending, look, place: thread && { kind: "reply", thread } }, invocation);
}

async function count(letter: Letter, look: Look, invocation: Invocation): Promise<Attempt> {
  if (invocation.ports.remainingMs() < RESERVE_MS + MIN_DELIVERY_MS) return { kind: "late" };
  const claimed = await claimUntold(letter, [...letter.untold.values()].slice(0, MAX_KEPT), invocation);
  if (claimed.mine.length === 0) return { kind: claimed.held ? "held" : "settled" };
  const counted = await countRepeats(letter, claimed.mine, look, invocation);
  if (counted === "counted") return { kind: "settled" };
  await release(claimed.mine, invocation);
  return { kind: "raced", forGood: counted === "unwakeable" };
}

/** Claims, sends, and confirms or releases. */
async function send(
  letter: Letter,
  { via, banner, look, place }: Sending & { readonly look: Look | undefined; readonly place: Place | undefined },
  invocation: Invocation,
): Promise<Attempt> {
  const { ports, stages } = invocation;
  const { mine, held } = await claimUntold(letter, [...letter.untold.values()], invocation);
  const [first] = mine;
  if (first === undefined) return { kind: held ? "held" : "settled" };
  const withinMs = Math.min(MAX_DELIVERY_MS, ports.remainingMs() - RESERVE_MS - (mine.length - 1) * CONFIRM_MS);
  // The ledger took its time: an answer that is not waited for would be ambiguous by our own fault.
  if (withinMs < MIN_DELIVERY_MS) {
    await release(mine, invocation);
    return { kind: "late" };
  }
  const alerts = alertsOf(mine);
  const window = look?.stored?.window;
  const news =
    alerts === undefined
      ? first.news
      : place === undefined || window === undefined
        ? stages.together(alerts)
        : stages.moreNotice(window.alert, stages.repeatsOf(alerts, window.alert), "");
  const mention = place === undefined ? letter.target.mention : undefined;
  const delivery = await ports.deliver(news, via, { withinMs, banner, mention, place });
  note(delivery, via, invocation);
  if (delivery.kind !== "delivered") {
    await release(mine, invocation);
    // The message that it would be a reply to may be gone.
    return place !== undefined && delivery.kind === "refused" ? { kind: "raced", forGood: true } : delivery;
  }
  leave(letter, mine);
  letter.counts.delivered += 1;
  letter.counts.grouped += mine.length - 1;
  try {
    if (place === undefined || look === undefined)
      await beginWindow(letter, mine, { look, via, banner, delivery }, invocation);
    else if (delivery.thread === undefined) await abandonWindow(mine, look, invocation);
    else await countReplies(mine, look, via, invocation);
  } catch (error) {
    // It was told, whatever is wrong with what is remembered of it.
    ports.log.error("repeats of what was told are told, too", { reason: messageOf(error) });
    await confirm(mine, invocation);
  }
  return delivery;
}

function claimUntold(letter: Letter, members: readonly Member[], invocation: Invocation): Promise<Claimed> {
  const { clock, remainingMs } = invocation.ports;
  return claim(letter, members, clock.nowMs() + Math.min(CLAIM_MS, remainingMs()), invocation);
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
