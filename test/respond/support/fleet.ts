import { DescribeNetworkInterfacesCommand, RunInstancesCommand } from "@aws-sdk/client-ec2";
import { runProgram } from "#cli/program.ts";
import { fakeTerminal } from "#test/support/dead-letters.ts";
import type { Scene } from "./scene.ts";

/** What AWS lets through of all calls of EC2, in the goal about many instances. */
export const THROTTLE = { perSecond: 20, burst: 20 };

/** Starts many instances with the tag `fleet=red`. @returns their ids */
export async function launchFleet(
  { ec2, truth, imageId, subnetId, groupId }: Scene,
  count: number,
): Promise<readonly string[]> {
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({
      ImageId: imageId,
      InstanceType: "m5.large",
      MinCount: count,
      MaxCount: count,
      SubnetId: subnetId,
      SecurityGroupIds: [groupId],
      TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "fleet", Value: "red" }] }],
    }),
  );
  truth.forgetCalls();
  return Instances.flatMap(({ InstanceId }) => InstanceId ?? []);
}

/** Those of the instances that are in one group only, and not in that of the scene. */
export async function outOf({ ec2, groupId }: Scene, ids: readonly string[]): Promise<readonly string[]> {
  const Filters = [{ Name: "attachment.instance-id", Values: [...ids] }];
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand({ Filters }));
  return NetworkInterfaces.flatMap(({ Attachment, Groups = [] }) =>
    Groups.length === 1 && Groups[0]?.GroupId !== groupId ? (Attachment?.InstanceId ?? []) : [],
  );
}

/** What came of the one command that contains a fleet. */
export interface FleetRun {
  readonly code: number;
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** After which the last one was isolated, and all had ended. */
  readonly isolatedMs: number;
  readonly endedMs: number;
  /** Of EC2, and how many of them were throttled. */
  readonly calls: { readonly all: number; readonly throttled: number };
}

/**
 * Contains what {@link launchFleet} started, while EC2 throttles.
 * @param untilIsolated whether it does so only until as many are isolated
 */
export async function containFleet({ truth }: Scene, untilIsolated = Number.POSITIVE_INFINITY): Promise<FleetRun> {
  const lift = truth.limit({ on: ({ service }) => service === "ec2", ...THROTTLE });
  const startedMs = performance.now();
  let [isolated, isolatedMs] = [0, 0];
  const terminal = fakeTerminal();
  const out = (line: string) => {
    terminal.out(line);
    if (JSON.parse(line).event !== "isolated") return;
    isolated += 1;
    isolatedMs = performance.now() - startedMs;
    if (isolated === untilIsolated) lift();
  };
  const code = await runProgram(["respond", "--tag", "fleet=red", "--json"], { ...terminal, out });
  const endedMs = performance.now() - startedMs;
  const calls = {
    all: truth.calls(({ service }) => service === "ec2").length,
    throttled: truth.calls(({ errorCode }) => errorCode === "RequestLimitExceeded").length,
  };
  truth.forgetCalls();
  return { code, lines: terminal.written.map((line) => JSON.parse(line)), isolatedMs, endedMs, calls };
}
