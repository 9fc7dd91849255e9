import {
  CancelSpotInstanceRequestsCommand,
  DescribeInstancesCommand,
  GetConsoleOutputCommand,
  GetConsoleScreenshotCommand,
  ModifyInstanceAttributeCommand,
  type ModifyInstanceAttributeRequest,
  RebootInstancesCommand,
  RunInstancesCommand,
  SendDiagnosticInterruptCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { launch, type Shape } from "#test/support/truth/shapes.ts";
import type { Row, Stage } from "./stage.ts";

const modify = ({ ec2 }: Stage, InstanceId: string, change: Omit<ModifyInstanceAttributeRequest, "InstanceId">) =>
  ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, ...change }));
const stop = ({ ec2 }: Stage, id: string, options = {}) =>
  ec2.send(new StopInstancesCommand({ InstanceIds: [id], ...options }));
const screenshot = ({ ec2 }: Stage, InstanceId: string) => ec2.send(new GetConsoleScreenshotCommand({ InstanceId }));
const interrupt = ({ ec2 }: Stage, InstanceId: string) => ec2.send(new SendDiagnosticInterruptCommand({ InstanceId }));
const launchId = async ({ truth, network }: Stage, shape: Shape) => (await launch(truth, { network, ...shape })).id;

/** Calls about instances; the traps 6, 13, 14, 16, 17, 21, 23 and 42 among them. */
export const refusedInstances: readonly Row[] = [
  ["a dry run", "DryRunOperation", (stage) => stop(stage, stage.plain.id, { DryRun: true })],
  [
    "an instance that is not there",
    "InvalidInstanceID.NotFound",
    ({ ec2 }) => ec2.send(new DescribeInstancesCommand({ InstanceIds: ["i-0123456789abcdef0"] })),
  ],
  ["to change what is not there", "InvalidInstanceID.NotFound", (stage) => stop(stage, "i-0123456789abcdef0")],
  ["an id that is none", "InvalidInstanceID.Malformed", (stage) => stop(stage, "i-xyz")],
  ["to stop a one-time spot instance", "UnsupportedOperation", (stage) => stop(stage, stage.oneTimeSpot.id)],
  [
    "to stop a spot instance whose request is cancelled",
    "UnsupportedOperation",
    async (stage) => {
      const id = await launchId(stage, { spot: "persistent" });
      const found = await stage.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
      const request = found.Reservations?.[0]?.Instances?.[0]?.SpotInstanceRequestId ?? "";
      await stage.ec2.send(new CancelSpotInstanceRequestsCommand({ SpotInstanceRequestIds: [request] }));
      await stop(stage, id);
    },
  ],
  [
    "to stop an instance whose root is an instance store",
    "UnsupportedOperation",
    async (stage) => stop(stage, await launchId(stage, { instanceStore: true })),
  ],
  [
    "to stop an instance that is protected against it",
    "OperationNotPermitted",
    async (stage) => stop(stage, await launchId(stage, { launch: { DisableApiStop: true } })),
  ],
  [
    "to stop a terminated instance",
    "IncorrectInstanceState",
    async (stage) => {
      const id = await launchId(stage, {});
      await stage.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
      await stop(stage, id);
    },
  ],
  [
    "to hibernate an instance that is not set up for it",
    "UnsupportedHibernationConfiguration",
    (stage) => stop(stage, stage.plain.id, { Hibernate: true }),
  ],
  [
    "to start an instance that is still stopping",
    "IncorrectInstanceState",
    async (stage) => {
      const id = await launchId(stage, {});
      stage.truth.takes({ stopMs: 10_000 });
      await stop(stage, id);
      stage.truth.takes({ stopMs: 50 });
      await stage.ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
    },
  ],
  [
    "to reboot a stopped instance",
    "IncorrectInstanceState",
    (stage) => stage.ec2.send(new RebootInstancesCommand({ InstanceIds: [stage.stopped.id] })),
  ],
  [
    "to terminate a protected instance",
    "OperationNotPermitted",
    async (stage) => {
      const id = await launchId(stage, {});
      await modify(stage, id, { DisableApiTermination: { Value: true } });
      await stage.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    },
  ],
  [
    "to protect a spot instance against termination",
    "UnsupportedOperation",
    (stage) => modify(stage, stage.oneTimeSpot.id, { DisableApiTermination: { Value: true } }),
  ],
  [
    "to change the groups of an instance with two interfaces",
    "InvalidInstanceID",
    (stage) => modify(stage, stage.twoInterfaces.id, { Groups: [stage.network.groupId] }),
  ],
  [
    "to give an instance a group of another network",
    "InvalidGroup.NotFound",
    (stage) => modify(stage, stage.plain.id, { Groups: [stage.otherNetwork.groupId] }),
  ],
  [
    "to change two attributes of an instance at once",
    "InvalidParameterCombination",
    (stage) =>
      modify(stage, stage.plain.id, { DisableApiTermination: { Value: true }, DisableApiStop: { Value: true } }),
  ],
  [
    "to change a device that is not mapped",
    "InvalidInstanceAttributeValue",
    (stage) =>
      modify(stage, stage.plain.id, {
        BlockDeviceMappings: [{ DeviceName: "/dev/sdz", Ebs: { DeleteOnTermination: false } }],
      }),
  ],
  [
    "to change the type of a running instance",
    "IncorrectInstanceState",
    (stage) => modify(stage, stage.plain.id, { InstanceType: { Value: "t3.large" } }),
  ],
  [
    "to use a token for another call",
    "IdempotentParameterMismatch",
    async ({ ec2 }) => {
      const same = { ClientToken: "once", ImageId: "ami-0123456789abcdef0", MaxCount: 1, MinCount: 1 } as const;
      await ec2.send(new RunInstancesCommand({ ...same, InstanceType: "t3.micro" }));
      await ec2.send(new RunInstancesCommand({ ...same, InstanceType: "t3.small" }));
    },
  ],
  ["a screenshot of a stopped instance", "IncorrectInstanceState", (stage) => screenshot(stage, stage.stopped.id)],
  [
    "a screenshot on bare metal",
    "UnsupportedOperation",
    async (stage) => screenshot(stage, await launchId(stage, { type: "m5.metal" })),
  ],
  [
    "a screenshot on Graviton",
    "UnsupportedOperation",
    async (stage) => screenshot(stage, await launchId(stage, { type: "t4g.micro" })),
  ],
  [
    "the latest console output of what is not Nitro",
    "UnsupportedOperation",
    async ({ ec2, ...stage }) => {
      const InstanceId = await launchId({ ec2, ...stage }, { type: "t2.micro" });
      await ec2.send(new GetConsoleOutputCommand({ InstanceId, Latest: true }));
    },
  ],
  ["to interrupt a stopped instance", "IncorrectInstanceState", (stage) => interrupt(stage, stage.stopped.id)],
  [
    "to interrupt what is not Nitro",
    "UnsupportedOperation",
    async (stage) => interrupt(stage, await launchId(stage, { type: "t2.micro" })),
  ],
];
