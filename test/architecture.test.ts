import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const ROOT = path.join(import.meta.dirname, "..");
const BOUNDARY = { folders: ["model"], packages: ["valibot", "node:"] };
const STAGES = ["config", "sources", "records", "alerts", "completeness", "ledger", "routing", "rules", "delivery"];

/** Modules whose values a bundle holds as data. */
const MADE_WHEN_BUILT = ["#default-rules", "#scanner-code"];

/** "Who may import whom" of the architecture. A package that ends with `:` or `/` stands for all that begin so. */
const MAY_IMPORT: Readonly<
  Record<string, { readonly folders: readonly string[]; readonly packages: readonly string[] }>
> = {
  model: { folders: [], packages: [] },
  // Jexl's syntax, and not its evaluator.
  expression: {
    folders: [],
    packages: ["jexl/dist/grammar.js", "jexl/dist/Lexer.js", "jexl/dist/parser/", "ipaddr.js", "re2js"],
  },
  config: BOUNDARY,
  sources: BOUNDARY,
  records: BOUNDARY,
  alerts: BOUNDARY,
  completeness: BOUNDARY,
  ledger: BOUNDARY,
  routing: BOUNDARY,
  rules: { folders: ["model", "expression"], packages: [] },
  delivery: { folders: ["model"], packages: ["@slack/"] },
  aws: { folders: ["model"], packages: ["@aws-sdk/"] },
  "pipeline.ts": { folders: ["model", "pipeline"], packages: [] },
  pipeline: { folders: ["model"], packages: [] },
  metrics: { folders: ["model"], packages: [] },
  "self-check.ts": { folders: ["model", "config", "delivery", "routing", "rules"], packages: ["#default-rules"] },
  "handler.ts": {
    folders: ["model", "aws", "metrics", "pipeline.ts", "self-check.ts", ...STAGES],
    packages: ["#default-rules", "#scanner-code"],
  },
  "incident-response": { folders: ["model"], packages: ["@aws-sdk/", "ipaddr.js", "node:", "valibot"] },
  cli: {
    folders: ["model", "expression", "aws", "pipeline.ts", "incident-response", ...STAGES],
    packages: [
      "#default-rules",
      "@aws-sdk/",
      "cli-progress",
      "commander",
      "node-stream-zip",
      "node:",
      "ora",
      "valibot",
      "yaml",
    ],
  },
};

/** What is wrong with the imports of one file, as sentences. @param file its path below `lambda/src`, or `cli/…` */
function violations(file: string, source: string): readonly string[] {
  const [unit = ""] = file.split("/");
  const allowed = MAY_IMPORT[unit];
  if (allowed === undefined) return [`${file}: "${unit}" is missing from the table`];
  const specifiers = source.matchAll(/\b(?:from|import)\s*(?:\(\s*)?(["'])([^"']*)\1|\b(import\s*\(\s*[^"'\s])/g);
  return [...specifiers].flatMap(([, , specifier, computed]) => {
    const found = (what: string) => [`${file}: ${what}`];
    if (specifier === undefined) return found(`imports something computed: ${computed}`);
    if (specifier.startsWith("../") || specifier.includes("/../")) return found(`climbs with ${specifier}`);
    const ours = specifier.startsWith("./")
      ? path.posix.join(path.posix.dirname(file), specifier)
      : specifier.replace(/^#/, "");
    const isPackage = !/^(\.|#)/.test(specifier) || MADE_WHEN_BUILT.includes(specifier);
    const [target = ""] = ours.split("/");
    const fits = isPackage
      ? allowed.packages.some((name) =>
          /[:/]$/.test(name) ? specifier.startsWith(name) : specifier === name || specifier.startsWith(`${name}/`),
        )
      : target === unit || allowed.folders.includes(target);
    return fits ? [] : found(`may not import ${specifier}`);
  });
}

/** Every TypeScript file below a folder of ours, with the path that {@link violations} expects. */
function sourcesBelow(folder: string, prefix: string): readonly { readonly file: string; readonly source: string }[] {
  const absolute = path.join(ROOT, folder);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.[cm]?tsx?$/.test(file))
    .map((file) => ({
      file: prefix + file.split(path.sep).join("/"),
      source: readFileSync(path.join(absolute, file), "utf8"),
    }));
}

test("every file imports only what the architecture allows", () => {
  const files = [...sourcesBelow("lambda/src", ""), ...sourcesBelow("cli", "cli/")];
  expect({
    looked: files.length > 20,
    imports: files.filter(({ source }) => source.includes("import")).length > 20,
    violations: files.flatMap(({ file, source }) => violations(file, source)),
  }).toEqual({ looked: true, imports: true, violations: [] });
});

test.each([
  ["rules/a.ts", 'import { x } from "./b.ts";', []],
  ["rules/a.ts", 'import type { X } from "#model/x.ts";\nimport { y } from "#expression/y.ts";', []],
  ["expression/a.ts", 'import lexer from "jexl/dist/Lexer.js";', []],
  ["handler.ts", 'import { a } from "./alerts/a.ts";\nimport { defaultRules } from "#default-rules";', []],
  ["rules/a.ts", 'import { x } from "../config/x.ts";', ["rules/a.ts: climbs with ../config/x.ts"]],
  ["rules/a.ts", 'import { x } from "./../config/x.ts";', ["rules/a.ts: climbs with ./../config/x.ts"]],
  ["rules/a.ts", 'import type { X } from "#config/x.ts";', ["rules/a.ts: may not import #config/x.ts"]],
  ["rules/a.ts", 'export {\n  x,\n} from "#config/x.ts";', ["rules/a.ts: may not import #config/x.ts"]],
  ["rules/a.ts", 'type X = import("#config/x.ts").X;', ["rules/a.ts: may not import #config/x.ts"]],
  ["rules/a.ts", "await import('valibot');", ["rules/a.ts: may not import valibot"]],
  ["rules/a.ts", 'import "node:fs";', ["rules/a.ts: may not import node:fs"]],
  ["rules/a.ts", "await import(name);", ["rules/a.ts: imports something computed: import(n"]],
  ["rules/a.ts", "await import(`valibot`);", ["rules/a.ts: imports something computed: import(`"]],
  ["delivery/a.ts", 'import x from "@slackline/x";', ["delivery/a.ts: may not import @slackline/x"]],
  ["expression/a.ts", 'import x from "jexl";', ["expression/a.ts: may not import jexl"]],
  ["expression/a.ts", 'import x from "re2json";', ["expression/a.ts: may not import re2json"]],
  ["pipeline.ts", 'import { decide } from "./rules/decide.ts";', ["pipeline.ts: may not import ./rules/decide.ts"]],
  ["model/a.ts", 'import { defaultRules } from "#default-rules";', ["model/a.ts: may not import #default-rules"]],
  ["cli/a.ts", 'import { handler } from "#handler.ts";', ["cli/a.ts: may not import #handler.ts"]],
  ["stray/a.ts", "", ['stray/a.ts: "stray" is missing from the table']],
])("the checker judges %s with %j", (file, source, expected) => {
  expect(violations(file, source)).toEqual(expected);
});
