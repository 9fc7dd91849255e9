import type { LimitName } from "./log-file.ts";

/** The configuration cannot be used at all. Trying again helps only after it was changed. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}

/** A payload, or a part of it, that no decoder understands. */
export class SourceError extends Error {
  override readonly name = "SourceError";
}

/** A log file that could not be read. The invocation hands it back, so that it comes again. */
export class LogFileError extends Error {
  override readonly name = "LogFileError";
  /** The limit that the file goes beyond, if that is why. */
  readonly limit?: LimitName;
  /** Whether the file is not there any more. */
  readonly missing: boolean;
  /** Whether what lies there is not what CloudTrail writes: reading it again will not help. */
  readonly damaged: boolean;

  constructor(
    message: string,
    options: ErrorOptions & { readonly limit?: LimitName; readonly missing?: boolean; readonly damaged?: boolean } = {},
  ) {
    super(message, options);
    this.missing = options.missing ?? false;
    this.damaged = options.damaged ?? false;
    if (options.limit !== undefined) this.limit = options.limit;
  }
}

/** The invocation did not finish its work: AWS must bring the payload again. */
export class IncompleteError extends Error {
  override readonly name = "IncompleteError";
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Ends a switch over a union: the compiler refuses the call while a case is missing. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}
