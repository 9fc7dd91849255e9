import { afterAll, beforeEach } from "vitest";
import { freshScene, type Scene, startScene } from "./scene.ts";

/**
 * The scene of a test file, and the end of it. To be awaited at the file's top level.
 * @param options.fresh whether each test finds an empty account; otherwise what the ones before it made is still there
 */
export async function useScene({ fresh = false } = {}): Promise<Scene> {
  const scene = await startScene();
  beforeEach(async () => {
    if (fresh) Object.assign(scene, await freshScene(scene));
  });
  afterAll(() => scene.truth.stop());
  return scene;
}
