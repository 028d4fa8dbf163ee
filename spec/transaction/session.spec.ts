/** Read sessions: one version over several steps, then a fresh one. */
import { describe, expect, test } from "vitest";
import { EngineError } from "../../lib/engine/index.js";
import { scanReadVersionAgeMaxMs } from "../../lib/limits/index.js";
import { systemClock } from "../../lib/observe/index.js";
import { bytes, codeOf, hastyClock, key, openFixture, scripted, terms, text } from "./fixture.js";

const read = (session: {
  read: ReturnType<Awaited<ReturnType<typeof openFixture>>["runner"]["openReadSession"]>["read"];
}) => session.read(async (tx) => text(await tx.get(key("a"))));

describe("read sessions", () => {
  test("see one version while it is young, then a fresh one, without the caller's doing", async () => {
    const clock = { ...systemClock, skip: 0, monotonic: () => systemClock.monotonic() + clock.skip };
    await using fixture = await openFixture({ clock });
    const id = await fixture.tenant();
    const write = (value: string) => fixture.runner.transact(id, async (tx) => tx.set(key("a"), bytes(value)));
    await write("1");
    const session = fixture.runner.openReadSession(id);
    expect(await read(session)).toBe("1");
    await write("2");
    expect(await read(session)).toBe("1");
    clock.skip += scanReadVersionAgeMaxMs + 1;
    expect(await read(session)).toBe("2");
    session.end();
    expect(await codeOf(read(session))).toBe("TRANSACTION_ENDED");
    session.end();
  });

  test("move to a fresh version when the engine asks for it, and start afresh after an error", async () => {
    await using fixture = await openFixture({ clock: hastyClock });
    const id = await fixture.tenant();
    const write = (value: string) => fixture.runner.transact(id, async (tx) => tx.set(key("a"), bytes(value)));
    await write("1");
    using session = fixture.runner.openReadSession(id);
    expect(await read(session)).toBe("1");
    await write("2");
    let run = 0;
    expect(
      await session.read(async (tx) => {
        if (++run === 1) throw new EngineError(1007);
        return text(await tx.get(key("a")));
      }),
    ).toBe("2");
    await write("3");
    await expect(session.read(async () => Promise.reject(new Error("mine")))).rejects.toThrow("mine");
    expect(await read(session)).toBe("3");
  });

  test("cost one engine transaction, ended with the session, and take a signal", async () => {
    const calls: string[] = [];
    await using fixture = await openFixture({}, (engine) => scripted(engine, [], calls));
    const id = await fixture.tenant();
    const abort = new AbortController();
    {
      using session = fixture.runner.openReadSession(id, terms({ signal: abort.signal }));
      calls.length = 0;
      for (let i = 0; i < 3; i++) await read(session);
      expect(calls.filter((call) => call === "begin" || call === "cancel")).toEqual(["begin"]);
      abort.abort();
      expect(await codeOf(read(session))).toBe("TRANSACTION_ABORTED");
    }
    expect(calls.filter((call) => call === "cancel").length).toBeGreaterThan(0);
    await fixture.runner.close();
    expect(await codeOf(read(fixture.runner.openReadSession(id)))).toBe("DATABASE_CLOSED");
  });

  test("keep their version to the last millisecond of its time, and give up the old one then", async () => {
    const calls: string[] = [];
    const clock = { ...systemClock, at: 1_000, monotonic: () => clock.at };
    await using fixture = await openFixture({ clock }, (engine) => scripted(engine, [], calls));
    const id = await fixture.tenant();
    using session = fixture.runner.openReadSession(id);
    const began = async (ms: number): Promise<string[]> => {
      clock.at += ms;
      calls.length = 0;
      await read(session);
      return calls.filter((call) => call === "begin" || call === "cancel");
    };
    expect(await began(0)).toEqual(["begin"]);
    expect(await began(scanReadVersionAgeMaxMs)).toEqual([]);
    expect(await began(1)).toEqual(["cancel", "begin"]);
    expect(await began(scanReadVersionAgeMaxMs)).toEqual([]);
  });

  test("give their version up when they end, and refuse by name what comes after", async () => {
    const calls: string[] = [];
    await using fixture = await openFixture({}, (engine) => scripted(engine, [], calls));
    const session = fixture.runner.openReadSession(await fixture.tenant());
    await read(session);
    calls.length = 0;
    session.end();
    session.end();
    expect(calls).toEqual(["cancel"]);
    await expect(read(session)).rejects.toMatchObject({ details: { operation: "read" } });
    expect(calls).toEqual(["cancel"]);
  });
});
