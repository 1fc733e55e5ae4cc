/** How encrypted bytes look in a file: framed like a PEM, so that people and editors see what it is. Pure. */
import { Buffer } from "node:buffer";

const BEGIN = "-----BEGIN TIERSYNC PROTECTED FILE-----";
const END = "-----END TIERSYNC PROTECTED FILE-----";

export function toSealed(encrypted: Uint8Array): string {
  const lines =
    Buffer.from(encrypted)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `${[BEGIN, ...lines, END].join("\n")}\n`;
}

export function isSealed(content: Uint8Array): boolean {
  return Buffer.from(content.subarray(0, BEGIN.length + 3)).includes(BEGIN); // a BOM may come first
}

/** The encrypted bytes; whatever was changed by hand shows when they are decrypted. */
export function fromSealed(content: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(content);
  return Buffer.from(text.replace(/-----.*?-----/g, ""), "base64");
}
