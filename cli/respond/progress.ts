import { jsonLine } from "#cli/shared/json-line.ts";
import type { Progress, Terminal } from "#cli/shared/terminal.ts";
import { plain } from "#delivery/plain.ts";
import type { StepRecord } from "#incident-response/record.ts";

/** How a command shows what goes on: lines for people, or JSON lines for programs with the lines for people beside them. */
export interface Show {
  begin(instanceId: string, step: string): void;
  record(instanceId: string, record: StepRecord): void;
  /** A line for people. */
  line(text: string): void;
  /** Something that programs are to know, and its line for people. */
  event(kind: string, fields: Readonly<Record<string, unknown>>, text: string): void;
  end(): void;
}

/** Enough of a reason on a terminal. In characters. */
const MAX_REASON = 300;

const WORDS = { ok: "ok", skipped: "skipped", failed: "FAILED", pending: "waits" } as const;

/** @param several whether lines name their instance */
export function showOn(
  terminal: Terminal,
  { json, several }: { readonly json: boolean; readonly several: boolean },
): Show {
  const running = new Set<string>();
  let progress: Progress | undefined;
  const line = json ? terminal.say : terminal.out;
  const draw = () => {
    const text = [...running].slice(0, 4).join(", ");
    if (text === "") {
      progress?.end();
      progress = undefined;
    } else if (progress === undefined) progress = terminal.progress(text);
    else progress.update(text);
  };
  const named = (instanceId: string, step: string) => (several ? `${instanceId} ${step}` : step);
  return {
    begin(instanceId, step) {
      running.add(named(instanceId, step));
      draw();
    },
    record(instanceId, record) {
      const { step, status, reason, started, ended } = record;
      running.delete(named(instanceId, step));
      draw();
      const seconds = ((Date.parse(ended) - Date.parse(started)) / 1_000).toFixed(1);
      const why = reason === undefined ? "" : `  ${plain(reason, { max: MAX_REASON })}`;
      const shown = `${WORDS[status].padEnd(7)} ${step.padEnd(21)} ${seconds.padStart(5)} s${why}`;
      line(several ? `${instanceId}  ${shown}` : shown);
      if (json) terminal.out(jsonLine({ event: "step", instance: instanceId, step, status, reason, started, ended }));
    },
    line,
    event(kind, fields, text) {
      if (json) terminal.out(jsonLine({ event: kind, ...fields, text }));
      line(text);
    },
    end() {
      running.clear();
      draw();
    },
  };
}
