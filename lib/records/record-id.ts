/** Ids in keys, where they are any: what stands behind a prefix may be anything. */
import type { AnyEntity, EntityModel, IdOf } from "../schema/index.js";

/** The id in a packed one; undefined when it is none of the entity's. */
export function readId<E extends AnyEntity>(model: EntityModel<E>, packed: Uint8Array): IdOf<E> | undefined {
  try {
    return model.decodeId(packed);
  } catch {
    return undefined;
  }
}

/** As `readId`, as text. */
export function readIdText<E extends AnyEntity>(model: EntityModel<E>, packed: Uint8Array): string | undefined {
  try {
    return model.formatId(model.decodeId(packed));
  } catch {
    return undefined;
  }
}
