/** The oldest zod that the package takes is the one that specs run with besides the newest. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";

const root = resolve(import.meta.dirname, "../..");
const { peerDependencies, devDependencies } = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8"));

test("is tested", ({ task }) => {
  const { major, minor, patch } = z.core.version;
  const running = `${major}.${minor}.${patch}`;
  const oldest = String(peerDependencies.zod).slice(1);
  expect(devDependencies["zod-oldest"]).toBe(`npm:zod@${oldest}`);
  if (task.file.projectName === "oldest zod") expect(running).toBe(oldest);
  else expect(running).not.toBe(oldest);
});
