// The board of emergency beds, live: rows, sums and the map change where they stand, without a reload and without
// taking the focus, the place or anything typed. What is to be shown, and when to ask, plassekjerne.js knows.
//
// On any page with [data-plasstavle]: rows [data-plassenhet] with cells [data-tall] and [data-alderfelt], and what the
// unit is called in [data-radord] and [data-radtelefon], and why its staffing is another than its own in [data-laan]; sums
// [data-sum][data-over], reservations about them [data-forbehold][data-over], and what lib/plasskart.js
// (`oppdaterKommune`) shows of a kommune.
import { oppdaterKommune } from '../lib/plasskart.js';
import { alder, DELER, erKjent, leggSammen, lesbartNummer, tallord } from '../lib/plasstall.js';
import { ikon, lag, si, tekst } from '../lib/tekst.js';
import { naa as servertid } from '../lib/tid.js';
import { kortdag } from '../lib/tidsord.js';
import { hent, somSvar } from './nett.js';
import { Tavlekjerne } from './plassekjerne.js';
import { visKontakt } from './plasskontakt.js';
import { startPlassoek } from './plassoek.js';
import { startPlasseside } from './plasseside.js';

/** In milliseconds. */
const PULS = 500;
const ALDRES = 20_000; // between looks for figures that have grown old
const BLINK = 2_000;
const TALE = 4_000; // changes are said together, and at most this often
/** More units than this are said as a number. */
const SIES = 3;

// --- what the page shows -----------------------------------------------------------------------------------

/** Text of an element, with a flash where it is another than it was. */
function sett(element, ...innhold) {
  const foer = element.textContent;
  element.replaceChildren(...innhold);
  if (element.textContent !== foer) blink(element);
}

function blink(element) {
  element.classList.remove('plassblink');
  // The same figure may change twice within one flash.
  requestAnimationFrame(() => element.classList.add('plassblink'));
  clearTimeout(element.plassblink);
  element.plassblink = setTimeout(() => element.classList.remove('plassblink'), BLINK);
}

const strek = () => [
  lag('span', { class: 'ds-sr-only' }, tekst('plassUkjent')), lag('span', { 'aria-hidden': 'true' }, '–'),
];

const av = (bemannet, antall) => (antall ? [tekst('plassAv', { antall: bemannet, alle: antall })] : strek());

/** As the macro `alderen` of the templates. */
function aldersord(rad) {
  const hvordan = alder(rad, servertid());
  const ut = lag('span', { class: 'plassalder', 'data-alder': hvordan });
  const tid = rad.bekreftet ? lag('time', { 'data-tid': true, datetime: rad.bekreftet }) : null;
  if (tid) tid.title = new Date(rad.bekreftet).toLocaleString(document.documentElement.lang || 'nb');
  if (hvordan === 'ukjent') ut.append(ikon('QuestionmarkCircle'), lag('span', {}, tekst('plassUkjent')));
  else if (hvordan === 'gammel') {
    const ord = lag('span', {}, lag('strong', {}, tekst('plassGamle')), ' ', tid);
    ut.append(ikon('ExclamationmarkTriangleFill'), ord);
  } else ut.append(lag('span', {}, tid));
  if (rad.bekreftet && rad.bekreftet_av) {
    ut.append(lag('span', { class: 'plassalder__av' }, tekst('plassAvHvem', { navn: rad.bekreftet_av })));
  }
  return ut;
}

/** What the unit is called and whom one rings: another only where the register was changed. */
function visNavn(sted, rad) {
  for (const felt of sted.querySelectorAll('[data-radord]')) {
    const ord = rad[felt.dataset.radord] ?? '';
    if (felt.textContent !== ord) felt.textContent = ord;
  }
  const felt = sted.querySelector('[data-radtelefon]');
  if (!felt) return;
  const nummer = rad.telefon ?? '';
  const adresse = nummer ? `tel:${nummer.replace(/[ \u00a0]/g, '')}` : null;
  const lenke = felt.querySelector('a');
  if ((lenke?.getAttribute('href') ?? null) === adresse) return;
  // As the macro `telefon` of the templates; the link that somebody stands on stays.
  if (!adresse) felt.replaceChildren();
  else if (lenke) {
    lenke.setAttribute('href', adresse);
    lenke.querySelector('span').textContent = lesbartNummer(nummer);
  } else felt.replaceChildren(lag('a', { class: 'ds-link telefon', href: adresse }, ikon('Phone'), lag('span', {}, lesbartNummer(nummer))));
}

function visRad(rad) {
  for (const sted of document.querySelectorAll(`[data-plassenhet="${CSS.escape(rad.id)}"]`)) {
    sted.dataset.versjon = rad.versjon;
    sted.toggleAttribute('data-nedlagt', Boolean(rad.nedlagt));
    if (!('antall' in rad)) continue;
    visNavn(sted, rad);
    sted.dataset.fersktTil = rad.ferskt_til ?? '';
    for (const celle of sted.querySelectorAll('[data-tall]')) {
      const del = celle.dataset.tall;
      const kjent = rad.antall !== null && (erKjent(rad) || del === 'ukjent');
      if (DELER.includes(del)) {
        const ny = kjent ? String(rad[del]) : null;
        if (celle.textContent.trim() !== (ny ?? tekst('plassUkjent'))) sett(celle, ...(ny === null ? strek() : [ny]));
        celle.toggleAttribute('data-null', kjent && !rad[del]);
      } else if (del === 'bemannet') sett(celle, ...av(rad.bemannet, rad.antall));
    }
    visLaan(sted, rad.laan ?? []);
    const felt = sted.querySelector('[data-alderfelt]');
    if (felt) felt.replaceChildren(aldersord(rad));
    const hold = sted.querySelector('[data-holdknapp]');
    // A button that somebody stands on stays: the unit's page says that it is too late.
    if (hold && hold !== document.activeElement) hold.hidden = !rad.ledig;
  }
}

/** As the macro `laanelinjer` of the templates. */
function laanelinjer(laan) {
  return laan.map(({ retning, antall, organisasjon, til }) => {
    const inn = retning === 'inn';
    const ord = tekst(inn ? 'plassLaanInn' : 'plassLaanUt', { antall, organisasjon, dag: kortdag(til, servertid()) });
    const linje = { class: `laan__linje laan__linje--${retning}` };
    return lag('span', linje, ikon(inn ? 'PersonPlus' : 'PersonCross'), lag('span', {}, ord));
  });
}

function visLaan(sted, laan) {
  const felt = sted.querySelector('[data-laan]');
  if (!felt) return;
  const linjer = laanelinjer(laan);
  if (linjer.map((l) => l.textContent).join() === Array.from(felt.children, (l) => l.textContent).join()) return;
  felt.replaceChildren(...linjer);
  blink(felt);
}

function visSum(navn, sum) {
  const over = CSS.escape(navn);
  for (const sted of document.querySelectorAll(`[data-sum][data-over="${over}"]`)) {
    const del = sted.dataset.sum;
    if (del !== 'andel') sett(sted, tallord(sum, del, tekst));
    else sett(sted, sum.antall ? prosent(sum.bemannet / sum.antall) : tekst('plassUkjent'));
  }
  for (const sted of document.querySelectorAll(`[data-forbehold][data-over="${over}"]`)) {
    sted.replaceChildren(...forbehold(sum));
  }
  const nr = navn.startsWith('kommune:') ? navn.slice('kommune:'.length) : '';
  if (!nr) return;
  oppdaterKommune(nr, sum);
  for (const celle of document.querySelectorAll(`[data-kommunerad="${CSS.escape(nr)}"] [data-tall="alder"]`)) {
    celle.dataset.v = sum.eldst ?? '';
    if (sum.eldst) celle.replaceChildren(aldersord({ bekreftet: sum.eldst, ferskt_til: sum.gamle ? sum.eldst : '9999-12-31' }));
  }
}

/** Rounded down, as the server does: what is not whole is never shown as whole. */
const prosent = (andel) => `${Math.floor(andel * 100 + 1e-9)} %`;

/** As the macro `forbehold` of the templates. */
function forbehold(sum) {
  const ut = [];
  const antall = (navn, n) => tekst(`${navn}${n === 1 ? 'En' : 'Flere'}`, { antall: n });
  if (sum.ukjente) ut.push(lag('span', {}, ikon('QuestionmarkCircle'), antall('plassUkjente', sum.ukjente)));
  if (sum.gamle) {
    const ord = antall('plassGamleEnheter', sum.gamle);
    ut.push(lag('span', { class: 'forbehold__gammel' }, ikon('ExclamationmarkTriangleFill'), ord));
  }
  return ut;
}

/** Figures grow old without a change: the words of those that have, follow. */
function aldres() {
  for (const sted of document.querySelectorAll('[data-plassenhet][data-ferskt-til]')) {
    const rad = { ferskt_til: sted.dataset.fersktTil, bekreftet: sted.querySelector('time')?.dateTime };
    const merke = sted.querySelector('.plassalder');
    if (!rad.bekreftet || !merke || merke.dataset.alder === alder(rad, servertid())) continue;
    const hvem = merke.querySelector('.plassalder__av');
    const nytt = aldersord(rad);
    if (hvem) nytt.append(hvem);
    merke.replaceWith(nytt);
  }
}

// --- what is said ------------------------------------------------------------------------------------------

/** Changes on the page in words, politely: those that a person who sees would have noticed. */
class Tale {
  #nye = new Map();
  #vekker = 0;

  /** One unit has another number of free beds than the page showed. */
  hoer(rad, foer) {
    if (foer === null || foer === String(rad.ledig) || rad.nedlagt || !erKjent(rad)) return;
    this.#nye.set(rad.id, rad);
    this.#vekker ||= setTimeout(() => this.#si(), TALE);
  }

  #si() {
    this.#vekker = 0;
    const rader = [...this.#nye.values()];
    this.#nye.clear();
    if (rader.length > SIES) si(tekst('plassMangeEndret', { antall: rader.length }));
    else si(rader.map((r) => this.#ord(r)).join('. '));
  }

  #ord(rad) {
    const navn = { 0: 'plassIngenLedig', 1: 'plassEnLedig' }[rad.ledig] ?? 'plassFlereLedige';
    return tekst(navn, { enhet: rad.navn, antall: rad.ledig });
  }
}

// --- the line ----------------------------------------------------------------------------------------------

class Tavle {
  #kjerne;
  #forbindelse;
  #tale = new Tale();
  #boks;
  #enheter;
  #iRommet = false;
  /** When the server last said that what is shown is so, or how it is. */
  #bekreftet = Date.now();

  constructor(boks, forbindelse) {
    this.#boks = boks;
    this.#forbindelse = forbindelse;
    this.#enheter = boks.dataset.enheter ? Number(boks.dataset.enheter) : null;
    const { versjon, faser, navnemerke } = boks.dataset;
    this.#kjerne = new Tavlekjerne({ versjon: Number(versjon), faser: faser || null, navn: navnemerke || null });
    forbindelse.paa('tilstand', (tilstand) => {
      this.#kjerne.linje(tilstand === 'oppe', Date.now());
      this.#iRommet = false;
      if (tilstand === 'oppe') this.#abonner();
    });
    forbindelse.paa('plasser', (hendelse) => this.#vis(this.#kjerne.plasser(hendelse, Date.now())));
    forbindelse.paa('hode', (hode) => {
      if (typeof hode.plasser === 'number') this.#bekreftet = Date.now();
      if (this.#kjerne.hode(hode, Date.now())) this.#abonner();
    });
    setInterval(() => this.#puls(), PULS);
    setInterval(aldres, ALDRES);
    const tilbake = () => {
      if (document.hidden) return;
      this.#kjerne.vekk(Date.now());
      forbindelse.vekk();
      aldres();
    };
    document.addEventListener('visibilitychange', tilbake);
    window.addEventListener('online', tilbake);
    // A locked screen has left the room.
    document.addEventListener('portal:laast-opp', () => this.#abonner());
    // A group was opened: its rows were read by the server just now, and may be newer than what has been told.
    document.addEventListener('plasser:nyerader', aldres);
  }

  async #abonner() {
    if (this.#iRommet === null) return;
    this.#iRommet = null;
    try {
      const { versjon, faser } = this.#kjerne;
      const svar = await this.#forbindelse.send('plasser.abonner', { etter: versjon, ...(faser && { faser }) });
      this.#iRommet = svar.ok;
      if (!svar.ok) return;
      if (!svar.hel) this.#bekreftet = Date.now();
      this.#vis(this.#kjerne.abonnert(svar, Date.now()));
    } catch {
      // Nobody answered: the next head says that we are not in the room.
      this.#iRommet = false;
    }
  }

  async #puls() {
    visKontakt(this.#boks, this.#bekreftet);
    if (document.querySelector('[data-laas]')) return;
    const kall = this.#kjerne.tikk(Date.now());
    if (!kall) return;
    const spoer = kall.etter === null ? '' : `?etter=${kall.etter}${kall.faser ? `&faser=${kall.faser}` : ''}`;
    try {
      const svar = await somSvar(await hent(`/api/v1/plasser${spoer}`, { headers: { Accept: 'application/json' } }));
      if (!svar.ok) throw new Error(svar.kode);
      this.#bekreftet = Date.now();
      if (svar.hel) svar.summer = this.#summer(svar.enheter);
      this.#vis(this.#kjerne.hentet(kall.nr, svar, Date.now()));
    } catch {
      this.#kjerne.tapt(kall.nr, Date.now());
    }
  }

  /** A whole board comes without sums: those that the page shows are added up here. */
  #summer(rader) {
    const grupper = new Map([['alle', rader]]);
    const legg = (navn, rad) => (grupper.has(navn) ? grupper.get(navn).push(rad) : grupper.set(navn, [rad]));
    for (const rad of rader) {
      legg(`foretak:${rad.foretak_id ?? ''}`, rad);
      legg(`fylke:${rad.fylke}`, rad);
      legg(`kommune:${rad.kommunenummer}`, rad);
    }
    return Object.fromEntries(Array.from(grupper, ([navn, egne]) => [navn, leggSammen(egne, servertid())]));
  }

  #vis({ rader, summer, finnes }) {
    if (!rader.length && !finnes && !Object.keys(summer).length) return;
    for (const rad of rader) {
      const sted = document.querySelector(`[data-plassenhet="${CSS.escape(rad.id)}"] [data-tall="ledig"]`);
      if (sted && 'ledig' in rad) this.#tale.hoer(rad, sted.textContent.trim());
      visRad(rad);
    }
    for (const [navn, sum] of Object.entries(summer)) visSum(navn, sum);
    if (finnes) {
      for (const sted of document.querySelectorAll('[data-plassenhet]')) {
        sted.toggleAttribute('data-nedlagt', !finnes.has(sted.dataset.plassenhet));
      }
    }
    this.#boks.dataset.versjon = this.#kjerne.versjon;
    this.#seEtterNye(summer.alle?.enheter ?? finnes?.size, rader);
    document.dispatchEvent(new CustomEvent('portal:plasser', { detail: { rader, summer } }));
  }

  /** Units have come or gone: the page's list is shown anew when somebody asks for it. */
  #seEtterNye(enheter, rader) {
    const borte = rader.some((r) => r.nedlagt && document.querySelector(`[data-plassenhet="${CSS.escape(r.id)}"]`));
    if (!borte && (enheter === undefined || this.#enheter === null || enheter === this.#enheter)) return;
    if (this.#boks.querySelector('[data-plassnye]')) return;
    const ord = tekst('plassNye');
    const lenke = lag('a', { class: 'ds-link', href: location.href }, tekst('plassVisPaaNytt'));
    lenke.addEventListener('click', (hendelse) => {
      hendelse.preventDefault();
      location.reload();
    });
    this.#boks.prepend(lag('p', { class: 'plassnye', 'data-plassnye': true }, ikon('ArrowsCirclepath'), ord, ' ', lenke));
    si(ord);
  }
}

/** @param {import('./forbindelse.js').Forbindelse} forbindelse */
export function startPlasser(forbindelse) {
  const boks = document.querySelector('[data-plasstavle]');
  if (boks) new Tavle(boks, forbindelse);
  startPlassoek();
  const side = document.querySelector('[data-plassenhetside]');
  if (side && !boks) startPlasseside(side, forbindelse);
}
