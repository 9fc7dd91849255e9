import { plain } from "#delivery/plain.ts";
import { messageOf } from "#model/errors.ts";
import { CommandError } from "./command-error.ts";

/** What was asked of AWS, in words for people. */
export interface Asked {
  /** Such as `the queue "x" in eu-west-1`. */
  readonly what: string;
  /** What to do when it does not exist, such as `name it with --queue`. */
  readonly whenMissing: string;
  /** IAM actions that the command needs for it. */
  readonly permissions: readonly string[];
}

const MISSING =
  /^(QueueDoesNotExist|ResourceNotFoundException|NoSuchBucket|InvalidAddress|AWS\.SimpleQueueService\.NonExistentQueue)$/;
const FORBIDDEN = /AccessDenied|NotAuthorized|AuthorizationError|^Forbidden/;
const NO_CREDENTIALS = /^(CredentialsProviderError|TokenProviderError)$/;
const BAD_CREDENTIALS =
  /^(ExpiredToken|InvalidClientTokenId|UnrecognizedClient|InvalidSignature|SignatureDoesNotMatch|IncompleteSignature|MissingAuthenticationToken|InvalidAccessKeyId)/;
const UNREACHABLE =
  /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|TimeoutError)$/;
/** Enough of what AWS says. In characters. */
const MAX_MESSAGE = 500;

/** An error of the AWS SDK as one sentence: what failed, on what, what to do. An error of ours passes as it is. */
export function awsError(error: unknown, { what, whenMissing, permissions }: Asked): CommandError {
  if (error instanceof CommandError) return error;
  const names = namesOf(error);
  const is = (kind: RegExp) => names.some((name) => kind.test(name));
  const said = plain(messageOf(error), { max: MAX_MESSAGE }) || names[0] || "no reason given";
  const problem = () => {
    if (is(NO_CREDENTIALS)) return `there are no AWS credentials (${said}); sign in, or set AWS_PROFILE`;
    if (is(BAD_CREDENTIALS)) return `AWS does not accept the credentials (${said}); sign in again`;
    if (is(MISSING)) return `${what} does not exist; ${whenMissing}`;
    if (is(FORBIDDEN)) return `${what} is not open to these credentials (${said}); allow ${permissions.join(", ")}`;
    if (is(UNREACHABLE)) return `${what} cannot be reached (${said}); check the network and the region`;
    return `${what} answered ${names[0] ?? "with an error"}: ${said}`;
  };
  return new CommandError(problem(), { cause: error });
}

/** Whether an error is about more than the one call: no other call would fare better. */
export function concernsEverything(error: unknown): boolean {
  return namesOf(error).some((name) => [NO_CREDENTIALS, BAD_CREDENTIALS, UNREACHABLE].some((kind) => kind.test(name)));
}

/** Names and codes of an error and of what it wraps: the SDK puts them in either. */
function namesOf(error: unknown): readonly string[] {
  const errors = [error, error instanceof Error ? error.cause : undefined];
  if (error instanceof AggregateError) errors.push(...error.errors);
  return errors.flatMap((one) => {
    if (!(one instanceof Error)) return [];
    const codes = ["code" in one ? one.code : undefined, "Code" in one ? one.Code : undefined];
    return [one.name, ...codes].filter((name): name is string => typeof name === "string" && name !== "Error");
  });
}

/**
 * The region that a client of the SDK talks to.
 * @throws CommandError when neither an option nor the environment names one
 */
export async function regionOf(client: {
  readonly config: { readonly region: () => Promise<string> };
}): Promise<string> {
  try {
    return await client.config.region();
  } catch (cause) {
    throw new CommandError("there is no AWS region; give --region or set AWS_REGION", { cause });
  }
}
