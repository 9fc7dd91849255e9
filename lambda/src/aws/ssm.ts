import { GetParametersCommand, SSMClient } from "@aws-sdk/client-ssm";
import type { ParameterStore } from "#model/ports.ts";
import { impatience } from "./impatience.ts";

/** How many parameters one call may name. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html */
const MAX_NAMES = 10;

/** Parameters of AWS Systems Manager. */
export function ssmParameterStore(
  client: SSMClient = new SSMClient({ requestHandler: impatience(5_000) }),
): ParameterStore {
  return {
    async get(names) {
      const values = new Map<string, string>();
      for (let start = 0; start < names.length; start += MAX_NAMES) {
        const Names = names.slice(start, start + MAX_NAMES);
        const { Parameters = [] } = await client.send(new GetParametersCommand({ Names, WithDecryption: true }));
        for (const { Name = "", ARN = "", Selector = "", Value } of Parameters) {
          // The answer repeats the name without its version, which it gives apart (":3"); ARNs may have been asked for.
          const asked = [Name + Selector, ARN + Selector, Name, ARN].find((name) => Names.includes(name));
          if (asked !== undefined && Value !== undefined) values.set(asked, Value);
        }
      }
      const missing = names.filter((name) => !values.has(name));
      if (missing.length > 0) throw new Error(`SSM has no parameter ${missing.join(", ")} in this account and region`);
      return values;
    },
  };
}
