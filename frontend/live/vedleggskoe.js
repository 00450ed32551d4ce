// The files on their way: which is sent now, which waits, which was refused. No page and no network: time and
// answers come in from outside.

/** The server's limit, in bytes. */
export const MAKS_FIL = 10 * 2 ** 20;
/** Milliseconds before the next try after the first failure; doubled each time up to the last. */
const FORSTE_VENT = 2_000;
const LENGSTE_VENT = 30_000;
/** Refusals that pass: somebody else's turn, a scanner that is away, a login that has ended. */
const GAAR_OVER = new Set(['opptatt', 'skanner', 'for_mange', 'ikke_innlogget', 'laast', 'csrf', 'feil']);

/**
 * @typedef {object} Usendt
 * @property {string} klientId the same for every try: the server stores it once
 * @property {File} fil
 * @property {'koe'|'sender'|'venter'|'avvist'} tilstand
 * @property {number} prosent how much has left
 * @property {boolean} ikkeFnr
 * @property {?{kode: string, melding?: string}} feil
 */

export class Vedleggskoe {
  #nyId;
  /** @type {Usendt[]} */
  filer = [];

  /** @param {() => string} nyId */
  constructor(nyId) {
    this.#nyId = nyId;
  }

  /** How many are not in the log yet. */
  get antall() {
    return this.filer.length;
  }

  leggTil(fil) {
    const forStor = fil.size > MAKS_FIL;
    const ny = {
      klientId: this.#nyId(), fil, prosent: 0, forsoek: 0, ikkeFnr: false, proevIgjen: 0,
      tilstand: forStor ? 'avvist' : 'koe', feil: forStor ? { kode: 'for_stor' } : null,
    };
    this.filer.push(ny);
    return ny;
  }

  finn(klientId) {
    return this.filer.find((f) => f.klientId === klientId);
  }

  /** The file to send now, marked as being sent; null while one is on its way or none is ready. */
  neste(naa) {
    if (this.filer.some((f) => f.tilstand === 'sender')) return null;
    const klar = this.filer.find((f) => f.tilstand === 'koe' || (f.tilstand === 'venter' && f.proevIgjen <= naa));
    if (!klar) return null;
    Object.assign(klar, { tilstand: 'sender', prosent: 0, feil: null });
    return klar;
  }

  /** When something is to be tried again, or null. */
  nesteTid() {
    const tider = this.filer.filter((f) => f.tilstand === 'venter').map((f) => f.proevIgjen);
    return tider.length ? Math.min(...tider) : null;
  }

  /** The answer to a file: {ok: true} or {ok: false, kode, melding, vent}. Gives what became of it. */
  svar(klientId, svar, naa) {
    const fil = this.finn(klientId);
    if (!fil) return 'borte';
    if (svar.ok) {
      this.fjern(klientId);
      return 'sendt';
    }
    if (GAAR_OVER.has(svar.kode)) {
      this.tapt(klientId, naa, svar.vent);
      fil.feil = { kode: svar.kode, melding: svar.melding };
      return 'venter';
    }
    Object.assign(fil, { tilstand: 'avvist', feil: { kode: svar.kode, melding: svar.melding } });
    return 'avvist';
  }

  /** No answer came: whether it is stored is unknown, so the same is sent again. `vent` in seconds. */
  tapt(klientId, naa, vent = 0) {
    const fil = this.finn(klientId);
    if (!fil) return;
    const lenge = Math.min(LENGSTE_VENT, FORSTE_VENT * 2 ** fil.forsoek);
    fil.forsoek += 1;
    Object.assign(fil, { tilstand: 'venter', feil: null, proevIgjen: naa + Math.max(lenge, vent * 1000) });
  }

  /** What waits is tried at once: the line or the login is back. */
  vekk() {
    for (const fil of this.filer) {
      if (fil.tilstand === 'venter') fil.proevIgjen = 0;
    }
  }

  igjen(klientId, { ikkeFnr = false } = {}) {
    const fil = this.finn(klientId);
    if (!fil || fil.tilstand === 'sender') return;
    // Its id stands for something else: a new sending, then.
    if (fil.feil?.kode === 'konflikt') fil.klientId = this.#nyId();
    Object.assign(fil, { tilstand: 'koe', feil: null, forsoek: 0, ikkeFnr: fil.ikkeFnr || ikkeFnr });
  }

  fjern(klientId) {
    this.filer = this.filer.filter((f) => f.klientId !== klientId);
  }
}
