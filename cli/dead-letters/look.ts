import { counted } from "#cli/shared/text.ts";
import { plain } from "#delivery/plain.ts";
import { assertNever } from "#model/errors.ts";
import type { SourceItem } from "#model/source-item.ts";
import { decode } from "#sources/decode.ts";
import { payloadOf } from "./payload.ts";
import type { DeadLetter, DeadLetterQueue } from "./ports.ts";

/** Long enough to look through a queue; short enough for whoever waits after a crash. */
const HIDDEN_SECONDS = 300;
const BATCH = 10;
/** Enough to know what it is. In characters. */
const MAX_ABOUT = 500;

/** A dead letter as it lies there. */
export interface Seen {
  readonly id: string;
  readonly sentAt: string | undefined;
  readonly received: number;
  /** What it holds. One line, bounded. */
  readonly about: string;
  /** Why Lambda gave it up, where it says so. One line, bounded. */
  readonly error: string | undefined;
}

/** What a look brought. */
export interface Looked {
  readonly seen: readonly Seen[];
  /** Whether that is all that was visible. */
  readonly complete: boolean;
  /** About how many somebody else had taken: they are not seen before they come back. */
  readonly hidden: number;
}

/**
 * Takes messages to see what they are, and gives all of them back. To the queue, each was received once more.
 * @throws CommandError when the queue cannot be asked
 */
export async function look(queue: DeadLetterQueue, max: number, stop: AbortSignal): Promise<Looked> {
  const { hidden } = await queue.count();
  const seen: Seen[] = [];
  const complete = await walk(queue, max, stop, async (letter) => {
    seen.push(describe(letter));
    return "keep";
  });
  return { seen, complete, hidden };
}

/**
 * Deletes messages for good, and gives back every other that it takes to find them.
 * @returns the ids that were deleted
 * @throws CommandError when the queue cannot be asked
 */
export async function discard(
  queue: DeadLetterQueue,
  ids: readonly string[],
  stop: AbortSignal,
): Promise<ReadonlySet<string>> {
  const discarded = new Set<string>();
  const found = new AbortController();
  await walk(queue, Number.POSITIVE_INFINITY, AbortSignal.any([stop, found.signal]), async (letter) => {
    if (!ids.includes(letter.id)) return "keep";
    await queue.remove(letter);
    discarded.add(letter.id);
    if (ids.every((id) => discarded.has(id))) found.abort();
    return "removed";
  });
  return discarded;
}

/** Visits each visible message once. @returns whether that was all of them */
async function walk(
  queue: DeadLetterQueue,
  max: number,
  stop: AbortSignal,
  visit: (letter: DeadLetter) => Promise<"keep" | "removed">,
): Promise<boolean> {
  const taken = new Map<string, Pick<DeadLetter, "id" | "receipt">>();
  const removed = new Set<string>();
  try {
    while (!stop.aborted && taken.size + removed.size < max) {
      const letters = await queue.receive(Math.min(BATCH, max - taken.size - removed.size), HIDDEN_SECONDS);
      const fresh = letters.filter(({ id }) => !taken.has(id) && !removed.has(id));
      // First all: whatever happens next, they go back.
      for (const { id, receipt } of letters) taken.set(id, { id, receipt });
      for (const letter of fresh) {
        if ((await visit(letter)) === "keep") continue;
        taken.delete(letter.id);
        removed.add(letter.id);
      }
      // None, or back already because there are so many.
      if (fresh.length === 0) return true;
    }
    return false;
  } finally {
    await queue.show([...taken.values()]);
  }
}

function describe(letter: DeadLetter): Seen {
  const { id, sentAt, received, error } = letter;
  const about = plain(decode(payloadOf(letter).value).map(inWords).join("; "), { max: MAX_ABOUT });
  return {
    id,
    sentAt,
    received,
    about,
    error: error === undefined ? undefined : plain(error, { max: MAX_ABOUT }),
  };
}

function inWords(item: SourceItem): string {
  switch (item.kind) {
    case "objects": {
      const [first] = item.objects;
      const name = first === undefined ? "" : `: s3://${first.bucket}/${first.key}`;
      return `${counted(item.objects.length, "object")}${name}${item.objects.length > 1 ? ", …" : ""}`;
    }
    case "records":
      return `${counted(item.records.length, "record")} of ${item.from}`;
    case "notice":
      return `notice: ${item.notice.title}`;
    case "window":
      return "that repeats of an alert are to be told, which were only counted";
    case "reconcile":
      return "a request to compare digest files with what was processed";
    case "control":
      return `nothing to tell: ${item.what}`;
    case "undecodable":
      // What was expected instead helps who makes payloads, not who finds one.
      return `undecodable: ${item.error.message.split("; expected")[0]}`;
    default:
      return assertNever(item);
  }
}
