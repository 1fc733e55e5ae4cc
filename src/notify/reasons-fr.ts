/** The reasons that the plan gives for holds and conflicts, in French. `plan/` words them once, in English, for log and status. */
import { fr, KINDS } from "./french.ts";

const MANY: Readonly<Record<string, string>> = {
  revokes: KINDS.revoke[1],
  purges: KINDS.purge[1],
  changes: KINDS.change[1],
  creations: `${KINDS.create[1]} de compte`,
};

/** Each sentence with what is said instead, given its parts. */
const SENTENCES: readonly (readonly [RegExp, (...parts: string[]) => string])[] = [
  [
    /^(\d+) (\w+) in 24 h exceed the limit of (\d+)$/,
    (number = "", kind = "", limit = "") => fr`${MANY[kind] ?? kind} en 24 h : ${number} ; la limite est de ${limit}`,
  ],
  [
    /^(\d+) (\w+) in 24 h exceed (\S+) % of (\d+) accounts$/,
    (number = "", kind = "", percent = "", accounts = "") =>
      fr`${MANY[kind] ?? kind} en 24 h : ${number} ; c'est plus de ${percent} % de ${accounts} comptes`,
  ],
  [
    /^the agent's database was restored or comes from elsewhere$/,
    () => fr`la base de données de l'agent a été restaurée ou vient d'ailleurs`,
  ],
  [
    /^the first synchronisation takes nothing from accounts that were taken over$/,
    () => fr`la première synchronisation ne retire rien aux comptes repris`,
  ],
  [/^part of a hold that is still open$/, () => fr`fait partie d'une demande encore ouverte`],
  [
    /^rules (.+) have equal priority and name different tiers; nothing is done$/,
    (rules = "") =>
      fr`les règles ${rules.replaceAll(" and ", " et ")} ont la même priorité et nomment des niveaux différents ; rien n'est fait`,
  ],
  [
    /^the address (\S+) is also claimed by (.+); nothing is done for either$/,
    (address = "", others = "") =>
      fr`l'adresse ${address} est aussi revendiquée par ${others.replace(/ and (\d+) more$/, " et $1 de plus")} ; rien n'est fait pour personne`,
  ],
  [
    /^the new address (\S+) belongs to another account at the target, which is bound to nobody$/,
    (address = "") =>
      fr`la nouvelle adresse ${address} est celle d'un autre compte du système de licences, qui n'est à personne`,
  ],
  [
    /^(\d+) accounts at the target have the address (\S+); none is taken over$/,
    (number = "", address = "") =>
      fr`${number} comptes du système de licences ont l'adresse ${address} ; aucun n'est repris`,
  ],
];

/** The reason in French; as it is where it is none of these. */
export function reasonInFrench(reason: string): string {
  for (const [sentence, inFrench] of SENTENCES) {
    const match = sentence.exec(reason);
    if (match !== null) return inFrench(...match.slice(1));
  }
  return reason;
}
