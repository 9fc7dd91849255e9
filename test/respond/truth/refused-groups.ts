import {
  AttachInstancesCommand,
  DetachInstancesCommand,
  EnterStandbyCommand,
  ExitStandbyCommand,
  ResumeProcessesCommand,
  SetInstanceProtectionCommand,
  SuspendProcessesCommand,
} from "@aws-sdk/client-auto-scaling";
import { RegisterTargetsCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Row, Stage } from "./stage.ts";

const of = ({ grouped: { groupName, id } }: Stage) => ({ AutoScalingGroupName: groupName, InstanceIds: [id] });
const strangerOf = (stage: Stage) => ({ ...of(stage), InstanceIds: [stage.plain.id] });
const nobody = { AutoScalingGroupName: "nobody" };

/** Calls about Auto Scaling and target groups; trap 11 among them. */
export const refusedGroups: readonly Row[] = [
  [
    "to detach a stranger",
    "ValidationError",
    (stage) =>
      stage.autoScaling.send(
        new DetachInstancesCommand({ ...strangerOf(stage), ShouldDecrementDesiredCapacity: false }),
      ),
  ],
  [
    "to detach below the smallest size",
    "ValidationError",
    (stage) =>
      stage.autoScaling.send(new DetachInstancesCommand({ ...of(stage), ShouldDecrementDesiredCapacity: true })),
  ],
  [
    "standby below the smallest size",
    "ValidationError",
    (stage) => stage.autoScaling.send(new EnterStandbyCommand({ ...of(stage), ShouldDecrementDesiredCapacity: true })),
  ],
  [
    "to leave standby without being in it",
    "ValidationError",
    (stage) => stage.autoScaling.send(new ExitStandbyCommand(of(stage))),
  ],
  [
    "to attach a member again",
    "ValidationError",
    (stage) => stage.autoScaling.send(new AttachInstancesCommand(of(stage))),
  ],
  [
    "to attach a stopped instance",
    "ValidationError",
    (stage) => stage.autoScaling.send(new AttachInstancesCommand({ ...of(stage), InstanceIds: [stage.stopped.id] })),
  ],
  [
    "to attach more than the largest size",
    "ValidationError",
    (stage) => {
      const InstanceIds = [stage.plain.id, stage.twoInterfaces.id];
      return stage.autoScaling.send(new AttachInstancesCommand({ ...of(stage), InstanceIds }));
    },
  ],
  [
    "to protect a stranger",
    "ValidationError",
    (stage) =>
      stage.autoScaling.send(new SetInstanceProtectionCommand({ ...strangerOf(stage), ProtectedFromScaleIn: true })),
  ],
  [
    "to suspend a group that is not there",
    "ValidationError",
    ({ autoScaling }) => autoScaling.send(new SuspendProcessesCommand(nobody)),
  ],
  [
    "to resume a group that is not there",
    "ValidationError",
    ({ autoScaling }) => autoScaling.send(new ResumeProcessesCommand(nobody)),
  ],
  [
    "to register a stopped target",
    "InvalidTarget",
    ({ loadBalancers, grouped, stopped }) =>
      loadBalancers.send(
        new RegisterTargetsCommand({ TargetGroupArn: grouped.targetGroupArns[0], Targets: [{ Id: stopped.id }] }),
      ),
  ],
];
