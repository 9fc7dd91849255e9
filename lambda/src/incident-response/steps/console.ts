import { GetConsoleOutputCommand, GetConsoleScreenshotCommand } from "@aws-sdk/client-ec2";
import { errorName } from "#incident-response/aws-error.ts";
import { keys } from "#incident-response/cases.ts";
import type { Context, Step } from "#incident-response/context.ts";
import { putOrFind } from "#incident-response/evidence.ts";
import { Skip } from "#incident-response/run-step.ts";
import { bucketOf } from "#incident-response/validate.ts";

/** Every JPEG begins so. */
const JPEG = Buffer.from([0xff, 0xd8]);
/** What EC2 answers for machines that have no such thing, or that do not run. */
const UNSUPPORTED =
  /^(UnsupportedOperation|Unsupported|IncorrectState|IncorrectInstanceState|InvalidParameterCombination)$/;

/** Keeps a picture of the console. */
export const screenshot: Step = async (context) => {
  mustRun(context);
  const asked = new GetConsoleScreenshotCommand({ InstanceId: context.run.instanceId, WakeUp: true });
  const { ImageData = "" } = await supported(context.aws.ec2.send(asked));
  const image = Buffer.from(ImageData, "base64");
  if (!image.subarray(0, 2).equals(JPEG)) return { status: "failed", reason: "EC2 answered with no JPEG image" };
  return keep(context, "screenshot.jpg", image, "console screenshot");
};

/** Keeps what the instance wrote to its serial console: the latest, where the machine can tell it. */
export const consoleOutput: Step = async (context) => {
  mustRun(context);
  const ask = (Latest: boolean) =>
    context.aws.ec2.send(new GetConsoleOutputCommand({ InstanceId: context.run.instanceId, Latest }));
  const latest = await ask(true).catch((error: unknown) => {
    if (UNSUPPORTED.test(errorName(error))) return undefined;
    throw error;
  });
  const { Output = "" } = latest ?? (await supported(ask(false)));
  if (Output === "") throw new Skip("the console has no output");
  return keep(context, "console-output.txt", Buffer.from(Output, "base64"), "console output");
};

function mustRun({ before }: Context): void {
  if (before.instance.state !== "running") throw new Skip(`the instance is ${before.instance.state}`);
}

async function supported<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw UNSUPPORTED.test(errorName(error))
      ? new Skip(`this machine does not support it: ${errorName(error)}`)
      : error;
  });
}

async function keep({ aws, run, settings, kept }: Context, file: string, bytes: Uint8Array, what: string) {
  kept(await putOrFind(aws, bucketOf(settings, run.account), keys.of(run.case, file), bytes, what));
  return { status: "ok" } as const;
}
