import type { Context } from "#incident-response/context.ts";
import { named } from "#incident-response/names.ts";
import { MANAGED } from "./quarantine-group.ts";

/** A tag's value has at most so many characters. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html */
const MAX_VALUE = 256;

/**
 * The tags of what a step makes: what it is called, whose it is, and of what it was made.
 * @param source the instance or volume
 */
export function madeTags(
  { before, run, settings }: Pick<Context, "before" | "run" | "settings">,
  step: string,
  source: string,
) {
  const { account, region, instanceId: instance } = run;
  const parts = { account, region, instance, case: run.case, vpc: before.instance.vpcId ?? "", step };
  return [
    MANAGED,
    { Key: "Name", Value: named(settings.nameTag, parts).slice(0, MAX_VALUE) },
    { Key: "ir:case", Value: run.case },
    { Key: "ir:step", Value: step },
    { Key: "ir:source", Value: source },
  ];
}
