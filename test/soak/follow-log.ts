import { open } from "node:fs/promises";
import { type LoggedOutcome, outcomesIn } from "#test/support/outcomes.ts";

/** What the emulator's log has shown so far. */
export interface LogSoFar {
  readonly outcomes: readonly LoggedOutcome[];
  /** Grows with whatever a function begins or ends. */
  readonly activity: number;
  /** Invocations whose process was killed, and those that took too long. */
  readonly died: number;
  readonly timedOut: number;
  /** What the function logged as a warning or an error: how often, by its message. */
  readonly complaints: ReadonlyMap<string, number>;
}

/** Reads a growing log. Each call takes in what has come since the last one. */
export function followLog(file: string): () => Promise<LogSoFar> {
  const outcomes: LoggedOutcome[] = [];
  const complaints = new Map<string, number>();
  const counts = { activity: 0, died: 0, timedOut: 0 };
  let position = 0;
  let rest: Buffer = Buffer.alloc(0);
  const take = (line: string) => {
    if (/\[(lambda|lambda_runtime|s3)\] .*Lambda /.test(line)) counts.activity += 1;
    if (line.startsWith("Worker process died")) counts.died += 1;
    if (/Lambda \S+ timed out after/.test(line)) counts.timedOut += 1;
    const [, message] = /^\{"level":"(?:WARNING|ERROR)","message":"([^"]*)"/.exec(line) ?? [];
    if (message !== undefined) complaints.set(message, (complaints.get(message) ?? 0) + 1);
  };
  return async () => {
    const handle = await open(file);
    try {
      for (;;) {
        const { bytesRead, buffer } = await handle.read(Buffer.alloc(2 ** 20), 0, 2 ** 20, position);
        if (bytesRead === 0) break;
        position += bytesRead;
        const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
        const end = bytes.lastIndexOf("\n") + 1;
        rest = bytes.subarray(end);
        const text = bytes.subarray(0, end).toString();
        outcomes.push(...outcomesIn(text));
        for (const line of text.split("\n")) take(line);
      }
    } finally {
      await handle.close();
    }
    return { outcomes, ...counts, complaints };
  };
}
