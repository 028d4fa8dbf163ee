/** A roster is a set, in whatever order its members come and go. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Roster } from "../../lib/roster/index.js";
import { runs } from "../runs.js";

class Member {
  place = -1;
}

test("a roster holds those who came and have not gone", () => {
  // A number lets one of those there go; nothing brings a new one in.
  const steps = fc.array(fc.option(fc.nat(), { nil: undefined, freq: 1 }), { maxLength: 40 });
  fc.assert(
    fc.property(steps, (turns) => {
      const roster = new Roster<Member>();
      const model = new Set<Member>();
      for (const turn of turns) {
        const leaving = turn === undefined ? undefined : [...model][turn % Math.max(1, model.size)];
        if (leaving === undefined) {
          const member = new Member();
          roster.add(member);
          model.add(member);
        } else {
          roster.delete(leaving);
          model.delete(leaving);
        }
        expect(roster.size).toBe(model.size);
        expect(new Set(roster.all())).toEqual(model);
      }
    }),
    { numRuns: runs(300) },
  );
});

test("what a roster tells is the caller's own", () => {
  const roster = new Roster<Member>();
  const [one, other] = [new Member(), new Member()];
  roster.add(one);
  roster.add(other);
  for (const member of roster.all()) roster.delete(member);
  expect(roster.size).toBe(0);
});
