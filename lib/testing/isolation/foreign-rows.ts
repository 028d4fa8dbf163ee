/** An engine that is broken on purpose: range reads give a row of another tenant with the ones asked for. */
import type { Engine, EngineTransaction, RangeResult } from "../../engine/index.js";

/** Puts `row` beside all that range reads of `engine` give, while it is switched on. */
export class ForeignRows implements Engine {
  readonly name: string;
  readonly capabilities: Engine["capabilities"];
  row: readonly [Uint8Array, Uint8Array] | undefined;
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.name = engine.name;
    this.capabilities = engine.capabilities;
  }

  begin(): EngineTransaction {
    const inner = this.#engine.begin();
    const getRange: EngineTransaction["getRange"] = async (...range) => this.#mixed(await inner.getRange(...range));
    const visitRange: EngineTransaction["visitRange"] = (begin, end, options, visit) => {
      const visited = inner.visitRange?.(begin, end, options, visit);
      if (visited === undefined || this.row === undefined) return visited;
      const [key, value] = this.row;
      visit(key, 0, key.length, value, 0, value.length);
      return { ...visited, rows: visited.rows + 1 };
    };
    return new Proxy(inner, {
      get: (_, name) => {
        if (name === "getRange") return getRange;
        if (name === "visitRange") return visitRange;
        const value: unknown = Reflect.get(inner, name, inner);
        return typeof value === "function" ? value.bind(inner) : value;
      },
    });
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  #mixed({ rows, more }: RangeResult): RangeResult {
    const { row } = this;
    return { rows: row === undefined ? rows : [[row[0], row[1]], ...rows], more };
  }
}
