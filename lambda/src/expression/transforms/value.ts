import { parseBareJson } from "#expression/bare-json.ts";
import type { Transform } from "./transform.ts";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const number: Transform = (value) => {
  if (typeof value === "string") return NUMBER.test(value.trim()) ? number(Number(value)) : undefined;
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
};

const json: Transform = (value) => {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
};

const string: Transform = (value) => {
  if (value === undefined || value === null) return undefined;
  return typeof value === "object" || typeof value === "function" ? json(value) : String(value);
};

/** CloudTrail writes many booleans as texts, and not always in lower case. */
function means(wanted: boolean): Transform {
  return (value) =>
    (Array.isArray(value) ? value : [value]).some(
      (item) => item === wanted || (typeof item === "string" && item.toLowerCase() === String(wanted)),
    );
}

/** From one type of value to another. */
export const VALUE_TRANSFORMS = {
  /** `userIdentity.sessionContext.attributes.mfaAuthenticated|isTrue`: true or "true", in any case. */
  isTrue: means(true),
  /** `userIdentity.sessionContext.attributes.mfaAuthenticated|isFalse`: false or "false", in any case. */
  isFalse: means(false),
  /** `(requestParameters.durationSeconds|number) > 3600`: of a number, or of a text that is one. */
  number,
  /** `requestParameters.port|string`: a text as it is, a number or boolean as text, anything else as JSON. */
  string,
  /** `(requestParameters|json)|contains('secret')`: as JSON text. */
  json,
  /** `(requestParameters.policyDocument|parseJson).Statement`: of a JSON text, also a URL-encoded one. */
  parseJson: (value) => (typeof value === "string" ? parseBareJson(value) : undefined),
} satisfies Readonly<Record<string, Transform>>;
