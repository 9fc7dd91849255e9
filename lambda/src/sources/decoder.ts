import type { SourceItem } from "#model/source-item.ts";

/**
 * Reads what an envelope carries.
 * @param text the inner payload: JSON, or a text that AWS is known to send
 * @param where names the envelope in errors, such as `the message 1 of the queue q`
 */
export type ReadInner = (text: string, where: string) => readonly SourceItem[];

/** Reads one shape of payload, without ever throwing. Answers undefined to every other shape. */
export type Decoder = (payload: unknown, readInner: ReadInner) => readonly SourceItem[] | undefined;
