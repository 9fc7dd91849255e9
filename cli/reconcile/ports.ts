import type { Submit } from "#cli/shared/live-function.ts";
import type { Ledger, ObjectStore } from "#model/ports.ts";
import type { ObjectRef } from "#model/source-item.ts";

/** The ledger of a deployment, as somebody who only looks sees it. Everything throws a CommandError, which names the table. */
export interface LedgerView extends Pick<Ledger, "processed"> {
  /** When its table was made, in milliseconds since 1970. */
  createdMs(): Promise<number>;
  /** How long it keeps what it noted about an object, in milliseconds; undefined when it has no such note. */
  keptMs(object: ObjectRef): Promise<number | undefined>;
}

/** What `reconcile` works on. */
export interface ReconcilePorts {
  /** `list` throws a CommandError; so does `read` when no other object could be read either. */
  readonly objects: ObjectStore;
  readonly ledger: LedgerView;
  readonly submit: Submit;
  readonly nowMs: () => number;
}
