/** JSON of values: everything a record can hold comes back equal, and nothing else is taken for a value. */
import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { fromJson, JsonValueFault, toJson } from "../../../lib/repository/transfer/json-value.js";
import { entity, modelOf } from "../../../lib/schema/index.js";
import { runs } from "../../runs.js";
import { typed } from "../../schema/typed.js";
import { storable } from "../../value/storable.js";

const through = (value: unknown): unknown => fromJson(JSON.parse(JSON.stringify(toJson(value))));

describe("JSON of a value", () => {
  test("comes back equal, whatever a record can hold", () => {
    fc.assert(
      fc.property(storable, (value) => deepStrictEqual(through(value), value)),
      { numRuns: runs(500) },
    );
  });

  test("comes back equal through any schema, codecs and all", () => {
    const some = typed.chain((type) => type.inputs.map((input) => ({ type, input })));
    fc.assert(
      fc.property(some, ({ type, input }) => {
        const model = modelOf(
          entity("thing", { version: 1, schema: z.object({ id: z.int(), field: type.schema }), id: ["id"] }),
        );
        const record = model.parse({ id: 1, field: input });
        deepStrictEqual(model.fromStored(through(model.toStored(record)), 1), record);
      }),
      { numRuns: runs(300) },
    );
  });

  test("is the documented one", () => {
    const value = {
      minus: -0,
      no: Number.NaN,
      most: Number.POSITIVE_INFINITY,
      big: 12n,
      gone: undefined,
      at: new Date(0),
      bytes: Uint8Array.of(0, 255),
      map: new Map([[1, "a"]]),
      set: new Set([1n]),
      odd: { $date: 1 },
    };
    expect(JSON.stringify(toJson(value))).toBe(
      '{"minus":{"$number":"-0"},"no":{"$number":"NaN"},"most":{"$number":"Infinity"},"big":{"$bigint":"12"},' +
        '"gone":{"$undefined":true},"at":{"$date":"1970-01-01T00:00:00.000Z"},"bytes":{"$bytes":"AP8="},' +
        '"map":{"$map":[[1,"a"]]},"set":{"$set":[{"$bigint":"1"}]},"odd":{"$object":[["$date",1]]}}',
    );
  });

  test.each([
    '{"$date":"yesterday"}',
    '{"$date":"2020-01-01"}',
    '{"$date":1}',
    '{"$bigint":"0x10"}',
    '{"$bigint":"-0"}',
    '{"$bigint":"01"}',
    '{"$bigint":1}',
    '{"$bytes":"A"}',
    '{"$bytes":"AP8"}',
    '{"$number":"1"}',
    '{"$undefined":false}',
    '{"$map":[[1]]}',
    '{"$map":{}}',
    '{"$set":1}',
    '{"$object":[[1,2]]}',
    '{"$object":[["a",1],["a",2]]}',
    '{"$object":[["__proto__",1]]}',
    '{"__proto__":{"polluted":true}}',
    '{"$what":1}',
    '{"$set":[],"b":1}',
    "[".repeat(300) + "]".repeat(300),
  ])("%s is none", (json) => {
    expect(() => fromJson(JSON.parse(json))).toThrow(JsonValueFault);
  });
});
