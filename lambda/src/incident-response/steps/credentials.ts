import {
  DescribeIamInstanceProfileAssociationsCommand,
  DisassociateIamInstanceProfileCommand,
  type IamInstanceProfileAssociation,
  ModifyInstanceMetadataOptionsCommand,
} from "@aws-sdk/client-ec2";
import type { Context, Step } from "#incident-response/context.ts";
import { Skip } from "#incident-response/run-step.ts";

/** Where asked for: the instance gets no more credentials. Those that it has stay valid until they expire. */
export const credentials: Step = async (context) => {
  const { aws, before, run, settings, changed } = context;
  if (settings.revoke === "none") throw new Skip("it was not asked for");
  const InstanceId = run.instanceId;
  if (before.instance.metadataEndpoint !== "disabled") {
    await aws.ec2.send(new ModifyInstanceMetadataOptionsCommand({ InstanceId, HttpEndpoint: "disabled" }));
    changed({ what: "metadataEndpoint", id: InstanceId, before: before.instance.metadataEndpoint, after: "disabled" });
  }
  const associations = await associated(context);
  for (const { AssociationId, IamInstanceProfile } of associations) {
    await aws.ec2.send(new DisassociateIamInstanceProfileCommand({ AssociationId })).catch(async (error: unknown) => {
      // Perhaps an earlier request got there, whose answer did not.
      if ((await associated(context)).length > 0) throw error;
    });
    changed({ what: "profile", id: InstanceId, before: IamInstanceProfile?.Arn, after: null });
  }
  const { profileArn } = before.instance;
  // Gone since the state before: an attempt that was cut short took it, and a restore has to know.
  if (associations.length === 0 && profileArn !== undefined)
    changed({ what: "profile", id: InstanceId, before: profileArn, after: null });
  return { status: "ok", reason: "credentials that it already holds are valid until they expire" };
};

async function associated({ aws, run }: Context): Promise<readonly IamInstanceProfileAssociation[]> {
  const Filters = [{ Name: "instance-id", Values: [run.instanceId] }];
  const asked = new DescribeIamInstanceProfileAssociationsCommand({ Filters });
  const { IamInstanceProfileAssociations = [] } = await aws.ec2.send(asked);
  return IamInstanceProfileAssociations.filter(({ State }) => State === "associated" || State === "associating");
}
