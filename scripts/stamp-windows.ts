/**
 * Name, version, description, company and icon for tiersync.exe. Bun's own flags for that work on Windows only, and a finished
 * executable cannot be edited any more (its code follows the resources), so the runtime is stamped before it is compiled into one.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { NtExecutable, NtExecutableResource } from "pe-library";
import { Data, Resource } from "resedit";
import { drawIcon } from "./icon.ts";

export interface Stamp {
  /** `1.2.3` */
  readonly version: string;
  readonly description: string;
}

const ENGLISH = 1033;
const UNICODE = 1200;

/** Writes a copy of the runtime with the program's own resources. */
export function stampRuntime(runtime: string, stamped: string, { version, description }: Stamp): void {
  const executable = NtExecutable.from(readFileSync(runtime), { ignoreCert: true });
  const resources = NtExecutableResource.from(executable);

  for (const group of Resource.IconGroupEntry.fromEntries(resources.entries)) {
    resources.removeResourceEntry(14, group.id);
    for (const { iconID } of group.icons) resources.removeResourceEntry(3, iconID);
  }
  const icons = Data.IconFile.from(toArrayBuffer(drawIcon())).icons.map(({ data }) => data);
  Resource.IconGroupEntry.replaceIconsForResource(resources.entries, 1, ENGLISH, icons);

  const info = Resource.VersionInfo.createEmpty();
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  info.setFileVersion(major, minor, patch, 0, ENGLISH);
  info.setProductVersion(major, minor, patch, 0, ENGLISH);
  info.setStringValues(
    { lang: ENGLISH, codepage: UNICODE },
    {
      CompanyName: "The tiersync authors",
      FileDescription: "tiersync",
      FileVersion: version,
      InternalName: "tiersync",
      LegalCopyright: "MIT License",
      OriginalFilename: "tiersync.exe",
      ProductName: "tiersync",
      ProductVersion: version,
      Comments: description,
    },
  );
  resources.removeResourceEntry(16, 1);
  info.outputToResourceEntries(resources.entries);

  resources.outputResource(executable);
  writeFileSync(stamped, Buffer.from(executable.generate()));
}

function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
