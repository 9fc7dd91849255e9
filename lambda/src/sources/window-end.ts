import * as v from "valibot";
import type { Decoder } from "./decoder.ts";

/** What the function sends itself. A key of the ledger has at most 2,048 bytes. */
const End = v.object({ windowId: v.pipe(v.string(), v.startsWith("window/"), v.maxBytes(2_048)) });

/** That repeats which were only counted are to be told now. */
export const decodeWindowEnd: Decoder = (payload) => {
  const end = v.safeParse(End, payload);
  return end.success ? [{ kind: "window", end: end.output }] : undefined;
};
