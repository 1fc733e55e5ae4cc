/** A real PowerShell grammar: does a text parse, which commands does it call, and what string is an expression? */
import { createRequire } from "node:module";
import { Language, type Node, Parser } from "@vscode/tree-sitter-wasm";

const grammar = createRequire(import.meta.url).resolve("@vscode/tree-sitter-wasm/wasm/tree-sitter-powershell.wasm");
await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(grammar));

/** Where the text is no PowerShell; none: it is. */
export function faults(text: string): string[] {
  return nodes(parse(text))
    .filter((node) => node.isError || node.isMissing)
    .map(({ startPosition, text: what }) => `line ${startPosition.row + 1}: ${what.slice(0, 80)}`);
}

/** Names of the commands and functions that a script calls, each once. */
export function commands(text: string): string[] {
  const called = nodes(parse(text)).filter(({ type }) => type === "command_name" || type === "foreach_command");
  return [...new Set(called.map(({ text: name }) => name.split(/\s/, 1)[0] ?? ""))].sort();
}

/** The string that `$x = EXPRESSION` assigns, where the expression is made of literals, `[char]` casts and `+`. Throws otherwise. */
export function stringOf(expression: string): string {
  const root = parse(`$x = ${expression}`);
  if (root.hasError || root.namedChildCount !== 1) throw new TypeError(`no single expression: ${expression}`);
  const tokens = nodes(root).filter((node) => node.childCount === 0 || node.type === "string_literal");
  const value: string[] = [];
  for (const { type, text } of tokens.filter((node) => !inString(node))) {
    if (type === "string_literal") value.push(text.slice(1, -1).replace(/(['‘’‚‛])\1/g, "$1"));
    else if (/^0x[0-9A-F]{4}$/.test(text)) value.push(String.fromCharCode(Number(text)));
    else if (!["$x", "=", "(", ")", "[", "]", "+", "char"].includes(text.trim()))
      throw new TypeError(`not taught: ${text}`);
  }
  return value.join("");
}

function inString({ parent }: Node): boolean {
  return parent !== null && (parent.type === "string_literal" || inString(parent));
}

function parse(text: string): Node {
  const tree = parser.parse(text);
  if (tree === null) throw new TypeError("the parser gave up");
  return tree.rootNode;
}

function nodes(node: Node): Node[] {
  return [node, ...node.children.flatMap((child) => (child === null ? [] : nodes(child)))];
}
