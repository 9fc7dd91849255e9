import { CreateTagsCommand, SendDiagnosticInterruptCommand, StopInstancesCommand } from "@aws-sdk/client-ec2";
import { errorName } from "#incident-response/aws-error.ts";
import { keys } from "#incident-response/cases.ts";
import type { Context, Step } from "#incident-response/context.ts";
import { describeInstance, tagsOf } from "#incident-response/describe.ts";
import { putOnce } from "#incident-response/evidence.ts";
import { within } from "#incident-response/patience.ts";
import { explained, Skip } from "#incident-response/run-step.ts";
import { bucketOf } from "#incident-response/validate.ts";
import { interruptTag } from "./protect.ts";

const UNSUPPORTED =
  /^(UnsupportedOperation|Unsupported|IncorrectInstanceState|IncorrectState|InvalidParameterCombination)$/;

/** How long the bucket may take to keep the intent. */
const BUCKET_PATIENCE_MS = 3_000;

/** A stop that the operating system drags out is forced after it, and given up after the other. */
const FORCE_AFTER_MS = 120_000;
const GIVE_UP_AFTER_MS = 900_000;

/**
 * Lets the kernel crash, so that one that is prepared for it writes its memory to disk. Sent at most once: the intent is
 * written down before, and who finds it there does not send again.
 */
export const interrupt: Step = async (context) => {
  const { aws, before, run, settings, changed } = context;
  if (!settings.nmi) throw new Skip("it is switched off");
  const { instance } = await describeInstance(aws, run.instanceId);
  if (instance.State?.Name !== "running") throw new Skip(`the instance is ${instance.State?.Name}`);
  if (before.hypervisor !== undefined && before.hypervisor !== "nitro") throw new Skip("it is no Nitro instance");
  const waitSeconds = settings.nmiGraceSeconds;
  const at = new Date().toISOString();
  if (!(await claimed(context, tagsOf(instance.Tags), at)))
    return { status: "ok", reason: "sent, or about to be, by an earlier attempt", details: { waitSeconds } };
  try {
    await aws.ec2.send(new SendDiagnosticInterruptCommand({ InstanceId: run.instanceId }));
  } catch (error) {
    if (UNSUPPORTED.test(errorName(error))) throw new Skip(`this machine does not support it: ${errorName(error)}`);
    return { status: "failed", reason: explained(error), details: { waitSeconds } };
  }
  changed({ what: "interrupt", id: run.instanceId, before: null, after: at });
  return {
    status: "ok",
    details: { waitSeconds, method: "nmi", sentAt: at, location: "root volume, where kdump is set up" },
  };
};

/**
 * Whether nobody has sent it yet, which is written down before it is sent. Where the bucket does not take it, a tag of the
 * instance does: memory is lost for good, and the attempts of one execution come one after another.
 * @throws what the SDK throws when neither takes it: then it is not sent
 */
async function claimed(
  { aws, run, settings, changed }: Context,
  tags: Readonly<Record<string, string>>,
  at: string,
): Promise<boolean> {
  const mark = interruptTag(run.case);
  if (tags[mark.Key] === mark.Value) return false;
  const key = keys.claim(run.case, "Interrupt");
  try {
    const put = putOnce(aws, bucketOf(settings, run.account), key, JSON.stringify({ at }), "intent");
    return (await within(BUCKET_PATIENCE_MS, put)) !== undefined;
  } catch {
    await aws.ec2.send(new CreateTagsCommand({ Resources: [run.instanceId], Tags: [mark] }));
    changed({ what: "tags", id: run.instanceId, before: { [mark.Key]: null }, after: { [mark.Key]: mark.Value } });
    return true;
  }
}

/** Stops the instance; after an interrupt without asking its operating system, which may be the attacker's. */
export const stop: Step = async (context) => {
  const { aws, before, run, changed } = context;
  if (before.instance.rootDeviceType === "instance-store")
    throw new Skip("its root is an instance store: it cannot stop");
  if (before.spotRequest?.type === "one-time")
    throw new Skip("a one-time spot instance cannot stop: only snapshots of it running");
  if (before.instanceStoreGB === undefined)
    throw new Skip("it could not be read whether a stop would destroy an instance store: a person decides");
  if (before.instanceStoreGB > 0) {
    throw new Skip(`a stop would destroy ${before.instanceStoreGB} GB of instance store: a person decides`);
  }
  const { instance } = await describeInstance(aws, run.instanceId);
  const state = instance.State?.Name;
  const stopped = () => changed({ what: "state", id: run.instanceId, before: "running", after: "stopped" });
  if (state === "stopped" || state === "stopping") {
    // An attempt that was cut short stopped it, and a restore has to know.
    if (before.instance.state === "running" && isSince(instance.StateTransitionReason, run.startedAt)) stopped();
    return { status: "ok", reason: `it was ${state}` };
  }
  if (state !== "running") throw new Skip(`the instance is ${state}`);
  const Force = context.records.get("Interrupt")?.status === "ok";
  await aws.ec2.send(new StopInstancesCommand({ InstanceIds: [run.instanceId], ...(Force ? { Force } : {}) }));
  stopped();
  return { status: "ok" };
};

/**
 * Whether somebody changed the state of an instance since a time: in this run, that was an attempt of ours.
 * @param reason such as "User initiated (2026-11-22 08:15:02 GMT)"
 */
function isSince(reason: string | undefined, time: string): boolean {
  const [, at = ""] = /\((.+)\)$/.exec(reason ?? "") ?? [];
  // EC2 tells it to the second.
  return Date.parse(at) >= Date.parse(`${time.slice(0, 19)}Z`);
}

/** Asked until the instance has stopped. */
export const awaitStopped: Step = async ({ aws, run, records }) => {
  const stopping = records.get("Stop");
  if (stopping?.status !== "ok") throw new Skip("it was not stopped");
  const { instance } = await describeInstance(aws, run.instanceId);
  const state = instance.State?.Name;
  if (state === "stopped") return { status: "ok", details: { connections: "severed" } };
  const waitedMs = Date.now() - Date.parse(stopping.ended);
  if (waitedMs > GIVE_UP_AFTER_MS) return { status: "failed", reason: `the instance is still ${state}` };
  if (waitedMs > FORCE_AFTER_MS && records.get("AwaitStopped")?.details?.forced !== true) {
    await aws.ec2.send(new StopInstancesCommand({ InstanceIds: [run.instanceId], Force: true }));
  }
  return { status: "pending", reason: `the instance is ${state}`, details: { forced: waitedMs > FORCE_AFTER_MS } };
};

/** Whether the disks are at rest. */
export async function isStopped({ aws, run }: Pick<Context, "aws" | "run">): Promise<boolean> {
  const { instance } = await describeInstance(aws, run.instanceId);
  return instance.State?.Name === "stopped";
}
