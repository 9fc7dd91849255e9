import { setTimeout as sleep } from "node:timers/promises";
import { IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import type { Ministack } from "./ministack.ts";

/**
 * ministack asks whether a role may call `ssm:GetParameters` on `*`, where AWS asks for the parameters by ARN. So tests
 * grant that one permission from outside, as soon as the role is there; everything else stays as the module made it.
 * @returns a function that stops waiting for the role
 */
export function grantGetParameters(ministack: Ministack, roleName: string): () => void {
  const iam = new IAMClient({
    endpoint: ministack.endpoint,
    region: ministack.env.AWS_REGION ?? "us-east-1",
    credentials: {
      accessKeyId: ministack.env.AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: ministack.env.AWS_SECRET_ACCESS_KEY ?? "",
    },
    maxAttempts: 1,
  });
  const PolicyDocument = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Sid: "MinistackOnly", Effect: "Allow", Action: "ssm:GetParameters", Resource: "*" }],
  });
  const stop = new AbortController();
  const grant = async () => {
    while (!stop.signal.aborted) {
      const put = new PutRolePolicyCommand({ RoleName: roleName, PolicyName: "ministack-only", PolicyDocument });
      const granted = await iam.send(put).then(
        () => true,
        () => false,
      );
      if (granted) return;
      await sleep(200);
    }
  };
  void grant();
  return () => stop.abort();
}
