import {
  DescribeIamInstanceProfileAssociationsCommand,
  DisassociateIamInstanceProfileCommand,
  ModifyInstanceMetadataOptionsCommand,
} from "@aws-sdk/client-ec2";
import type { Step } from "#incident-response/context.ts";
import { Skip } from "#incident-response/run-step.ts";

/** Where asked for: the instance gets no more credentials. Those that it has stay valid until they expire. */
export const credentials: Step = async ({ aws, before, run, settings, changed }) => {
  if (settings.revoke === "none") throw new Skip("it was not asked for");
  const InstanceId = run.instanceId;
  if (before.instance.metadataEndpoint !== "disabled") {
    await aws.ec2.send(new ModifyInstanceMetadataOptionsCommand({ InstanceId, HttpEndpoint: "disabled" }));
    changed({ what: "metadataEndpoint", id: InstanceId, before: before.instance.metadataEndpoint, after: "disabled" });
  }
  const Filters = [{ Name: "instance-id", Values: [InstanceId] }];
  const { IamInstanceProfileAssociations = [] } = await aws.ec2.send(
    new DescribeIamInstanceProfileAssociationsCommand({ Filters }),
  );
  for (const { AssociationId, IamInstanceProfile, State } of IamInstanceProfileAssociations) {
    if (State !== "associated" && State !== "associating") continue;
    await aws.ec2.send(new DisassociateIamInstanceProfileCommand({ AssociationId }));
    changed({ what: "profile", id: InstanceId, before: IamInstanceProfile?.Arn, after: null });
  }
  return { status: "ok", reason: "credentials that it already holds are valid until they expire" };
};
