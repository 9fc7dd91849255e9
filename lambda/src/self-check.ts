import { defaultRules } from "#default-rules";
import { readSettings, type SettingsEnvironment } from "./config/read-settings.ts";
import { hookProblem } from "./delivery/hook-url.ts";
import { cachedSecrets, type Secrets } from "./delivery/secrets.ts";
import type { RuleProblem } from "./model/decision.ts";
import { ConfigurationError, messageOf } from "./model/errors.ts";
import type { Clock, ParameterStore } from "./model/ports.ts";
import type { Settings } from "./model/settings.ts";
import { destinationsOf } from "./routing/targets-for.ts";
import { examine } from "./rules/examine.ts";
import { ruleSetOf } from "./rules/rule-set.ts";

/** What Terraform invokes a new version with before the alias moves to it. */
interface SelfCheck {
  readonly selfCheck: true;
}

/** What the self-check answers; it lands in the Terraform state, so it holds no secret. */
export interface SelfCheckResult {
  readonly ok: boolean;
  /** Each names the variable, and shows the place in the expression. */
  readonly problems: readonly string[];
  /** The same of what holds, but perhaps not as it was meant. */
  readonly warnings: readonly string[];
  /** Rules in Python as the Jexl that they became, by their ids. */
  readonly translations: Readonly<Record<string, string>>;
}

/** What it needs of the world. */
export interface SelfCheckWorld {
  readonly environment: SettingsEnvironment;
  readonly parameters: ParameterStore;
  readonly clock: Clock;
}

/** How long and how often the self-check waits for a new IAM policy to take effect, which AWS does within seconds. */
const IAM_WAIT_MS = 5_000;
const IAM_ATTEMPTS = 12;

/** Whether a payload asks for the self-check. */
export function isSelfCheck(payload: unknown): payload is SelfCheck {
  return typeof payload === "object" && payload !== null && "selfCheck" in payload && payload.selfCheck === true;
}

/**
 * Whether this version may go live. Mistakes in the configuration are the answer, because only a changed configuration
 * mends them; what can be mended without one (a hook that cannot be read or points elsewhere) is thrown, so that
 * the next apply asks again.
 */
export async function selfCheck(world: SelfCheckWorld, remainingMs: () => number): Promise<SelfCheckResult> {
  const mayWait = () => remainingMs() > 2 * IAM_WAIT_MS;
  let settings: Settings;
  try {
    settings = await patiently(world.clock, mayWait, () => readSettings(world.environment, world.parameters));
  } catch (error) {
    if (error instanceof ConfigurationError) {
      return { ok: false, problems: shorten(error.message.split("\n")), warnings: [], translations: {} };
    }
    throw error;
  }
  const checked = ruleSetOf(settings, defaultRules, examine);
  const said = (found: readonly RuleProblem[]) => shorten(found.map(({ ruleId, message }) => `${ruleId}: ${message}`));
  const [problems, warnings] = [said(checked.problems), said(checked.warnings)];
  const translations = Object.fromEntries(checked.translations.map(({ ruleId, jexl }) => [ruleId, jexl]));
  if (problems.length > 0) return { ok: false, problems, warnings, translations };
  // Not from memory: a hook may have been mended since.
  await checkSecrets(settings, cachedSecrets(world.parameters, world.clock), world.clock, mayWait);
  return { ok: true, problems: [], warnings, translations };
}

/** Terraform shows them all on one screen. */
const MAX_SHOWN_PROBLEMS = 20;

function shorten(problems: readonly string[]): readonly string[] {
  if (problems.length <= MAX_SHOWN_PROBLEMS) return problems;
  return [...problems.slice(0, MAX_SHOWN_PROBLEMS), `… and ${problems.length - MAX_SHOWN_PROBLEMS} more problems`];
}

async function checkSecrets(settings: Settings, secrets: Secrets, clock: Clock, mayWait: () => boolean): Promise<void> {
  for (const destination of destinationsOf(settings)) {
    if (destination.kind === "sns") continue;
    const parameter = destination.kind === "slack_app" ? destination.tokenParameter : destination.hookParameter;
    const secret = await patiently(clock, mayWait, () => secrets.read(parameter)).catch((cause) => {
      const sentence = `the secret of the destination "${destination.name}" cannot be read from SSM: ${messageOf(cause)}`;
      throw new Error(sentence, { cause });
    });
    const problem = destination.kind === "slack_webhook" && hookProblem(secret, settings.allowedHookHosts);
    if (problem) throw new Error(`the hook in the SSM parameter ${parameter} ${problem}`);
  }
}

/** Tries again while AWS denies access, as long as the time suffices: the role's policy was written seconds ago. */
async function patiently<T>(clock: Clock, mayWait: () => boolean, read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      const denied = error instanceof Error && error.name.startsWith("AccessDenied");
      if (!denied || attempt === IAM_ATTEMPTS || !mayWait()) throw error;
      await clock.sleep(IAM_WAIT_MS);
    }
  }
}
