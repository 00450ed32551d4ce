// When and how an open board is brought up to date: no DOM, no clock. Changes are applied in order of the board's
// version; a gap is fetched after a while by chance, so that two thousand boards do not ask at once, unless what
// was missing comes by itself in the meantime.

/** In milliseconds. */
export const TIDER = Object.freeze({
  spre: 2_000, // a gap is fetched within this
  navn: 15_000, // the whole board is, where a unit has another name: nobody waits for that
  nede: 15_000, // between fetches while the line is down
  igjen: 2_000, // after a fetch that nobody answered; doubled up to `lengst`
  lengst: 30_000,
});
/** Changes kept while something before them is missing. */
const VENTEPLASSER = 50;

export class Tavlekjerne {
  /** Everything up to this version is shown. */
  versjon;
  /** The name of the phases that it is shown in; null: not known. */
  faser;
  /** The name of the names that its rows carry; null: not known. */
  navn;
  #kjent = new Map(); // unit → the version of its row
  #summer = new Map(); // sum → the version of its figures
  #venter = []; // changes that came before those before them
  #hoert; // the highest version that is known to exist
  #alt = false; // the whole board must be fetched, not what came after a version
  #lavere = 0; // heads in a row that said less than what is shown
  #feilFase = false; // the phases are others than those that are shown
  #andreNavn = false; // a row may carry another name than it has now
  #fremmede = new Set(); // phases, not those of the board, that rows were told in
  #frist = null; // when to fetch
  #henter = 0; // the number of the fetch under way; 0: none
  #nr = 0;
  #tap = 0;
  #nede = false;
  #tilfeldig;

  constructor({ versjon = 0, faser = null, navn = null, tilfeldig = Math.random } = {}) {
    this.versjon = versjon;
    this.faser = faser;
    this.navn = navn;
    this.#hoert = versjon;
    this.#tilfeldig = tilfeldig;
  }

  /**
   * A change as the server tells it: {fra, versjon, endringer, summer, faser, faser_fra?, navn}, or {…, hel: true}
   * where it must be fetched. Returns what is to be shown: {rader, summer, finnes}; `finnes` is null, or the units that there are.
   */
  plasser(hendelse, naa) {
    this.#hoerNavn(hendelse.navn, naa);
    this.#hoert = Math.max(this.#hoert, hendelse.versjon);
    if (hendelse.hel) {
      if (hendelse.versjon > this.versjon) this.#hentSnart(naa);
      return this.#tomt();
    }
    if (hendelse.fra > this.versjon) {
      if (this.#venter.length < VENTEPLASSER) this.#venter.push(hendelse);
      this.#hentSnart(naa);
      return this.#tomt();
    }
    const vis = this.#tomt();
    this.#ta(hendelse, vis);
    this.#taVentende(vis);
    this.#ajour(naa);
    return vis;
  }

  /** The heads of the tick: what others may have been told and we not. Returns whether the room must be joined. */
  hode(hode, naa) {
    if (hode.laast) return false;
    if (typeof hode.plasser !== 'number') return true;
    // A head may be overtaken by a change. Twice in a row lower: another board, as after a restored copy.
    this.#lavere = hode.plasser < this.versjon ? this.#lavere + 1 : 0;
    if (this.#lavere > 1) this.#alt = true;
    this.#hoert = Math.max(this.#hoert, hode.plasser);
    this.#feilFase = this.#andreFaser(hode.plassfaser);
    if (hode.plasser > this.versjon || this.#alt || this.#feilFase) this.#hentSnart(naa);
    this.#hoerNavn(hode.plassnavn, naa);
    return false;
  }

  /** The answer to `plasser.abonner`: from now on changes are told. Returns what is to be shown. */
  abonnert(svar, naa) {
    if (svar.hel) {
      this.#alt = true;
      this.#hoert = Math.max(this.#hoert, svar.versjon);
      this.#hentSnart(naa);
      return this.#tomt();
    }
    return this.plasser({ ...svar, fra: Math.min(this.versjon, svar.versjon) }, naa);
  }

  /** The line is up or down. While it is down the board is fetched now and then. */
  linje(oppe, naa) {
    this.#nede = !oppe;
    if (this.#nede && this.#frist === null) this.#frist = naa + TIDER.nede * (0.75 + this.#tilfeldig() / 2);
  }

  /** Somebody looks at the page again. */
  vekk(naa) {
    if (this.#nede && !this.#henter) this.#frist = naa;
  }

  /** When `tikk` has something to do; null: when something has been heard. */
  get nesteTid() {
    return this.#henter ? null : this.#frist;
  }

  /** What is to be fetched now, or null: {nr, etter, faser}; `etter` null for the whole board. */
  tikk(naa) {
    if (this.#henter || this.#frist === null || naa < this.#frist) return null;
    this.#frist = null;
    this.#henter = ++this.#nr;
    const alt = this.#alt || this.#andreNavn || this.#fremmede.size > 0;
    return { nr: this.#henter, etter: alt ? null : this.versjon, faser: this.faser };
  }

  /** What was fetched: {versjon, faser, navn, hel, enheter, summer}. Returns what is to be shown. */
  hentet(nr, svar, naa) {
    const vis = this.#tomt();
    if (nr !== this.#henter) return vis;
    this.#henter = 0;
    this.#tap = 0;
    if (svar.hel) {
      if (this.#alt && svar.versjon < this.versjon && this.#lavere > 1) this.#glem(svar.versjon);
      this.#alt = false;
      this.#lavere = 0;
      this.#andreNavn = false;
      this.navn = svar.navn ?? this.navn;
    } else this.#hoerNavn(svar.navn, naa);
    const fra = svar.hel ? { faser_fra: this.faser } : {};
    const utelatt = this.#ta({ ...svar, ...fra, endringer: svar.enheter }, vis);
    if (svar.hel) {
      // What was newer than the answer may have been told in the phases that were.
      if (!utelatt) this.#fremmede.clear();
      this.#alt = utelatt && this.#fremmede.size > 0;
    }
    this.#hoert = Math.max(this.#hoert, svar.versjon);
    this.#taVentende(vis);
    if (svar.hel) {
      // What is not in a board that is as new has closed down.
      vis.finnes = new Set(svar.enheter.map((rad) => rad.id));
      for (const [id, versjon] of this.#kjent) if (versjon > svar.versjon) vis.finnes.add(id);
    }
    this.#ajour(naa);
    if (this.#nede && this.#frist === null) this.#frist = naa + TIDER.nede * (0.75 + this.#tilfeldig() / 2);
    return vis;
  }

  /** Nobody answered the fetch. */
  tapt(nr, naa) {
    if (nr !== this.#henter) return;
    this.#henter = 0;
    const vent = Math.min(TIDER.lengst, TIDER.igjen * 2 ** Math.min(this.#tap, 5));
    this.#tap += 1;
    this.#frist = naa + vent * (0.5 + this.#tilfeldig());
  }

  #tomt() {
    return { rader: [], summer: {}, finnes: null };
  }

  /** A name moves no version: where it is another, every row is fetched, in one's own time. */
  #hoerNavn(navn, naa) {
    if (!navn || navn === this.navn) return;
    if (this.navn === null) this.navn = navn;
    else {
      this.#andreNavn = true;
      this.#hentNavn(naa);
    }
  }

  #hentNavn(naa) {
    if (!this.#henter) this.#frist ??= naa + this.#tilfeldig() * TIDER.navn;
  }

  #andreFaser(faser) {
    return Boolean(faser) && this.faser !== null && faser !== this.faser;
  }

  /**
   * A change whose predecessors are all shown. Rows and sums that are older than what is shown are left out; returns
   * whether any row was.
   */
  #ta(hendelse, vis) {
    if (hendelse.faser_fra !== undefined && hendelse.faser_fra !== this.faser) {
      // Told again, or one before it is missing.
      if (hendelse.faser !== this.faser) this.#feilFase = true;
      return false;
    }
    let utelatt = false;
    for (const rad of hendelse.endringer ?? []) {
      if (rad.versjon < (this.#kjent.get(rad.id) ?? -1)) {
        utelatt = true;
        continue;
      }
      this.#kjent.set(rad.id, rad.versjon);
      vis.rader.push(rad);
    }
    for (const [navn, sum] of Object.entries(hendelse.summer ?? {})) {
      if (hendelse.versjon < (this.#summer.get(navn) ?? -1)) continue;
      this.#summer.set(navn, hendelse.versjon);
      vis.summer[navn] = sum;
    }
    this.versjon = Math.max(this.versjon, hendelse.versjon);
    if (!hendelse.faser) return utelatt;
    if (this.faser === null || hendelse.faser_fra !== undefined) {
      if (utelatt && hendelse.faser !== this.faser) this.#alt = true;
      this.faser = hendelse.faser;
      this.#feilFase = false;
      this.#fremmede.delete(this.faser);
    } else if (hendelse.faser !== this.faser) {
      this.#fremmede.add(hendelse.faser);
    }
    return utelatt;
  }

  #taVentende(vis) {
    for (let funnet = true; funnet;) {
      funnet = false;
      for (const [i, hendelse] of this.#venter.entries()) {
        if (hendelse.fra > this.versjon) continue;
        this.#venter.splice(i, 1);
        if (hendelse.versjon > this.versjon) this.#ta(hendelse, vis);
        funnet = true;
        break;
      }
    }
  }

  /** Where nothing is missing, what was to be fetched need not be. */
  #ajour(naa) {
    const mangler = this.versjon < this.#hoert || this.#alt || this.#feilFase || this.#fremmede.size > 0;
    if (mangler) this.#hentSnart(naa);
    else if (this.#andreNavn) this.#hentNavn(naa);
    else if (!this.#nede) this.#frist = null;
  }

  #hentSnart(naa) {
    const frist = naa + this.#tilfeldig() * TIDER.spre;
    if (this.#henter) return;
    this.#frist = this.#frist === null ? frist : Math.min(this.#frist, frist);
  }

  #glem(versjon) {
    this.#kjent.clear();
    this.#summer.clear();
    this.#venter = [];
    this.#fremmede.clear();
    this.versjon = versjon;
    this.#hoert = versjon;
  }
}
