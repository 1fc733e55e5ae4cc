/** The part of OData's `$filter` that the simulated addresses understand: alternatives of `eq`, `in` and `isof`. */
import { badRequest, unsupportedQuery } from "./graph-error.ts";

export type FilterValue = string | boolean | null;

export type FilterTerm =
  | {
      readonly kind: "compare";
      readonly property: string;
      readonly operator: "eq" | "in";
      readonly values: FilterValue[];
    }
  | { readonly kind: "isof"; readonly type: string };

const TOKEN = /\s*(?:'((?:[^']|'')*)'|([A-Za-z_][\w./]*)|([(),]))/y;

type Token = { readonly text: string; readonly quoted: boolean };

/** The terms joined by `or`. Throws 400 on anything else. Quotes in strings are doubled. */
export function parseFilter(text: string): readonly FilterTerm[] {
  const tokens = tokenize(text);
  const terms: FilterTerm[] = [];
  let index = 0;
  const next = (): Token => {
    const token = tokens[index];
    if (!token) throw badRequest("Invalid filter clause: unexpected end.");
    index += 1;
    return token;
  };
  const expect = (wanted: string): void => {
    const token = next();
    if (token.quoted || token.text !== wanted) throw badRequest(`Invalid filter clause: '${wanted}' expected.`);
  };
  const parseTerm = (): void => {
    const first = next();
    if (first.quoted) throw badRequest("Invalid filter clause: a property was expected.");
    if (first.text === "(") {
      parseAlternatives();
      expect(")");
    } else if (first.text === "isof") {
      expect("(");
      terms.push({ kind: "isof", type: next().text });
      expect(")");
    } else {
      terms.push(parseComparison(first.text, next, expect));
    }
  };
  const parseAlternatives = (): void => {
    parseTerm();
    while (tokens[index]?.text === "or" && !tokens[index]?.quoted) {
      index += 1;
      parseTerm();
    }
  };
  parseAlternatives();
  if (index < tokens.length) throw unsupportedQuery("Unsupported or invalid query filter clause specified.");
  return terms;
}

function parseComparison(property: string, next: () => Token, expect: (wanted: string) => void): FilterTerm {
  const operator = next().text;
  if (operator === "eq") return { kind: "compare", property, operator, values: [literal(next())] };
  if (operator !== "in") throw unsupportedQuery(`Unsupported query filter operator '${operator}'.`);
  expect("(");
  const values = [literal(next())];
  for (let token = next(); token.text !== ")" || token.quoted; token = next()) {
    if (token.text !== "," || token.quoted) throw badRequest("Invalid filter clause: ',' or ')' expected.");
    values.push(literal(next()));
  }
  return { kind: "compare", property, operator, values };
}

function literal(token: Token): FilterValue {
  if (token.quoted) return token.text;
  if (token.text === "true" || token.text === "false") return token.text === "true";
  if (token.text === "null") return null;
  throw badRequest(`Invalid filter clause: '${token.text}' is no literal.`);
}

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const match = TOKEN.exec(text);
    if (!match) throw badRequest("Invalid filter clause: syntax error.");
    const [, quoted, word, sign] = match;
    if (quoted !== undefined) tokens.push({ text: quoted.replaceAll("''", "'"), quoted: true });
    else tokens.push({ text: word ?? sign ?? "", quoted: false });
  }
  return tokens;
}
