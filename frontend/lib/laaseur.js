// When a screen locks itself, as the server has told it. No DOM, no clock: what happens is told with the present
// moment (milliseconds). The server is the truth; this only knows when to warn, when to tell that somebody is there,
// and when to cover the page without having to ask first.

/** In milliseconds. */
export const PING = 60_000; // the server is told at most so often that somebody is there
export const PROEV_IGJEN = 10_000; // after a ping that failed

export class Laaseur {
  #laases = Infinity;
  #varsel = 0;
  #pinget;
  #brukt = false;
  laast = false;

  /** @param {number} naa when the page was fetched: that is a use of the session, too */
  constructor(naa) {
    this.#pinget = naa;
  }

  /** What the server has answered: {laast, laases_om, varsles_foer}, in seconds. */
  satt({ laast, laases_om: om, varsles_foer: foer }, naa) {
    this.laast = Boolean(laast);
    this.#laases = naa + om * 1_000;
    this.#varsel = foer * 1_000;
    if (this.laast) this.#brukt = false;
  }

  /** Somebody touches the page. True when the server is to be told now. */
  roert(naa) {
    if (this.tilstand(naa) === 'laast') return false;
    this.#brukt = true;
    return this.pingNaa(naa);
  }

  /** Whether what was kept back is due now. Where the time is short it is never kept back. */
  pingNaa(naa) {
    return this.#brukt && (this.tilstand(naa) === 'varsel' || naa - this.#pinget >= this.#mellomrom());
  }

  /** The server is being told. */
  pinger(naa) {
    this.#pinget = naa;
    this.#brukt = false;
  }

  /** It could not be told. */
  mislyktes(naa) {
    this.#brukt = true;
    this.#pinget = naa - this.#mellomrom() + PROEV_IGJEN;
  }

  /** 'aapen', 'varsel' or 'laast'. */
  tilstand(naa) {
    if (this.laast || naa >= this.#laases) return 'laast';
    return naa >= this.#laases - this.#varsel ? 'varsel' : 'aapen';
  }

  /** How long until it locks itself. */
  igjen(naa) {
    return Math.max(0, this.#laases - naa);
  }

  /** How long until something is due: never more than a minute, since a machine may have slept. */
  vent(naa) {
    const tilstand = this.tilstand(naa);
    if (tilstand === 'laast') return PING;
    if (tilstand === 'varsel') return 250;
    const ping = this.#brukt ? this.#pinget + this.#mellomrom() - naa : Infinity;
    return Math.max(50, Math.min(PING, ping, this.#laases - this.#varsel - naa));
  }

  #mellomrom() {
    return Math.min(PING, Math.max(1_000, this.#varsel / 2));
  }
}

/** «1:05»: minutes and seconds, rounded up. */
export function minutter(ms) {
  const sekunder = Math.ceil(ms / 1_000);
  return `${Math.floor(sekunder / 60)}:${String(sekunder % 60).padStart(2, '0')}`;
}
