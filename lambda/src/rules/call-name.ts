import { type Transform, texts } from "#expression/transforms.ts";

/** The API version that some services append to the name of a call: `CreateFunction20150331v2`, `…2020_05_31`. */
const API_VERSION = /(\d{8}|\d{4}_\d{2}_\d{2})(v\d+)?$/;

/** `eventName|isCall('UpdateFunctionCode')`: whether a call has one of these names, with or without an API version. */
export const isCall: Transform = (eventName, names) =>
  texts(eventName).some((name) => {
    const bare = name.replace(API_VERSION, "");
    return texts(names).some((wanted) => wanted === name || wanted === bare);
  });
