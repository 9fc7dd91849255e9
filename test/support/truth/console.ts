import type { Instance, InstanceTypeInfo } from "@aws-sdk/client-ec2";
import { AwsError, ec2Answer } from "./answer.ts";
import { findInstance, findType, required, stateOf } from "./lookups.ts";
import type { Handler } from "./rule.ts";
import type { World } from "./world.ts";
import { escapeXml } from "./xml.ts";

/**
 * The screenshot that the proxy answers for an instance: begins and ends as a JPEG does and holds the id as its comment, so
 * that a test can tell whose it is.
 */
export function screenshotOf(instanceId: string): Buffer {
  const start = Buffer.from([0xff, 0xd8]);
  const jfif = Buffer.from([0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]);
  const comment = Buffer.from(instanceId);
  const commentHead = Buffer.from([0xff, 0xfe, 0, comment.length + 2]);
  return Buffer.concat([start, jfif, commentHead, comment, Buffer.from([0xff, 0xd9])]);
}

/** What the proxy answers as console output of an instance of which the test says nothing else. */
export function consoleOutputOf(instanceId: string): string {
  return `[    0.000000] Linux version 6.1.0\n[    1.250000] cloud-init: instance ${instanceId}\nlogin: `;
}

function requireRunning(world: World, instance: Instance): void {
  const state = stateOf(world, instance);
  if (state === "running") return;
  const message = `The instance '${instance.InstanceId}' is not in the 'running' state (${state}).`;
  throw new AwsError("IncorrectInstanceState", message);
}

const isArm = (type: InstanceTypeInfo) => type.ProcessorInfo?.SupportedArchitectures?.includes("arm64") === true;

/**
 * GetConsoleScreenshot: of running instances, neither on bare metal nor on Graviton
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshoot-unreachable-instance.html).
 */
export const getConsoleScreenshot: Handler = async (request, world) => {
  const id = required(request.params, "InstanceId");
  const instance = await findInstance(world, request, id);
  requireRunning(world, instance);
  const type = await findType(world, request, instance);
  if (type.BareMetal === true || isArm(type)) {
    throw new AwsError(
      "UnsupportedOperation",
      `Screenshots of instances of type ${type.InstanceType} are not supported.`,
    );
  }
  const image = screenshotOf(id).toString("base64");
  return ec2Answer(request.action, `<instanceId>${id}</instanceId><imageData>${image}</imageData>`);
};

/** GetConsoleOutput: `Latest` only on Nitro; nothing at all as long as the instance has written nothing. */
export const getConsoleOutput: Handler = async (request, world) => {
  const id = required(request.params, "InstanceId");
  const instance = await findInstance(world, request, id);
  if (request.params.Latest === "true" && (await findType(world, request, instance)).Hypervisor !== "nitro") {
    throw new AwsError("UnsupportedOperation", "The latest console output is not supported for this instance type.");
  }
  const output = world.state.facts.get(id)?.consoleOutput ?? consoleOutputOf(id);
  const encoded = output === "" ? "" : `<output>${Buffer.from(output).toString("base64")}</output>`;
  const time = `<timestamp>${new Date().toISOString()}</timestamp>`;
  return ec2Answer(request.action, `<instanceId>${escapeXml(id)}</instanceId>${time}${encoded}`);
};

/**
 * SendDiagnosticInterrupt: to running instances on Nitro, not to Graviton 1
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/diagnostic-interrupt.html).
 */
export const sendDiagnosticInterrupt: Handler = async (request, world) => {
  const id = required(request.params, "InstanceId");
  const instance = await findInstance(world, request, id);
  requireRunning(world, instance);
  const type = await findType(world, request, instance);
  if (type.Hypervisor !== "nitro" || type.InstanceType?.startsWith("a1.")) {
    throw new AwsError("UnsupportedOperation", `Instances of type ${type.InstanceType} take no diagnostic interrupt.`);
  }
  const earlier = world.state.interrupts.get(id) ?? [];
  world.state.interrupts.set(id, [...earlier, new Date().toISOString()]);
  return ec2Answer(request.action, "<return>true</return>");
};
