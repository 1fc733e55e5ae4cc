/** The program's icon, drawn: three bars of growing height, as tiers are. Each size is a 32-bit bitmap of an .ico file. */

const SIZES = [16, 24, 32, 48, 64];
const BACKGROUND = [0x1e, 0x3a, 0x5f] as const;
/** Left, width and height as shares of the side; colour as red, green, blue. */
const BARS = [
  { left: 0.18, height: 0.26, colour: [0x6f, 0xb3, 0xe0] },
  { left: 0.42, height: 0.44, colour: [0x8f, 0xd1, 0x9e] },
  { left: 0.66, height: 0.64, colour: [0xf2, 0xc1, 0x4e] },
] as const;
const BAR_WIDTH = 0.18;
const BASE = 0.82;
const CORNER = 0.18;

/** The content of an .ico file. */
export function drawIcon(): Uint8Array {
  const images = SIZES.map(bitmap);
  const header = Buffer.alloc(6 + 16 * images.length);
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(images.length, 4);
  let offset = header.length;
  for (const [index, image] of images.entries()) {
    const at = 6 + 16 * index;
    const size = SIZES[index] ?? 0;
    header.writeUInt8(size, at);
    header.writeUInt8(size, at + 1);
    header.writeUInt16LE(1, at + 4); // colour planes
    header.writeUInt16LE(32, at + 6); // bits per pixel
    header.writeUInt32LE(image.length, at + 8);
    header.writeUInt32LE(offset, at + 12);
    offset += image.length;
  }
  return Buffer.concat([header, ...images]);
}

/** A device-independent bitmap: header, pixels from the bottom up (blue, green, red, alpha), and an empty mask. */
function bitmap(size: number): Buffer {
  const maskRow = Math.ceil(size / 32) * 4;
  const image = Buffer.alloc(40 + size * size * 4 + maskRow * size);
  image.writeUInt32LE(40, 0);
  image.writeInt32LE(size, 4);
  image.writeInt32LE(size * 2, 8); // pixels and mask
  image.writeUInt16LE(1, 12);
  image.writeUInt16LE(32, 14);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const [red, green, blue, alpha] = pixel((x + 0.5) / size, (y + 0.5) / size);
      image.set([blue, green, red, alpha], 40 + ((size - 1 - y) * size + x) * 4);
    }
  }
  return image;
}

/** Red, green, blue and opacity at a place; x to the right, y down, both from 0 to 1. */
function pixel(x: number, y: number): readonly [number, number, number, number] {
  const [dx, dy] = [x, y].map((v) => Math.max(CORNER - v, v - (1 - CORNER), 0)) as [number, number];
  if (Math.hypot(dx, dy) > CORNER) return [0, 0, 0, 0];
  const bar = BARS.find(({ left, height }) => x >= left && x < left + BAR_WIDTH && y < BASE && y >= BASE - height);
  const [red, green, blue] = bar?.colour ?? BACKGROUND;
  return [red, green, blue, 255];
}
