/** A value of a record that a prefilter looks at. */
export interface WatchedValue {
  /** The keys that lead to it from the top of the record. */
  readonly keys: readonly string[];
  /** Whether a record that has it is beyond what the prefilter can judge. */
  readonly isForbidden: boolean;
}

/**
 * A cheap necessary condition: which records may matter to anybody, judged by single values. Each way in which a record
 * may matter has a bit. A record whose values leave no bit alive is decided: it is unmatched, and counts nowhere else. It
 * says nothing of records in which a value that leads to a watched one is neither an object, null nor missing.
 */
export interface Prefilter {
  readonly watched: readonly WatchedValue[];
  /**
   * Of each bit the indexes in `watched` of the values that it depends on, those first that tell most. A bit without any
   * is alive in every record.
   */
  readonly needs: readonly (readonly number[])[];
  /** The size of a mask, in words of 32 bits. */
  readonly words: number;
  /**
   * The bits that a watched value leaves alive.
   * @param index of the value in `watched`
   * @param value what stands there: a text, number, boolean or null, or undefined when nothing does. An object or a list
   *   leaves all of them alive.
   * @param among the bits that the answer matters for; all of them when absent
   */
  maskOf(index: number, value: unknown, among?: Uint32Array): Uint32Array;
}
