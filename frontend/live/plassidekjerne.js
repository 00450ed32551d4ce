// When the page of one unit with emergency beds is fetched anew: no DOM, no clock. Changes are told over the socket; while
// that is down the page is fetched now and then. What is due while the screen is locked stays due.

/** In milliseconds. */
export const TIDER = Object.freeze({
  samle: 150, // a whole unit is set by one hand in many clicks
  spre: 2_000, // where it is not known that this unit has changed
  navn: 15_000, // where a unit somewhere has another name
  nede: 15_000, // between fetches while the line is down
  igjen: 2_000, // after a fetch that nobody answered; doubled up to `lengst`
  lengst: 30_000,
});

export class Sidekjerne {
  #id;
  #vist; // the board's version at the unit's last change, as the page shows it
  #hoert = null; // the highest version of the board that was told
  #navn = null; // the name of the board's names that was told
  #frist = null; // when to fetch what was told of
  #runde = null; // when to fetch because nothing can be told
  #henter = false;
  #nede = false;
  #tap = 0;
  #tilfeldig;
  /** When the server last said that what is shown is so, or how it is. */
  bekreftet;

  constructor({ id, versjon, naa, tilfeldig = Math.random }) {
    this.#id = id;
    this.#vist = versjon;
    this.bekreftet = naa;
    this.#tilfeldig = tilfeldig;
    this.linje(false, naa);
  }

  /** What the subscription asks to be told from. */
  get etter() {
    return this.#hoert ?? this.#vist;
  }

  /** A change as the server tells it, whichever units it is of. */
  plasser({ endringer, hel, fra, versjon, navn }, naa) {
    const egen = endringer?.find((rad) => rad.id === this.#id);
    if (egen && egen.versjon > this.#vist) this.#snart(naa, 0);
    else if (hel || (this.#hoert !== null && fra > this.#hoert)) this.#snart(naa, TIDER.spre);
    this.#hoert = Math.max(this.#hoert ?? 0, versjon);
    this.#hoerNavn(navn, naa);
  }

  /** The answer to `plasser.abonner`: from now on changes are told. */
  abonnert(svar, naa) {
    this.bekreftet = naa;
    this.plasser({ ...svar, fra: this.#hoert ?? svar.versjon }, naa);
  }

  /** The heads of the tick. Returns whether the room must be joined. */
  hode({ plasser, plassnavn, laast }, naa) {
    if (laast) return false;
    if (typeof plasser !== 'number') return true;
    this.bekreftet = naa;
    if (this.#hoert === null || plasser > this.#hoert) {
      this.#hoert = plasser;
      this.#snart(naa, TIDER.spre);
    }
    this.#hoerNavn(plassnavn, naa);
    return false;
  }

  /** The line is up or down. */
  linje(oppe, naa) {
    this.#nede = !oppe;
    if (oppe) this.#runde = null;
    else this.#runde ??= this.#neste(naa);
  }

  /** Somebody looks at the page again. */
  vekk(naa) {
    if (this.#nede) this.#runde = naa;
  }

  /** Whether the page is to be fetched now; then `hentet` or `tapt` follows. */
  tikk(naa) {
    const frist = Math.min(this.#frist ?? Infinity, this.#runde ?? Infinity);
    if (this.#henter || naa < frist) return false;
    this.#frist = null;
    this.#runde = null;
    this.#henter = true;
    return true;
  }

  /** The page was fetched, and says that the unit last changed at `versjon`. */
  hentet(versjon, naa) {
    this.#henter = false;
    this.#tap = 0;
    this.#vist = versjon;
    this.bekreftet = naa;
    if (this.#nede) this.#runde = this.#neste(naa);
  }

  /** Nobody answered. */
  tapt(naa) {
    this.#henter = false;
    const vent = Math.min(TIDER.lengst, TIDER.igjen * 2 ** Math.min(this.#tap, 5));
    this.#tap += 1;
    this.#frist = naa + vent * (0.5 + this.#tilfeldig());
  }

  #hoerNavn(navn, naa) {
    if (!navn || navn === this.#navn) return;
    if (this.#navn !== null) this.#snart(naa, TIDER.navn);
    this.#navn = navn;
  }

  #neste(naa) {
    return naa + TIDER.nede * (0.75 + this.#tilfeldig() / 2);
  }

  #snart(naa, spre) {
    this.#frist = Math.min(this.#frist ?? Infinity, naa + TIDER.samle + this.#tilfeldig() * spre);
  }
}
