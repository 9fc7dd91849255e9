import { CreateLaunchTemplateCommand, DescribeInstancesCommand, DescribeSnapshotsCommand } from "@aws-sdk/client-ec2";
import { CreateTargetGroupCommand, RegisterTargetsCommand } from "@aws-sdk/client-elastic-load-balancing-v2";
import { CreateKeyCommand } from "@aws-sdk/client-kms";
import { createProfile } from "#test/support/truth/profiles.ts";
import { launch, type Scene } from "./scene.ts";

/** What `full` needs in order to change everything that it can change. */
export interface ForFull {
  /** Of the function. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Starts an instance on which it finds something to do for every one of its changes. @returns its id */
  readonly victim: () => Promise<string>;
}

/** What `full` made for an instance: how many of each. */
export interface Made {
  readonly snapshots: number;
  readonly machines: number;
  readonly interrupts: number;
}

/** Once, and nothing twice: the live and the final set, the forensic machine and the replacement. */
export const MADE_ONCE: Made = { snapshots: 2, machines: 2, interrupts: 1 };

export async function prepareForFull(scene: Scene): Promise<ForFull> {
  scene.truth.plays("notifier", () => ({}));
  const profile = await createProfile(scene.truth);
  const target = { Name: "web", Protocol: "HTTP", Port: 80, VpcId: scene.vpcId, TargetType: "instance" } as const;
  const { TargetGroups = [] } = await scene.loadBalancing.send(new CreateTargetGroupCommand(target));
  const TargetGroupArn = TargetGroups[0]?.TargetGroupArn;
  const LaunchTemplateData = { ImageId: scene.imageId, InstanceType: "t3.micro" } as const;
  const template = new CreateLaunchTemplateCommand({ LaunchTemplateName: "web", LaunchTemplateData });
  const { LaunchTemplate } = await scene.ec2.send(template);
  const signing = new CreateKeyCommand({ KeyUsage: "SIGN_VERIFY", KeySpec: "ECC_NIST_P256" });
  const { KeyMetadata } = await scene.kms.send(signing);
  return {
    settings: {
      notifierFunctionArn: "arn:aws:lambda:us-east-1:123456789012:function:notifier",
      signingKeyArn: KeyMetadata?.Arn,
      snapshotLockDays: 1,
      revoke: "instance",
      forensic: { ami: scene.imageId, subnetIds: [scene.subnetId] },
      replacementLaunchTemplate: { id: LaunchTemplate?.LaunchTemplateId, subnetId: scene.subnetId },
    },
    victim: async () => {
      const id = await launch(scene, { IamInstanceProfile: { Name: profile } });
      const Targets = [{ Id: id, Port: 80 }];
      await scene.loadBalancing.send(new RegisterTargetsCommand({ TargetGroupArn, Targets }));
      scene.truth.forgetCalls();
      return id;
    },
  };
}

export async function madeFor({ ec2, truth }: Scene, id: string): Promise<Made> {
  const Filters = [{ Name: "tag:ir:source", Values: [id] }];
  const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ Filters }));
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ Filters }));
  return { snapshots: Snapshots.length, machines: Reservations.length, interrupts: truth.interrupts(id).length };
}
