import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { clientConfig } from "./deployment.ts";
import type { Ministack } from "./ministack.ts";

/** Hands payloads to the live version of a function of the emulator, and resolves with what it answers or throws. */
export function invoker(ministack: Ministack, functionName: string) {
  const lambda = new LambdaClient(clientConfig(ministack));
  return async (payload: unknown): Promise<unknown> => {
    const Payload = JSON.stringify(payload);
    const answer = await lambda.send(new InvokeCommand({ FunctionName: functionName, Qualifier: "live", Payload }));
    return JSON.parse(answer.Payload?.transformToString() ?? "null");
  };
}

/** Hands payloads to the live version of a function of the emulator as S3 does: nobody waits for what comes of them. */
export function laterInvoker(ministack: Ministack, functionName: string) {
  const lambda = new LambdaClient(clientConfig(ministack));
  const call = { FunctionName: functionName, Qualifier: "live", InvocationType: "Event" } as const;
  return async (payload: unknown): Promise<void> => {
    await lambda.send(new InvokeCommand({ ...call, Payload: JSON.stringify(payload) }));
  };
}
