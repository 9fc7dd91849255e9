/** Names that may stand below a name; `null` where anything may, or where nothing does. */
export interface Fields {
  readonly [name: string]: Fields | null;
}

/** What is known of the values that expressions are asked about. */
export interface Vocabulary {
  /** The names at the top, and what stands below them. */
  readonly fields: Fields;
  /** What the names are fields of, for messages: "CloudTrail". */
  readonly source: string;
  /** The name by which everything is reached, also by dotted keys: `event` in `event['a.b']`. */
  readonly everything: string;
  /** Names at the top that hold an object always, so that a part of them may be asked for. */
  readonly present: readonly string[];
  /** Names that hold a list wherever they stand. */
  readonly listNames: readonly string[];
  /** Paths at or below which booleans come as texts, "true" and "false". */
  readonly textBooleans: readonly string[];
  /** Names at any place that hold such a text. */
  readonly textBooleanNames: readonly string[];
  /** Paths of real booleans. */
  readonly booleans: readonly string[];
}
