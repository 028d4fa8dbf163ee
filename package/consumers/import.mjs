/** What the first import of the package costs: milliseconds of the processor, and files of the package it loads. */
const begun = process.cpuUsage();
await import("tenantry");
const { user, system } = process.cpuUsage(begun);
console.log((user + system) / 1_000);
