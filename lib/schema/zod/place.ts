/** What is wrong with a definition, and where: the errors `entity()` throws. */
import { tenantryError } from "../../errors/index.js";

/** Where in a definition one is: `schema.at.lat`, `indexes.byName.fields[1]`. */
export class DefinitionPlace {
  readonly #entity: string;
  readonly path: string;

  constructor(entity: string, path: string) {
    this.#entity = entity;
    this.path = path;
  }

  field(name: string): DefinitionPlace {
    return new DefinitionPlace(this.#entity, this.path === "" ? name : `${this.path}.${name}`);
  }

  item(index: number | string): DefinitionPlace {
    return new DefinitionPlace(this.#entity, `${this.path}[${index}]`);
  }

  refuse(reason: string): never {
    throw tenantryError("ENTITY_INVALID", { entity: this.#entity, path: this.path, reason });
  }
}
