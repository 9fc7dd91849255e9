import { spawnSync } from "node:child_process";
import path from "node:path";
import { createCompiler, type Predicate } from "#expression/compile.ts";
import { PYTHON_TRANSFORMS } from "#expression/python/transforms.ts";
import { translatePython } from "#expression/python/translate.ts";
import { bareObject } from "#model/bare.ts";
import { flatten } from "#records/flatten.ts";

/** Whether CPython is here; CI has it. */
export const HAVE_PYTHON = spawnSync("python3", ["--version"]).status === 0;

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/**
 * What Python makes of each rule, in the older module's way: one "1" (matches) or "0" for each record, or "!" for a rule
 * that it cannot read.
 */
export function pythonVerdicts(rules: readonly string[], records: readonly unknown[]): readonly string[] {
  const script = path.join(import.meta.dirname, "python-verdicts.py");
  const { stdout, stderr, status } = spawnSync("python3", [script], {
    input: JSON.stringify({ rules, records }),
    encoding: "utf8",
    maxBuffer: MAX_OUTPUT_BYTES,
    env: { PATH: process.env.PATH, PYTHONIOENCODING: "utf-8" },
  });
  if (status !== 0) throw new Error(`python3 ended with ${status}: ${stderr}`);
  return JSON.parse(stdout);
}

const compile = createCompiler(PYTHON_TRANSFORMS);

/** The same of the translations. Throws where a translated rule throws, which none may. */
export function jexlVerdicts(rules: readonly string[], records: readonly unknown[]): readonly string[] {
  const contexts = records.map(contextOf);
  return rules.map((rule) => {
    const matches: Predicate = compile(translatePython(rule));
    return contexts.map((context) => (matches(context) === true ? "1" : "0")).join("");
  });
}

/** What a rule sees: the record's own fields, and `event`, which is flat and nested at once. */
function contextOf(element: unknown): object {
  const judgeable = flatten(element);
  if ("unjudgeable" in judgeable) throw new Error(`a record of the test ${judgeable.unjudgeable}`);
  const { record, flat } = judgeable;
  return Object.assign(bareObject(), record, {
    event: Object.assign(bareObject(), flat, record),
    config: bareObject(),
  });
}
