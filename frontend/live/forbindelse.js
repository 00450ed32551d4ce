// The page's one line to the server: a socket that joins again by itself, and what to believe when it does
// not. Websocket only; where a network blocks it, the conversation goes over HTTP (see protokoll.js).

/** In milliseconds. */
export const FRISTER = Object.freeze({
  svar: 8_000,
  foerste: 500, // before the first new try; doubled with jitter up to `lengste`
  lengste: 15_000,
  sesjon: 5_000, // between the questions while logged out
});
const HENDELSER = ['hendelse', 'kvittering', 'skriver', 'koe', 'varsel', 'hode', 'drift', 'plasser'];

/** A request that nobody answered: its fate is unknown. */
export class Tapt extends Error {}

export class Forbindelse {
  #lyttere = new Map();
  #sokkel;
  #hent;
  #tid;
  #tilfeldig;
  #forsoek = 0;
  #spoer = null;
  #venter = null;
  /** 'kobler', 'oppe', 'nede' or 'utlogget'. */
  tilstand = 'kobler';

  /**
   * @param {object} valg
   * @param {object} valg.sokkel of socket.io-client, not connected yet (`autoConnect: false`)
   * @param {typeof fetch} valg.hent
   * @param {{setTimeout: Function, clearTimeout: Function}} [valg.tid]
   * @param {() => number} [valg.tilfeldig]
   */
  constructor({ sokkel, hent, tid = globalThis, tilfeldig = Math.random }) {
    this.#sokkel = sokkel;
    this.#hent = hent;
    this.#tid = tid;
    this.#tilfeldig = tilfeldig;
    sokkel.on('connect', () => this.#oppe());
    sokkel.on('disconnect', (grunn) => this.#nede(grunn));
    sokkel.on('connect_error', (feil) => this.#kunneIkke(feil));
    for (const navn of HENDELSER) sokkel.on(navn, (data) => this.#si(navn, data));
  }

  /** Listen to an event of the protocol, or to 'tilstand'. Returns the way to stop. */
  paa(navn, fn) {
    if (!this.#lyttere.has(navn)) this.#lyttere.set(navn, new Set());
    this.#lyttere.get(navn).add(fn);
    return () => this.#lyttere.get(navn).delete(fn);
  }

  start() {
    this.#sokkel.connect();
  }

  get oppe() {
    return this.#sokkel.connected;
  }

  /**
   * Sends and waits for the ack. Rejects with Tapt: at once when the line is down, else when no ack has come.
   */
  send(navn, kropp, frist = FRISTER.svar) {
    // socket.io-client would keep it and send it later, when somebody else may be logged in.
    if (!this.oppe) return Promise.reject(new Tapt('nede'));
    return new Promise((svar, tapt) => {
      this.#sokkel.timeout(frist).emit(navn, kropp, (feil, ack) => {
        if (feil) tapt(new Tapt('frist'));
        else svar(ack);
      });
    });
  }

  /** Sends what may be lost. */
  kringkast(navn, kropp) {
    if (this.oppe) this.#sokkel.emit(navn, kropp);
  }

  /** Back in focus, or the network is back: no reason to wait for the next try. */
  vekk() {
    if (this.oppe) return;
    if (this.tilstand === 'utlogget') {
      this.spoerOmSesjon();
    } else {
      this.#forsoek = 0;
      this.#avlys();
      this.#sokkel.disconnect();
      this.#sokkel.connect();
    }
  }

  /** Asks whether the login still holds. Returns true, false, or null where nobody answers. */
  spoerOmSesjon() {
    this.#spoer ??= this.#spoerEnGang().finally(() => {
      this.#spoer = null;
    });
    return this.#spoer;
  }

  async #spoerEnGang() {
    let status = null;
    try {
      ({ status } = await this.#hent('/sesjon', { cache: 'no-store', redirect: 'manual' }));
    } catch {
      // Nobody answers: that says nothing of the login.
    }
    if (status === 401) {
      this.#avlys();
      this.#sokkel.disconnect();
      this.#sett('utlogget');
    }
    if (this.tilstand === 'utlogget' && status !== 204) this.#om(FRISTER.sesjon, () => this.spoerOmSesjon());
    if (status !== 204) return status === 401 ? false : null;
    if (this.tilstand === 'utlogget') {
      this.#forsoek = 0;
      this.#sett('kobler');
      this.#avlys();
      this.#sokkel.connect();
    }
    return true;
  }

  #oppe() {
    this.#forsoek = 0;
    this.#avlys();
    this.#sett('oppe');
  }

  async #nede(grunn) {
    if (grunn === 'io client disconnect') {
      if (this.tilstand === 'oppe') this.#sett('nede');
      return;
    }
    this.#sett('nede');
    // The server has thrown us out: the login has ended, or changed its role. The library does not try again.
    if (grunn === 'io server disconnect') await this.#spoerOgKoble();
  }

  async #kunneIkke(feil) {
    if (this.tilstand === 'utlogget') return;
    this.#sett('nede');
    this.#forsoek += 1;
    // Refused by the server, after which the library gives up; or by a proxy, which looks like a dead
    // network.
    if (!this.#sokkel.active || feil?.message === 'ikke_innlogget') await this.#spoerOgKoble();
    else if (this.#forsoek % 3 === 0) await this.spoerOmSesjon();
  }

  async #spoerOgKoble() {
    if ((await this.spoerOmSesjon()) === false) return;
    const vent = Math.min(FRISTER.lengste, FRISTER.foerste * 2 ** Math.min(this.#forsoek, 6));
    this.#om(vent * (0.5 + this.#tilfeldig()), () => {
      if (!this.oppe && this.tilstand !== 'utlogget') this.#sokkel.connect();
    });
  }

  #om(ms, fn) {
    this.#avlys();
    this.#venter = this.#tid.setTimeout(fn, ms);
  }

  #avlys() {
    this.#tid.clearTimeout(this.#venter);
    this.#venter = null;
  }

  #sett(tilstand) {
    if (tilstand === this.tilstand) return;
    this.tilstand = tilstand;
    this.#si('tilstand', tilstand);
  }

  #si(navn, data) {
    for (const fn of this.#lyttere.get(navn) ?? []) fn(data);
  }
}

/** What socket.io-client is asked for; see DESIGN, «Databases and processes». */
export const SOKKELVALG = Object.freeze({
  path: '/socket.io',
  transports: ['websocket'],
  autoConnect: false,
  reconnectionDelay: FRISTER.foerste,
  reconnectionDelayMax: FRISTER.lengste,
  randomizationFactor: 0.5,
  timeout: 10_000,
});
