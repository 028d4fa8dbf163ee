/** Connections that last as long as their request: a client that is gone, in the middle of whatever, leaves none. */
import { connect as dial, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Principal } from "../../lib/access/index.js";
import { requestScope } from "../../lib/http/index.js";
import { usedOf } from "../quota/stage.js";
import { type Framework, frameworks, openStage, type Stage } from "./stage.js";

let usual: Stage;
let authorization = "";
const quotas = { plans: { some: { connections: 50 } }, defaultPlan: "some" };
beforeAll(async () => {
  usual = await openStage({}, { quotas });
  authorization = `Bearer ${await usual.own.token()}`;
});
afterAll(() => usual[Symbol.asyncDispose]());

const used = async (stage = usual): Promise<number | undefined> =>
  usedOf(await stage.db.tenant(stage.tenant).quotas.usage(), "connections");
const until = (count: number) => vi.waitUntil(async () => (await used()) === count, { timeout: 10_000, interval: 5 });

interface Client {
  /** Resolves with what was answered so far, once it holds `text`. */
  read(text: string): Promise<string>;
  leave(): void;
}

/** Whether an answer has come whole: by its last chunk or its length, since a server may keep the socket for a while. */
function isWhole(answer: string): boolean {
  const end = answer.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, end + 2))?.[1];
  return length === undefined ? answer.endsWith("\r\n0\r\n\r\n") : answer.length - end - 4 >= Number(length);
}

/** A client that can be gone at any time: over a socket, or as the platform's request. */
function client(framework: Framework, name: string, stage = usual): Client {
  const path = `/t/${stage.tenant}/${name}`;
  const port = stage.port(framework);
  let said = "";
  const reads: (() => void)[] = [];
  const hear = (text: string): void => {
    said += text;
    for (const heard of reads) heard();
  };
  const read = (text: string) =>
    new Promise<string>((resolve) => {
      const heard = (): void => {
        if (said.includes(text)) resolve(said);
      };
      reads.push(heard);
      heard();
    });
  if (port === undefined) {
    const abort = new AbortController();
    const ask = async (): Promise<void> => {
      const request = new Request(`http://x${path}`, { headers: { authorization }, signal: abort.signal });
      const { status, body } = await stage.fetch(request);
      hear(`${status}`);
      const reader = body?.getReader();
      // As a server does with the body of a response when its client is gone.
      abort.signal.addEventListener("abort", () => void reader?.cancel());
      for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
        hear(new TextDecoder().decode(next.value));
      }
      hear("END");
    };
    ask().catch(() => {});
    return { read, leave: () => abort.abort() };
  }
  const socket: Socket = dial(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.on("data", (data) => {
    hear(String(data));
    if (isWhole(said)) hear("END");
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ${authorization}\r\n\r\n`);
  return { read, leave: () => socket.destroy() };
}

describe.each(frameworks)("over %s", (framework) => {
  test.each(["hold", "events"])("a connection counts until the answer of %s is sent", async (name) => {
    const all = [client(framework, name), client(framework, name)];
    await until(2);
    usual.letGo();
    for (const one of all) expect(await one.read("END")).toContain("200");
    await until(0);
  });

  test.each(["hold", "events"])("a client that is gone gives back the connection of %s", async (name) => {
    const [leaving, staying] = [client(framework, name), client(framework, name)];
    await until(2);
    if (name === "events") await leaving.read("event");
    leaving.leave();
    await until(1);
    usual.letGo();
    await staying.read("END");
    await until(0);
  });

  test("a client that is gone in the middle of connecting leaves nothing", async () => {
    const all = Array.from({ length: 24 }, (_, n) => client(framework, n % 2 === 0 ? "hold" : "events"));
    for (const [n, one] of all.entries()) {
      await new Promise((resolve) => setTimeout(resolve, n % 4));
      one.leave();
    }
    await until(0);
    expect((await usual.db.quotas.recount(usual.tenant)).every(({ drift }) => drift === 0)).toBe(true);
  });
});

describe.each(frameworks)("over %s, while who asks is being found out", (framework) => {
  test.each(["hold", "events"])("a client that is gone counts no connection of %s", async (name) => {
    let asked = 0;
    let tell = (): void => {};
    const told = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const authenticate = async (): Promise<Principal> => {
      asked++;
      await told;
      const { tenant } = stage;
      const known = { subject: "ann", roles: ["reader"], issuer: "own", expiresAt: Date.now() + 60_000 };
      return { tenant, ...known, authenticatedAt: undefined, methods: [], assurance: undefined, claims: {} };
    };
    await using stage = await openStage({ authenticate }, { quotas });
    const [leaving, staying] = [client(framework, name, stage), client(framework, name, stage)];
    await vi.waitUntil(() => asked === 2, { timeout: 10_000, interval: 5 });
    leaving.leave();
    // The server hears of it.
    await new Promise((resolve) => setTimeout(resolve, 50));
    tell();
    await vi.waitUntil(async () => (await used(stage)) === 1, { timeout: 10_000, interval: 5 });
    stage.letGo();
    await staying.read("END");
    await vi.waitUntil(async () => (await used(stage)) === 0, { timeout: 10_000, interval: 5 });
  });
});

test("a request that is over has no connection any more, whoever asks", async () => {
  const abort = new AbortController();
  const request = new Request(`http://x/t/${usual.tenant}/notes`, { headers: { authorization }, signal: abort.signal });
  await usual.fetch(request);
  abort.abort(new Error("gone"));
  const { connect, signal } = requestScope(request);
  expect(signal.aborted).toBe(true);
  await expect(connect()).rejects.toMatchObject({ code: "TRANSACTION_ABORTED" });
  expect(await used()).toBe(0);
});
