/** Set-up of every spec file: chance begins at the same place each time, or where `TENANTRY_SEED` says; soaks draw it. */
import fc from "fast-check";

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env["TENANTRY_SEED"] ?? 1) });
