import type { Context, Step } from "#incident-response/context.ts";
import { isIsolated, outcomeOf } from "#incident-response/manifest.ts";
import type { StepRecord } from "#incident-response/record.ts";
import { Skip } from "#incident-response/run-step.ts";
import { tell } from "#incident-response/tell.ts";

/** The line that ends a run in which the instance was isolated, word for word as people search for it. */
export const completeLine = (instanceId: string) => `Security Response mechanism complete for instance: ${instanceId}`;

/** What failed, as a line for people; undefined when nothing did. */
function failures(records: Iterable<StepRecord>): string | undefined {
  const failed = [...records].filter(({ status }) => status === "failed");
  return failed.length === 0 ? undefined : failed.map(({ step, reason = "" }) => `${step}: ${reason}`).join("; ");
}

/** The isolation is verified. */
export const notifyIsolated: Step = async ({ aws, settings, run, records }) => {
  const isolate = records.get("Isolate");
  if (isolate?.status !== "ok") throw new Skip("it is not isolated");
  const connections = isolate?.details?.connections;
  return tell(aws, settings, run, {
    severity: "high",
    title: `EC2 instance ${run.instanceId} is isolated`,
    occasion: "isolated",
    facts: [
      ...(typeof connections === "string"
        ? [
            {
              label: "Connections",
              value: connections === "severed" ? "cut" : "open ones go on until they end or the instance stops",
            },
          ]
        : []),
      ...(isolate?.reason === undefined ? [] : [{ label: "Note", value: isolate.reason }]),
    ],
  });
};

/** A person must do it. */
export const pageNotIsolated: Step = async (context) => {
  const { records } = context;
  const reason = (records.get("Isolate") ?? records.get("ApproveContain"))?.reason;
  return tell(context.aws, context.settings, context.run, {
    severity: "critical",
    title: `EC2 instance ${context.run.instanceId} is NOT ISOLATED: a person must do it now`,
    occasion: "not isolated",
    facts: reason === undefined ? [] : [{ label: "Why", value: reason }],
  });
};

/** The run has ended. */
export const notify: Step = async (context) => {
  const { run, records } = context;
  // The state machine ends by it.
  const details = { outcome: outcomeOf(run, [...records.values()]) };
  return { ...(await tellOfEnd(context)), details };
};

function tellOfEnd({ aws, settings, run, records }: Context): ReturnType<Step> {
  const failed = failures(records.values());
  const isolated = isIsolated([...records.values()]);
  if (run.action === "restore") {
    const title = `EC2 instance ${run.instanceId} is restored${failed === undefined ? "" : " in part"}`;
    const facts = failed === undefined ? [] : [{ label: "Not done", value: failed }];
    return tell(aws, settings, run, { severity: "medium", title, occasion: `restored ${run.startedAt}`, facts });
  }
  const title = isolated
    ? completeLine(run.instanceId)
    : `Security Response FAILED to isolate instance: ${run.instanceId}`;
  return tell(aws, settings, run, {
    severity: isolated ? (failed === undefined ? "medium" : "high") : "critical",
    title,
    occasion: `ended ${run.startedAt}`,
    facts: failed === undefined ? [] : [{ label: "Not done", value: failed }],
  });
}
