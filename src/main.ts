import process from "node:process";
import { processIo } from "./cli/io.ts";
import { runProgram } from "./cli/program.ts";
import { terminalPrompter } from "./cli/prompt.ts";

const io = processIo(terminalPrompter);
process.exitCode = await runProgram(io.runtime.argv, io);
