/** Global data: what is no tenant's. */
export { GlobalData, type GlobalMigrateOptions } from "./global-data.js";
export { type OpenedGlobal, openGlobal } from "./opening.js";
