import {
  DeregisterTargetsCommand,
  DescribeTargetHealthCommand,
  paginateDescribeTargetGroups,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import * as v from "valibot";
import { keys } from "#incident-response/cases.ts";
import type { Context, Step } from "#incident-response/context.ts";
import { type EvidenceBucket, getObject, putOnce } from "#incident-response/evidence.ts";
import { explained, Skip } from "#incident-response/run-step.ts";
import { bucketOf } from "#incident-response/validate.ts";

/** What a restore registers again. */
const Targets = v.array(v.object({ group: v.string(), port: v.optional(v.number()) }));
export type Target = v.InferOutput<typeof Targets>[number];

/** Takes the instance off every target group that its Auto Scaling group has not taken it off. */
export const loadBalancers: Step = async (context) => {
  const { aws, run, settings, kept, changed } = context;
  if (run.profile !== "full") throw new Skip("the profile is contain: health checks take it off");
  const targets = await targetsOf(context);
  if (targets.length === 0) return { status: "ok", reason: "it is behind no target group" };
  // Before it is changed: who is killed after the first group would not know of it any more.
  const where = bucketOf(settings, run.account);
  const key = keys.of(run.case, "load-balancers.json");
  const put = await putOnce(aws, where, key, JSON.stringify(targets), "target groups before").catch(() => undefined);
  if (put !== undefined) kept(put);
  const problems: string[] = [];
  for (const { group, port } of targets) {
    try {
      const Targets = [{ Id: run.instanceId, ...(port === undefined ? {} : { Port: port }) }];
      await aws.loadBalancing.send(new DeregisterTargetsCommand({ TargetGroupArn: group, Targets }));
      changed({ what: "targetGroup", id: group, before: port ?? null, after: null });
    } catch (error) {
      problems.push(`${group}: ${explained(error)}`);
    }
  }
  return problems.length === 0 ? { status: "ok" } : { status: "failed", reason: problems.join("; ") };
};

async function targetsOf({ aws, before, run }: Context): Promise<readonly Target[]> {
  const targets: Target[] = [];
  for await (const { TargetGroups = [] } of paginateDescribeTargetGroups({ client: aws.loadBalancing }, {})) {
    for (const { TargetGroupArn: group = "", TargetType, VpcId } of TargetGroups) {
      if (TargetType !== "instance" || !before.interfaces.some(({ vpcId }) => vpcId === VpcId)) continue;
      const asked = new DescribeTargetHealthCommand({ TargetGroupArn: group });
      const { TargetHealthDescriptions = [] } = await aws.loadBalancing.send(asked);
      for (const { Target, TargetHealth } of TargetHealthDescriptions) {
        if (Target?.Id === run.instanceId && TargetHealth?.State !== "draining")
          targets.push({ group, port: Target.Port });
      }
    }
  }
  return targets;
}

/** The target groups that the instance was taken off. @throws what the SDK throws */
export async function targetsBefore(
  aws: Context["aws"],
  where: EvidenceBucket,
  name: string,
): Promise<readonly Target[]> {
  const found = await getObject(aws, where, keys.of(name, "load-balancers.json"));
  const parsed = v.safeParse(Targets, found === undefined ? [] : JSON.parse(Buffer.from(found.body).toString()));
  return parsed.success ? parsed.output : [];
}
