/** Names of people who do not exist. */

import { pick, type Random } from "./random.ts";
import type { SimulatedTenant } from "./tenant.ts";

export const DEMO_DOMAIN = "contoso.example";

const GIVEN_NAMES = [
  ...["Adèle", "Ahmed", "Aïcha", "Alexandre", "Amélie", "Ana", "Anaïs", "Antoine", "Béatrice", "Benoît", "Björn"],
  ...["Camille", "Carlos", "Céline", "Charlotte", "Chloé", "Daniel", "David", "Élise", "Émile", "Emma", "Ester"],
  ...["Fatou", "Félix", "Florence", "François", "Gabriel", "Geneviève", "Grace", "Guillaume", "Hélène", "Hugo"],
  ...["Ines", "Isabelle", "Jacob", "Jean", "Jérôme", "José", "Julie", "Karim", "Kateryna", "Laura", "Léa", "Liam"],
  ...["Louis", "Łucja", "Mactar", "Manon", "María", "Mathilde", "Mei", "Mohamed", "Nadia", "Nathan", "Noémie"],
  ...["Olivia", "Oscar", "Patrick", "Paul", "Priya", "Rachel", "René", "Samuel", "Sarah", "Sébastien", "Siobhán"],
  ...["Sofia", "Søren", "Thomas", "Valérie", "Victor", "William", "Yasmine", "Zoé"],
];

const SURNAMES = [
  ...["Adeyemi", "Bélanger", "Bergeron", "Bouchard", "Brown", "Caron", "Chen", "Côté", "Dąbrowski", "Desjardins"],
  ...["Diallo", "Dubois", "Fortin", "Fournier", "Gagné", "Gagnon", "García", "Girard", "Hansen", "Haddad", "Ivanova"],
  ...["Jensen", "Kowalski", "Lapointe", "Lavoie", "Leblanc", "Lefèvre", "Lévesque", "MacDonald", "Martin", "Mercier"],
  ...["Moreau", "Morin", "Müller", "N'Diaye", "Nguyễn", "Núñez", "O'Brien", "Ouellet", "Patel", "Pelletier", "Petit"],
  ...[
    "Poirier",
    "Rossi",
    "Roy",
    "Santos",
    "Silva",
    "Singh",
    "Smith",
    "St-Pierre",
    "Tremblay",
    "Vachon",
    "Weiß",
    "Wong",
  ],
];

export interface DemoName {
  readonly givenName: string;
  readonly surname: string;
  readonly displayName: string;
  readonly userPrincipalName: string;
}

/** A name whose address nobody has yet. */
export function newName(tenant: SimulatedTenant, random: Random): DemoName {
  return named(tenant, pick(random, GIVEN_NAMES), pick(random, SURNAMES));
}

/** The same person under a new surname. */
export function newSurname(tenant: SimulatedTenant, random: Random, givenName: string): DemoName {
  return named(tenant, givenName, pick(random, SURNAMES));
}

function named(tenant: SimulatedTenant, givenName: string, surname: string): DemoName {
  const local = `${plain(givenName)}.${plain(surname)}`;
  let userPrincipalName = `${local}@${DEMO_DOMAIN}`;
  for (let number = 2; tenant.findUser(userPrincipalName); number += 1) {
    userPrincipalName = `${local}${number}@${DEMO_DOMAIN}`;
  }
  return { givenName, surname, displayName: `${givenName} ${surname}`, userPrincipalName };
}

const UNDECOMPOSED: Readonly<Record<string, string>> = { ł: "l", ø: "o", ß: "ss", đ: "d" };

/** Letters without their marks, as addresses are usually made. */
function plain(name: string): string {
  const bare = name.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
  return bare.replace(/[łøßđ]/g, (letter) => UNDECOMPOSED[letter] ?? "").replace(/[^a-z-]/g, "");
}
