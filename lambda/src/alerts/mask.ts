import { bounded } from "./values.ts";

/** What stands in the place of a secret. */
const MASK = "(hidden)";

/** Names of parameters whose values are secrets. */
const SECRET_KEY =
  /passw(or)?d|passphrase|passcode|secret(?!.*(id|name)$)|credential(?!.*(id|name|source)$)|private_?key|api_?key|authori[sz]ation|signature|^auth$|session_?key|access_?key$|token|cookie|pem$|plaintext|user_?data$|connection_?string|webhook|otp$|authenticationcode\d?$|^pin$/i;
/** The same, where only the whole word is meant: `DB_PASS`, `dbPwd`, but no `compass`. */
const SECRET_ENDING = /(^|[_.-])(pass|pwd|PASS|PWD)$|[a-z](Pass|Pwd)$/;
/** Names that sound so and are none: tokens that number pages or make a call repeatable, kinds and ages of secrets. */
const HARMLESS_KEY =
  /^(client(request)?|next|idempotency|continuation|pagination)_?token$|^http_?tokens$|(type|arn|status|enabled|required|policy|prevention|length|age|days)$/i;
/** What is no secret under any name. */
const HARMLESS_VALUE = /^(true|false|\d{1,3})$/;

/** No name and no value is looked at beyond that: a caller decides how long they are. */
const MAX_KEY = 200;
const MAX_VALUE = 2_000;

/** A name and a text in JSON, which may be cut off. */
const PAIR = /"([^"\\]{1,200})"\s{0,3}:\s{0,3}"(?:[^"\\]|\\.)+(?:"|$)/g;

/** Secrets by what they look like, and what is left of them. */
const SHAPES: readonly (readonly [RegExp, (found: string) => string])[] = [
  [PAIR, withoutSecret],
  [/-----BEGIN [A-Z0-9 ]{1,40}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,40}-----|$)/g, () => MASK],
  // A JWT: header, payload and signature, the first of which is JSON in base64.
  [/\beyJ[\w-]{6,}\.[\w-]{4,}(?:\.[\w-]*)?/g, () => MASK],
  // Ids of access keys are no secrets by themselves, but lead to them; the ends tell them apart.
  [/\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g, (id) => `${id.slice(0, 4)}…${id.slice(-4)}`],
  [/\bxox[a-z]-[\w-]{8,}|\bgh[pousr]_\w{20,}|\bglpat-[\w-]{16,}|\bsk_live_\w{16,}/g, () => MASK],
  [/\bhttps:\/\/hooks\.slack\.com\/[^\s"']{1,200}/g, () => MASK],
  [
    /\b(\w{1,20}:\/\/[^\s:/@]{1,100}:)[^\s/@]{1,200}(?=@)/g,
    (found) => `${found.slice(0, found.lastIndexOf(":") + 1)}${MASK}`,
  ],
  [/\b(?:bearer|basic)\s+[\w.~+/=-]{8,}/gi, (found) => `${found.split(/\s/)[0]} ${MASK}`],
  [
    /(?<![:\w-])[\w-]{0,40}?(?:pass(?:word|wd)?|pwd|secret|token|api_?key)\s*[=:]\s*(?!\(hidden\))[^\s,;&"']{3,}/gi,
    (found) => {
      const [name = ""] = found.split(/[=:]/);
      return HARMLESS_KEY.test(name.trim()) ? found : `${name}=${MASK}`;
    },
  ],
  [/(?<!sha256:)\b[0-9a-f]{40,}\b/gi, () => MASK],
];

/** Base64 that is no path or name: 40 characters and more, with upper case, lower case and digits. Not in ARNs, which are names. */
const BASE64_OR_ARN = /\barn:[a-z-]{1,20}:[^\s"',;]{1,2048}|(?<![\w+/=-])[A-Za-z0-9+/_-]{40,}={0,2}(?![\w+/=-])/g;

/**
 * A value of a record as people may see it, and no longer than 2,000 characters.
 * @param key its name, or undefined for a text that has none
 */
export function masked(key: string | undefined, value: string): string {
  if (key !== undefined && isSecret(key.slice(0, MAX_KEY), value)) return MASK;
  const isSecretText = (found: string) => !found.startsWith("arn:") && looksRandom(found);
  return maskedName(value).replace(BASE64_OR_ARN, (found) => (isSecretText(found) ? MASK : found));
}

/** The same for a text of names that AWS accepted as such: roles that tools make up look as random as a key. */
export function maskedName(value: string): string {
  return SHAPES.reduce((left, [shape, put]) => left.replace(shape, put), bounded(value, MAX_VALUE));
}

function withoutSecret(pair: string): string {
  const [, key = ""] = /^"([^"]*)"/.exec(pair) ?? [];
  const value = pair.slice(pair.indexOf('"', key.length + 2) + 1).replace(/"$/, "");
  return isSecret(key, value) ? `"${key}":"${MASK}"` : pair;
}

function isSecret(key: string, value: string): boolean {
  return (SECRET_KEY.test(key) || SECRET_ENDING.test(key)) && !HARMLESS_KEY.test(key) && !HARMLESS_VALUE.test(value);
}

/** Words of a path are long, too, but hold few digits, and their parts are short. Secret access keys have 40 characters. */
function looksRandom(text: string): boolean {
  const digits = text.match(/\d/g)?.length ?? 0;
  const isMixed = /[a-z]/.test(text) && /[A-Z]/.test(text) && digits >= 1;
  const longest = Math.max(...text.split(/[/_-]/).map((part) => part.length));
  return isMixed && ((longest >= 20 && digits >= 2) || (text.length === 40 && !/[_-]/.test(text)));
}
