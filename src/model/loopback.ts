/** Addresses that never leave this computer. */

const LOOPBACK = /^(?:localhost|127\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})|::1|\[::1\])$/i;

/** Whether a host without port can only mean this computer: `localhost`, 127.0.0.0/8, `::1` or `[::1]`. */
export function isLoopback(host: string): boolean {
  const match = LOOPBACK.exec(host);
  return match?.slice(1).every((part) => part === undefined || Number(part) <= 255) ?? false;
}
