import { DescribeNetworkInterfacesCommand, DescribeSecurityGroupsCommand } from "@aws-sdk/client-ec2";
import { AwsError } from "./answer.ts";
import { findGroups, required } from "./lookups.ts";
import type { Refusal } from "./rule.ts";

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html */
const allowedName = /^[\w .\-:/()#,@[\]+=&;{}!$*]{1,255}$/;

/** CreateSecurityGroup: the name and the description. */
export const refuseGroupName: Refusal = async ({ params }) => {
  const name = required(params, "GroupName");
  if (!allowedName.test(name) || /^sg-/i.test(name)) {
    throw new AwsError("InvalidParameterValue", `Invalid group name '${name}'.`);
  }
  const description = required(params, "GroupDescription");
  if (allowedName.test(description)) return;
  throw new AwsError("InvalidParameterValue", `Invalid security group description '${description}'.`);
};

/** DeleteSecurityGroup: not the default one, not one that an interface or another group's rule uses. */
export const refuseDeleteUsed: Refusal = async (request, world) => {
  const id = required(request.params, "GroupId");
  const { ec2 } = world.clients(request);
  const [group] = await findGroups(world, request, [id]);
  if (group?.GroupName === "default")
    throw new AwsError("CannotDelete", `the specified group: "${id}" cannot be deleted`);
  const filter = { Filters: [{ Name: "group-id", Values: [id] }] };
  const { NetworkInterfaces = [] } = await ec2.send(new DescribeNetworkInterfacesCommand(filter));
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  const users = SecurityGroups.filter(({ GroupId, IpPermissions = [], IpPermissionsEgress = [] }) => {
    const pairs = [...IpPermissions, ...IpPermissionsEgress].flatMap(({ UserIdGroupPairs = [] }) => UserIdGroupPairs);
    return GroupId !== id && pairs.some((pair) => pair.GroupId === id);
  });
  if (NetworkInterfaces.length + users.length === 0) return;
  throw new AwsError("DependencyViolation", `resource ${id} has a dependent object`);
};
