// Small rules about texts, without a page: sizes, places, times, names.
import { byteI, tegnForMye } from '../lib/lengde.js';

/**
 * The longest text of a message, in bytes of UTF-8 (the server's limit), and from where the room left is
 * told.
 */
export const MAKS_BYTE = 16 * 1024;
const NESTEN_FULL = 14 * 1024;

/**
 * The room left in a text: null while there is plenty; else how many more characters fit (of one byte each),
 * and below zero how many must go. The server counts after trimming.
 */
export function plassIgjen(tekst) {
  const innhold = tekst.trim();
  const byte = byteI(innhold);
  if (byte < NESTEN_FULL) return null;
  return byte <= MAKS_BYTE ? MAKS_BYTE - byte : -tegnForMye(innhold, MAKS_BYTE);
}

/** The server's places, in code points, as places in a JavaScript string (UTF-16 code units). */
export function fraKodepunkter(tekst, treff) {
  const steder = [0];
  for (const tegn of tekst) steder.push(steder.at(-1) + tegn.length);
  const sted = (nr) => steder[Math.max(0, Math.min(nr, steder.length - 1))];
  return treff.map(([start, slutt]) => ({ start: sted(start), slutt: sted(slutt) }));
}

/** A text cut where the marked places begin and end: [{tekst, merket}], nothing lost, nothing twice. */
export function iBiter(tekst, steder) {
  const biter = [];
  let hittil = 0;
  const legg = (til, merket) => {
    if (til > hittil) biter.push({ tekst: tekst.slice(hittil, til), merket });
    hittil = Math.max(hittil, til);
  };
  for (const { start, slutt } of [...steder].sort((a, b) => a.start - b.start)) {
    legg(start, false);
    legg(slutt, true);
  }
  legg(tekst.length, false);
  return biter;
}

/** «Kari Nordmann, Alta legevakt» as name and place. */
export function delNavn(navn) {
  const komma = navn.indexOf(', ');
  return komma < 0 ? { navn, sted: '' } : { navn: navn.slice(0, komma), sted: navn.slice(komma + 2) };
}

const formater = new Map();

/** Making a formatter costs more than using it a hundred times. */
function format(spraak, valg) {
  const navn = `${spraak} ${JSON.stringify(valg)}`;
  if (!formater.has(navn)) {
    // Chromium has no nynorsk; its months are those of bokmål. English puts the day first, as the server does.
    const lokaler = spraak === 'en' ? ['en-GB'] : [spraak, 'nb'];
    formater.set(navn, new Intl.DateTimeFormat(lokaler, { timeZone: 'Europe/Oslo', ...valg }));
  }
  return formater.get(navn);
}

/**
 * A moment on the wall clock in Oslo: the time alone today, else with the day, as short as it can be read.
 */
export function klokkeslett(iso, naa, spraak = 'nb') {
  const tid = new Date(iso);
  const klokke = format(spraak, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(tid);
  const dag = format(spraak, { dateStyle: 'short' });
  if (dag.format(tid) === dag.format(new Date(naa))) return klokke;
  return `${format(spraak, { day: 'numeric', month: 'short' }).format(tid)} ${klokke}`;
}

/** The moment in full, for the hover; without the day of the week, which nynorsk spells otherwise. */
export function heleTiden(iso, spraak = 'nb') {
  return format(spraak, { dateStyle: 'long', timeStyle: 'medium' }).format(new Date(iso));
}

/** At most so many characters, cut at a space where there is one, with «…». */
export function kortet(tekst, lengde = 160) {
  const enLinje = tekst.replace(/\s+/g, ' ').trim();
  if (enLinje.length <= lengde) return enLinje;
  const mellomrom = enLinje.lastIndexOf(' ', lengde);
  return `${enLinje.slice(0, mellomrom > lengde / 2 ? mellomrom : lengde)}…`;
}

/** «behandles_i_kommunen» after «raad» as the name of a text: `raadBehandlesIKommunen`. */
export function tekstnavn(...deler) {
  return deler.join('-').replaceAll('_', '-').replace(/-(.)/g, (_, tegn) => tegn.toUpperCase());
}

/** What is typed now and by whom. Ephemeral: a name disappears by itself, or when its message comes. */
export class Skrivere {
  static VARER = 6_000;
  static MELLOM = 3_000;
  #folk = new Map();
  #sistSagt = -Infinity;

  skriver({ person_id: id, navn }, naa) {
    this.#folk.set(id ?? navn, { navn: delNavn(navn).navn, til: naa + Skrivere.VARER });
  }

  ferdig(id) {
    this.#folk.delete(id);
  }

  navn(naa) {
    for (const [id, { til }] of this.#folk) if (til <= naa) this.#folk.delete(id);
    return [...this.#folk.values()].map((p) => p.navn);
  }

  /** Whether it is time to tell the others that this person types. */
  maaSies(naa) {
    if (naa - this.#sistSagt < Skrivere.MELLOM) return false;
    this.#sistSagt = naa;
    return true;
  }
}
