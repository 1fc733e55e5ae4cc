/** A home that tells a real mail server, with STARTTLS, login and an authority of its own. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SMTPServerOptions } from "smtp-server";
import { atEnd } from "./clean-up.ts";
import { type HomeOptions, openHome, type TestHome } from "./home.ts";
import { type MailServer, startMailServer, TEST_CERTIFICATE } from "./mail-server.ts";

export const PASSWORD = "correct horse";

export interface MailHome {
  readonly home: TestHome;
  readonly server: MailServer;
  /** Subjects without tenant and product, of all mails so far, sorted: side by side messages come in any order. */
  subjects(): readonly string[];
  /** The mails that came since the last call. */
  news(): MailServer["mails"];
}

export interface MailHomeOptions extends HomeOptions {
  readonly language?: "en" | "fr";
  /** Further keys of `notify:`, in YAML's flow style: `digest: daily`. */
  readonly notify?: string;
  readonly server?: SMTPServerOptions;
}

export async function openMailHome(options: MailHomeOptions = {}): Promise<MailHome> {
  const server = await startMailServer(options.server);
  atEnd(() => server.stop());
  const { language = "en", notify, extra = "" } = options;
  const email = `{host: 127.0.0.1, port: ${server.port}, user: agent, password: "file:keys/smtp.txt", from: tiersync@contoso.example, to: [admins@contoso.example], language: ${language}}`;
  const lines = [
    "caFile: company-roots.pem",
    `notify: {email: ${email}${notify === undefined ? "" : `, ${notify}`}}`,
    extra,
  ];
  const home = openHome({ ...options, extra: lines.join("\n") });
  writeFileSync(join(home.home, "company-roots.pem"), TEST_CERTIFICATE.caPem);
  writeFileSync(join(home.home, "keys", "smtp.txt"), PASSWORD, { mode: 0o600 });
  let seen = 0;
  return {
    home,
    server,
    subjects: () =>
      server.mails.map((mail) => (mail.header("Subject") ?? "").replace("[tiersync] contoso: ", "")).sort(),
    news: () => {
      const fresh = server.mails.slice(seen);
      seen = server.mails.length;
      return fresh;
    },
  };
}
