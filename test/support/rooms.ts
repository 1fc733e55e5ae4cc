/** The rooms of src/ as data: who may import whom, and what to do instead. */

/** What the adapters share with the cycle: nouns and interfaces, no behaviour. */
const CONTRACT = [
  "model",
  "cycle/ports.ts",
  "cycle/message-ports.ts",
  "cycle/account-ports.ts",
  "cycle/store-ports.ts",
  "plan/types.ts",
  "rules/types.ts",
  "errors.ts",
  "log.ts",
];

/** Room (folder or file of src/) → rooms or files of src/ it may import. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "errors.ts": [],
  "log.ts": [],
  model: [],
  rules: ["model", "errors.ts"],
  plan: ["model", "rules/types.ts", "errors.ts"],
  cycle: ["model", "rules", "plan", "errors.ts", "log.ts"],
  entra: CONTRACT,
  targets: CONTRACT,
  store: CONTRACT,
  notify: CONTRACT,
  status: CONTRACT,
  simulator: ["model", "errors.ts"],
  platform: ["errors.ts", "log.ts", "model/plain-text.ts", "model/loopback.ts"],
  config: ["model", "rules", "platform", "errors.ts", "log.ts"],
  // The composition root: adapters, the agent that stays, its tenants' workers, its answers.
  "agent.ts": ["*"],
  "adapters.ts": ["*"],
  "by-hand.ts": ["cycle", "plan", "store", "model"],
  "running.ts": ["*"],
  "home-database.ts": ["platform", "store"],
  "database-copy.ts": ["agent.ts", "home-database.ts", "platform", "store", "errors.ts"],
  "tenants.ts": ["agent.ts", "log.ts", "cycle", "model", "status/console.ts", "errors.ts"],
  "console.ts": [
    "agent.ts",
    "explanation.ts",
    "warnings.ts",
    "config",
    "cycle/schedule.ts",
    "model",
    "status/console.ts",
    "errors.ts",
  ],
  "warnings.ts": ["agent.ts", "cycle/read-both-sides.ts", "model"],
  "acceptance.ts": ["agent.ts", "config", "model", "rules"],
  "explanation.ts": ["agent.ts", "model", "errors.ts"],
  // Certificates are made and shown without an agent; the simulator is what `demo` runs against.
  cli: [
    ...[
      "agent.ts",
      "running.ts",
      "home-database.ts",
      "database-copy.ts",
      "console.ts",
      "explanation.ts",
      "config",
      "model",
      "rules",
      "plan/render.ts",
      "platform",
      "errors.ts",
      "log.ts",
    ],
    ...["simulator", "entra/certificate.ts", "entra/self-signed.ts"],
  ],
  "main.ts": ["cli"],
};

/** What to do instead of an import that the table does not allow. */
export const INSTEAD: Readonly<Record<string, string>> = {
  model: "model holds nouns only: move the behaviour to the room that needs it",
  rules: "rules are pure: take what you need as an argument",
  plan: "the plan is pure: take what you need as an argument",
  cycle: "declare what the cycle needs as an interface in cycle/ports.ts and let adapters.ts give the adapter",
  entra: "adapters never import each other: declare an interface in cycle/ports.ts and wire it in adapters.ts",
  targets: "adapters never import each other: declare an interface in cycle/ports.ts and wire it in adapters.ts",
  store: "adapters never import each other: declare an interface in cycle/store-ports.ts and wire it in adapters.ts",
  notify: "adapters never import each other: declare an interface in cycle/ports.ts and wire it in adapters.ts",
  status: "status asks the agent through status/console.ts only: add to that interface and fill it in src/console.ts",
  simulator: "the simulator must not share code with what it judges",
  platform: "platform knows nothing of the product: pass what it needs",
  config: "configuration is read before anything runs: return data and let adapters.ts build from it",
  cli: "commands call agent.ts: give it a method",
  "main.ts": "main only turns argv into a command: put it into cli/",
  "errors.ts": "everybody imports errors.ts: it imports nothing",
  "log.ts": "everybody imports log.ts: it imports nothing",
};

/** Packages that a pure room may use. */
export const PURE: Readonly<Record<string, readonly string[]>> = {
  model: [],
  rules: ["valibot", "yaml"],
  plan: ["node:crypto"],
};
