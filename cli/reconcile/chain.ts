import { type EachOptions, each } from "#cli/shared/each.ts";
import type { SealedFile } from "#model/digest.ts";
import { nameOfObject, type ObjectRef } from "#model/source-item.ts";
import type { Break } from "./findings.ts";

/** A digest file that was read. */
export interface Link {
  readonly object: ObjectRef;
  readonly sha256: string;
  readonly previous: SealedFile | undefined;
}

/** Follows the time in a digest file's name; what comes before it is the same for all of an account, region and trail. */
const TIME = /_\d{8}T\d{6}Z\.json\.gz$/;

/**
 * Holds each digest file against the one that it names as the one before it, and finds chains that began anew.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
 * @param links in the order of time
 * @param read the hash of one that is not among them; "removed" when it is gone, undefined when it cannot be told
 * @returns in the order of `links`
 */
export async function chainBreaks(
  links: readonly Link[],
  options: EachOptions,
  read: (object: ObjectRef) => Promise<string | "removed" | undefined>,
): Promise<readonly Break[]> {
  const hashes = new Map(links.map((link) => [nameOfObject(link.object), link.sha256]));
  const begun = new Set<string>();
  const breaks = new Map<Link, Break>();
  const outside: Link[] = [];
  const judge = (link: Link, previous: SealedFile, found: string | undefined) => {
    if (found === undefined || found === previous.sha256) return;
    const what = found === "removed" ? "previous removed" : "previous altered";
    breaks.set(link, { digest: nameOfObject(link.object), what, previous: nameOfObject(previous.object) });
  };
  for (const link of links) {
    const { object, previous } = link;
    const chain = (object.key.split("/").at(-1) ?? "").replace(TIME, "");
    if (previous === undefined) {
      if (begun.has(chain)) breaks.set(link, { digest: nameOfObject(object), what: "restart", previous: undefined });
    } else if (hashes.has(nameOfObject(previous.object))) {
      judge(link, previous, hashes.get(nameOfObject(previous.object)));
    } else outside.push(link);
    begun.add(chain);
  }
  await each(outside, options, async (link) => {
    if (link.previous !== undefined) judge(link, link.previous, await read(link.previous.object));
  });
  return links.flatMap((link) => breaks.get(link) ?? []);
}
