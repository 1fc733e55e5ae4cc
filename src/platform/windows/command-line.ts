/** One argument so that Windows programs read it back as it was: quotes and backslashes by the rules of CommandLineToArgvW. Pure. */
export function quoteArgument(argument: string): string {
  if (argument !== "" && !/[\s"]/.test(argument)) return argument;
  // Backslashes count only before a quote: double them there, and before the closing one.
  return `"${argument.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, "$1$1")}"`;
}

/** The program's path always in quotes: the service manager would else try `C:\Program.exe` for `C:\Program Files\…`. */
export function commandLine(program: string, args: readonly string[]): string {
  return [`"${program}"`, ...args.map(quoteArgument)].join(" ");
}

/** The arguments of a command line, the program first: the other way round. */
export function splitCommandLine(line: string): string[] {
  const found: string[] = [];
  let token: string | null = null;
  let quoted = false;
  for (const [piece, slashes = ""] of line.matchAll(/(\\*)"|\\+|\s|[^\s"\\]+/g)) {
    if (/^\s/.test(piece) && !quoted) {
      if (token !== null) found.push(token);
      token = null;
    } else if (piece.endsWith('"')) {
      const literal = slashes.length % 2 === 1;
      token = (token ?? "") + slashes.slice(0, Math.floor(slashes.length / 2)) + (literal ? '"' : "");
      if (!literal) quoted = !quoted;
    } else {
      token = (token ?? "") + piece;
    }
  }
  if (token !== null) found.push(token);
  return found;
}
