/** Prints what Windows reads from a program's version resource, and whether it finds an icon: run by bun.exe with the path. */
import { dlopen } from "bun:ffi";
import { textAt, wide } from "../../src/platform/windows/win32.ts";

const version = dlopen("version.dll", {
  GetFileVersionInfoSizeW: { args: ["ptr", "ptr"], returns: "u32" },
  GetFileVersionInfoW: { args: ["ptr", "u32", "u32", "ptr"], returns: "i32" },
  VerQueryValueW: { args: ["ptr", "ptr", "ptr", "ptr"], returns: "i32" },
}).symbols;
const shell32 = dlopen("shell32.dll", {
  ExtractIconExW: { args: ["ptr", "i32", "ptr", "ptr", "u32"], returns: "u32" },
});

const path = wide(process.argv[2] ?? "");
const block = new Uint8Array(version.GetFileVersionInfoSizeW(path, new Uint32Array(1)));
version.GetFileVersionInfoW(path, 0, block.length, block);

function value(name: string): string {
  const address = new BigUint64Array(1);
  const found = version.VerQueryValueW(block, wide(`\\StringFileInfo\\040904b0\\${name}`), address, new Uint32Array(1));
  return found === 0 ? "" : textAt(address[0] ?? 0n);
}

const icons = shell32.symbols.ExtractIconExW(path, -1, null, null, 0);
console.log(
  JSON.stringify({
    product: value("ProductName"),
    version: value("FileVersion"),
    company: value("CompanyName"),
    icons,
  }),
);
