/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html, and the names that other services use */
const THROTTLED =
  /^(RequestLimitExceeded|Throttling.*|ThrottledException|TooManyRequestsException|RequestThrottled.*|SlowDown|BandwidthLimitExceeded|LimitExceededException|EC2ThrottledException|PriorRequestNotComplete|TransactionInProgressException|SnapshotCreationPerVolumeRateExceeded)$/;
const TRANSIENT =
  /^(TimeoutError|RequestTimeout.*|ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|EAI_AGAIN|InternalError|InternalFailure|InternalServerError|InternalException|ServiceUnavailable.*|Unavailable|ServiceException|KMSInternalException)$/;
const FORBIDDEN = /^(AccessDenied.*|UnauthorizedOperation|AuthorizationError.*|NotAuthorized|Forbidden|403)$/;

/** Its code, as AWS names it; never empty. */
export function errorName(error: unknown): string {
  if (!(error instanceof Error)) return "Error";
  if ("Code" in error && typeof error.Code === "string") return error.Code;
  if (error.name === "Error" && "code" in error && typeof error.code === "string") return error.code;
  return error.name;
}

/** AWS did nothing and asks to come later. */
export const isThrottled = (error: unknown): boolean => THROTTLED.test(errorName(error));

/** It may help to ask again. Whether AWS did something is not known. */
export function isTransient(error: unknown): boolean {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  return TRANSIENT.test(errorName(error)) || TRANSIENT.test(code) || statusOf(error) >= 500;
}

export const isForbidden = (error: unknown): boolean => FORBIDDEN.test(errorName(error)) || statusOf(error) === 403;

/** An object or a resource is not there. */
export const isMissing = (error: unknown): boolean =>
  /(\.NotFound|^NoSuchKey|^NotFound|\.Malformed)$/.test(errorName(error)) || statusOf(error) === 404;

function statusOf(error: unknown): number {
  if (!(error instanceof Error) || !("$metadata" in error)) return 0;
  const metadata = error.$metadata;
  if (typeof metadata !== "object" || metadata === null || !("httpStatusCode" in metadata)) return 0;
  return typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : 0;
}
