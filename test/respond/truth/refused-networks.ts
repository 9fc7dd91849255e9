import {
  AssociateAddressCommand,
  AssociateIamInstanceProfileCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  ModifyNetworkInterfaceAttributeCommand,
  type ModifyNetworkInterfaceAttributeRequest,
} from "@aws-sdk/client-ec2";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { createProfile } from "#test/support/truth/profiles.ts";
import type { Row, Stage } from "./stage.ts";

type Change = Omit<ModifyNetworkInterfaceAttributeRequest, "NetworkInterfaceId">;
const modify = ({ ec2, plain }: Stage, change: Change) =>
  ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: plain.interfaces[0], ...change }));
const createGroup = ({ ec2, network }: Stage, GroupName: string) =>
  ec2.send(new CreateSecurityGroupCommand({ GroupName, Description: "Test", VpcId: network.vpcId }));
const deleteGroup = ({ ec2 }: Stage, GroupId: string | undefined) =>
  ec2.send(new DeleteSecurityGroupCommand({ GroupId }));

/** Calls about groups, interfaces, addresses and buckets; the traps 8, 9 and 10 among them. */
export const refusedNetworks: readonly Row[] = [
  [
    "to give an interface a group of another network",
    "InvalidGroup.NotFound",
    (stage) => modify(stage, { Groups: [stage.otherNetwork.groupId] }),
  ],
  [
    "to give an interface a group that is not there",
    "InvalidGroup.NotFound",
    (stage) => modify(stage, { Groups: ["sg-0123456789abcdef0"] }),
  ],
  [
    "to give an interface six groups",
    "SecurityGroupsPerInterfaceLimitExceeded",
    async (stage) => {
      const made = await Promise.all([1, 2, 3, 4, 5, 6].map((each) => createGroup(stage, `crowd-${each}`)));
      await modify(stage, { Groups: made.map(({ GroupId = "" }) => GroupId) });
    },
  ],
  [
    "to change two attributes of an interface at once",
    "InvalidParameterCombination",
    (stage) => modify(stage, { Groups: [stage.network.groupId], Description: { Value: "x" } }),
  ],
  [
    "to forget idle connections after less than a minute",
    "InvalidParameterValue",
    (stage) => modify(stage, { ConnectionTrackingSpecification: { TcpEstablishedTimeout: 59 } }),
  ],
  ["a group whose name looks like an id", "InvalidParameterValue", (stage) => createGroup(stage, "sg-quarantine")],
  ["a group's name of 256 characters", "InvalidParameterValue", (stage) => createGroup(stage, "q".repeat(256))],
  ["a second group of a name in one network", "InvalidGroup.Duplicate", (stage) => createGroup(stage, "application")],
  [
    "to delete a group that an interface has",
    "DependencyViolation",
    (stage) => deleteGroup(stage, stage.network.groupId),
  ],
  [
    "to delete a group that another group's rule names",
    "DependencyViolation",
    async (stage) => {
      const { GroupId = "" } = await createGroup(stage, "named");
      const rule = { IpProtocol: "tcp", FromPort: 22, ToPort: 22, UserIdGroupPairs: [{ GroupId }] };
      const allow = { GroupId: stage.network.groupId, IpPermissions: [rule] };
      await stage.ec2.send(new AuthorizeSecurityGroupIngressCommand(allow));
      await deleteGroup(stage, GroupId);
    },
  ],
  [
    "to delete a network's default group",
    "CannotDelete",
    async (stage) => {
      const Filters = [
        { Name: "vpc-id", Values: [stage.network.vpcId] },
        { Name: "group-name", Values: ["default"] },
      ];
      const { SecurityGroups: [group] = [] } = await stage.ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
      await deleteGroup(stage, group?.GroupId);
    },
  ],
  [
    "an address for an instance with two interfaces",
    "InvalidInstanceID",
    ({ ec2, twoInterfaces: { id, address } }) =>
      ec2.send(new AssociateAddressCommand({ InstanceId: id, AllocationId: address?.allocationId })),
  ],
  [
    "an address that somebody has, where that matters",
    "Resource.AlreadyAssociated",
    ({ ec2, plain, twoInterfaces: { address } }) => {
      const AllocationId = address?.allocationId;
      return ec2.send(new AssociateAddressCommand({ InstanceId: plain.id, AllocationId, AllowReassociation: false }));
    },
  ],
  [
    "a second instance profile",
    "IncorrectState",
    async ({ ec2, truth, twoInterfaces: { id } }) => {
      const IamInstanceProfile = { Name: await createProfile(truth) };
      await ec2.send(new AssociateIamInstanceProfileCommand({ InstanceId: id, IamInstanceProfile }));
    },
  ],
  [
    "to write into a stranger's bucket",
    "AccessDenied",
    async ({ s3, truth }) => {
      truth.bucketBelongsTo("taken", "999999999999");
      const evidence = { Bucket: "taken", Key: "k", Body: "x", ExpectedBucketOwner: "123456789012" };
      await s3.send(new PutObjectCommand(evidence));
    },
  ],
];
