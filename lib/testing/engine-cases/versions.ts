/** Cases about versions: read versions, committed versions, versionstamps, and the metadata version key. */
import type { CaseDefinition } from "./case.js";
import { bytes, deepEqual, equal, ok, outcome, rejects, type Stage, text } from "./stage.js";

const stampBytes = 10;

/** A key or operand with room for a stamp at `offset`: the offset follows in four little-endian bytes. */
const withOffset = (value: Uint8Array, offset: number): Uint8Array => {
  const operand = Buffer.alloc(value.length + 4);
  operand.set(value);
  operand.writeUInt32LE(offset, value.length);
  return Uint8Array.from(operand);
};

const stampedKey = (stage: Stage, before: string, after = ""): Uint8Array => {
  const key = stage.key([...bytes(before), ...new Uint8Array(stampBytes), ...bytes(after)]);
  return withOffset(key, stage.key(before).length);
};

const stampedValue = withOffset(new Uint8Array(stampBytes), 0);

const attemptsMax = 20;
const metadataVersionKey = Uint8Array.from([0xff, ...bytes("/metadataVersion")]);

export const versionCases: readonly CaseDefinition[] = [
  {
    name: "a read version is no older than what was committed before it was asked for",
    needs: ["readVersions"],
    async run(stage) {
      const writer = stage.begin();
      writer.set(stage.key("a"), bytes("1"));
      await writer.commit();
      const reader = stage.begin();
      const version = await reader.getReadVersion();
      ok(version >= writer.getCommittedVersion());
      equal(await reader.getReadVersion(), version);
    },
  },
  {
    name: "a set read version reads the past, and writing on it conflicts",
    needs: ["readVersions"],
    async run(stage) {
      await stage.put({ a: "1" });
      const version = await stage.begin().getReadVersion();
      await stage.put({ a: "2" });
      const transaction = stage.begin();
      transaction.setReadVersion(version);
      equal(text(await transaction.get(stage.key("a"))), "1");
      equal(await transaction.getReadVersion(), version);
      transaction.set(stage.key("b"), bytes("1"));
      equal(await outcome(transaction.commit()), 1020);
    },
  },
  {
    name: "the committed version is -1 before the commit and when nothing was written, and grows",
    async run(stage) {
      const [first, second, reader] = [stage.begin(), stage.begin(), stage.begin()];
      equal(first.getCommittedVersion(), -1n);
      first.set(stage.key("a"), bytes("1"));
      await first.commit();
      second.set(stage.key("a"), bytes("2"));
      await second.commit();
      ok(first.getCommittedVersion() > 0n && second.getCommittedVersion() > first.getCommittedVersion());
      await reader.get(stage.key("a"));
      await reader.commit();
      equal(reader.getCommittedVersion(), -1n);
    },
  },
  {
    name: "a stamped key and a stamped value carry the commit's stamp, at their offset",
    async run(stage) {
      const transaction = stage.begin();
      transaction.atomic("setVersionstampedKey", stampedKey(stage, "k", "!"), bytes("v"));
      transaction.atomic("setVersionstampedValue", stage.key("v"), stampedValue);
      transaction.atomic(
        "setVersionstampedValue",
        stage.key("w"),
        withOffset(bytes([1, 2, ...new Uint8Array(stampBytes), 3]), 2),
      );
      const asked = transaction.getVersionstamp();
      await transaction.commit();
      const stamp = await asked;
      equal(stamp.length, stampBytes);
      equal(Buffer.from(stamp).readBigUInt64BE(), transaction.getCommittedVersion());
      const print = text(stamp) ?? "";
      deepEqual(await stage.dump(), [
        [`k${print}!`, "v"],
        ["v", print],
        ["w", `\x01\x02${print}\x03`],
      ]);
    },
  },
  {
    name: "stamps of concurrent commits differ, and one that was begun after another's end is greater",
    async run(stage) {
      const commit = async (): Promise<string> => {
        const transaction = stage.begin();
        transaction.atomic("setVersionstampedKey", stampedKey(stage, "s"), bytes(""));
        const asked = transaction.getVersionstamp();
        await transaction.commit();
        return text(await asked) ?? "";
      };
      const together = await Promise.all(Array.from({ length: 10 }, commit));
      equal(new Set(together).size, 10);
      const later = await commit();
      ok(together.every((stamp) => stamp < later));
      equal((await stage.dump()).length, 11);
    },
  },
  {
    name: "a pending stamped value cannot be read: 1036",
    async run(stage) {
      const transaction = stage.begin();
      transaction.atomic("setVersionstampedValue", stage.key("v"), stampedValue);
      await rejects(transaction.get(stage.key("v")), 1036);
      await rejects(transaction.getRange(stage.at(""), stage.at([0xff])), 1036);
    },
  },
  {
    name: "a stamp's offset beyond the bytes is 2000",
    needs: ["keyErrors"],
    async run(stage) {
      const transaction = stage.begin();
      transaction.atomic("setVersionstampedKey", withOffset(stage.key("short"), 60_000), bytes("v"));
      await rejects(transaction.commit(), 2000);
    },
  },
  {
    name: "a transaction that writes nothing has no stamp: 2021",
    async run(stage) {
      const transaction = stage.begin();
      const asked = transaction.getVersionstamp();
      await transaction.get(stage.key("a"));
      await transaction.commit();
      await rejects(asked, 2021);
    },
  },
  {
    name: "the stamp of a commit that conflicts fails with it, unobserved or not",
    async run(stage) {
      const transaction = stage.begin();
      await transaction.get(stage.key("a"));
      transaction.set(stage.key("b"), bytes("1"));
      const asked = transaction.getVersionstamp();
      transaction.getVersionstamp();
      await stage.put({ a: "1" });
      await rejects(transaction.commit(), 1020);
      equal(typeof (await outcome(asked)), "number");
    },
  },
  {
    name: "the metadata version is read by anyone and changes with a stamped value",
    needs: ["systemKeys"],
    async run(stage) {
      const change = (): Promise<string> => {
        const transaction = stage.begin();
        transaction.atomic("setVersionstampedValue", metadataVersionKey, stampedValue);
        const asked = transaction.getVersionstamp();
        return transaction.commit().then(async () => text(await asked) ?? "");
      };
      const read = async (): Promise<string | undefined> => text(await stage.begin().get(metadataVersionKey, true));
      // On a cluster others change it as well: then a later stamp is read, now and then.
      let seen = false;
      for (let attempt = 1; attempt <= attemptsMax && !seen; attempt += 1) {
        const first = await change();
        const before = (await read()) ?? "";
        const second = await change();
        const after = (await read()) ?? "";
        ok(before >= first && second > before && after >= second);
        seen = before === first && after === second;
      }
      ok(seen);
    },
  },
];
