// The state of one conversation: no DOM, no network, no clock. What happens is told to it with the present
// moment (milliseconds); it answers with what is to be done. So every lost, doubled and late packet can be
// tested.
//
// The promises it keeps, together with the server:
// - Join first, then fetch what comes after N; apply N+1 only; higher means a gap to fetch; lower is known
//   already.
// - A message of one's own keeps its UUID and is sent again until it is acknowledged, one at a time, so that
//   the order stays. Over HTTP where the socket has been down for a while or does not answer.
// - A refusal that another try cannot change stops the sending and keeps the text.
// - What is shown is confirmed by the server's head, or said to be old.

import { Kvitteringsbok } from './kvitteringer.js';
import { ventetider } from './ventetid.js';

/** In milliseconds. */
export const FRISTER = Object.freeze({
  svar: 8_000, // an answer that has not come by then is lost: its fate is unknown, and the same is asked again
  httpEtter: 3_000, // the socket has been down this long: use HTTP
  ekko: 1_500, // acknowledged, or known from a head, but the row has not come by itself
  gammel: 40_000, // the server's head comes every 15 s: two are lost
  henting: 5_000, // between fetches over HTTP while the socket is down
});

/** Refusals that stay refusals however often the same is sent. */
const ENDELIGE_AVSLAG = new Set([
  'ugyldig', 'personnummer', 'stengt', 'konflikt', 'ikke_tilgang', 'ikke_funnet', 'for_stor',
  'ugyldig_overgang', 'utdatert',
]);
const UNDERVEIS = new Set(['koe', 'sender', 'venter']);
const MISTET = new Set(['ikke_tilgang', 'ikke_funnet']);

/** A random UUID, also where the page is served without TLS and crypto.randomUUID is missing. */
export function nyUuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 0x0f) | 0x40;
  b[8] = (b[8] & 0x3f) | 0x80;
  const heks = Array.from(b, (tall) => tall.toString(16).padStart(2, '0')).join('');
  return heks.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * @typedef {object} Utgaaende a message of one's own that is not in the log yet
 * @property {string} klientId
 * @property {string} tekst
 * @property {boolean} ikkeFnr the writer has said that the number in it is no national identity number
 * @property {'koe'|'sender'|'venter'|'lagret'|'avvist'} tilstand
 * @property {?object} feil the refusal, where tilstand is 'avvist'
 * @property {number} opprettet
 * @property {?number} sekvens where tilstand is 'lagret'
 */

export class Samtale {
  /** Rows of the log, in order and without holes. */
  logg = [];
  /** @type {Utgaaende[]} */
  utgaaende = [];
  /** The last row applied. */
  nr = 0;
  /** The highest row known to exist. */
  hode = 0;
  /** 'aktiv', 'utlogget', 'annen_bruker' (somebody else is logged in in this browser now) or 'mistet'. */
  fase = 'aktiv';
  /** Why the access is gone, where fase is 'mistet'. */
  grunn = null;
  /** When the server last told what the head is. */
  bekreftet;

  #linje = 'nede';
  #nedeSiden;
  #httpFra; // from then on HTTP may stand in for the socket
  #frakoblet = false; // the browser itself says that it is offline
  #abonnert = false;
  #oensket = true; // fetch, even though nothing is known to be missing
  #henting = null;
  #hentFeil = 0;
  #hentTidligst = 0; // after a failed fetch
  #naadeTil = 0; // the missing row may be on its way
  #notertHode = 0; // the highest row heard of while a fetch is under way
  #pause = 0; // the server asked for a pause in the sending
  #bok;
  #nummer = 0;
  #ut = [];
  #nyId;
  #ventetid;
  #spredt;

  /**
   * @param {object} valg
   * @param {string} valg.id of the case
   * @param {string} valg.meg the person's id
   * @param {object[]} [valg.hendelser] the log that came with the page
   * @param {object[]} [valg.kvitteringer]
   * @param {number} [valg.naa]
   * @param {() => string} [valg.nyId]
   * @param {() => number} [valg.tilfeldig] 0–1, for jitter
   */
  constructor({
    id, meg, hendelser = [], kvitteringer = [], naa = 0, nyId = nyUuid, tilfeldig = Math.random,
  }) {
    this.id = id;
    this.meg = meg;
    this.bekreftet = naa;
    this.#nedeSiden = naa;
    this.#httpFra = naa + FRISTER.httpEtter;
    this.#nyId = nyId;
    ({ ventetid: this.#ventetid, spredt: this.#spredt } = ventetider(tilfeldig));
    this.#bok = new Kvitteringsbok(meg, this.#ventetid);
    this.#anvend(hendelser, naa);
    this.hode = this.nr;
    this.#flettKvitteringer(kvitteringer);
    this.#ut = [];
  }

  // ---- the line ---------------------------------------------------------------------------------------

  tilkoblet(naa) {
    this.#linje = 'oppe';
    this.#frakoblet = false;
    this.#slippHenting();
    this.#abonnert = false;
    this.#hentFeil = 0;
    this.#hentTidligst = this.#naadeTil = naa;
    this.#bok.slipp();
    for (const m of this.utgaaende) this.#slippMelding(m, naa);
    return this.#arbeid(naa);
  }

  frakoblet(naa) {
    if (this.#linje === 'nede') return this.#arbeid(naa);
    this.#linje = 'nede';
    this.#nedeSiden = naa;
    this.#httpFra = naa + FRISTER.httpEtter;
    this.#abonnert = false;
    if (this.#henting?.vei === 'socket') this.#slippHenting();
    this.#bok.slipp();
    for (const m of this.utgaaende) if (m.vei === 'socket') this.#slippMelding(m, naa);
    return this.#arbeid(naa);
  }

  /**
   * The browser tells that it has, or has not, a network. Only a hint: it shows at once that the line is
   * down.
   */
  nettverk(finnes, naa) {
    this.#frakoblet = !finnes;
    return finnes ? this.vekk(naa) : this.#arbeid(naa);
  }

  /** Back in focus, or online again: ask the server how things stand, now. */
  vekk(naa) {
    this.#oensket = true;
    this.#hentFeil = 0;
    this.#hentTidligst = this.#naadeTil = naa;
    this.#httpFra = Math.min(this.#httpFra, naa);
    for (const m of this.utgaaende) if (m.tilstand === 'venter') m.neste = naa;
    this.#pause = Math.min(this.#pause, naa);
    return this.#arbeid(naa);
  }

  tikk(naa) {
    return this.#arbeid(naa);
  }

  // ---- the log ----------------------------------------------------------------------------------------

  hendelse(rad, naa) {
    if (this.fase === 'mistet') return this.#arbeid(naa);
    this.#anvend([rad], naa);
    if (rad.sekvens > this.nr) this.#noterHode(rad.sekvens, naa, 0);
    return this.#arbeid(naa);
  }

  /** The head of this case in the server's tick; undefined where the tick does not know of it: not joined. */
  hodeFra(sekvens, naa) {
    if (sekvens === undefined) {
      this.#abonnert = false;
    } else {
      this.bekreftet = naa;
      this.#noterHode(sekvens, naa, FRISTER.ekko);
    }
    return this.#arbeid(naa);
  }

  /** The answer to a `hent`. An answer that comes late still brings true rows. */
  hentet(nr, svar, naa) {
    const denne = this.#henting?.nr === nr ? this.#henting : null;
    if (denne) this.#henting = null;
    if (!svar.ok) {
      if (denne) this.#hentingAvvist(denne, svar, naa);
      return this.#arbeid(naa);
    }
    if (this.fase === 'mistet') return this.#arbeid(naa);
    const foer = this.nr;
    this.#anvend(svar.hendelser, naa);
    this.#flettKvitteringer(svar.kvitteringer ?? []);
    if (denne) {
      this.bekreftet = naa;
      this.#frakoblet = false;
      this.#oensket = false;
      if (denne.vei === 'socket') this.#abonnert = true;
      this.hode = Math.max(this.nr, svar.hode, this.#notertHode);
      this.#naadeTil = naa;
      if (this.nr < this.hode && this.nr === foer) {
        this.#utsettHenting(naa);
      } else {
        this.#hentFeil = 0;
        const straks = this.#abonnert || this.nr < this.hode;
        this.#hentTidligst = straks ? naa : naa + this.#spredt(FRISTER.henting);
      }
    }
    return this.#arbeid(naa);
  }

  /** No answer to a `hent`: the network failed. */
  hentTapt(nr, naa) {
    if (this.#henting?.nr === nr) {
      this.#slippHenting();
      this.#utsettHenting(naa);
    }
    return this.#arbeid(naa);
  }

  // ---- messages of one's own --------------------------------------------------------------------------

  /** Queues a text. Returns [what is to be done, its klientId]. */
  skriv(tekst, naa, { ikkeFnr = false } = {}) {
    const klientId = this.#nyId();
    this.utgaaende.push({
      klientId, tekst, ikkeFnr, tilstand: 'koe', feil: null, opprettet: naa, sekvens: null,
      nr: 0, vei: null, frist: 0, ubesvart: 0, neste: naa,
    });
    this.#meld('utgaaende');
    return [this.#arbeid(naa), klientId];
  }

  /** The answer to a `meld`. An acknowledgement counts however late; a refusal only for the latest try. */
  meldSvar(klientId, nr, svar, naa) {
    const m = this.#finn(klientId);
    if (m && svar.ok) {
      this.#lagret(m, svar.sekvens);
      this.#noterHode(svar.sekvens, naa, this.#linje === 'oppe' ? FRISTER.ekko : 0);
    } else if (m && m.nr === nr && m.tilstand === 'sender') {
      this.#avslag(m, svar, naa);
    }
    return this.#arbeid(naa);
  }

  /** No answer to a `meld`: nobody knows whether it was stored, so the same UUID is sent again. */
  meldTapt(klientId, nr, naa) {
    const m = this.#finn(klientId);
    if (m && m.nr === nr && m.tilstand === 'sender') this.#utsettMelding(m, naa);
    return this.#arbeid(naa);
  }

  /** «Dette er ikke et fødselsnummer», or another try of a refused text: the same UUID, the same text. */
  sendIgjen(klientId, naa, { ikkeFnr } = {}) {
    const m = this.#finn(klientId);
    if (m?.tilstand === 'avvist') {
      // A UUID that stands for another text can never be used for this one.
      if (m.feil.kode === 'konflikt') m.klientId = this.#nyId();
      m.ikkeFnr = ikkeFnr ?? m.ikkeFnr;
      Object.assign(m, { tilstand: 'koe', feil: null, ubesvart: 0, neste: naa });
      this.#meld('utgaaende');
    } else if (m?.tilstand === 'venter') {
      m.neste = naa;
      this.#pause = naa;
    }
    return this.#arbeid(naa);
  }

  /**
   * Takes a refused text out, to edit it or to throw it away. Returns the text, or null where it is not
   * refused.
   */
  taUt(klientId) {
    const m = this.#finn(klientId);
    if (m?.tilstand !== 'avvist') return null;
    this.utgaaende.splice(this.utgaaende.indexOf(m), 1);
    return m.tekst;
  }

  /** How many texts the server has not confirmed. */
  get usendte() {
    return this.utgaaende.filter((m) => m.tilstand !== 'lagret').length;
  }

  // ---- session and rights -----------------------------------------------------------------------------

  utlogget(naa) {
    if (this.fase === 'aktiv' || this.fase === 'annen_bruker') this.#nyFase('utlogget', naa);
    return this.#arbeid(naa);
  }

  /** Somebody else is logged in in this browser now: nothing may go out in that name. */
  annenBruker(naa) {
    if (this.fase !== 'mistet') this.#nyFase('annen_bruker', naa);
    return this.#arbeid(naa);
  }

  /** The same person is logged in again: go on where it stopped. */
  innlogget(naa) {
    if (this.fase === 'utlogget' || this.fase === 'annen_bruker') {
      this.#nyFase('aktiv', naa);
      this.#abonnert = false;
      return this.vekk(naa);
    }
    return this.#arbeid(naa);
  }

  /** The right to see the case has ended: nothing of it may stay. One's own unsent texts are one's own. */
  tilgangMistet(naa, grunn = null) {
    if (this.fase === 'mistet') return this.#arbeid(naa);
    this.grunn = grunn;
    this.#nyFase('mistet', naa);
    this.logg = [];
    this.#bok.toem();
    this.utgaaende = this.utgaaende.filter((m) => m.tilstand !== 'lagret');
    for (const m of this.utgaaende) {
      if (m.tilstand !== 'avvist') Object.assign(m, { tilstand: 'avvist', feil: { kode: 'ikke_tilgang' } });
    }
    this.#meld('utgaaende');
    return this.#arbeid(naa);
  }

  // ---- receipts ---------------------------------------------------------------------------------------

  /** person_id → {person_id, navn, side, mottatt, lest, sett} */
  get kvitteringer() {
    return this.#bok.alle;
  }

  /** The reader has seen the row with this number on a visible page. */
  sett(sekvens, naa) {
    for (let nr = Math.min(sekvens, this.nr); nr > this.#bok.lestTil; nr -= 1) {
      const rad = this.logg[nr - 1];
      if (rad && rad.avsender?.id !== this.meg) this.#bok.leste(nr);
    }
    return this.#arbeid(naa);
  }

  kvittering(k, naa) {
    if (this.fase !== 'mistet') this.#flettKvitteringer([k]);
    return this.#arbeid(naa);
  }

  kvitterSvar(nr, ok, naa) {
    this.#bok.svar(nr, ok, naa);
    return this.#arbeid(naa);
  }

  /** How far others have come with a row: {levert, lest} as lists of receipts, the sender left out. */
  mottakereAv(sekvens, avsenderId) {
    return this.#bok.mottakereAv(sekvens, avsenderId);
  }

  // ---- how it stands ----------------------------------------------------------------------------------

  /**
   * What the status line says: 'ajour', 'ajour_http' (fetched by intervals), 'henter', 'kobler', 'gammel', or
   * the phase where that is not 'aktiv'. `siden` is when the server last confirmed what is shown.
   */
  status(naa) {
    const grunnlag = { nr: this.nr, hode: this.hode, siden: this.bekreftet };
    if (this.fase !== 'aktiv') return { tilstand: this.fase, ...grunnlag };
    return { tilstand: this.#tilstand(naa), ...grunnlag };
  }

  #tilstand(naa) {
    const ferskt = naa - this.bekreftet < FRISTER.gammel;
    if (this.#frakoblet) return 'gammel';
    if (this.#linje === 'oppe') {
      if (!ferskt) return 'gammel';
      if (this.#abonnert) return this.nr < this.hode ? 'henter' : 'ajour';
      return this.#hentFeil > 1 ? 'gammel' : 'kobler';
    }
    if (naa < this.#httpFra) return 'kobler';
    if (this.#hentFeil > 0 || !ferskt) return 'gammel';
    // Confirmed after the line went down, so over HTTP.
    if (this.bekreftet > this.#nedeSiden) return this.nr < this.hode ? 'henter' : 'ajour_http';
    return 'kobler';
  }

  /** When `tikk` has something to do, or the status changes by itself: milliseconds, or null. */
  nesteTid(naa) {
    const tider = [this.bekreftet + FRISTER.gammel, this.#httpFra];
    if (this.fase === 'aktiv') {
      if (this.#henting) tider.push(this.#henting.frist);
      else if (this.#maaHente()) tider.push(Math.max(this.#hentTidligst, this.#naadeTil));
      const m = this.#foersteIKoe();
      if (m) tider.push(m.tilstand === 'sender' ? m.frist : Math.max(m.neste, this.#pause));
      tider.push(this.#bok.nesteTid(this.#kanKvittere()));
    }
    const framover = tider.filter((tid) => tid !== null && tid > naa);
    return framover.length ? Math.min(...framover) : null;
  }

  // ---- inside -----------------------------------------------------------------------------------------

  #meld(gjoer, felter = {}) {
    this.#ut.push({ gjoer, ...felter });
  }

  #finn(klientId) {
    return this.utgaaende.find((m) => m.klientId === klientId);
  }

  #foersteIKoe() {
    return this.utgaaende.find((m) => UNDERVEIS.has(m.tilstand));
  }

  #anvend(rader, naa) {
    const nye = [];
    for (const rad of rader) {
      this.#kjennIgjen(rad);
      if (rad.sekvens !== this.nr + 1) continue;
      this.nr = rad.sekvens;
      this.logg.push(rad);
      nye.push(rad);
      if (rad.avsender?.id !== this.meg) this.#bok.mottok(rad.sekvens, naa);
      else if (rad.klient_id) this.#fjernUtgaaende(rad.klient_id);
    }
    this.hode = Math.max(this.hode, this.nr);
    if (nye.length) this.#meld('vis', { nye });
  }

  /** A row of one's own proves that the message is stored, even before its place in the log is reached. */
  #kjennIgjen(rad) {
    if (!rad.klient_id || rad.avsender?.id !== this.meg) return;
    const m = this.#finn(rad.klient_id);
    if (m) this.#lagret(m, rad.sekvens);
  }

  #lagret(m, sekvens) {
    if (m.tilstand === 'lagret') return;
    Object.assign(m, { tilstand: 'lagret', sekvens, feil: null });
    this.#meld('utgaaende');
  }

  #fjernUtgaaende(klientId) {
    const plass = this.utgaaende.findIndex((m) => m.klientId === klientId);
    if (plass < 0) return;
    this.utgaaende.splice(plass, 1);
    this.#meld('utgaaende');
  }

  #noterHode(sekvens, naa, naade) {
    this.#notertHode = Math.max(this.#notertHode, sekvens);
    if (sekvens <= this.hode && naade) return;
    const manglet = this.nr < this.hode;
    this.hode = Math.max(this.hode, sekvens);
    if (!naade) {
      this.#naadeTil = naa;
      if (!this.#hentFeil) this.#hentTidligst = naa;
    } else if (!manglet) {
      this.#naadeTil = naa + naade;
    }
  }

  #slippHenting() {
    this.#henting = null;
  }

  #slippMelding(m, naa) {
    if (m.tilstand === 'sender') Object.assign(m, { tilstand: 'venter', vei: null });
    if (m.tilstand === 'venter') Object.assign(m, { ubesvart: 0, neste: naa });
  }

  #utsettMelding(m, naa, vent = 0) {
    const neste = naa + Math.max(vent, this.#ventetid(m.ubesvart));
    Object.assign(m, { tilstand: 'venter', vei: null, neste, ubesvart: m.ubesvart + 1 });
    this.#meld('utgaaende');
  }

  #utsettHenting(naa) {
    this.#hentTidligst = naa + this.#ventetid(this.#hentFeil);
    this.#hentFeil += 1;
  }

  #hentingAvvist(denne, svar, naa) {
    if (svar.kode === 'ikke_innlogget') this.#nyFase('utlogget', naa);
    else if (MISTET.has(svar.kode)) this.tilgangMistet(naa, svar.kode);
    else this.#utsettHenting(naa);
  }

  #avslag(m, svar, naa) {
    if (svar.kode === 'ikke_innlogget') {
      this.#nyFase('utlogget', naa);
    } else if (ENDELIGE_AVSLAG.has(svar.kode)) {
      Object.assign(m, { tilstand: 'avvist', feil: svar });
    } else {
      const vent = Number(svar.vent) > 0 ? Number(svar.vent) * 1_000 : 0;
      this.#utsettMelding(m, naa, vent);
      this.#pause = Math.max(this.#pause, naa + vent);
    }
    this.#meld('utgaaende');
  }

  #nyFase(fase, naa) {
    if (this.fase === fase) return;
    this.fase = fase;
    if (fase !== 'aktiv') {
      this.#slippHenting();
      this.#bok.slipp();
      for (const m of this.utgaaende) this.#slippMelding(m, naa);
      this.#meld('utgaaende');
    }
    this.#meld('fase', { fase });
  }

  #flettKvitteringer(nye) {
    if (this.#bok.flett(nye)) this.#meld('kvitteringer');
  }

  #kanKvittere() {
    return this.#linje === 'oppe' && this.#abonnert;
  }

  // ---- what is due ------------------------------------------------------------------------------------

  #arbeid(naa) {
    this.#gaattUt(naa);
    if (this.fase === 'aktiv') {
      this.#hent(naa);
      this.#send(naa);
      this.#kvitter(naa);
    }
    const ut = this.#ut;
    this.#ut = [];
    return ut;
  }

  #gaattUt(naa) {
    if (this.#henting && naa >= this.#henting.frist) {
      this.#slippHenting();
      this.#utsettHenting(naa);
    }
    for (const m of this.utgaaende) {
      if (m.tilstand === 'sender' && naa >= m.frist) this.#utsettMelding(m, naa);
    }
  }

  /** An unanswered try over the socket is followed by one over HTTP, and so on in turn. */
  #vei(feil, naa) {
    if (this.#linje === 'oppe') return feil % 2 === 0 ? 'socket' : 'http';
    return naa >= this.#httpFra ? 'http' : null;
  }

  #maaHente() {
    return this.#oensket || this.nr < this.hode || !this.#abonnert;
  }

  #hent(naa) {
    // No head for long: the line may be dead without knowing it.
    if (naa - this.bekreftet >= FRISTER.gammel) this.#oensket = true;
    if (this.#henting || !this.#maaHente() || naa < this.#hentTidligst || naa < this.#naadeTil) return;
    const vei = this.#vei(this.#hentFeil, naa);
    if (!vei) return;
    this.#nummer += 1;
    this.#notertHode = 0;
    this.#henting = { nr: this.#nummer, vei, frist: naa + FRISTER.svar };
    this.#meld('hent', { vei, nr: this.#nummer, etter: this.nr });
  }

  #send(naa) {
    const m = this.#foersteIKoe();
    if (!m || m.tilstand === 'sender' || naa < m.neste || naa < this.#pause) return;
    const vei = this.#vei(m.ubesvart, naa);
    if (!vei) return;
    this.#nummer += 1;
    Object.assign(m, { tilstand: 'sender', vei, nr: this.#nummer, frist: naa + FRISTER.svar });
    this.#meld('meld', { vei, nr: m.nr, klientId: m.klientId, tekst: m.tekst, ikkeFnr: m.ikkeFnr });
    this.#meld('utgaaende');
  }

  #kvitter(naa) {
    const neste = this.#bok.neste(this.#kanKvittere(), naa);
    if (neste) this.#meld('kvitter', neste);
  }
}
