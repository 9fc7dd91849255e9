import { createHash } from "node:crypto";
import path from "node:path";
import { SSMClient } from "@aws-sdk/client-ssm";
import { ssmParameterStore } from "#aws/ssm.ts";
import { readSettings } from "#config/read-settings.ts";
import { defaultRules } from "#default-rules";
import { accountOf, textAt } from "#model/record.ts";
import { flatten } from "#records/flatten.ts";
import { readLogFile } from "#records/read.ts";
import { destinationsFor } from "#routing/destinations-for.ts";
import { decide } from "#rules/decide.ts";
import { createRuleSet } from "#rules/rule-set.ts";
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
  const { ruleSet } = createRuleSet([...defaultRules, ...settings.rules], settings.ruleConfig);
  const alerts: string[] = [];
  const idsByFile = new Map<string, string[]>();
  let records = 0;
  for (const { name, bytes } of files) {
    const ids: string[] = [];
    idsByFile.set(name, ids);
    for (const element of await readLogFile(bytes, name)) {
      records += 1;
      const judgeable = flatten(element);
      if ("unjudgeable" in judgeable || decide(ruleSet, judgeable).decision.kind !== "alert") continue;
      const id = textAt(judgeable.record, "eventID") ?? "none";
      ids.push(id);
      for (const destination of destinationsFor(settings.routing, accountOf(judgeable.record))) {
        if (destination.kind !== "slack_webhook") continue;
        const hook = (await parameters.get([destination.hookParameter])).get(destination.hookParameter) ?? "";
        alerts.push(`${channelOf(hook)} ${id}`);
      }
    }
  }
  return { records, alerts: alerts.sort(), idsByFile };
}
