import { type Ministack, type MinistackOptions, startMinistack } from "./ministack.ts";
import { startMoto } from "./moto.ts";

/** A running ministack whose clients find some services on a moto beside it. */
export type Emulators = Ministack & {
  /** Base URL of moto. */
  readonly motoEndpoint: string;
};

/**
 * Starts ministack, and moto for CloudWatch: ministack forgets half of what an alarm is set to, so that no second plan
 * would be empty. What applies the module starts both; `stop` ends both. See {@link startMinistack}.
 * @param elsewhere other services that moto stands for, as in the names of `AWS_ENDPOINT_URL_…`, such as `CLOUDTRAIL`
 */
export async function startEmulators(
  options: MinistackOptions & { readonly elsewhere?: readonly string[] } = {},
): Promise<Emulators> {
  const { elsewhere = [], ...ministackOptions } = options;
  const { logFile: _, ...motoOptions } = ministackOptions;
  const [ministack, moto] = await Promise.all([startMinistack(ministackOptions), startMoto(motoOptions)]);
  const endpoints = ["CLOUDWATCH", ...elsewhere].map((service) => [`AWS_ENDPOINT_URL_${service}`, moto.endpoint]);
  return {
    ...ministack,
    env: { ...ministack.env, ...Object.fromEntries(endpoints) },
    motoEndpoint: moto.endpoint,
    stop: async () => {
      await Promise.all([ministack.stop(), moto.stop()]);
    },
  };
}
