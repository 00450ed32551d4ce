// The log on the page. Rows are cloned from the templates of _hendelse.html and filled in; text is always
// text.
import { tekst as hentTekst, lag } from '../lib/tekst.js';
import { delNavn, fraKodepunkter, heleTiden, iBiter, klokkeslett, tekstnavn } from './ord.js';
import { fyllVedlegg } from './vedleggsrad.js';

/** Rows put on the page in one frame: a log of thousands must not stop the typing. */
const BUNKE = 60;

/** Refusals that may be over later: the case is opened again. */
const OPPLOESES = new Set(['stengt', 'konflikt', 'ugyldig_overgang', 'utdatert']);

const ordmaler = new Map();

/** A text of the page. Looked up once: a log of thousands asks for the same few. */
function tekst(navn, verdier = {}) {
  if (!ordmaler.has(navn)) ordmaler.set(navn, hentTekst(navn));
  return ordmaler.get(navn).replace(/\{(\w+)\}/g, (helt, plass) => String(verdier[plass] ?? helt));
}

const spraak = () => document.documentElement.lang || 'nb';

function mal(navn) {
  return document.querySelector(`template[data-mal="${navn}"]`).content.firstElementChild.cloneNode(true);
}

const felt = (rot, navn) => rot.querySelector(`[data-felt="${navn}"]`);

function fyll(rot, navn, ord) {
  const plass = felt(rot, navn);
  if (plass) plass.textContent = ord;
}

function settTid(element, iso) {
  element.dateTime = iso;
  element.textContent = klokkeslett(iso, Date.now(), spraak());
  element.title = heleTiden(iso, spraak());
}

/** What somebody has said or shown, under a name of its own. */
const SAGT = new Set(['melding', 'vedlegg']);

/** Kinds of rows with several sentences, and the key of `data` that tells them apart. */
const MED_VARIANTER = {
  avslaatt: 'hva', oppfoelging: 'hva', eskalert: 'utfall', plass_forlenget: 'hva', plass_frigitt: 'hva',
};
/** What is considered with a råd, in this order. */
const VURDERINGER = ['nytte', 'ressurs', 'alvorlighet', 'mestring'];

/** What a move is called, as `_utfylt` in _hendelse.html has it. */
function setning(rad) {
  const d = rad.data ?? {};
  const hoppet = (d.hoppet ?? []).map((n) => tekst(tekstnavn('eskaleringsnivaa', n)).toLowerCase());
  const skille = d[MED_VARIANTER[rad.type]];
  const variant = skille ? [skille] : [];
  if (hoppet.length && d.utfall === 'varslet') variant.push('hoppet');
  if (rad.type === 'plass_avvist' && d.grunn) variant.push('grunn');
  return tekst(tekstnavn('hendelse', rad.type, ...variant), {
    navn: rad.avsender.navn,
    nivaa: d.nivaa ? tekst(tekstnavn('eskaleringsnivaa', d.nivaa)) : '',
    hoppet: hoppet.join(', '),
    hvem: d.hvem ?? d.navn ?? '',
    fra: d.fra ?? '',
    grunn: d.grunn && rad.type === 'innsyn' ? tekst(tekstnavn('innsynsgrunn', d.grunn)) : '',
    avslag: d.grunn && rad.type === 'plass_avvist' ? tekst(tekstnavn('plassavslag', d.grunn)) : '',
    klokke: d.utloeper ? klokkeslett(d.utloeper, Date.now(), spraak()) : '',
    enhet: d.enhet ?? '',
    plass: d.plass ?? '',
    telefon: d.telefon || '–',
    dag: d.dag ?? '',
    svar: d.svar ? tekst(tekstnavn('oppfoelging', d.svar)) : '',
    mottaker: d.mottaker ?? '',
    fag: d.fagomraade ? tekst(tekstnavn('fag', d.fagomraade)) : '',
    raad: d.raad ? tekst(tekstnavn('raad', d.raad)) : '',
    utfall: d.utfall ? tekst(tekstnavn('utfall', d.utfall)) : '',
    sum: d.sum ?? (d.status ? tekst(tekstnavn('news2-status', d.status)) : ''),
    utskrivning: d.kode ? tekst(tekstnavn('utskrivning', d.kode)) : '',
    dato: (d.dato ?? '').split('-').reverse().join('.'),
    felter: (d.felter ?? []).map((f) => tekst(tekstnavn('felt', f))).join(', '),
  });
}

/** The considerations under a råd: those that were made. */
function visVurdering(element, vurdering) {
  const gjort = VURDERINGER.filter((kode) => vurdering[kode]);
  const plass = felt(element, 'vurdering');
  plass.hidden = !gjort.length;
  plass.replaceChildren(...gjort.map((kode) => lag(
    'div', { class: 'vurdering__rad' },
    lag('dt', {}, tekst(tekstnavn('vurdering', kode))), lag('dd', {}, vurdering[kode]),
  )));
}

/** A message right after another of the same person: the name need not be said again. */
const fortsetter = (forrige, avsenderId) => SAGT.has(forrige?.type) && forrige.avsender.id === avsenderId;

export class Visning {
  #logg;
  #usendt;
  #samtale;
  #side;
  #sted;
  #koe = [];
  #gaar = false;
  #egne = [];

  /**
   * @param {object} valg
   * @param {HTMLElement} valg.rot the section with data-samtale
   * @param {import('./protokoll.js').Samtale} valg.samtale
   * @param {string} valg.side own side
   * @param {(nye: {rad: object, element: HTMLElement}[]) => void} valg.etter called when rows stand on the page
   */
  constructor({ rot, samtale, side, etter }) {
    this.#logg = rot.querySelector('[data-logg]');
    this.#usendt = rot.querySelector('[data-usendt]');
    this.#samtale = samtale;
    this.#side = side;
    this.#sted = rot.dataset.sted;
    this.etter = etter;
    for (const tid of this.#logg.querySelectorAll('time[data-klokke]')) settTid(tid, tid.dateTime);
    this.#egne = Array.from(this.#logg.querySelectorAll('[data-egen]'));
    // What the server has rendered stands until something changes.
    for (const element of this.#egne) {
      element.querySelector('[data-kvitt]').dataset.kjenne = this.#kvittFor(element).kjenne;
    }
  }

  /** The log that came with the page, as far as the protocol needs it. */
  static lesLogg(rot) {
    return Array.from(rot.querySelectorAll('[data-logg] > [data-sekvens]'), (rad) => ({
      sekvens: Number(rad.dataset.sekvens),
      type: rad.dataset.type,
      klient_id: null,
      avsender: { id: rad.dataset.avsender },
    }));
  }

  get rader() {
    return this.#logg.children;
  }

  rad(sekvens) {
    return this.#logg.querySelector(`:scope > [data-sekvens="${sekvens}"]`);
  }

  // ---- rows of the log ---------------------------------------------------------------------------------

  leggTil(rader) {
    this.#koe.push(...rader);
    if (!this.#gaar) this.#bunke();
  }

  /** The first rows at once, so that a message is never a frame late; what is more, in frames. */
  #bunke() {
    const rader = this.#koe.splice(0, BUNKE);
    const bit = document.createDocumentFragment();
    const nye = rader.map((rad, nr) => {
      const forrige = nr ? rader[nr - 1] : this.#siste();
      const element = this.#lagRad(rad, forrige);
      bit.append(element);
      return { rad, element };
    });
    this.#logg.append(bit);
    this.etter(nye);
    this.#gaar = this.#koe.length > 0;
    if (this.#gaar) requestAnimationFrame(() => this.#bunke());
  }

  #siste() {
    const siste = this.#logg.lastElementChild;
    return siste?.dataset.type ? { type: siste.dataset.type, avsender: { id: siste.dataset.avsender } } : null;
  }

  #lagRad(rad, forrige) {
    const element = mal(rad.type);
    const egen = rad.avsender.side === this.#side;
    element.dataset.sekvens = rad.sekvens;
    // What acts by itself has no id.
    element.dataset.avsender = rad.avsender.id ?? '';
    settTid(felt(element, 'tid'), rad.tidspunkt);
    fyll(element, 'tekst', rad.tekst);
    if (SAGT.has(rad.type)) {
      const min = rad.avsender.id === this.#samtale.meg;
      const { navn, sted } = delNavn(rad.avsender.navn);
      element.className = `rad rad--${egen ? 'egen' : 'annen'}`;
      element.classList.toggle('rad--min', min);
      element.classList.toggle('rad--fortsetter', fortsetter(forrige, rad.avsender.id));
      fyll(element, 'navn', min ? tekst('samtaleDu') : navn);
      fyll(element, 'sted', sted);
      element.classList.toggle('rad--vedlegg', rad.type === 'vedlegg');
      if (rad.type === 'vedlegg') {
        fyllVedlegg(element, rad, { tekst, navn, tid: felt(element, 'tid').textContent, spraak: spraak() });
      }
    } else {
      fyll(element, 'setning', setning(rad));
      fyll(element, 'helenavn', rad.avsender.navn);
      if (rad.type === 'besvart') {
        visVurdering(element, rad.data?.vurdering ?? {});
        felt(element, 'plass')?.toggleAttribute('hidden', rad.data?.raad !== 'oehd_plass');
      } else felt(element, 'tekst').hidden = !rad.tekst;
    }
    if (egen && element.querySelector('[data-kvitt]')) {
      element.dataset.egen = '';
      this.#visKvitt(element);
      this.#egne.push(element);
    }
    return element;
  }

  // ---- receipts ----------------------------------------------------------------------------------------

  visKvitteringer() {
    for (const element of this.#egne) this.#visKvitt(element);
  }

  /** How far a row has come: counted are those of the other side, named are all. */
  #kvittFor(element) {
    const { sekvens, avsender } = element.dataset;
    const { levert, lest } = this.#samtale.mottakereAv(Number(sekvens), avsender);
    const andre = (folk) => folk.filter((k) => k.side !== this.#side).length;
    const tilstand = andre(lest) ? 'lest' : andre(levert) ? 'levert' : 'lagret';
    const kjenne = `${tilstand} ${lest.map((k) => k.person_id)} ${levert.map((k) => k.person_id)}`;
    return { levert, lest, tilstand, kjenne, antall: andre(lest) };
  }

  #visKvitt(element) {
    const plass = element.querySelector('[data-kvitt]');
    const { levert, lest, tilstand, kjenne, antall } = this.#kvittFor(element);
    if (plass.dataset.kjenne === kjenne) return;
    plass.dataset.kjenne = kjenne;
    const aapen = plass.querySelector('details')?.open ?? false;
    const kvitt = mal(`kvitt-${tilstand}`);
    if (tilstand !== 'lagret') {
      fyll(kvitt, 'kvitt', tilstand === 'lest' ? tekst('samtaleLestAv', { antall }) : tekst('samtaleLevert'));
      const linje = (navn, k) => lag('li', {}, tekst(navn, { navn: k.navn }));
      felt(kvitt, 'hvem').replaceChildren(
        ...lest.map((k) => linje('samtaleHarLest', k)),
        ...levert.filter((k) => !lest.includes(k)).map((k) => linje('samtaleHarFaatt', k)),
      );
      kvitt.open = aapen;
      kvitt.title = [...new Set([...lest, ...levert])].map((k) => k.navn).join('\n');
    }
    const fokus = plass.contains(document.activeElement);
    plass.replaceChildren(kvitt);
    if (fokus) kvitt.querySelector('summary')?.focus({ preventScroll: true });
  }

  // ---- what is not in the log yet ----------------------------------------------------------------------

  visUtgaaende() {
    const { utgaaende } = this.#samtale;
    const finnes = new Map(Array.from(this.#usendt.children, (e) => [e.dataset.klientId, e]));
    let stopper = this.#samtale.fase !== 'aktiv';
    const rader = utgaaende.map((m) => {
      // One that has been tried in vain is not «on its way», nor is what waits behind it.
      stopper ||= m.tilstand === 'venter' || (m.tilstand === 'sender' && m.ubesvart > 0);
      const underveis = ['koe', 'sender', 'venter'].includes(m.tilstand);
      const tilstand = underveis ? (stopper ? 'venter' : 'sender') : m.tilstand;
      const gammel = finnes.get(m.klientId);
      return gammel?.dataset.tilstand === tilstand ? gammel : this.#lagUtgaaende(m, tilstand);
    });
    // Nothing is moved that stands right: a moved button loses its focus.
    const foer = Array.from(this.#usendt.children);
    if (rader.length !== foer.length || rader.some((e, nr) => e !== foer[nr])) {
      this.#usendt.replaceChildren(...rader);
    }
    rader[0]?.classList.toggle('rad--fortsetter', fortsetter(this.#siste(), this.#samtale.meg));
    this.#usendt.hidden = !utgaaende.length;
  }

  #lagUtgaaende(m, tilstand) {
    const element = mal('melding');
    element.className = 'rad rad--egen rad--min rad--usendt rad--fortsetter';
    element.dataset.klientId = m.klientId;
    element.dataset.tilstand = tilstand;
    delete element.dataset.sekvens;
    fyll(element, 'navn', tekst('samtaleDu'));
    fyll(element, 'sted', this.#sted);
    settTid(felt(element, 'tid'), new Date(m.opprettet).toISOString());
    const steder = m.feil?.kode === 'personnummer' ? fraKodepunkter(m.tekst, m.feil.treff ?? []) : [];
    const biter = iBiter(m.tekst, steder).map((b) => (b.merket ? lag('mark', {}, b.tekst) : b.tekst));
    felt(element, 'tekst').replaceChildren(...biter);
    element.querySelector('[data-kvitt]').append(mal(`kvitt-${tilstand}`));
    if (tilstand === 'avvist') element.append(this.#lagAvvist(m));
    return element;
  }

  #lagAvvist(m) {
    const boks = mal('avvist');
    const { kode, melding } = m.feil;
    const egen = ['personnummer', 'stengt', 'ikke_tilgang'].includes(kode) ? kode : 'annet';
    fyll(boks, 'hvorfor', kode === 'personnummer' || !melding ? tekst(tekstnavn('avvist', egen)) : melding);
    boks.querySelector('[data-gjoer="ikke-fnr"]').hidden = kode !== 'personnummer';
    boks.querySelector('[data-gjoer="igjen"]').hidden = !OPPLOESES.has(kode);
    return boks;
  }

  // ---- the whole ---------------------------------------------------------------------------------------

  /** «Nytt» above this row; null takes it away. */
  settUlest(element) {
    this.#logg.querySelector('.ulestskille')?.remove();
    if (element) element.before(mal('ulest'));
  }

  toem() {
    this.#koe = [];
    this.#egne = [];
    this.#logg.replaceChildren();
  }
}
