import { keys } from "#incident-response/cases.ts";
import type { Step } from "#incident-response/context.ts";
import { putOrFind } from "#incident-response/evidence.ts";
import { manifestOf } from "#incident-response/manifest.ts";
import { keepManifest } from "#incident-response/manifests.ts";
import { bucketOf } from "#incident-response/validate.ts";

/** Closes a run: what was done, what it found and what it kept, signed. */
export const manifest: Step = async ({ aws, before, kept, records, run, settings }) => {
  const where = bucketOf(settings, run.account);
  const baseline = records.get("RecordBaseline");
  // Where the bucket did not take it in time, it may now. What was read after the isolation is no state before.
  if (baseline?.status === "failed" && baseline.details?.before !== undefined) {
    kept(await putOrFind(aws, where, keys.before(run.case), JSON.stringify(before, null, 2), "state before"));
  }
  const content = manifestOf(run, before, [...records.values()]);
  const { evidence, signed } = await keepManifest(aws, where, run.case, content, settings.signingKeyArn);
  kept(evidence);
  return {
    status: "ok",
    ...(signed ? {} : { reason: "unsigned: no key for signatures is named" }),
    details: { signed },
  };
};
