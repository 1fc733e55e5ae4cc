/** The messages in French. What failed, and what to do about it, stays in English, as the log and the status have it. */
import type { ActionKind } from "../model/action.ts";
import { type AboutPerson, address, last, name, nameOrNumber, type Texts, table } from "./content.ts";
import { fr, KINDS } from "./french.ts";
import { reasonInFrench } from "./reasons-fr.ts";

const COMMANDS = { revoke: "licence retirée", purge: "journaux supprimés", link: "compte rattaché" } as const;
const NONE = "aucune";

export const FRENCH: Texts = {
  language: "fr",
  sections: {
    "seats.exhausted": (events) => {
      const { tier, seats, used, waiting } = last(events);
      const rows = events.map(({ person, since, keeps }) => [
        name(person),
        address(person),
        time(since),
        keeps ?? NONE,
      ]);
      return {
        subject: fr`aucune place ${tier} libre : ${waitingPeople(events)}`,
        action: fr`Achetez des places ${tier} et augmentez « seats » dans tiersync.yaml, ou libérez-en : au cycle suivant, chaque place libre va à qui attend depuis le plus longtemps.`,
        paragraphs: [
          fr`${tier} : ${count(seats, "place achetée", "places achetées")}, ${count(used, "utilisée", "utilisées")} ; ${people(waiting)} en attente au total.`,
        ],
        table: table(["Nom", "Adresse", "En attente depuis", "Licence entre-temps"], rows),
      };
    },
    "seats.low": (events) => {
      const { tier, seats, used, free, warnBelow } = last(events);
      return {
        subject: fr`bientôt plus de places ${tier} : ${count(free, "libre", "libres")}`,
        action: fr`Achetez des places ${tier} ou libérez-en : sans place libre, les prochaines personnes auront un compte sans licence.`,
        paragraphs: [
          fr`${tier} : ${count(seats, "place achetée", "places achetées")}, ${count(used, "utilisée", "utilisées")}, ${count(free, "libre", "libres")}. Vous avez demandé à être averti à moins de ${warnBelow}.`,
        ],
        table: null,
      };
    },
    "hold.formed": (events) => {
      const { hold, reason, kinds, expiresAt, actions } = last(events);
      const all = Object.values(kinds).reduce((sum, number) => sum + number, 0);
      const rows = actions.map(({ kind, address: at, user, from, to }) => [
        KINDS[kind][0],
        at ?? user,
        from ?? NONE,
        to ?? NONE,
      ]);
      return {
        subject: fr`approbation nécessaire : ${kindsText(kinds)} en suspens`,
        action: fr`Examinez la liste, puis lancez « tiersync holds approve ${hold} » ou « tiersync holds reject ${hold} » sur le serveur avant le ${time(expiresAt)}.`,
        paragraphs: [
          fr`Motif : ${reasonInFrench(reason)}.`,
          fr`Rien de cela n'est fait sans approbation, et tout le reste continue. Sans réponse, la demande est renouvelée après 24 heures. « tiersync holds » montre le tout.`,
        ],
        table: table(["Action", "Adresse", "De", "À"], rows, all - rows.length),
      };
    },
    "cycle.failing": (events) => {
      const { since, failures, error } = last(events);
      return {
        subject: fr`la synchronisation échoue depuis le ${time(since)}`,
        action: fr`Lancez « tiersync check » sur le serveur et corrigez ce qu'il signale.`,
        paragraphs: [
          fr`Cause (en anglais) : ${error.message} (${error.code}). Remède : ${error.hint}.`,
          fr`${failures} cycles de suite ont échoué. L'agent continue d'essayer et vous dira quand tout remarche.`,
        ],
        table: null,
      };
    },
    "cycle.recovered": (events) => {
      const { since, until, failures } = last(events);
      return {
        subject: "la synchronisation fonctionne de nouveau",
        action: fr`Rien à faire : l'agent a rattrapé son retard.`,
        paragraphs: [
          fr`${failures} cycles de suite avaient échoué à partir du ${time(since)}. Tout fonctionne de nouveau depuis le ${time(until)}.`,
        ],
        table: null,
      };
    },
    "config.broken": (events) => {
      const { findings, errors } = last(events);
      return {
        subject: fr`configuration ou règles erronées : ${count(errors, "erreur", "erreurs")}`,
        action: fr`Corrigez les endroits ci-dessous : d'ici là, l'agent continue avec la dernière configuration et les dernières règles valides.`,
        paragraphs: [],
        table: table(
          ["Erreur"],
          findings.map((finding) => [finding]),
          errors - findings.length,
        ),
      };
    },
    "credential.expiring": (events) => {
      const { credential, thumbprint, expiresAt, daysLeft } = last(events);
      const what = credential === "certificate" ? "le certificat" : "le secret client";
      return {
        subject: daysLeft < 0 ? `${what} a expiré` : `${what} expire dans ${count(daysLeft, "jour", "jours")}`,
        action:
          credential === "certificate"
            ? fr`Lancez « tiersync cert rotate » sur le serveur et ajoutez le nouveau certificat à l'inscription d'application dans Entra.`
            : fr`Créez un nouveau secret client dans Entra et enregistrez-le avec « tiersync secret set ».`,
        paragraphs: [
          `${capital(what)}${thumbprint === null ? "" : ` ${thumbprint}`} est valide jusqu'au ${time(expiresAt)}. Ensuite, plus aucun cycle ne réussit.`,
        ],
        table: null,
      };
    },
    "purge.coming": (events) => {
      const sorted = events.toSorted((a, b) => a.purgeAt.localeCompare(b.purgeAt));
      const tiers = [...new Set(events.flatMap(({ tier }) => tier ?? []))].join(", ");
      return {
        subject: `les journaux de ${of(events)} seront supprimés définitivement`,
        action: fr`Pour les garder, retirez la personne ${tiers === "" ? "du groupe qui retire la licence" : `de ${tiers}`} avant l'heure ci-dessous : ensuite, personne ne pourra les récupérer.`,
        paragraphs: [],
        table: table(
          ["Nom", "Adresse", "Suppression le"],
          sorted.map(({ person, purgeAt }) => [name(person), address(person), time(purgeAt)]),
        ),
      };
    },
    "purge.done": (events) => ({
      subject: `les journaux de ${of(events)} ont été supprimés définitivement`,
      action: fr`Rien à faire : ce message est pour vos dossiers.`,
      paragraphs: [],
      table: table(
        ["Nom", "Adresse", "Supprimés le"],
        events.map(({ person, at }) => [name(person), address(person), time(at)]),
      ),
    }),
    conflict: (events) => ({
      subject: fr`conflit : rien n'est fait pour ${of(events)}`,
      action: fr`Corrigez les règles, groupes ou adresses nommés ci-dessous : d'ici là, rien ne change pour ces personnes.`,
      paragraphs: [],
      table: table(
        ["Nom", "Adresse", "Motif"],
        events.map(({ person, reason }) => [name(person), address(person), reasonInFrench(reason)]),
      ),
    }),
    "released.many": (events) => {
      const { cycle, released, managed } = last(events);
      return {
        subject: `${released} personnes sur ${managed} ne sont plus gérées`,
        action: fr`Vérifiez si un fichier de règles a été supprimé ou un groupe vidé par erreur : rien n'a été retiré à personne.`,
        paragraphs: [
          fr`Elles ont quitté toutes les règles en un cycle (${cycle}) et gardent leurs licences. Remettez la règle ou les membres, et le cycle suivant les gérera de nouveau.`,
        ],
        table: null,
      };
    },
    "licence.contested": (events) => ({
      subject: `quelqu'un d'autre change sans cesse la licence de ${of(events)}`,
      action: events.every(({ wanted }) => wanted === null)
        ? fr`Cherchez qui la donne dans le système de licences : l'agent la retire à chaque fois.`
        : fr`Cherchez qui la change dans le système de licences : l'agent n'y touche plus.`,
      paragraphs: events.some(({ wanted }) => wanted === null)
        ? ["À qui n'a droit à aucune licence selon les règles, elle est retirée à chaque fois."]
        : [],
      table: table(
        ["Nom", "Adresse", "Selon les règles", "Trouvée", "Fois"],
        events.map(({ person, wanted, found, times }) => [
          name(person),
          address(person),
          wanted ?? NONE,
          found ?? NONE,
          String(times),
        ]),
      ),
    }),
    "accounts.manual": (events) => ({
      subject: fr`à la main : ${COMMANDS[last(events).action]} pour ${of(events)}`,
      action: fr`Rien à faire si vous êtes au courant ; sinon, demandez à qui a lancé la commande.`,
      paragraphs: [],
      table: table(
        ["Quoi", "Nom", "Adresse", "Niveau", "Par", "Quand"],
        events.map(({ action, person, tier, by, at }) => [
          COMMANDS[action],
          name(person),
          address(person),
          tier ?? NONE,
          by ?? "",
          time(at),
        ]),
      ),
    }),
  },
  test: {
    subject: "message d'essai",
    action: fr`Rien à faire : ce message montre que ce que l'agent a à vous dire arrive bien.`,
    paragraphs: [],
    table: null,
  },
  digest: (events) => ({
    subject: `${count(events, "événement", "événements")} du jour`,
    action: fr`${count(events, "événement", "événements")} depuis le dernier message : chaque partie commence par ce qu'il faut faire.`,
  }),
  more: (rows) => `et ${rows} de plus`,
  footer: (tenant) =>
    fr`Envoyé par tiersync pour le locataire ${tenant}. « tiersync status » sur le serveur montre l'état actuel.`,
};

/** `31/01/2026 14:05 UTC` */
function time(iso: string): string {
  return `${iso.slice(8, 10)}/${iso.slice(5, 7)}/${iso.slice(0, 4)} ${iso.slice(11, 16)} UTC`;
}

function count(number: number, one: string, many: string): string {
  return `${number} ${Math.abs(number) < 2 ? one : many}`;
}

function people(number: number): string {
  return count(number, "personne", "personnes");
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function of(events: readonly AboutPerson[]): string {
  return nameOrNumber(events, people);
}

function waitingPeople(events: readonly AboutPerson[]): string {
  const [first] = events;
  if (events.length > 1 || first === undefined) return `${people(events.length)} en attente`;
  return `${first.person.displayName ?? address(first.person)} attend`;
}

function kindsText(kinds: Readonly<Partial<Record<ActionKind, number>>>): string {
  return Object.entries(kinds)
    .map(([kind, number]) => `${number} ${KINDS[kind as ActionKind][number < 2 ? 0 : 1]}`)
    .join(", ");
}
