import { createHash } from "node:crypto";
import { accountOf, type CloudTrailRecord, textAt } from "#model/record.ts";

/** About 100 MB. Of more alerts the oldest are forgotten. */
const MAX_REMEMBERED = 1_000_000;

/**
 * Tells records that were there already: a call is logged twice where two trails log, or a file lies twice. Account,
 * `eventID` and `eventTime` must be the same, and what else is in it, because made-up records often share an id.
 * @returns a function that says whether it had this record before; one without an `eventID` it never had
 */
export function repeats(max = MAX_REMEMBERED): (record: CloudTrailRecord) => boolean {
  const known = new Set<string>();
  return (record) => {
    const eventId = textAt(record, "eventID");
    if (eventId === undefined) return false;
    const identity = [accountOf(record), eventId, textAt(record, "eventTime"), record];
    const key = createHash("sha256").update(JSON.stringify(identity)).digest("base64");
    if (known.has(key)) return true;
    known.add(key);
    if (known.size > max) {
      const [oldest = ""] = known;
      known.delete(oldest);
    }
    return false;
  };
}
