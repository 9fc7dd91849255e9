import { createHash } from "node:crypto";
import path from "node:path";
import { SSMClient } from "@aws-sdk/client-ssm";
import { toAlert } from "#alerts/to-alert.ts";
import { ssmParameterStore } from "#aws/ssm.ts";
import { readSettings } from "#config/read-settings.ts";
import { defaultRules } from "#default-rules";
import { ledgerKey } from "#ledger/keys.ts";
import { flatten } from "#records/flatten.ts";
import { targetsFor } from "#routing/targets-for.ts";
import { decide } from "#rules/decide.ts";
import { ruleSetOf } from "#rules/rule-set.ts";
import { elementsOf } from "#test/support/records.ts";
import { clientConfig } from "./deployment.ts";
import type { Ministack } from "./ministack.ts";

/** What the deployed configuration says must be told about some log files. */
export interface Expected {
  readonly records: number;
  /** `channel eventID`, sorted. */
  readonly alerts: readonly string[];
  /** The ids of the alerts in each file. */
  readonly idsByFile: ReadonlyMap<string, readonly string[]>;
}

/**
 * Judges log files here, by the configuration that Terraform wrote into SSM, to know what must arrive where.
 * @param channelOf the channel behind a hook
 */
export async function expectedAlerts(
  ministack: Ministack,
  functionName: string,
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
  channelOf: (hook: string) => string,
): Promise<Expected> {
  const parameters = ssmParameterStore(new SSMClient(clientConfig(ministack)));
  const names = Array.from({ length: 16 }, (_, slot) =>
    path.posix.join("/", functionName, "configuration", String(slot).padStart(2, "0")),
  );
  const values = await parameters.get(names);
  const used = names.filter((name) => values.get(name) !== "-");
  const text = used.map((name) => values.get(name)).join("");
  const settings = await readSettings(
    { CONFIGURATION_PARAMETERS: used.join(","), CONFIGURATION_SHA256: createHash("sha256").update(text).digest("hex") },
    parameters,
  );
  const { ruleSet } = ruleSetOf(settings, defaultRules);
  const alerts: string[] = [];
  const idsByFile = new Map<string, string[]>();
  let records = 0;
  const told = new Set<string>();
  for (const { name, bytes } of files) {
    const ids: string[] = [];
    idsByFile.set(name, ids);
    for (const element of await elementsOf(bytes, name)) {
      records += 1;
      const judgeable = flatten(element);
      if ("unjudgeable" in judgeable) continue;
      const { decision } = decide(ruleSet, judgeable);
      if (decision.kind !== "alert") continue;
      const alert = toAlert(judgeable.record, decision.rules);
      const id = alert.eventId || "none";
      ids.push(id);
      for (const { destination } of targetsFor(settings, alert)) {
        const key = ledgerKey(alert, destination);
        if (destination.kind !== "slack_webhook" || told.has(key)) continue;
        told.add(key);
        const hook = (await parameters.get([destination.hookParameter])).get(destination.hookParameter) ?? "";
        alerts.push(`${channelOf(hook)} ${id}`);
      }
    }
  }
  return { records, alerts: alerts.sort(), idsByFile };
}
