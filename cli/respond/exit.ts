import type { Outcome } from "#incident-response/manifests.ts";

/** What `respond` exits with. */
export const EXIT = {
  done: 0,
  internal: 1,
  usage: 2,
  notFound: 3,
  partial: 4,
  notIsolated: 5,
  containedBefore: 6,
  forbidden: 7,
  stillRunning: 8,
  drift: 9,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** For the help, and the documentation. */
export const EXIT_CODES = `
Exit codes: 0 done; 1 a fault of the command; 2 not understood, or declined; 3 no such instance; 4 isolated, but a step
failed (verify: evidence was altered); 5 NOT ISOLATED; 6 it was contained before; 7 permission or configuration; 8 still
running; 9 restore left alone what others changed.
Of several instances the worst counts: 5, 1, 7, 2, 4, 9, 8, 3, 6, 0.`;

/** A command ends here, with a sentence and a code. */
export class RespondError extends Error {
  override readonly name: string = "RespondError";
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

const WORST_FIRST: readonly ExitCode[] = [5, 1, 7, 2, 4, 9, 8, 3, 6, 0];

/** The code for several targets. */
export const worst = (codes: readonly ExitCode[]): ExitCode =>
  WORST_FIRST.find((code) => codes.includes(code)) ?? EXIT.done;

const OF_OUTCOME: Readonly<Record<Outcome, ExitCode>> = {
  done: EXIT.done,
  partial: EXIT.partial,
  "not-isolated": EXIT.notIsolated,
  drift: EXIT.drift,
};

export const exitCodeOf = (outcome: Outcome): ExitCode => OF_OUTCOME[outcome];
