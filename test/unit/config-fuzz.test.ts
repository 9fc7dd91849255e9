import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseConfiguration, readSettings } from "#config/read-settings.ts";
import { ConfigurationError } from "#model/errors.ts";
import { configuration, fakeParameters } from "#test/support/fakes.ts";

const SEED = 7;
const VALID = configuration({
  rules: ["a == 1", { expression: "b", id: "b", title: "B", severity: "low" }],
  events_to_track: ["CreateUser"],
  routing: [
    {
      routes: [{ accounts: ["111111111111"], destination: { kind: "sns", name: "t", topicArn: "arn:aws:sns:::t" } }],
      default: { kind: "slack_app", name: "c", channelId: "C1", tokenParameter: "/t" },
    },
  ],
});

/** Settings, or every problem with its path: never another error, nor a word of the values. */
function outcomeOf(document: unknown): "settings" | "problems" {
  try {
    const settings = parseConfiguration(document);
    expect(Array.isArray(settings.rules) && Array.isArray(settings.problems)).toBe(true);
    return "settings";
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as ConfigurationError).message).not.toBe("");
    return "problems";
  }
}

/** Every place in a JSON value, as a path of keys. */
function places(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, item]) => places(item, [...path, key]))];
}

function withValueAt(value: unknown, [key, ...rest]: readonly string[], replacement: unknown): unknown {
  if (key === undefined) return replacement;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...(value as object) };
  const holder = copy as Record<string, unknown>;
  holder[key] = withValueAt(holder[key], rest, replacement);
  return copy;
}

const anyJson = fc.json().map((text): unknown => JSON.parse(text));
const harmed = fc
  .tuple(
    fc.constantFrom(...places(VALID)),
    fc.oneof(anyJson, fc.constantFrom(null, "", 0, -1, true, [], {}, "__proto__")),
  )
  .map(([place, value]) => withValueAt(VALID, place, value));

describe("the configuration parser", () => {
  test.each<[string, fc.Arbitrary<unknown>]>([
    ["any JSON", anyJson],
    ["a valid document with any value in any place", harmed],
  ])("gives settings or every problem: %s", (_name, documents) => {
    const seen = { settings: 0, problems: 0 };
    fc.assert(
      fc.property(documents, (document) => {
        seen[outcomeOf(document)] += 1;
      }),
      { seed: SEED, numRuns: 2_000 },
    );
    expect(seen.problems).toBeGreaterThan(0);
  });

  test("meets documents that are valid all the same", () => {
    const documents = fc.sample(harmed, { seed: SEED, numRuns: 2_000 });
    expect(documents.filter((document) => outcomeOf(document) === "settings").length).toBeGreaterThan(100);
  });

  // Kept because each of them is a way to break a parser.
  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["a list", []],
    ["keys of prototypes", JSON.parse('{"__proto__": {"rules": []}, "constructor": 1}')],
    ["rules that are no rules", configuration({ rules: [[[]]] })],
    ["a rule without an expression", configuration({ rules: [{ id: "a" }] })],
    ["a rule's id in capitals", configuration({ rules: [{ expression: "a", id: "A" }] })],
    ["an empty separator", configuration({ rules_separator: "" })],
    ["a destination of an unknown kind", configuration({ routing: [{ routes: [], default: { kind: "pager" } }] })],
    [
      "a destination with a field too many",
      configuration({ routing: [{ routes: [], default: { kind: "sns", name: "t", topicArn: "a", hook: "x" } }] }),
    ],
    ["limits without one of them", configuration({ limits: { file_bytes: 1 } })],
    ["a limit in words", configuration({ limits: { ...(VALID.limits as object), file_bytes: "many" } })],
    ["a ledger without retention", configuration({ ledger: { table: "t" } })],
  ])("refuses %s", (_name, document) => {
    expect(outcomeOf(document)).toBe("problems");
  });
});

describe("reading settings", () => {
  test("gives settings or an error that says what is wrong, of any bytes", async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array).toString("base64")),
      fc.string({ unit: "binary", maxLength: 100 }),
      fc.json().map((text) => gzipSync(text).toString("base64")),
      fc.tuple(fc.nat(), fc.nat({ max: 255 })).map(([at, byte]) => {
        const packed = gzipSync(JSON.stringify(VALID));
        packed[at % packed.length] = byte;
        return packed.toString("base64");
      }),
    );
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(bytes, async (value) => {
        const CONFIGURATION_SHA256 = createHash("sha256").update(value).digest("hex");
        const environment = { CONFIGURATION_PARAMETERS: "/a:1", CONFIGURATION_SHA256 };
        const read = readSettings(environment, fakeParameters({ "/a:1": value }));
        await read.catch((error: unknown) => {
          expect(error).toBeInstanceOf(ConfigurationError);
          refused += 1;
        });
      }),
      { seed: SEED, numRuns: 1_000 },
    );
    expect(refused).toBeGreaterThan(500);
  });
});
