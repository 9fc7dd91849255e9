import { CommandError } from "#cli/shared/command-error.ts";
import { type EachOptions, each } from "#cli/shared/each.ts";
import type { Submit } from "#cli/shared/live-function.ts";
import type { ObjectRef } from "#model/source-item.ts";

/** Few enough that a payload ends in time, and that one bad file brings only these again. */
const MAX_KEYS = 10;

/** What Lambda took. */
export interface HandedIn {
  readonly logFiles: number;
  readonly digests: number;
  /** Why the rest was not handed in. */
  readonly problem: string | undefined;
}

/**
 * Hands log files to the function, ten in a payload, and digest files after them: what these list is then on its way.
 * Never throws a CommandError: it stands in the answer, with what was taken until then.
 */
export async function handIn(
  logFiles: readonly ObjectRef[],
  digests: readonly ObjectRef[],
  submit: Submit,
  { onProgress, ...options }: EachOptions & { readonly onProgress: (what: string) => void },
): Promise<HandedIn> {
  const taken = { logFiles: 0, digests: 0 };
  const total = logFiles.length + digests.length;
  const hand = (what: keyof typeof taken) => async (objects: readonly ObjectRef[]) => {
    await submit(JSON.stringify({ s3Bucket: objects[0]?.bucket, s3ObjectKey: objects.map(({ key }) => key) }));
    taken[what] += objects.length;
    onProgress(`handing in: ${taken.logFiles + taken.digests} of ${total}`);
  };
  try {
    await each(batches(logFiles), options, hand("logFiles"));
    await each(
      digests.map((digest) => [digest]),
      options,
      hand("digests"),
    );
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { ...taken, problem: error.message };
  }
  return { ...taken, problem: undefined };
}

/** Of one bucket each. */
function batches(objects: readonly ObjectRef[]): readonly (readonly ObjectRef[])[] {
  const made: ObjectRef[][] = [];
  const open = new Map<string, ObjectRef[]>();
  for (const object of objects) {
    let batch = open.get(object.bucket);
    if (batch === undefined || batch.length === MAX_KEYS) {
      batch = [];
      open.set(object.bucket, batch);
      made.push(batch);
    }
    batch.push(object);
  }
  return made;
}
