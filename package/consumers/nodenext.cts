// A CommonJS project under `module: nodenext`, whose Node requires ES modules.
import { type Database, memory, open } from "tenantry";
import { EngineError } from "tenantry/engine";

async function main(): Promise<void> {
  const db: Database = await open({ engine: memory(), entities: [] });
  await db.close();
  const code: number = new EngineError(1020).fdbCode;
  console.log(code === 1020 ? "as written" : code);
}
void main();
