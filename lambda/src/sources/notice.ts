import * as v from "valibot";
import type { Decoder } from "./decoder.ts";

/** As much as a message can show. In characters. */
const text = (max: number) => v.pipe(v.string(), v.maxLength(max));

/** Pages of the AWS console: a message leads nowhere else, whoever sent it. */
const Page = v.pipe(
  text(2_000),
  v.url(),
  v.regex(/^https:\/\/console\.(aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com)\//),
);

/** What another function of ours has to say: the incident response. */
const Payload = v.object({
  notice: v.object({
    severity: v.picklist(["critical", "high", "medium", "low", "info"]),
    title: v.pipe(text(300), v.minLength(1)),
    accountId: v.optional(v.pipe(v.string(), v.regex(/^\d{12}$/))),
    occasion: v.optional(text(300)),
    facts: v.pipe(
      v.array(
        v.object({
          label: text(50),
          value: text(3_000),
          url: v.optional(Page),
        }),
      ),
      v.maxLength(20),
    ),
  }),
});

/** A notice as it is: told like any other, with the ledger and the retries of this function. */
export const decodeNotice: Decoder = (payload) => {
  const parsed = v.safeParse(Payload, payload);
  if (!parsed.success) return undefined;
  const { facts, occasion, ...notice } = parsed.output.notice;
  return [
    {
      kind: "notice",
      notice: {
        kind: "notice",
        ...notice,
        ...(occasion === undefined ? {} : { occasion }),
        facts: facts.map(({ url, ...fact }) => (url === undefined ? fact : { ...fact, url })),
      },
    },
  ];
};
