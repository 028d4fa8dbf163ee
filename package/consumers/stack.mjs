/** The stack of an error begins in the program that called, and names no file of the package. */
import { match } from "node:assert/strict";
import { tuple } from "tenantry";

function callOfTheProgram() {
  tuple.pack([{}]);
}
try {
  callOfTheProgram();
} catch (error) {
  match(error.stack.split("\n")[1] ?? "", /callOfTheProgram .*stack\.mjs/);
}
console.log("as written");
