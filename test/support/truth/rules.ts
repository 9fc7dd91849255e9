import { associateAddress, describeAddresses, refuseAssociation } from "./addresses.ts";
import {
  leaveTargetGroups,
  refuseAboveMaximum,
  refuseAttachToGroup,
  refuseBelowMinimum,
  refuseStrangers,
} from "./auto-scaling.ts";
import { correctGroups, correctMembers, detachInstances, recordHeartbeat } from "./auto-scaling-members.ts";
import { getConsoleOutput, getConsoleScreenshot, sendDiagnosticInterrupt } from "./console.ts";
import { correctInstances, correctLaunch, correctSnapshots, correctVolumes } from "./describing.ts";
import { invoke } from "./functions.ts";
import { correctGroupSet, refuseForeignGroups, separateAll, separateLaunched } from "./groups.ts";
import { modifyInstanceAttribute, modifyMetadataOptions, refuseAttribute } from "./instance-attributes.ts";
import { beginStart, beginStop, endTransitions, refuseReboot, refuseStart, refuseStop } from "./instances.ts";
import { correctInterfaces, modifyInterface, refuseSeveralAttributes } from "./interfaces.ts";
import { deregisterTargets, refuseStoppedTargets } from "./load-balancers.ts";
import type { Correction, Handler, Refusal, Table } from "./rule.ts";
import { refuseDeleteUsed, refuseGroupName } from "./security-groups.ts";
import { describeLockedSnapshots, lockSnapshot, unlockSnapshot } from "./snapshot-locks.ts";
import {
  beginCopy,
  beginOne,
  beginSet,
  refuseCopy,
  refuseDeleteLocked,
  refuseShare,
  refuseSnapshot,
  refuseSnapshots,
} from "./snapshots.ts";
import { cancelSpotRequests, describeSpotRequests, rememberSpotLaunch, rememberSpotRequests } from "./spot.ts";
import {
  beginAttaching,
  beginVolume,
  detachVolume,
  refuseAttach,
  refuseDetach,
  refuseVolumeOfPending,
} from "./volumes.ts";

/** What AWS refuses and moto forgives, or refuses in other words. */
export const refusals: Table<readonly Refusal[]> = {
  "autoscaling:AttachInstances": [refuseAttachToGroup],
  "autoscaling:DetachInstances": [refuseStrangers(["InService", "Standby"]), refuseBelowMinimum],
  "autoscaling:EnterStandby": [refuseStrangers(["InService"]), refuseBelowMinimum],
  "autoscaling:ExitStandby": [refuseStrangers(["Standby"]), refuseAboveMaximum],
  "autoscaling:ResumeProcesses": [refuseStrangers()],
  "autoscaling:SetInstanceProtection": [refuseStrangers()],
  "autoscaling:SuspendProcesses": [refuseStrangers()],
  "ec2:AssociateAddress": [refuseAssociation],
  "ec2:AttachVolume": [refuseAttach],
  "ec2:CopySnapshot": [refuseCopy],
  "ec2:CreateSecurityGroup": [refuseGroupName],
  "ec2:CreateSnapshot": [refuseSnapshot],
  "ec2:CreateSnapshots": [refuseSnapshots],
  "ec2:CreateVolume": [refuseVolumeOfPending],
  "ec2:DeleteSecurityGroup": [refuseDeleteUsed],
  "ec2:DeleteSnapshot": [refuseDeleteLocked],
  "ec2:DetachVolume": [refuseDetach],
  "ec2:ModifyInstanceAttribute": [refuseAttribute],
  "ec2:ModifyNetworkInterfaceAttribute": [refuseSeveralAttributes, refuseForeignGroups],
  "ec2:ModifySnapshotAttribute": [refuseShare],
  "ec2:RebootInstances": [refuseReboot],
  "ec2:StartInstances": [refuseStart],
  "ec2:StopInstances": [refuseStop],
  "elasticloadbalancing:RegisterTargets": [refuseStoppedTargets],
};

/** What moto lacks, or does in a way that no correction of its answer mends. */
export const handlers: Table<Handler> = {
  "autoscaling:DetachInstances": detachInstances,
  "autoscaling:RecordLifecycleActionHeartbeat": recordHeartbeat,
  "ec2:AssociateAddress": associateAddress,
  "ec2:DescribeAddresses": describeAddresses,
  "ec2:DetachVolume": detachVolume,
  "ec2:CancelSpotInstanceRequests": cancelSpotRequests,
  "ec2:DescribeLockedSnapshots": describeLockedSnapshots,
  "ec2:DescribeSpotInstanceRequests": describeSpotRequests,
  "ec2:GetConsoleOutput": getConsoleOutput,
  "ec2:GetConsoleScreenshot": getConsoleScreenshot,
  "ec2:LockSnapshot": lockSnapshot,
  "ec2:ModifyInstanceAttribute": modifyInstanceAttribute,
  "ec2:ModifyInstanceMetadataOptions": modifyMetadataOptions,
  "ec2:ModifyNetworkInterfaceAttribute": modifyInterface,
  "ec2:SendDiagnosticInterrupt": sendDiagnosticInterrupt,
  "ec2:UnlockSnapshot": unlockSnapshot,
  "elasticloadbalancing:DeregisterTargets": deregisterTargets,
  "lambda:Invoke": invoke,
};

/** What moto's answers and effects lack. Whatever Auto Scaling does may launch instances. */
export const corrections: Table<readonly Correction[]> = {
  "autoscaling:DescribeAutoScalingGroups": [correctGroups],
  "autoscaling:DescribeAutoScalingInstances": [correctMembers],
  "autoscaling:DetachInstances": [leaveTargetGroups, separateAll],
  "autoscaling:EnterStandby": [leaveTargetGroups, separateAll],
  "autoscaling:CreateAutoScalingGroup": [separateAll],
  "autoscaling:SetDesiredCapacity": [separateAll],
  "autoscaling:TerminateInstanceInAutoScalingGroup": [separateAll],
  "autoscaling:UpdateAutoScalingGroup": [separateAll],
  "ec2:AttachVolume": [beginAttaching("attaching")],
  "ec2:CopySnapshot": [beginCopy],
  "ec2:CreateSnapshot": [beginOne],
  "ec2:CreateSnapshots": [beginSet],
  "ec2:CreateVolume": [beginVolume],
  "ec2:DescribeInstanceAttribute": [correctGroupSet],
  "ec2:DescribeInstances": [correctInstances],
  "ec2:DescribeNetworkInterfaces": [correctInterfaces],
  "ec2:DescribeSnapshots": [correctSnapshots],
  "ec2:DescribeVolumes": [correctVolumes],
  "ec2:DetachVolume": [beginAttaching("detaching")],
  "ec2:RequestSpotInstances": [rememberSpotRequests, separateAll],
  "ec2:RunInstances": [separateLaunched, rememberSpotLaunch, correctLaunch],
  "ec2:StartInstances": [beginStart],
  "ec2:StopInstances": [beginStop],
  "ec2:TerminateInstances": [endTransitions, separateAll],
};
