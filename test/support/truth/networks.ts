import {
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeVpcsCommand,
  type EC2Client,
} from "@aws-sdk/client-ec2";

/** A network for test instances, apart from all others. */
export type Network = {
  readonly vpcId: string;
  /** One per zone that was asked for, in that order. */
  readonly subnetIds: readonly string[];
  /** A group of the network's own, "application": what an instance has when nothing else is said. */
  readonly groupId: string;
};

/** What {@link createNetwork} makes. */
export type NetworkOptions = {
  /** Zones with a subnet each; ["us-east-1a"] when absent. */
  readonly zones?: readonly string[];
  /** Whether addresses of IPv6 are given too, and new groups let out to them. */
  readonly ipv6?: boolean;
};

/** Makes a network of 10.0.0.0/16 with subnets of /24 and a security group. */
export async function createNetwork(ec2: EC2Client, options: NetworkOptions = {}): Promise<Network> {
  const { zones = ["us-east-1a"], ipv6 = false } = options;
  const { Vpc } = await ec2.send(
    new CreateVpcCommand({ CidrBlock: "10.0.0.0/16", ...(ipv6 && { AmazonProvidedIpv6CidrBlock: true }) }),
  );
  const vpcId = Vpc?.VpcId ?? "";
  const block = ipv6 ? await ipv6BlockOf(ec2, vpcId) : undefined;
  const subnetIds: string[] = [];
  for (const [index, zone] of zones.entries()) {
    const { Subnet } = await ec2.send(
      new CreateSubnetCommand({
        VpcId: vpcId,
        CidrBlock: `10.0.${index + 1}.0/24`,
        AvailabilityZone: zone,
        ...(block !== undefined && { Ipv6CidrBlock: block.replace("00::/56", `0${index}::/64`) }),
      }),
    );
    subnetIds.push(Subnet?.SubnetId ?? "");
  }
  const { GroupId = "" } = await ec2.send(
    new CreateSecurityGroupCommand({ GroupName: "application", Description: "Application", VpcId: vpcId }),
  );
  return { vpcId, subnetIds, groupId: GroupId };
}

async function ipv6BlockOf(ec2: EC2Client, vpcId: string): Promise<string | undefined> {
  const { Vpcs: [vpc] = [] } = await ec2.send(new DescribeVpcsCommand({ VpcIds: [vpcId] }));
  return vpc?.Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock;
}
