import type { Finding } from "#expression/check.ts";
import { EvaluationError } from "#expression/evaluation-error.ts";
import { createTemplateCompiler, type Template } from "#expression/template.ts";
import { messageOf } from "#model/errors.ts";
import type { RuleOverride, Wording } from "#model/rule.ts";
import type { RuleSettings } from "#model/settings.ts";
import type { Examine } from "./rule-set.ts";
import { transforms } from "./transforms.ts";

/** Templates of a rule that can be asked. */
export interface CompiledWording {
  readonly title: Template | undefined;
  readonly details: readonly { readonly label: string; readonly value: Template }[];
}

/** What templates say of a record, and which of them failed on it. */
export interface Worded {
  readonly wording: Wording | undefined;
  /** Each continues the sentence "the rule …". */
  readonly failures: readonly string[];
}

/** Stands below the place that a caret shows. */
const HINT = "\n  (a fixed text stands in quotes of its own: \"'Key made for ' + requestParameters.userName\")";

const compileTemplate = createTemplateCompiler(transforms);

/** Compiles the templates that can be used, if any are given. The messages of findings continue the sentence "the rule …". */
export function compileWording(
  override: Partial<Pick<RuleOverride, "title" | "details">> | undefined,
  examine: Examine,
): { readonly wording: CompiledWording | undefined; readonly findings: readonly Finding[] } {
  const { title, details = {} } = override ?? {};
  const findings: Finding[] = [];
  const compile = (part: string, text: string): Template | undefined => {
    const add = ({ severity, message }: Finding) =>
      findings.push({ severity, message: `${part}: the expression ${message}${severity === "error" ? HINT : ""}` });
    try {
      const found = examine(text, "text");
      found.forEach(add);
      return found.some(({ severity }) => severity === "error") ? undefined : compileTemplate(text);
    } catch (error) {
      add({ severity: "error", message: messageOf(error) });
      return undefined;
    }
  };
  const wording = {
    title: title === undefined ? undefined : compile("title", title),
    details: Object.entries(details).flatMap(([label, text]) => {
      const value = compile(`details["${label}"]`, text);
      return value === undefined ? [] : [{ label, value }];
    }),
  };
  const isEmpty = wording.title === undefined && wording.details.length === 0;
  return { wording: isEmpty ? undefined : wording, findings };
}

/** What is changed about rules but for their words is left out: for whoever asks a rule as it comes. */
export function onlyWordings(overrides: RuleSettings["overrides"]): RuleSettings["overrides"] {
  const plain = { enabled: undefined, severity: undefined, exceptions: [] };
  return Object.fromEntries(
    Object.entries(overrides).map(([id, { title, details }]) => [id, { ...plain, title, details }]),
  );
}

/** Asks the templates of a rule. A detail that is not there is left out; a title has to be. Never throws. */
export function wordedBy({ title, details }: CompiledWording, context: object): Worded {
  const failures: string[] = [];
  const ask = (template: Template, name: string) => {
    try {
      return template(context);
    } catch (error) {
      failures.push(`${name} failed on a record: ${reasonOf(error)}`);
      return undefined;
    }
  };
  const told = title && ask(title, "its title");
  if (title !== undefined && told === undefined && failures.length === 0) {
    failures.push(
      "its title, or a part of it, was not there in a record; write what to say instead, as in (… || 'nobody')",
    );
  }
  const lines = details.flatMap(({ label, value }) => {
    const text = ask(value, `its detail "${label}"`);
    return text === undefined ? [] : [{ label, value: text }];
  });
  const wording = { ...(told === undefined ? {} : { title: told }), ...(lines.length === 0 ? {} : { details: lines }) };
  return { wording: Object.keys(wording).length === 0 ? undefined : wording, failures };
}

/** Why an expression failed, in our own words: the engine's may quote a value of the record. */
export function reasonOf(error: unknown): string {
  if (error instanceof EvaluationError) return error.message;
  if (error instanceof TypeError) return "it asks for a part of something that is not there";
  return `the engine gave up (${error instanceof Error ? error.name : typeof error})`;
}
