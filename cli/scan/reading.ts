import { messageOf } from "#model/errors.ts";

/** Called with how many bytes of a file were read now. */
export type OnBytes = (bytes: number) => void;

/** The same bytes, counted as they are taken. */
export async function* counted(bytes: AsyncIterable<Uint8Array>, onBytes: OnBytes): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    onBytes(chunk.length);
    yield chunk;
  }
}

/** Why a place on this machine cannot be read, and what to do. */
export function cannotRead(place: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return `${place} does not exist; name a file, a folder, a zip or s3://bucket/prefix`;
  if (code === "EACCES" || code === "EPERM")
    return `${place} may not be read by this user; change who may, or the user`;
  return `${place} could not be read: ${messageOf(error)}`;
}
