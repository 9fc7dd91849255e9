import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCompiler } from "#expression/compile.ts";
import { bareCopy } from "#model/bare.ts";
import { transforms } from "#rules/transforms.ts";
import { contexts, expressions, soup } from "./expressions.ts";
import { jexlPredicate, jexlResult, resultOf } from "./jexl.ts";
import { runs, TIMEOUT_MS } from "./runs.ts";
import { tally } from "./tally.ts";

const compile = createCompiler(transforms);

describe("a compiled expression gives what Jexl gives, and throws where Jexl throws", () => {
  const isBare = fc.boolean();

  test(
    "for expressions over the whole grammar",
    () => {
      const seen = tally("value", "true", "throws", "refused");
      fc.assert(
        fc.property(expressions, contexts, isBare, (text, plain, bare) => {
          const context = bare ? Object(bareCopy(plain)) : plain;
          const expected = jexlResult(text, context);
          const compiled = resultOf(() => compile(text));
          if (compiled === "throws") {
            // A pattern that is none, or a time zone: found before there is a record.
            seen.add("refused");
            return /\b(matches|hour|weekday)\b/.test(text) || jexlRefuses(text);
          }
          const actual = resultOf(() => compile(text)(context));
          seen.add(actual === "throws" ? "throws" : actual.value === true ? "true" : "value");
          return isDeepStrictEqual(actual, expected);
        }),
        runs(4_000),
      );
      expect(seen.tooFew(100)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "for pieces of the language in any order, where they compile",
    () => {
      const seen = tally("value", "throws", "refused");
      fc.assert(
        fc.property(soup, contexts, (text, context) => {
          const compiled = resultOf(() => compile(text));
          if (compiled === "throws") {
            seen.add("refused");
            return true;
          }
          const actual = resultOf(() => compile(text)(context));
          seen.add(actual === "throws" ? "throws" : "value");
          return isDeepStrictEqual(actual, jexlResult(text, context));
        }),
        runs(15_000),
      );
      expect(seen.tooFew(25)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

/** Jexl accepts some of what we refuse, such as a bracket that is never closed. */
function jexlRefuses(text: string): boolean {
  return resultOf(() => jexlPredicate(text)) === "throws";
}
