import type { Handler } from "./rule.ts";

/** "notifier" of "notifier", "notifier:live", "123456789012:function:notifier" and of an ARN. */
function nameOf(reference: string): { readonly name: string; readonly qualifier?: string } {
  const [, name = reference, qualifier] = /(?:^|function:)([\w-]+)(?::([\w$-]+))?$/.exec(reference) ?? [];
  return { name, ...(qualifier !== undefined && { qualifier }) };
}

/** Invoke: of a function that the test plays; any other is the emulator's. An event is accepted before it is handled. */
export const invoke: Handler = async (request, world, forward) => {
  const { FunctionName = "", Qualifier, InvocationType = "", Payload = "" } = request.params;
  const { name, qualifier = Qualifier } = nameOf(FunctionName);
  const play = world.state.functions.get(name);
  if (play === undefined) return await forward(request);
  const event: unknown = Payload === "" ? {} : JSON.parse(Payload);
  const run = async () => play(event, { type: InvocationType, ...(qualifier !== undefined && { qualifier }) });
  const version = { "x-amz-executed-version": qualifier ?? "$LATEST" };
  if (InvocationType === "DryRun") return { status: 204, headers: {}, body: Buffer.alloc(0) };
  if (InvocationType === "Event") {
    await run().catch(() => undefined);
    return { status: 202, headers: {}, body: Buffer.alloc(0) };
  }
  try {
    const result = JSON.stringify((await run()) ?? null);
    return { status: 200, headers: version, body: Buffer.from(result) };
  } catch (error) {
    const failure = { errorType: "Error", errorMessage: error instanceof Error ? error.message : String(error) };
    const headers = { ...version, "x-amz-function-error": "Unhandled" };
    return { status: 200, headers, body: Buffer.from(JSON.stringify(failure)) };
  }
};
