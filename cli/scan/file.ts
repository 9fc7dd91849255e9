import { CommandError } from "#cli/shared/command-error.ts";
import { LogFileError } from "#model/errors.ts";
import type { Limits } from "#model/log-file.ts";
import { unfoldAggregated } from "#records/aggregated.ts";
import { readLogFile } from "#records/read.ts";
import { unpack } from "#records/unpack.ts";
import type { Candidate } from "./candidate.ts";
import { asList } from "./forms.ts";

/** A file that is to be read. */
export type LogFile = Extract<Candidate, { readonly kind: "file" }>;

/**
 * The elements of a file, in batches: of a log file, a list of records, or a record in each line; packed or not.
 * @throws LogFileError when it cannot be read any further; everything before was yielded
 * @throws CommandError when no other file could be read either
 */
export async function* elementsOf({ name, open }: LogFile, limits: Limits): AsyncGenerator<readonly unknown[]> {
  try {
    for await (const batch of readLogFile(asList(unpack(open()), name), name, limits)) {
      yield batch.flatMap(unfoldAggregated);
    }
  } catch (error) {
    if (error instanceof LogFileError && error.cause instanceof CommandError) throw error.cause;
    throw error;
  }
}
