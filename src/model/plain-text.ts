/**
 * Text that others wrote (names, addresses, file contents), made safe to show as one line on a terminal, in a log or in a mail.
 * Control characters could steer a terminal or break a line; bidi controls and invisible marks could make it read as something else
 * (Unicode TR 36 §2.3). Joiners (U+200C, U+200D) stay: names in Persian and Indic scripts need them.
 */
const UNSAFE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u{00AD}\u{180E}\u{200B}\u{2060}-\u{2064}\u{206A}-\u{206F}\u{FEFF}\u{FFF9}-\u{FFFB}\u{E0000}-\u{E007F}]/gu;

/** The text with each control, bidi and invisible character replaced by U+FFFD; its length in code points stays the same. */
export function plainText(text: string): string {
  return text.replace(UNSAFE, "\u{FFFD}");
}
