/** The page of mutation testing: scores and survivors of each room, and why those left are equivalent. */
import { z } from "zod";
import { equivalents } from "./equivalents.js";

const place = z.object({ line: z.int(), column: z.int() });
const reportSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.string(),
      mutants: z.array(
        z.object({
          mutatorName: z.string(),
          replacement: z.string().optional(),
          status: z.string(),
          location: z.object({ start: place, end: place }),
        }),
      ),
    }),
  ),
});

/** One mutant and what came of it. */
export interface Mutant {
  readonly file: string;
  readonly line: number;
  readonly mutator: string;
  /** The source that was replaced, and what by; both on one line. */
  readonly original: string;
  readonly replacement: string;
  readonly status: string;
}

/** One room's mutants. */
export interface RoomResult {
  readonly room: string;
  readonly mutants: readonly Mutant[];
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

function cut(lines: readonly string[], { start, end }: { start: z.infer<typeof place>; end: z.infer<typeof place> }) {
  const part = lines.slice(start.line - 1, end.line);
  const last = part.length - 1;
  part[last] = (part[last] ?? "").slice(0, end.column - 1);
  part[0] = (part[0] ?? "").slice(start.column - 1);
  return part.join("\n");
}

/** Reads Stryker's JSON report. */
export function parseMutants(json: string): Mutant[] {
  const { files } = reportSchema.parse(JSON.parse(json));
  return Object.entries(files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split("\n");
    return mutants.map(({ mutatorName, replacement = "", status, location }) => ({
      file,
      line: location.start.line,
      mutator: mutatorName,
      original: oneLine(cut(lines, location)),
      replacement: oneLine(replacement),
      status,
    }));
  });
}

const dead = (mutant: Mutant): boolean => mutant.status === "Killed" || mutant.status === "Timeout";

/** Why a mutant behaves as the original does; undefined when it does not, or nobody has looked. */
const reasonOf = ({ file, original, replacement }: Mutant): string | undefined =>
  equivalents.find((known) => known.file === file && known.original === original && known.replacement === replacement)
    ?.reason;

const code = (text: string): string =>
  `\`${(text.length > 90 ? `${text.slice(0, 87)}…` : text).replaceAll("|", "\\|")}\``;

const row = (mutant: Mutant, last: string): string =>
  `| ${mutant.file.replace(/^lib\//, "")}:${mutant.line} | ${code(mutant.original)} | ${code(mutant.replacement)} | ${last} |`;

const heading = (room: string): string => `## ${room}`;

function section({ room, mutants }: RoomResult): string {
  const tried = mutants;
  const equivalent = tried.filter((mutant) => !dead(mutant) && reasonOf(mutant) !== undefined);
  const survivors = tried.filter((mutant) => !dead(mutant) && reasonOf(mutant) === undefined);
  const killed = tried.filter(dead).length;
  const counted = tried.length - equivalent.length;
  const score = counted === 0 ? 100 : (100 * killed) / counted;
  const files = [...new Set(tried.map(({ file }) => file.replace(/^lib\//, "")))].sort();
  const parts = [
    heading(room),
    `Of ${files.map((file) => `\`${file}\``).join(", ")}.`,
    `**${score.toFixed(1)}%**: ${killed} of ${counted} die; ${survivors.length} survive; ${equivalent.length} more are equivalent (below) and not counted.`,
  ];
  if (survivors.length > 0) {
    parts.push(
      [
        "| Survivor | Original | Mutant | |",
        "| --- | --- | --- | --- |",
        ...survivors.map((m) => row(m, m.status === "NoCoverage" ? "not reached" : "")),
      ].join("\n"),
    );
  }
  if (equivalent.length > 0) {
    parts.push(
      [
        "| Equivalent | Original | Mutant | Why |",
        "| --- | --- | --- | --- |",
        ...equivalent.map((m) => row(m, reasonOf(m) ?? "")),
      ].join("\n"),
    );
  }
  return parts.join("\n\n");
}

const opening = `# Mutation testing

Stryker changes the source one small step at a time (a condition turned round, a bound moved, a call left out) and runs the specs: a mutant that no spec notices has survived. These are the rooms on which isolation rests. Mutants that no spec reaches count as survivors, and so does everything ignored, unless it stands here with the reason why it behaves as the original does.

\`npm run mutation\` runs all rooms and writes this page; \`npm run mutation -- guard cursor\` runs some. What has not changed since the last run is not tried again. The cases of every property are the same in each run, so that the score is too.`;

/** The page: new sections for the rooms there are results of, the old ones for the rest. */
export function page(results: readonly RoomResult[], before: string): string {
  const sections = new Map(
    before
      .split(/\n(?=## )/)
      .slice(1)
      .map((text) => [text.slice(3, text.indexOf("\n")).trim(), text.trim()]),
  );
  for (const result of results) sections.set(result.room, section(result));
  return `${[opening, ...sections.values()].join("\n\n")}\n`;
}
