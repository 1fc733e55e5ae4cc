/** A remark about a file that a person wrote: every finding is collected before anything is reported. */
export interface Finding {
  readonly level: "error" | "warning";
  /** Path relative to the home folder with `/`: `tiersync.yaml`, `rules/secure-exchanges.yaml`. */
  readonly file: string;
  /** 1-based; 0 when the file as a whole is meant. */
  readonly line: number;
  readonly column: number;
  /** Where in the document: `tenants[0].tenantId`, `rules[2].when.group`; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

/** `tiersync.yaml:12:5 tenants[0].tenantId: …` */
export function formatFinding(finding: Finding): string {
  const place = finding.line > 0 ? `${finding.file}:${finding.line}:${finding.column}` : finding.file;
  return finding.path === "" ? `${place} ${finding.message}` : `${place} ${finding.path}: ${finding.message}`;
}
