import * as v from "valibot";
import type { Decoder } from "./decoder.ts";

/** What the module's schedule sends, or anybody by hand. A week is as far back as it looks. */
const Request = v.object({
  reconcile: v.object({
    bucket: v.pipe(v.string(), v.minLength(1)),
    prefix: v.optional(v.string(), "AWSLogs/"),
    hours: v.pipe(v.number(), v.minValue(1), v.maxValue(168)),
  }),
});

/** That digest files are to be looked for, whether or not a notification of them came. */
export const decodeReconcileRequest: Decoder = (payload) => {
  const request = v.safeParse(Request, payload);
  return request.success ? [{ kind: "reconcile", request: request.output.reconcile }] : undefined;
};
