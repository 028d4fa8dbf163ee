/** What an error says: its code's sentence and, of the caller's bugs, what of the program's own definitions it is about. */
import { catalogue, type ErrorCode } from "../catalogue.js";
import { definitionReasons } from "./definition-reasons.js";

/** Characters of a detail that a message shows. */
const toldLengthMax = 200;

/** A detail that is no text, written as JSON; what cannot be, by its kind. */
function written(value: unknown): string {
  try {
    return JSON.stringify(value) ?? typeof value;
  } catch {
    return typeof value;
  }
}

/** A detail as text on one line, whoever reads the log. */
function tell(value: unknown): string {
  const text = typeof value === "string" ? value : written(value);
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, "\ufffd");
  return line.length > toldLengthMax ? `${line.slice(0, toldLengthMax)}…` : line;
}

/** A detail, and what a short word for a reason stands for. */
function tellNamed(name: string, value: unknown): string {
  const meaning = name === "reason" && typeof value === "string" ? definitionReasons.get(value) : undefined;
  return meaning === undefined ? `${name}: ${tell(value)}` : `${name}: ${tell(value)}, ${meaning}`;
}

/** The message of an error with a code. */
export function messageOf(code: ErrorCode, details: object): string {
  const { message, told } = catalogue[code];
  if (told.length === 0) return message;
  const said: string[] = [];
  for (const name of told) {
    const value: unknown = Reflect.get(details, name);
    if (value !== undefined && value !== "") said.push(tellNamed(name, value));
  }
  return said.length === 0 ? message : `${message.slice(0, -1)} (${said.join("; ")}).`;
}
