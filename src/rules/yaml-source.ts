/** A YAML text as plain data, with the place of everything in it. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
} from "yaml";
import type { Finding } from "../model/finding.ts";
import type { Position, SourceFile } from "./types.ts";

export type Path = readonly (string | number)[];

export interface YamlSource {
  readonly file: string;
  /** Undefined when the text is no YAML that can be used; `findings` says why. */
  readonly data: unknown;
  readonly findings: readonly Finding[];
  /** Place of the value at `path`; of the key where the value is a block, empty or not there. */
  at(path: Path): Position;
  /** Place of the key `path` ends with. */
  atKey(path: Path): Position;
  /** A scalar exactly as written (`007`, not 7); null when there is none at `path`. */
  written(path: Path): string | null;
}

const MAX_DEPTH = 60;
const RESERVED_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** `tenants[0].tenantId` */
export function formatPath(path: Path): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += text === "" ? part : `.${part}`;
  }
  return text;
}

/** Reads one YAML 1.2 document. BOM and CRLF are no matter; tags, several documents and self-references are findings. */
export function readYaml(source: SourceFile): YamlSource {
  const text = source.text.startsWith("\ufeff") ? source.text.slice(1) : source.text;
  const lines = new LineCounter();
  const findings: Finding[] = [];
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const report = (offset: number, message: string) =>
    findings.push({ level: "error", file: source.path, ...place(offset), path: "", message });

  let doc: Document.Parsed | null = null;
  let data: unknown;
  try {
    // logLevel: at its default the parser writes parts of the file to stderr
    doc = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
    for (const fault of [...doc.errors, ...doc.warnings]) {
      const [offset] = fault.pos;
      const twice = fault.code === "DUPLICATE_KEY" ? twins(doc, offset) : null;
      if (twice !== null) report(offset, sayTwice(twice.key, place(twice.first).line));
      else report(offset, faultText(fault));
    }
    if (findings.length === 0) data = doc.toJS();
    const fault = findings.length === 0 ? structureFault(data, 0) : null;
    if (fault !== null) report(0, fault);
  } catch (error) {
    report(
      0,
      `not valid YAML: ${error instanceof Error && !(error instanceof RangeError) ? withoutQuotes(error.message) : "nested too deeply"}`,
    );
  }

  const find = (path: Path) => findNode(doc, path);
  const position = (offset: number, path: Path): Position => ({
    file: source.path,
    ...place(offset),
    path: formatPath(path),
  });
  return {
    file: source.path,
    data: findings.length === 0 ? data : undefined,
    // one mistake often makes several complaints about its line
    findings: findings.filter(({ line }, i) => findings.findIndex((other) => other.line === line) === i),
    at: (path) => position(find(path).value, path),
    atKey: (path) => position(find(path).key, path),
    written: (path) => find(path).written,
  };
}

/** The parser quotes the text after a colon, and that may be a secret that begins with * or !. */
function withoutQuotes(message: string): string {
  return message.replace(/: .*$/s, "");
}

function faultText({ code, message }: YAMLError): string {
  if (code === "MULTIPLE_DOCS") {
    return "a second YAML document begins here, and one is expected: take out the line --- or what follows it";
  }
  return `not valid YAML: ${withoutQuotes(message)}${remedy(message)}`;
}

const LONGEST_KEY = 60;

function sayTwice(key: string, line: number): string {
  const name = key.length > LONGEST_KEY ? `${key.slice(0, LONGEST_KEY)}…` : key;
  return `the key ${JSON.stringify(name)} is there already, in line ${line}: keep one of the two`;
}

/** The key that begins at `offset`, and where the same block has it first. */
function twins(doc: Document.Parsed, offset: number): { readonly key: string; readonly first: number } | null {
  let found: { readonly key: string; readonly first: number } | null = null;
  visit(doc, {
    Map: (_, { items }) => {
      const keys = items.flatMap(({ key }) => (isScalar(key) ? [key] : []));
      const second = keys.find((key) => offsetOf(key) === offset);
      if (second === undefined) return undefined;
      const first = offsetOf(keys.find(({ value }) => value === second.value));
      if (first !== null) found = { key: String(second.value), first };
      return visit.BREAK;
    },
  });
  return found;
}

/** What to do about the two mistakes that everybody makes. */
function remedy(message: string): string {
  if (/alias/i.test(message)) return "; put quotes around a text that begins with * or &";
  return /escape sequence/i.test(message) ? "; write paths with / or in single quotes" : "";
}

/** What makes plain data unfit: an alias inside its own anchor is a circle, and some keys are JavaScript's own. */
function structureFault(value: unknown, depth: number): string | null {
  if (typeof value !== "object" || value === null) return null;
  if (depth > MAX_DEPTH) return "nested too deeply, or an anchor that contains itself";
  for (const [key, inner] of Object.entries(value)) {
    if (RESERVED_KEYS.has(key)) return `the key "${key}" cannot be used`;
    const fault = structureFault(inner, depth + 1);
    if (fault !== null) return fault;
  }
  return null;
}

interface Found {
  readonly value: number;
  readonly key: number;
  readonly written: string | null;
}

/** Walks as far down `path` as the document goes, through aliases too. */
function findNode(doc: Document.Parsed | null, path: Path): Found {
  let node: Node | null | undefined = doc?.contents;
  let found: Found = { value: offsetOf(node) ?? 0, key: offsetOf(node) ?? 0, written: null };
  for (const part of path) {
    if (isAlias(node) && doc !== null) node = node.resolve(doc);
    if (isMap(node)) {
      const pair = (node.items as Pair<Node, Node | null>[]).find(
        ({ key }) => isScalar(key) && String(key.value) === String(part),
      );
      if (pair === undefined) return { ...found, written: null };
      const key = offsetOf(pair.key) ?? found.key;
      node = pair.value;
      const pointed = isScalar(node) && !isEmpty(node) ? offsetOf(node) : null;
      found = { value: pointed ?? key, key, written: writtenOf(node) };
    } else if (isSeq(node)) {
      const item: Node | null | undefined = node.items[Number(part)] as Node | null | undefined;
      if (item === undefined || item === null) return { ...found, written: null };
      node = item;
      const offset = offsetOf(node) ?? found.value;
      found = { value: offset, key: offset, written: writtenOf(node) };
    } else {
      return { ...found, written: null };
    }
  }
  return found;
}

function offsetOf(node: Node | null | undefined): number | null {
  return node?.range?.[0] ?? null;
}

function isEmpty(node: Node): boolean {
  return node.range !== null && node.range !== undefined && node.range[0] === node.range[1];
}

function writtenOf(node: Node | null | undefined): string | null {
  return isScalar(node) ? (node.source ?? null) : null;
}
