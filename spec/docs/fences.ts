/** Code fences of Markdown pages and of doc comments, as programs that can be checked and run. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");

/** A program found in a page: its code, and where its first line stands. */
export interface Program {
  readonly name: string;
  readonly place: string;
  readonly code: string;
}

interface Fence {
  readonly language: string;
  readonly line: number;
  readonly code: string;
}

function fencesOf(markdown: string): Fence[] {
  const fences: Fence[] = [];
  let open: { language: string; line: number; indent: string; lines: string[] } | undefined;
  for (const [index, text] of markdown.split("\n").entries()) {
    const mark = /^(\s*)```(\S*)/.exec(text);
    if (open === undefined) {
      if (mark) open = { language: mark[2] ?? "", line: index + 2, indent: mark[1] ?? "", lines: [] };
    } else if (mark) {
      fences.push({ language: open.language, line: open.line, code: open.lines.join("\n") });
      open = undefined;
    } else open.lines.push(text.startsWith(open.indent) ? text.slice(open.indent.length) : text);
  }
  if (open) throw new Error(`The fence opened in line ${open.line - 1} is not closed.`);
  return fences;
}

/** The pages whose fences run: the README and everything under docs. */
export const pages = (): string[] => [
  "README.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md"))
    .map((path) => `docs/${path}`)
    .sort(),
];

/** The programs of a page: a `ts` fence that imports begins one, a fence that does not goes on with it. */
export function pagePrograms(page: string): Program[] {
  const programs: { name: string; place: string; code: string }[] = [];
  for (const { language, line, code } of fencesOf(readFileSync(join(root, page), "utf8"))) {
    if (language !== "ts") continue;
    const last = programs.at(-1);
    if (last !== undefined && !/^import /m.test(code)) last.code += `\n// line ${line}\n${code}`;
    else {
      const name = `${page.replace(/\.md$/, "").replaceAll("/", "-")}-${programs.length + 1}`;
      programs.push({ name, place: `${page}:${line}`, code });
    }
  }
  return programs;
}

/** The shell lines of a page. */
export const pageCommands = (page: string): string[] =>
  fencesOf(readFileSync(join(root, page), "utf8"))
    .filter(({ language }) => language === "sh")
    .flatMap(({ code }) => code.split("\n"))
    .map((line) => line.replace(/\s+#.*$/, "").trim())
    .filter((line) => line !== "" && !line.startsWith("#"));

/** One exported name of an entry point and the comment at its declaration. */
export interface DocumentedExport {
  readonly name: string;
  readonly entry: string;
  readonly file: string;
  readonly comment: string | undefined;
}

const commentBefore = (text: string, name: string): string | undefined => {
  const declaration = new RegExp(
    `(/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/)\\s*export (?:declare |abstract |async )*(?:class|function\\*?|const|let|interface|type|enum) ${name}\\b`,
  );
  return declaration.exec(text)?.[1];
};

/** The names a `{ … }` of an export or import lists, each with the name it has outside. */
const listed = (names: string): { readonly from: string; readonly to: string }[] =>
  names
    .split(",")
    .map((item) => item.trim().replace(/^type /, ""))
    .filter((item) => item !== "")
    .map((item) => {
      const [from = "", to = from] = item.split(" as ");
      return { from, to };
    });

const withoutComments = (path: string): string =>
  readFileSync(join(root, path), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "");

const targetOf = (path: string, target: string): string => join(dirname(path), target).replace(/\.js$/, ".ts");

/** The file that declares what `path` exports as `name`, and its name there. */
function declarationOf(path: string, name: string): { readonly file: string; readonly name: string } {
  for (const [, names = "", target = ""] of withoutComments(path).matchAll(
    /export (?:type )?\{([^}]*)\} from "(\.[^"]+)"/g,
  )) {
    const found = listed(names).find(({ to }) => to === name);
    if (found !== undefined) return declarationOf(targetOf(path, target), found.from);
  }
  return { file: path, name };
}

/** Everything an entry point exports, those of its namespaces too, followed to the file that declares it. */
export function exportsOf(entry: string): DocumentedExport[] {
  const text = withoutComments(entry);
  if (/export \* from/.test(text)) throw new Error(`${entry} exports names it does not list.`);
  const lists = [...text.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, names = ""]) => listed(names));
  const own = text.matchAll(
    /^export (?:declare |abstract |async )*(?:class|function\*?|const|let|interface|type|enum) (\w+)/gm,
  );
  const names = [...lists.map(({ to }) => to), ...[...own].map(([, name = ""]) => name)];
  const spaces = [...text.matchAll(/export \* as (\w+) from "(\.[^"]+)"/g)].flatMap(([, space = "", target = ""]) =>
    exportsOf(targetOf(entry, target)).map((item) => ({ ...item, entry, name: `${space}.${item.name}` })),
  );
  return names
    .map((name): DocumentedExport => {
      const found = declarationOf(entry, name);
      const comment = commentBefore(readFileSync(join(root, found.file), "utf8"), found.name);
      return { name, entry, file: found.file, comment };
    })
    .concat(spaces);
}

/** The example of a doc comment, as a program. */
export function exampleOf(documented: DocumentedExport): Program | undefined {
  const plain = (documented.comment ?? "").replace(/^\s*(?:\/\*\*|\*\/|\*) ?/gm, "");
  const fence = fencesOf(plain.slice(Math.max(0, plain.indexOf("@example")))).find(({ language }) => language === "ts");
  if (fence === undefined || !plain.includes("@example")) return undefined;
  return {
    // Names that differ in case only (a function and its type) are different files everywhere.
    name: `example-${documented.entry.replace(/\W+/g, "-")}-${documented.name.replace(".", "-").replace(/[A-Z]/g, "_$&")}`,
    place: documented.file,
    code: fence.code,
  };
}

/** Writes programs as modules into a folder of the repository that git ignores, and gives their paths. */
export function writePrograms(folder: string, programs: readonly Program[]): string[] {
  const target = join(root, "spec/docs/.generated", folder);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const settings = {
    extends: "../../../../tsconfig.json",
    compilerOptions: {
      noUnusedLocals: false,
      noUnusedParameters: false,
      paths: {
        tenantry: ["../../../../lib/index.ts"],
        "tenantry/access": ["../../../../lib/access/index.ts"],
        "tenantry/engine": ["../../../../lib/engine/index.ts"],
        "tenantry/http": ["../../../../lib/http/index.ts"],
        "tenantry/testing": ["../../../../lib/testing/index.ts"],
      },
    },
    include: ["*.ts"],
  };
  writeFileSync(join(target, "tsconfig.json"), JSON.stringify(settings));
  return programs.map(({ name, place, code }) => {
    const path = join(target, `${name}.ts`);
    writeFileSync(path, `// ${place}\n${code}\nexport {};\n`);
    return path;
  });
}
