import { DescribeAddressesCommand, DisassociateAddressCommand, type EC2Client } from "@aws-sdk/client-ec2";
import { isMissing } from "#incident-response/aws-error.ts";
import type { Step } from "#incident-response/context.ts";
import type { Before } from "#incident-response/run.ts";
import { explained, Skip } from "#incident-response/run-step.ts";

/**
 * Takes Elastic IPs off, which also ends what comes through them at this moment. Where people are to come in from given
 * addresses, they stay, but for `full`, which stops the instance anyway.
 */
export const cutAddresses: Step = async ({ aws: { ec2 }, before, settings, run, changed }) => {
  const elastic = await elasticOf(ec2, before);
  if (elastic.length === 0) throw new Skip("the instance has no Elastic IP");
  if (settings.forensicCidrs.length > 0 && run.profile === "contain") throw new Skip("people come in by it");
  const problems: string[] = [];
  for (const { publicIp, allocationId } of elastic) {
    try {
      const asked = new DescribeAddressesCommand({ AllocationIds: [allocationId] });
      const { Addresses: [address] = [] } = await ec2.send(asked);
      // Somebody else may have taken it since.
      if (address?.AssociationId === undefined || address.InstanceId !== run.instanceId) continue;
      // Gone is what it should be: perhaps the answer of an earlier request was lost.
      await ec2
        .send(new DisassociateAddressCommand({ AssociationId: address.AssociationId }))
        .catch((error: unknown) => {
          if (!isMissing(error)) throw error;
        });
      changed({ what: "elasticIp", id: allocationId, before: publicIp, after: null });
    } catch (error) {
      problems.push(`${publicIp} is still there: ${explained(error)}`);
    }
  }
  return problems.length === 0 ? { status: "ok" } : { status: "failed", reason: problems.join("; ") };
};

/** As the state before has them; where they could not be read then, as they are now. */
async function elasticOf(ec2: EC2Client, { instance, interfaces, unknown }: Before) {
  if (!unknown.some((what) => what.startsWith("addresses:"))) return interfaces.flatMap((one) => one.elastic);
  const Filters = [{ Name: "instance-id", Values: [instance.id] }];
  const { Addresses = [] } = await ec2.send(new DescribeAddressesCommand({ Filters }));
  return Addresses.flatMap(({ AllocationId: allocationId, PublicIp: publicIp = "" }) =>
    allocationId === undefined ? [] : [{ allocationId, publicIp }],
  );
}
