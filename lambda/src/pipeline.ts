import type { RuleProblem } from "#model/decision.ts";
import type { ReconcileRequest } from "#model/digest.ts";
import { assertNever, IncompleteError, LogFileError, messageOf } from "#model/errors.ts";
import type { LogFileReading } from "#model/log-file.ts";
import type { Notice } from "#model/news.ts";
import { failureOf, newOutcome, type Outcome, type RecordProblem } from "#model/outcome.ts";
import type { Ports } from "#model/ports.ts";
import { nameOfObject, type ObjectKind, type ObjectRef, type SourceItem } from "#model/source-item.ts";
import { RESERVE_MS, type TellingStages } from "./pipeline/invocation.ts";
import { type JudgingStages, judge, newJudging, newsOf } from "./pipeline/judging.ts";
import { type ReconcilingStages, reconcileDigest } from "./pipeline/reconciling.ts";
import { createTeller, type Teller } from "./pipeline/telling.ts";

/** The pure steps, each already configured. None knows another; this file and `pipeline/` alone know their order. */
export interface Stages extends JudgingStages, TellingStages, ReconcilingStages {
  /** sources: what to read or tell. Never throws. */
  readonly decode: (payload: unknown) => readonly SourceItem[];
  /** sources: what CloudTrail keeps at a key. */
  readonly objectKind: (key: string) => ObjectKind;
  /** records: the elements of a log file. */
  readonly readLogFile: (chunks: AsyncIterable<Uint8Array>, name: string) => LogFileReading;
  /** alerts: what to say about rules and records that could not be used, if anything. */
  readonly problemNotices: (
    rules: readonly RuleProblem[],
    records: readonly RecordProblem[],
    total: number,
  ) => readonly Notice[];
}

/** What one invocation needs and changes. */
interface Run {
  readonly stages: Stages;
  readonly ports: Ports;
  readonly outcome: Outcome;
  readonly tell: Teller["tell"];
  readonly tellRepeats: Teller["tellRepeats"];
  /** Finished while the ledger could not be reached, or with problems that are told about at the end; and their hashes. */
  readonly unmarked: (readonly [ObjectRef, string])[];
  /** The longest that one object or message took so far, in milliseconds. */
  longestMs: number;
}

/**
 * The whole product: payload → what to read → records → decisions → alerts → destinations → told.
 *
 * Never throws. What could not be finished stands in `failures` of the outcome, and the caller must not say "done"
 * about it; everything else was told all the same. A record that cannot be judged is counted and reported, no more.
 */
export async function processPayload(payload: unknown, stages: Stages, ports: Ports): Promise<Outcome> {
  const outcome = newOutcome();
  const { tell, tellRepeats, settle } = createTeller(stages, ports, outcome);
  const run: Run = { stages, ports, outcome, tell, tellRepeats, unmarked: [], longestMs: 0 };
  const { failures, ruleProblems, recordProblems, records } = outcome;
  const messages = new Set<string>();
  /** Messages with records or rules that are told about at the end. */
  const troubled = new Set<string>();
  for (const item of stages.decode(payload)) {
    const { ackId } = item;
    if (ackId !== undefined) messages.add(ackId);
    const failuresBefore = failures.length;
    const problemsBefore = problemsIn(outcome);
    try {
      await processItem(item, run);
    } catch (error) {
      failures.push(failureOf(nameOfItem(item), error));
    }
    if (ackId === undefined) continue;
    for (const failure of failures.slice(failuresBefore)) failure.ackId = ackId;
    if (problemsIn(outcome) > problemsBefore) troubled.add(ackId);
  }
  const failuresBefore = failures.length;
  await run.tell(stages.problemNotices([...ruleProblems.values()], recordProblems, records.failed));
  const untold = failures.splice(failuresBefore);
  failures.push(
    ...(troubled.size === 0
      ? untold
      : untold.flatMap((failure) => Array.from(troubled, (ackId) => ({ ...failure, ackId })))),
  );
  // A table that still does not answer would cost the time that handing back takes.
  const mayAsk = outcome.ledger.failed === 0 || ports.remainingMs() > 2 * RESERVE_MS;
  const isSettled = mayAsk && (await settle());
  if (!isSettled) ports.log.error("the ledger does not know all that was told; what comes again is told again");
  // A digest file passes over what was processed, and nobody would find its problems again.
  if (isSettled && untold.length === 0) {
    for (const [object, sha256] of run.unmarked) await markProcessed(object, sha256, run);
  }
  outcome.messages.in = messages.size;
  outcome.messages.failed = new Set(failures.flatMap(({ ackId }) => ackId ?? [])).size;
  return outcome;
}

/** Records and rules that are told about at the end. */
function problemsIn({ records, ruleProblems }: Outcome): number {
  return records.failed + ruleProblems.size;
}

/**
 * Begins something only while there is time to finish it: stopped in its midst, nobody would say what of it was done.
 * @throws IncompleteError
 */
async function inTime<T>(run: Run, work: () => Promise<T>): Promise<T> {
  const beginMs = run.ports.remainingMs();
  if (beginMs < RESERVE_MS + 2 * run.longestMs) throw outOfTime(run, "no time was left for it");
  const result = await work();
  run.longestMs = Math.max(run.longestMs, beginMs - run.ports.remainingMs());
  return result;
}

function outOfTime({ outcome }: Run, message: string): IncompleteError {
  outcome.handedBack.count += 1;
  return new IncompleteError(message);
}

/** @throws what keeps an item as a whole from being finished; whatever else failed stands in `failures` */
async function processItem(item: SourceItem, run: Run): Promise<void> {
  const { stages, outcome } = run;
  switch (item.kind) {
    case "objects":
      for (const object of item.objects) await processObject(object, run);
      break;
    case "records":
      await inTime(run, async () => {
        const judging = newJudging((index) => `record ${index + 1} of ${item.from}`);
        judge(item.records, judging, stages, outcome);
        await run.tell(await newsOf(judging, stages, run.ports, outcome));
      });
      break;
    case "notice":
      await inTime(run, () => run.tell([item.notice]));
      break;
    case "window":
      await inTime(run, () => run.tellRepeats(item.end.windowId));
      break;
    case "reconcile":
      for (const object of await unprocessedDigests(item.request, run)) await processObject(object, run);
      break;
    case "control":
      outcome.controls.in += 1;
      break;
    case "undecodable":
      throw item.error;
    default:
      assertNever(item);
  }
}

/** What an item is called when it fails as a whole. */
function nameOfItem(item: SourceItem): string {
  switch (item.kind) {
    case "records":
      return item.from;
    case "notice":
      return item.notice.title;
    case "window":
      return "repeats";
    case "reconcile":
      return "reconciling";
    default:
      return "payload";
  }
}

/** The folders whose files hold records. */
const KINDS_WITH_RECORDS: ReadonlySet<ObjectKind> = new Set(["log", "insight", "network-activity", "aggregated"]);

async function processObject(object: ObjectRef, run: Run): Promise<void> {
  const { stages, ports, outcome } = run;
  const { ledger } = ports;
  const kind = stages.objectKind(object.key);
  outcome.objects.in += 1;
  outcome.objects[kind] += 1;
  try {
    if (KINDS_WITH_RECORDS.has(kind)) await finish(object, run, () => readAndTell(object, run));
    else if (kind === "digest" && ledger !== undefined) {
      const processMissing = (missing: ObjectRef) => {
        outcome.objects.in += 1;
        outcome.objects[stages.objectKind(missing.key)] += 1;
        return finish(missing, run, () => readAndTell(missing, run));
      };
      await finish(object, run, () => reconcileDigest(object, ledger, run, processMissing));
    } else ports.log.info("holds no records", { object: nameOfObject(object), kind });
  } catch (error) {
    outcome.objects.failed += 1;
    outcome.failures.push(failureOf(nameOfObject(object), error));
  }
}

/** The digest files of the last hours that nobody has read, or not to their end. */
async function unprocessedDigests(request: ReconcileRequest, run: Run): Promise<readonly ObjectRef[]> {
  const { stages, ports, outcome } = run;
  const found = await stages.findDigests(ports.objects, request);
  if (found.length === 0) {
    outcome.digestsNotFound.count += 1;
    ports.log.warning("there are no digest files; is log file validation on, and the prefix right?", { ...request });
  }
  const processed = await ports.ledger?.processed(found);
  return found.filter((object) => !processed?.has(nameOfObject(object)));
}

/**
 * Works on a file while there is time, and remembers that it was finished.
 * @param work resolves with the hash of the unpacked file
 * @throws IncompleteError when the time does not suffice
 * @throws what the work throws
 */
async function finish(object: ObjectRef, run: Run, work: () => Promise<string>): Promise<string> {
  const { failures, limits } = run.outcome;
  const failuresBefore = failures.length;
  const problemsBefore = problemsIn(run.outcome);
  try {
    const sha256 = await inTime(run, work);
    // An alert that was not told is missing as the file itself would be.
    if (failures.length === failuresBefore) {
      if (run.outcome.ledger.failed === 0 && problemsIn(run.outcome) === problemsBefore)
        await markProcessed(object, sha256, run);
      else run.unmarked.push([object, sha256]);
    }
    return sha256;
  } catch (error) {
    if (error instanceof LogFileError && error.limit !== undefined) limits[error.limit] += 1;
    throw error;
  }
}

/** More alerts than this are told before the file is read further: memory is bounded, whatever a file holds. */
const MAX_UNTOLD = 1_000;
/** Nor does an alert wait longer for the rest of its file: where the time does not suffice for all, some are told. In milliseconds. */
const MAX_READING_MS = 20_000;

/**
 * Tells what a log file holds. What was found before it broke off is told all the same.
 * @returns the hash of the unpacked file
 * @throws LogFileError when it cannot be read to its end
 * @throws IncompleteError when the time does not suffice
 */
async function readAndTell(object: ObjectRef, run: Run): Promise<string> {
  const { stages, ports } = run;
  const name = nameOfObject(object);
  const reading = stages.readLogFile(ports.objects.read(object), name);
  const judging = newJudging((index) => `${name} Records[${index}]`, object);
  let toldMs = ports.clock.nowMs();
  try {
    for await (const elements of reading.batches) {
      judge(elements, judging, stages, run.outcome);
      const untold = judging.suspects.length + judging.insights.length;
      if (untold >= MAX_UNTOLD || ports.clock.nowMs() - toldMs > MAX_READING_MS) {
        await run.tell(await newsOf(judging, stages, ports, run.outcome));
        toldMs = ports.clock.nowMs();
      }
      if (ports.remainingMs() < RESERVE_MS) {
        throw outOfTime(run, `no time was left for what follows Records[${judging.elements - 1}]`);
      }
    }
  } finally {
    await run.tell(await newsOf(judging, stages, ports, run.outcome));
  }
  return reading.sha256();
}

async function markProcessed(object: ObjectRef, sha256: string, { ports, outcome }: Run): Promise<void> {
  try {
    await ports.ledger?.markProcessed(object, { sha256 });
  } catch (error) {
    // A digest file will have it read once more, and nothing of it told once more.
    outcome.ledger.failed += 1;
    ports.log.error("the ledger does not know that an object was processed", {
      object: nameOfObject(object),
      reason: messageOf(error),
    });
  }
}
