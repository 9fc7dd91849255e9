import type { Delivery, Destination, Thread } from "#model/destination.ts";
import { messageOf } from "#model/errors.ts";
import type { Repeats } from "#model/news.ts";
import { MAX_KEPT } from "#model/ports.ts";
import type { RepeatWindow, StoredWindow } from "#model/repeat-window.ts";
import { confirm, leave } from "./claims.ts";
import { alertsOf, type Invocation, type Letter, type Member, RESERVE_MS } from "./invocation.ts";

/** Longer, a window would not fit into a row beside what else stands there: 400 KB. In characters, of up to three bytes. */
const MAX_WINDOW = 100_000;
/** How long a queue keeps a message back at most. In seconds. */
const MAX_WAKE_SECONDS = 900;
/** How often a window is looked at again that others change at the same time. */
const MAX_RACES = 10;
/** How long the first message may take to be revised, in milliseconds. */
const REVISION_MS = 10_000;

/** The window that a letter falls into, as it was when it was looked at. */
export interface Look {
  readonly id: string;
  readonly stored: StoredWindow | undefined;
}

/** Looks for the window of a letter; undefined where there is none, ever: for notices and topics, or without windows. */
export async function lookAt(letter: Letter, invocation: Invocation): Promise<Look | undefined> {
  const { stages, ledger } = invocation;
  const [alert] = alertsOf(letter.untold.values()) ?? [];
  const { destination } = letter.target;
  if (alert === undefined || stages.windowMs === 0 || destination.kind === "sns") return undefined;
  const id = stages.windowId(alert, stages.destinationKey(destination));
  return { id, stored: await ledger.window(id) };
}

/** The window, while repeats belong into it. */
export function openWindow(look: Look | undefined, nowMs: number): RepeatWindow | undefined {
  const window = look?.stored?.window;
  return window !== undefined && !window.closed && nowMs < window.untilMs ? window : undefined;
}

/** Where replies go, if the destination that is told can reply. */
export function threadFor(window: RepeatWindow, via: Destination, { stages }: Invocation): Thread | undefined {
  return window.thread?.destination === stages.destinationKey(via) ? window.thread : undefined;
}

/** What came of counting repeats. `raced`: others changed the window. `unwakeable`: nothing would end it, so they are to be told. */
export type Counted = "counted" | "raced" | "unwakeable";

/** Counts repeats, to be told when the window is over. At most {@link MAX_KEPT} at once. */
export async function countRepeats(
  letter: Letter,
  mine: readonly Member[],
  { id, stored }: Look,
  invocation: Invocation,
): Promise<Counted> {
  const { ports, stages, ledger } = invocation;
  const alerts = alertsOf(mine);
  if (stored === undefined || alerts === undefined) return "raced";
  const { window, version } = stored;
  if (!window.wakes) {
    try {
      await wakeFor(id, window, invocation);
    } catch (error) {
      ports.log.warning("a repeat is told at once, because nothing would wake the function to tell it later", {
        reason: messageOf(error),
      });
      return "unwakeable";
    }
  }
  const more = stages.repeatsOf(alerts, window.alert);
  const { total, untold } = window;
  const next = { ...window, wakes: true, total: stages.joined(total, more), untold: stages.joined(untold, more) };
  const keys = mine.map(({ key }) => key);
  if (!(await ledger.keepWindow(id, next, version, keys))) return "raced";
  leave(letter, mine);
  letter.counts.grouped += mine.length;
  return "counted";
}

/** How a letter was told. */
interface Told {
  readonly look: Look | undefined;
  readonly via: Destination;
  readonly banner: string | undefined;
  readonly delivery: Delivery & { readonly kind: "delivered" };
}

/** A letter was told by a message of its own: repeats of it are counted from now on. */
export async function beginWindow(
  letter: Letter,
  mine: readonly Member[],
  { look, via, banner, delivery }: Told,
  invocation: Invocation,
): Promise<void> {
  const { ports, stages, ledger } = invocation;
  const alerts = alertsOf(mine);
  const [kept, others] = [mine.slice(0, MAX_KEPT), mine.slice(MAX_KEPT)];
  const stored = look?.stored;
  if (look === undefined || alerts === undefined || stored?.window.untold !== undefined) {
    await confirm(mine, invocation);
    // Its time is over, and it ought to be told by now: whoever was to do it may have been ended.
    if (look !== undefined && stored !== undefined) await wakeFor(look.id, stored.window, invocation);
    return;
  }
  const alert = stages.together(alerts);
  const openedMs = ports.clock.nowMs();
  const window: RepeatWindow = {
    alert,
    mention: letter.target.mention,
    banner,
    destination: stages.destinationKey(letter.target.destination),
    openedMs,
    untilMs: openedMs + stages.windowMs,
    closed: false,
    wakes: false,
    thread: delivery.thread && { ...delivery.thread, destination: stages.destinationKey(via) },
    total: stages.repeatsOf(alerts, alert),
  };
  const keys = kept.map(({ key }) => key);
  const fits = JSON.stringify(window).length <= MAX_WINDOW;
  const isKept = fits && (await ledger.keepWindow(look.id, window, stored?.version, keys));
  await confirm(isKept ? others : mine, invocation);
}

/** Repeats were told by a reply: the first message is to say how many there are by now. */
export async function countReplies(
  mine: readonly Member[],
  look: Look,
  via: Destination,
  invocation: Invocation,
): Promise<void> {
  const { stages, ledger, outdated } = invocation;
  let rest = mine;
  let { stored } = look;
  for (let races = 0; rest.length > 0 && races < MAX_RACES; ) {
    const kept = rest.slice(0, MAX_KEPT);
    const alerts = alertsOf(kept);
    if (stored === undefined || alerts === undefined) break;
    const { window, version } = stored;
    if (window.closed || window.openedMs !== look.stored?.window.openedMs) break;
    const next = { ...window, total: stages.joined(window.total, stages.repeatsOf(alerts, window.alert)) };
    const keys = kept.map(({ key }) => key);
    if (await ledger.keepWindow(look.id, next, version, keys)) {
      outdated.set(look.id, via);
      rest = rest.slice(MAX_KEPT);
    } else races += 1;
    if (rest.length > 0) stored = await ledger.window(look.id);
  }
  // They were told all the same.
  await confirm(rest, invocation);
}

/** The first message is gone, and Slack put the reply somewhere else: the next repeat is told in a message of its own. */
export async function abandonWindow(
  mine: readonly Member[],
  { id, stored }: Look,
  invocation: Invocation,
): Promise<void> {
  await confirm(mine, invocation);
  if (stored !== undefined && stored.window.untold === undefined) {
    await invocation.ledger.keepWindow(id, undefined, stored.version, []);
  }
}

/** Has the first messages say how often it happened. What fails is only logged: the replies say it, too. */
export async function reviseFirstMessages({ stages, ports, ledger, outdated }: Invocation): Promise<void> {
  for (const [id, via] of outdated) {
    outdated.delete(id);
    const reason = await revise(id, via, { stages, ports, ledger });
    if (reason === undefined) continue;
    ports.log.warning("a first message does not say how often it happened; the replies do", {
      destination: via.name,
      reason,
    });
  }
}

/** Until the window says what the message does: another invocation may count, and revise, at the same time. */
async function revise(
  id: string,
  via: Destination,
  { stages, ports, ledger }: Pick<Invocation, "stages" | "ports" | "ledger">,
): Promise<string | undefined> {
  let said: number | undefined;
  for (let races = 0; races <= MAX_RACES; races += 1) {
    const window = (await ledger.window(id))?.window;
    if (window?.thread === undefined || window.thread.destination !== stages.destinationKey(via)) return undefined;
    const { alert, mention, banner, thread, total } = window;
    if (total.count === said) return undefined;
    const withinMs = Math.min(REVISION_MS, ports.remainingMs() - RESERVE_MS);
    if (withinMs <= 0) return "no time is left";
    const place = { kind: "revision", thread } as const;
    const delivery = await ports.deliver({ ...alert, repeats: total }, via, { withinMs, mention, banner, place });
    if (delivery.kind !== "delivered") return delivery.reason;
    said = total.count;
  }
  return "it happens faster than it can be said";
}

/** What there is to tell of a window whose time is over. */
export interface Ended {
  readonly window: RepeatWindow & { readonly untold: Repeats };
  /** Forgets the window, once it was told. */
  readonly forget: () => Promise<void>;
}

/**
 * Closes a window, so that nothing is counted any more.
 * @returns undefined when there is nothing to tell, or not yet; then the function is woken once more
 * @throws what the ledger or the queue throws: then the message that says so has to come again
 */
export async function closeWindow(id: string, invocation: Invocation): Promise<Ended | undefined> {
  const { ledger, clock, log } = invocation.ports;
  if (ledger === undefined) throw new Error("the ledger is switched off, which knows what is to be told about repeats");
  for (let races = 0; races < MAX_RACES; races++) {
    const stored = await ledger.window(id);
    if (stored === undefined) {
      log.info("there is nothing left to tell about repeats", { id });
      return undefined;
    }
    const { window, version } = stored;
    if (!window.closed && clock.nowMs() < window.untilMs) {
      await wakeFor(id, window, invocation);
      return undefined;
    }
    const { untold } = window;
    if (untold === undefined) {
      // Whoever is about to count something in it finds it gone, and tells it.
      if (await ledger.keepWindow(id, undefined, version, [])) return undefined;
    } else if (window.closed || (await ledger.keepWindow(id, { ...window, closed: true }, version, []))) {
      return { window: { ...window, untold }, forget: () => forget(id, window.openedMs, invocation) };
    }
  }
  throw new Error("others kept changing what is to be told about repeats");
}

/** Forgets a window that was told. @throws what the ledger throws */
async function forget(id: string, openedMs: number, { ports }: Invocation): Promise<void> {
  for (let races = 0; races < MAX_RACES; races++) {
    const stored = await ports.ledger?.window(id);
    if (stored?.window.openedMs !== openedMs) return;
    if (await ports.ledger?.keepWindow(id, undefined, stored.version, [])) return;
  }
  throw new Error("others kept changing a window that is to be forgotten");
}

/** Has the function invoked when the time of a window is over, or earlier and then once more. @throws what the queue throws */
async function wakeFor(windowId: string, { untilMs }: RepeatWindow, { ports, outcome }: Invocation): Promise<void> {
  const seconds = Math.ceil((untilMs - ports.clock.nowMs()) / 1_000);
  await ports.wake({ windowId }, Math.min(MAX_WAKE_SECONDS, Math.max(0, seconds)));
  outcome.wakes.asked += 1;
}
