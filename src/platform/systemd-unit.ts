/** The systemd unit as text. Pure. */
import { SERVICE_DESCRIPTION, SERVICE_NAME } from "./service.ts";

export interface UnitOptions {
  /** Absolute. */
  readonly home: string;
  /** Program and all of its arguments. */
  readonly command: readonly [program: string, ...args: string[]];
  readonly user: string;
  /** As `systemctl --version` says; growing pauses between restarts came with 254. */
  readonly systemdVersion: number;
}

/** Secrets that tiersync.yaml names with `env:` go there, one NAME=value a line, readable by root only. */
const ENVIRONMENT_FILE = `/etc/${SERVICE_NAME}.env`;

/** A unit that may write its own data, logs and keys and nothing else. */
export function renderUnit({ home, command, user, systemdVersion }: UnitOptions): string {
  const [program, ...args] = command;
  return `[Unit]
Description=${SERVICE_DESCRIPTION}
Wants=network-online.target
After=network-online.target time-sync.target
# Tried again for as long as it fails: a licence that is not given is worse than a line in the journal.
StartLimitIntervalSec=0

[Service]
Type=exec
User=${user}
WorkingDirectory=${specifiers(home)}
EnvironmentFile=-${ENVIRONMENT_FILE}
UnsetEnvironment=BUN_OPTIONS BUN_BE_BUN
ExecStart=${[word(program), ...args.map(argumentWord)].join(" ")}
KillSignal=SIGTERM
KillMode=mixed
TimeoutStopSec=30
${restart(systemdVersion)}

UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=${/^\/(home|root|run\/user)(\/|$)/.test(home) ? "read-only" : "yes"}
ReadWritePaths=${["data", "logs", "keys"].map((name) => word(`${home}/${name}`)).join(" ")}
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`;
}

/** 1, about 4 and 15 minutes; older systemd knows one pause only. */
function restart(systemdVersion: number): string {
  if (systemdVersion < 254) return "Restart=on-failure\nRestartSec=5min";
  return "Restart=on-failure\nRestartSec=1min\nRestartSteps=2\nRestartMaxDelaySec=15min";
}

/** `%` begins one of systemd's specifiers. */
function specifiers(text: string): string {
  return text.replaceAll("%", "%%");
}

function word(text: string): string {
  const escaped = specifiers(text.replace(/["\\]/g, "\\$&"));
  return /^[\w./:@%+,=-]+$/.test(text) ? escaped : `"${escaped}"`;
}

/** In the arguments, but not in the program's path, `$` begins a variable. */
function argumentWord(text: string): string {
  return word(text).replaceAll("$", "$$$$");
}

/** What a unit that we rendered was installed with. */
export function readUnit(unit: string): { readonly home: string | null; readonly user: string | null } {
  const value = (key: string): string | null => new RegExp(`^${key}=(.+)$`, "m").exec(unit)?.[1] ?? null;
  return { home: value("WorkingDirectory")?.replaceAll("%%", "%") ?? null, user: value("User") };
}
