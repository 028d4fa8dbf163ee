/** The part of the actor that uses the handle itself, and keeps what it exported. */
import type { Tenant } from "../../../tenant-handle.js";
import type { HandleStep } from "../../generate/handle-step.js";

export class HandleActor {
  readonly #tenant: Tenant;
  readonly #othersExport: readonly string[];
  #exported: readonly string[] = [];

  /** @param othersExport The lines of another tenant's export, to be imported. */
  constructor(tenant: Tenant, othersExport: readonly string[]) {
    this.#tenant = tenant;
    this.#othersExport = othersExport;
  }

  /** All of the tenant's records, as lines. */
  async exported(): Promise<readonly string[]> {
    const lines: string[] = [];
    for await (const line of this.#tenant.export()) lines.push(line);
    this.#exported = lines;
    return lines;
  }

  async perform(step: HandleStep): Promise<unknown> {
    switch (step.do) {
      case "export":
        return this.exported();
      case "sweep":
        return this.#tenant.sweep();
      case "available":
        return this.#tenant.available();
      case "import":
        if (step.of === "forged") return this.#tenant.import(step.lines);
        return this.#tenant.import(step.of === "own" ? this.#exported : this.#othersExport);
    }
  }
}
