/**
 * The example service, built and started as its command does, asked over real HTTP, and ended by SIGTERM.
 * Left out of the quick run.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";

const root = resolve(import.meta.dirname, "../..");
// Inside the repository, where packages are found.
mkdirSync(join(root, ".demo"), { recursive: true });
const folder = mkdtempSync(join(root, ".demo/spec-"));
const program = join(folder, "service.mjs");
const running = new Set<ChildProcess>();
const stores: string[] = [];

beforeAll(() => {
  const options = ["--bundle", "--platform=node", "--target=node20", "--format=esm", "--packages=external"];
  const source = join(root, "examples/service/main.ts");
  execFileSync(join(root, "node_modules/.bin/esbuild"), [
    source,
    ...options,
    `--outfile=${program}`,
    "--log-level=error",
  ]);
});
afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
  running.clear();
});
afterAll(() => {
  for (const path of [folder, ...stores]) rmSync(path, { recursive: true, force: true });
});

interface Service {
  readonly child: ChildProcess;
  readonly at: string;
  readonly acme: string;
  readonly globex: string;
  readonly token: string;
  readonly viewer: string;
  /** Name and password of who runs it. */
  readonly operator: string;
  readonly exited: Promise<number | null>;
}

async function start(store: string, environment: NodeJS.ProcessEnv = {}): Promise<Service> {
  const child = spawn(process.execPath, [program], {
    cwd: folder,
    env: { ...process.env, PORT: "0", STORE: store, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.add(child);
  const exited = new Promise<number | null>((done) => child.once("exit", done));
  let said = "";
  await new Promise<void>((ready, failed) => {
    child.stdout?.on("data", (text: Buffer) => {
      said += String(text);
      if (said.includes("Ctrl-C")) ready();
    });
    exited.then(() => failed(new Error(`It ended: ${said}`)));
  });
  const found = (pattern: RegExp): string => pattern.exec(said)?.[1] ?? "";
  const [acme = "", globex = ""] = new Set([...said.matchAll(/\/t\/([0-9a-f-]{36})\//g)].map(([, id]) => id ?? ""));
  return {
    child,
    at: found(/at (http:\/\/127\.0\.0\.1:\d+)/),
    acme,
    globex,
    token: found(/ TOKEN=(\S+)/),
    viewer: found(/VIEWER=(\S+)/),
    operator: found(/OPERATOR=(\S+)/),
    exited,
  };
}

function store(): string {
  const path = mkdtempSync(join(tmpdir(), "tenantry-service-"));
  stores.push(path);
  return path;
}

interface Asking {
  readonly method?: string;
  readonly body?: unknown;
  /** Whose token; ada's unless given, none for "". */
  readonly as?: string;
}

const basic = (nameAndPassword: string): string => `Basic ${Buffer.from(nameAndPassword).toString("base64")}`;

async function asked(service: Service, path: string, { method = "GET", body, as = service.token }: Asking = {}) {
  const authorization = as === service.operator ? basic(as) : `Bearer ${as}`;
  const response = await fetch(`${service.at}${path}`, {
    method,
    headers: as === "" ? {} : { authorization },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const type = response.headers.get("content-type") ?? "";
  return { status: response.status, headers: response.headers, body: type.includes("json") ? JSON.parse(text) : text };
}

describe("the example service", () => {
  test("keeps tasks for its tenants, and nothing of one for the other", async () => {
    const service = await start(store());
    const tasks = `/t/${service.acme}/tasks`;
    const listed = await asked(service, `${tasks}?size=2`);
    expect(listed.status).toBe(200);
    expect(listed.body.items).toHaveLength(2);
    expect(Number(listed.headers.get("ratelimit-limit"))).toBe(20);
    expect(Number(listed.headers.get("ratelimit-remaining"))).toBeLessThan(20);
    const next = `${tasks}?size=2&cursor=${listed.body.next}`;
    const rest = await asked(service, next);
    expect([rest.body.items.length, rest.body.next]).toEqual([1, undefined]);
    expect((await asked(service, next, { as: service.viewer })).body.code).toBe("CURSOR_INVALID");

    const made = await asked(service, tasks, { method: "POST", body: { title: "Try it" } });
    expect([made.status, made.body]).toEqual([
      201,
      expect.objectContaining({ title: "Try it", owner: "ada", state: "open" }),
    ]);
    const own = made.headers.get("location") ?? "";
    expect((await asked(service, own)).body).toEqual(made.body);
    const changed = await asked(service, own, { method: "PATCH", body: { state: "done" } });
    expect(changed.body).toEqual({ ...made.body, state: "done" });
    expect((await asked(service, `${tasks}?state=done`)).body.items).toEqual([changed.body]);

    const foreign = await asked(service, `/t/${service.globex}/tasks`);
    const nobody = await asked(service, "/t/7b1985ce-4d2c-4f6a-9d0e-3f1f6a4f8f0a/tasks");
    expect([foreign.status, foreign.body]).toEqual([404, nobody.body]);
    expect((await asked(service, tasks, { as: "" })).status).toBe(401);
    const denied = await asked(service, own, { method: "PATCH", body: { state: "open" }, as: service.viewer });
    expect([denied.status, denied.body.code]).toEqual([403, "ACCESS_DENIED"]);

    for (const [body, status, code] of [
      [{ title: "" }, 400, "RECORD_INVALID"],
      ["{", 400, "BODY_INVALID"],
      [[], 400, "BODY_INVALID"],
      [{ title: "x".repeat(20_000) }, 413, "BODY_TOO_LARGE"],
    ] as const) {
      const refused = await asked(service, tasks, { method: "POST", body });
      expect([refused.status, refused.body.code]).toEqual([status, code]);
    }
    expect((await asked(service, own, { method: "DELETE" })).status).toBe(204);
    expect((await asked(service, own)).body.code).toBe("RECORD_NOT_FOUND");
    expect((await asked(service, "/elsewhere")).body.code).toBe("NOT_FOUND");
  });

  test("keeps who was refused what, in the trail of who asked", async () => {
    const service = await start(store());
    await asked(service, `/t/${service.globex}/tasks`);
    await asked(service, `/t/${service.globex}/tasks`, { as: "" });
    await asked(service, `/t/${service.acme}/tasks`, { method: "POST", body: { title: "No" }, as: service.viewer });
    const told = async (): Promise<{ name: string; denied: { subject: string; code: string }[] }[]> =>
      (await asked(service, "/denied", { as: service.operator })).body;
    await vi.waitUntil(async () => (await told())[0]?.denied.length === 2, { timeout: 10_000, interval: 50 });
    const [acme, globex] = await told();
    expect(acme?.denied.map(({ subject, code }) => `${subject} ${code}`).sort()).toEqual([
      "ada TENANT_FOREIGN",
      "bob ACCESS_DENIED",
    ]);
    expect(globex).toEqual({ name: "Globex", denied: [] });
  });

  test("shows what its tenants use, and limits how much they ask", async () => {
    const service = await start(store());
    expect((await asked(service, "/healthz")).body).toEqual({ status: "ok" });
    const as = service.operator;
    expect((await asked(service, "/", { as })).body).toContain("Tenants' usage");
    const usage = await asked(service, "/usage", { as });
    expect(usage.body).toMatchObject([
      { name: "Acme", plan: "free" },
      { name: "Globex", plan: "team" },
    ]);
    const records = usage.body[0].resources.find(({ resource }: { resource: string }) => resource === "records:task");
    expect(records).toMatchObject({ used: 3, limit: 25 });

    const tasks = `/t/${service.acme}/tasks?size=1`;
    const answers = await Promise.all(Array.from({ length: 120 }, () => asked(service, tasks)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(20);
    expect(refused[0]?.body).toMatchObject({ code: "QUOTA_EXCEEDED", details: { resource: "requests" } });
    expect(refused[0]?.headers.get("ratelimit-remaining")).toBe("0");
    expect(refused[0]?.headers.get("ratelimit-reset")).toBe(refused[0]?.headers.get("retry-after"));
    const seconds = Number(refused[0]?.headers.get("retry-after"));
    expect(seconds).toBeGreaterThanOrEqual(1);
    await wait(1_000 * (seconds + 1));
    expect((await asked(service, tasks)).status).toBe(200);
  });

  test("shows what is about all tenants to who runs it, and to nobody else", async () => {
    const service = await start(store(), { OPERATOR_PASSWORD: "swordfish" });
    expect(service.operator).toBe("operator:swordfish");
    for (const path of ["/", "/usage", "/denied"]) {
      for (const as of ["", service.token, service.viewer, "operator:swordfish"]) {
        const refused = await asked({ ...service, operator: "nobody" }, path, { as });
        expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, 'Basic realm="operators"']);
        expect(refused.headers.get("cache-control")).toBe("private, no-store");
      }
      const wrong = "operator:goldfish";
      expect((await asked({ ...service, operator: wrong }, path, { as: wrong })).status).toBe(401);
      expect((await asked(service, path, { as: service.operator })).status).toBe(200);
    }
  });

  test("says in every answer what the plan leaves and what a browser may do with it", async () => {
    const service = await start(store());
    const tasks = `/t/${service.acme}/tasks`;
    const none = `${tasks}/7b1985ce-4d2c-4f6a-9d0e-3f1f6a4f8f0a`;
    const answers = [
      [200, await asked(service, tasks)],
      [201, await asked(service, tasks, { method: "POST", body: { title: "Try it" } })],
      [400, await asked(service, tasks, { method: "POST", body: "{" })],
      [413, await asked(service, tasks, { method: "POST", body: { title: "x".repeat(20_000) } })],
      [403, await asked(service, tasks, { method: "POST", body: { title: "No" }, as: service.viewer })],
      [404, await asked(service, none)],
      [404, await asked(service, `/t/${service.acme}/nothing`)],
    ] as const;
    expect(answers.map(([, { status }]) => status)).toEqual(answers.map(([status]) => status));
    const left = answers.map(([, { headers }]) => Number(headers.get("ratelimit-remaining") ?? Number.NaN));
    expect(left).toEqual([...left].sort((a, b) => b - a));
    expect(left.at(-1)).toBeGreaterThan(0);
    for (const [, { headers }] of answers) {
      expect([headers.get("ratelimit-limit"), headers.get("ratelimit-reset")]).toEqual([
        "20",
        expect.stringMatching(/^\d+$/),
      ]);
    }
    // Who is not of the tenant learns nothing of its plan.
    const foreign = await asked(service, `/t/${service.globex}/tasks`);
    const unknown = await asked(service, tasks, { as: "" });
    for (const { headers } of [foreign, unknown]) expect(headers.get("ratelimit-limit")).toBeNull();

    const page = await asked(service, "/", { as: service.operator });
    const elsewhere = await asked(service, "/elsewhere");
    for (const { headers } of [...answers.map(([, answer]) => answer), foreign, unknown, page, elsewhere]) {
      expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; .*frame-ancestors 'none'/);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
    }
    const [, nonce = "none"] =
      /script-src 'nonce-([^']+)'/.exec(page.headers.get("content-security-policy") ?? "") ?? [];
    expect(page.body.split(`nonce="${nonce}"`)).toHaveLength(3);
  });

  test("ends in good order, whatever connections are open", async () => {
    const service = await start(store(), { GRACE_MS: "1000" });
    const { port } = new URL(service.at);
    const head = `POST /t/${service.acme}/tasks HTTP/1.1\r\nHost: service\r\n`;
    const sent = ["", head, `${head}Authorization: Bearer ${service.token}\r\nContent-Length: 30\r\n\r\n{"title":`];
    const sockets = await Promise.all(
      sent.map(async (text) => {
        const socket = connect({ port: Number(port), host: "127.0.0.1", allowHalfOpen: true });
        socket.on("error", () => undefined);
        await new Promise((done) => socket.once("connect", done));
        if (text !== "") await new Promise<unknown>((done) => socket.write(text, done));
        return socket;
      }),
    );
    // One that is kept for later, as browsers do.
    expect((await asked(service, "/healthz")).status).toBe(200);
    const gone = sockets.map((socket: Socket) => new Promise((done) => socket.once("close", done).resume()));
    service.child.kill("SIGTERM");
    expect(await service.exited).toBe(0);
    for (const socket of sockets) socket.end();
    await Promise.all(gone);
  });

  test("ends what it has begun when it is told to end, and keeps what it has acknowledged", async () => {
    const at = store();
    const service = await start(at);
    const tasks = `/t/${service.acme}/tasks`;
    // What is under way when the signal comes is answered; what comes later finds nobody.
    const work = Array.from({ length: 10 }, (_, n) =>
      asked(service, tasks, { method: "POST", body: { title: `Task ${n}` } }).then(
        ({ status, body }) => (status === 201 ? String(body.id) : undefined),
        () => undefined,
      ),
    );
    await Promise.race(work);
    service.child.kill("SIGTERM");
    const acknowledged = (await Promise.all(work)).filter((id) => id !== undefined);
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(await service.exited).toBe(0);
    const again = await start(at);
    expect([again.acme, again.globex]).toEqual([service.acme, service.globex]);
    const { body } = await asked(again, `/t/${again.acme}/tasks?size=100`);
    const kept = new Set(body.items.map(({ id }: { id: string }) => id));
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
    again.child.kill("SIGINT");
    expect(await again.exited).toBe(0);
  });
});
