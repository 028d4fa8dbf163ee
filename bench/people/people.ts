/** People made from their number, the same in every run, and the shuffled order in which they are loaded. */
import { shuffle } from "simple-statistics";
import { countries, type Person } from "./person.js";
import { seeded } from "./random.js";

const given = ["Ana", "Björn", "Chidi", "Dilnoza", "Élodie", "Fatima", "Giorgos", "Hana", "Ivo", "Jamila"];
const family = ["Almeida", "Bauer", "Castillo", "Dubois", "Eriksen", "Fernández", "Gupta", "Horvat", "Ito", "Kowalska"];
const places = ["Ankara", "Bengaluru", "Dakar", "Fukuoka", "Guadalajara", "Kraków", "Lyon", "Mombasa", "Recife", "Ulm"];
const labels = ["customer", "newsletter", "beta", "supplier", "press", "partner"];

const pick = <T>(from: readonly [T, ...T[]] | readonly T[], random: () => number): T => {
  const found = from[Math.floor(random() * from.length)];
  if (found === undefined) throw new RangeError("Nothing to pick from.");
  return found;
};

/** City of a person; there are a hundred. */
export const cityOf = (number: number): string => `${places[number % 10]} ${String(number % 100).padStart(2, "0")}`;

/** The person with a number. */
export function person(id: number): Person {
  const random = seeded(id + 1);
  const name = `${pick(given, random)} ${pick(family, random)}`;
  return {
    id,
    name,
    email: `user.${id}.${Math.floor(random() * 1e6)}@mail.example.org`,
    city: cityOf(Math.floor(random() * 100)),
    country: pick(countries, random),
    joinedAt: 1_500_000_000_000 + Math.floor(random() * 3e11),
    balance: Math.round(random() * 1e6) / 100,
    visits: Math.floor(random() * 10_000),
    active: random() < 0.7,
    tags: [pick(labels, random), pick(labels, random)],
  };
}

/** The numbers of `count` people in the order in which they are loaded. */
export const shuffledIds = (count: number): number[] =>
  shuffle(
    Array.from({ length: count }, (_, id) => id),
    seeded(count),
  );

/** People in loading order, `size` at a time. */
export function* batches(ids: readonly number[], size: number): Generator<Person[], void> {
  for (let from = 0; from < ids.length; from += size) yield ids.slice(from, from + size).map(person);
}
