/** Migration: the definitions a database knows, and its way from one to the next. */
export { Definitions, type SchemaCheck } from "./definitions.js";
export {
  type MigrateOptions,
  Migration,
  type MigrationFailure,
  type MigrationParts,
  type MigrationProgress,
  type MigrationReport,
} from "./migrate.js";
