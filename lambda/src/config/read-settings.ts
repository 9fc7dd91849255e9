import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { ConfigurationError, messageOf } from "#model/errors.ts";
import type { ParameterStore } from "#model/ports.ts";
import type { Settings } from "#model/settings.ts";
import { ConfigurationDocument } from "./document.ts";
import { parsed, ruleSettings } from "./rule-settings.ts";

/** Against a bomb in SSM: 16 parameters of 4 KB hold 48 KB of gzip; 300 long rules are 70 KB of text. In bytes. */
const MAX_DOCUMENT_BYTES = 4 * 2 ** 20;

/** The variables that `configuration.tf` gives the function: pointers and a hash, nothing else. */
export interface SettingsEnvironment {
  /** `name:version,name:version`: the parameters that hold the parts of the document, in order. */
  readonly CONFIGURATION_PARAMETERS?: string | undefined;
  /** SHA-256 of the joined parts, in hexadecimal digits. */
  readonly CONFIGURATION_SHA256?: string | undefined;
}

/**
 * The settings that this version of the function was published with.
 * @throws ConfigurationError when the document is wrong as a whole, with every problem and its path
 * @throws Error when it cannot be read, or is not the document that the version was published with
 */
export async function readSettings(environment: SettingsEnvironment, parameters: ParameterStore): Promise<Settings> {
  const { CONFIGURATION_PARAMETERS: pointers, CONFIGURATION_SHA256: expected } = environment;
  if (!pointers || !expected) {
    throw new Error(
      "CONFIGURATION_PARAMETERS and CONFIGURATION_SHA256 are not set: deploy the function with its Terraform module",
    );
  }
  const names = pointers.split(",");
  const values = await parameters.get(names);
  const encoded = names.map((name) => values.get(name) ?? "").join("");
  if (createHash("sha256").update(encoded).digest("hex") !== expected) {
    throw new Error(
      `the parameters ${pointers} do not hold the configuration that this version was published with; apply again`,
    );
  }
  return parseConfiguration(decode(encoded));
}

function decode(encoded: string): unknown {
  try {
    return JSON.parse(gunzipSync(Buffer.from(encoded, "base64"), { maxOutputLength: MAX_DOCUMENT_BYTES }).toString());
  } catch (cause) {
    throw new ConfigurationError(`the configuration is not gzip of JSON: ${messageOf(cause)}`, { cause });
  }
}

/**
 * Checks a configuration document and turns it into settings.
 * @throws ConfigurationError with every problem and its path
 */
export function parseConfiguration(document: unknown): Settings {
  const configuration = parsed(ConfigurationDocument, document);
  return {
    ...ruleSettings(configuration),
    routes: configuration.routes,
    routing: configuration.routing,
    mention: configuration.mention,
    messages: configuration.messages,
    allowedHookHosts: configuration.allowed_hook_hosts,
    tellRuleProblems: configuration.rule_evaluation_errors_to_slack,
    countRefusedCalls: configuration.push_access_denied_cloudwatch_metrics,
    limits: configuration.limits,
    grouping: {
      windowMs: configuration.grouping.window_minutes * 60_000,
      retryQueue: configuration.grouping.retry_queue_arn,
    },
    ledger:
      configuration.ledger.table === undefined
        ? undefined
        : { table: configuration.ledger.table, retentionDays: configuration.ledger.retention_days },
  };
}
