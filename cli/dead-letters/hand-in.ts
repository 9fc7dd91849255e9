import * as v from "valibot";
import { CommandError } from "#cli/shared/command-error.ts";
import type { Invoke } from "#cli/shared/live-function.ts";
import { decode } from "#sources/decode.ts";
import { payloadOf } from "./payload.ts";
import type { DeadLetter, DeadLetterQueue } from "./ports.ts";

/** Longer than a function may run (900 s), so that nobody else takes a message while the function has it. */
const HIDDEN_SECONDS = 960;

export interface Failing {
  readonly id: string;
  readonly sentAt: string | undefined;
  /** One line, bounded. */
  readonly reason: string;
}

/** What became of the dead letters. `handedIn = done + failing.length`. */
export interface Redriven {
  readonly handedIn: number;
  /** The function finished them, and they are deleted. */
  readonly done: number;
  readonly failing: readonly Failing[];
  /** How many lie in the queue still, the failing ones included. */
  readonly left: number;
  /** Whether `left` is the queue's own estimate. */
  readonly leftIsEstimate: boolean;
  /** About how many somebody else had taken at the beginning: they are not seen before they come back. */
  readonly hidden: number;
  readonly interrupted: boolean;
  /** Why the run ended early. */
  readonly problem: string | undefined;
}

export interface HandInOptions {
  /** How many to hand in at most. */
  readonly max: number;
  /** How many invocations at the same time. */
  readonly concurrency: number;
  readonly stop: AbortSignal;
  readonly onProgress: (now: Pick<Redriven, "done"> & { readonly failing: number; readonly about: number }) => void;
}

/** A message of this run, without its body: there may be many. */
interface Entry {
  readonly id: string;
  readonly sentAt: string | undefined;
  /** The newest one: only it counts. */
  receipt: string;
  state: "under way" | "done" | "failing" | "not handed in";
  reason: string;
}

/** What a function answers to messages of a queue: these are to come again. */
const Unfinished = v.object({ batchItemFailures: v.pipe(v.array(v.unknown()), v.minLength(1)) });

/**
 * Hands dead letters to the function, one invocation each, and deletes those that it finished. The others stay hidden to
 * the end, so that no run takes one twice, and are then visible again at once. A problem with the queue or the function
 * itself ends the run, and stands in the answer with what was done until then.
 * @throws CommandError when the queue cannot be asked at all
 */
export async function handIn(queue: DeadLetterQueue, invoke: Invoke, options: HandInOptions): Promise<Redriven> {
  const { max, concurrency, stop, onProgress } = options;
  const { waiting, hidden } = await queue.count();
  const entries = new Map<string, Entry>();
  let begun = 0;
  let drained = false;
  let problem: unknown;

  const of = (state: Entry["state"]) => [...entries.values()].filter((entry) => entry.state === state);
  const end = (error: unknown) => {
    problem ??= error;
  };
  const report = () =>
    onProgress({
      done: of("done").length,
      failing: of("failing").length,
      about: Math.min(max, Math.max(waiting, entries.size)),
    });

  const work = async (letter: DeadLetter, entry: Entry) => {
    const { text, wrapped, value } = payloadOf(letter);
    const answer = await invoke(text);
    const failed = answer.kind === "failed" ? answer.reason : unfinished(answer.value, wrapped ? value : undefined);
    if (failed === undefined) await queue.remove(entry);
    entry.state = failed === undefined ? "done" : "failing";
    entry.reason = failed ?? "";
  };

  const worker = async () => {
    while (!stop.aborted && !drained && problem === undefined && begun < max) {
      begun += 1;
      const [letter] = await queue.receive(1, HIDDEN_SECONDS);
      if (letter === undefined) {
        begun -= 1;
        drained = true;
        return;
      }
      const known = entries.get(letter.id);
      if (known !== undefined) {
        // Delivered twice, or back because the run took long.
        begun -= 1;
        known.receipt = letter.receipt;
        if (known.state === "done") await queue.remove(known);
        continue;
      }
      const { id, sentAt, receipt } = letter;
      const entry: Entry = { id, sentAt, receipt, state: "not handed in", reason: "" };
      entries.set(id, entry);
      if (stop.aborted || problem !== undefined) return;
      entry.state = "under way";
      try {
        await work(letter, entry);
      } finally {
        if (entry.state === "under way") entry.state = "not handed in";
      }
      report();
    }
  };

  report();
  await Promise.all(Array.from({ length: concurrency }, () => worker().catch(end)));
  const back = [...of("failing"), ...of("not handed in")];
  await queue.show(back).catch(end);

  // A defect of ours: the letters are back, so it may end the process.
  if (problem !== undefined && !(problem instanceof CommandError)) throw problem;

  const done = of("done").length;
  const failing = of("failing").map(({ id, sentAt, reason }) => ({ id, sentAt, reason }));
  return {
    handedIn: done + failing.length,
    done,
    failing,
    left: drained ? back.length : Math.max(back.length, waiting - done),
    leftIsEstimate: !drained,
    hidden,
    interrupted: stop.aborted,
    problem: problem?.message,
  };
}

/**
 * Why an answer means that the function did not finish.
 * @param wrapped the payload, where it went as a message of a queue: then the answer names no reason
 */
function unfinished(answer: unknown, wrapped: unknown): string | undefined {
  if (!v.is(Unfinished, answer)) return undefined;
  const undecodable = wrapped === undefined ? [] : decode(wrapped).filter((item) => item.kind === "undecodable");
  return undecodable[0]?.error.message ?? "the function did not finish it; see the function's log";
}
