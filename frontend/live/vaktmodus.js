// The locked screen of somebody for whom requests can wait: how many, where and how urgent, as they come, with sound
// and words; and said at once when nobody can know. What waits is never fetched here, only counted.
import { les, skriv } from '../lib/kapsel.js';
import { klar, pip, vekk } from '../lib/lyd.js';
import { ikon } from '../lib/tekst.js';
import { Koevakt, lesVersjoner } from './listekjerne.js';
import { hentDel } from './nett.js';
import { klokkeslett } from './ord.js';
import { Vaktkjerne, lesFag, lesMerker, medAntall } from './vaktkjerne.js';

/** In milliseconds. */
const PULS = 2_000;
const GAMMEL = 40_000; // the server's heads come every 15 s: two are lost
const NEDE = 10_000; // between fetches while the line is down
const SJELDEN = 60_000; // between fetches while all is well: deadlines and the shift itself change too
const VARSLE_IGJEN = 30_000; // an akutt one that nobody has taken sounds again

/** @param {import('./forbindelse.js').Forbindelse} forbindelse */
export function startVaktmodus(forbindelse) {
  let vakt = null;
  const begynn = () => {
    const rot = Array.from(document.querySelectorAll('[data-vaktmodus]')).at(-1);
    if (!rot || vakt) return;
    vakt = new Vakt(rot, forbindelse);
  };
  document.addEventListener('portal:laast', begynn);
  document.addEventListener('portal:laast-opp', () => {
    vakt?.slutt();
    vakt = null;
  });
  // The sound must be awake before the screen locks itself: browsers wake it at a touch alone.
  const beroert = () => les('koelyd') !== '0' && vekk();
  if (document.querySelector('[data-koe-antall], [data-vaktmodus]')) {
    for (const navn of ['pointerdown', 'keydown']) {
      document.addEventListener(navn, beroert, { once: true, capture: true });
    }
  }
  begynn();
}

class Vakt {
  #rot;
  #ord;
  #forbindelse;
  #kjerne = new Vaktkjerne();
  #versjonsvakt = new Koevakt();
  #slutter = [];
  #bekreftet = Date.now();
  #hentet = 0;
  #henter = false;
  #igjen = false;
  #puls;
  #sistVarslet = 0;
  #sperre = null;
  #tittel = document.title;

  constructor(rot, forbindelse) {
    this.#rot = rot;
    this.#ord = rot.dataset;
    this.#forbindelse = forbindelse;
    this.#slutter.push(
      forbindelse.paa('tilstand', (t) => (t === 'oppe' ? this.#hent() : this.#visLinje())),
      forbindelse.paa('koe', (k) => this.#versjonsvakt.koe(k) && this.#hent()),
      forbindelse.paa('hode', (h) => {
        this.#bekreftet = Date.now();
        if (this.#versjonsvakt.hode(h.koe)) this.#hent();
        this.#visLinje();
      }),
    );
    this.#paa(document, 'visibilitychange', () => !document.hidden && (this.#hent(), this.#holdVaaken()));
    this.#paa(window, 'online', () => this.#hent());
    this.#paa(window, 'offline', () => this.#visLinje());
    this.#paa(rot.querySelector('[data-vaktlyd]'), 'click', () => this.#byttLyd());
    this.#puls = setInterval(() => this.#slag(), PULS);
    this.#settTittel(0);
    this.#visLyd();
    this.#visLinje();
    this.#holdVaaken();
    this.#hent();
  }

  slutt() {
    clearInterval(this.#puls);
    for (const slutt of this.#slutter) slutt();
    this.#sperre?.release().catch(() => {});
    this.#sperre = null;
  }

  #paa(hvor, navn, fn) {
    hvor.addEventListener(navn, fn);
    this.#slutter.push(() => hvor.removeEventListener(navn, fn));
  }

  // ---- what waits --------------------------------------------------------------------------------------

  #slag() {
    const naa = Date.now();
    const nede = !this.#forbindelse.oppe;
    if (naa - this.#hentet > (nede ? NEDE : SJELDEN)) this.#hent();
    this.#visLinje();
    this.#visLyd();
    if (this.#kjerne.akutte && naa - this.#sistVarslet > VARSLE_IGJEN) this.#lyd('akutt');
  }

  async #hent() {
    if (this.#henter) {
      this.#igjen = true;
      return;
    }
    this.#henter = true;
    this.#igjen = false;
    this.#hentet = Date.now();
    try {
      const { status, del } = await hentDel('/vaktmodus');
      if (status === 200) this.#vis(del.querySelector('[data-vakt]'));
      else if (status === 401) this.#forbindelse.spoerOmSesjon();
    } catch {
      // No answer: the line's own words say so, and the next pulse asks again.
    } finally {
      this.#henter = false;
      if (this.#igjen && this.#rot.isConnected) this.#hent();
    }
  }

  #vis(bilde) {
    if (!bilde) return;
    this.#bekreftet = Date.now();
    this.#versjonsvakt.hentet(lesVersjoner(bilde.dataset.versjoner));
    const merker = lesMerker(bilde.dataset.merker);
    const nye = this.#kjerne.sett(merker);
    this.#rot.querySelector('[data-vaktbilde]').replaceChildren(document.importNode(bilde, true));
    this.#settTittel(merker.size);
    this.#rot.closest('.laas__innhold').toggleAttribute('data-akutt', this.#kjerne.akutte > 0);
    this.#varsle(nye);
    this.#visLinje();
  }

  /** The names of the fagområder of what is new: what waited before stands in the list below. */
  #fag(grad) {
    const fag = lesFag(this.#rot.querySelector('[data-vakt]').dataset.merker);
    const koder = new Set(this.#kjerne.nye(grad).map((merke) => fag.get(merke)));
    const rader = Array.from(this.#rot.querySelectorAll(`[data-vakt] [data-hastegrad="${grad}"]`));
    return rader.filter((rad) => koder.has(rad.dataset.fagkode)).map((rad) => rad.dataset.fag).join(', ');
  }

  #varsle(nye) {
    const plass = this.#rot.querySelector('[data-vaktalarm]');
    if (this.#kjerne.akutte) {
      const setning = this.#ord.nyAkutt.replace('{fag}', this.#fag('akutt'));
      // The same words again are read again when there is another one.
      if (plass.textContent !== setning || nye[0] === 'akutt') plass.replaceChildren(ikon('ExclamationmarkTriangleFill'), setning);
      plass.dataset.grad = 'akutt';
    } else if (nye.length) {
      const [grad] = nye;
      const rad = this.#rot.querySelector(`[data-vakt] [data-hastegrad="${grad}"]`);
      const setning = this.#ord.ny.replace('{grad}', rad?.dataset.grad ?? '').replace('{fag}', this.#fag(grad));
      plass.replaceChildren(setning);
      plass.dataset.grad = grad;
    } else if (plass.dataset.grad === 'akutt' || !this.#rot.querySelector(`[data-vakt] [data-hastegrad="${plass.dataset.grad}"]`)) {
      plass.replaceChildren();
      delete plass.dataset.grad;
    }
    if (nye.length) this.#lyd(nye[0]);
  }

  #settTittel(antall) {
    const tittel = medAntall(antall, this.#ord.tittel);
    const dekke = this.#rot.closest('[data-laas]');
    if (dekke) dekke.dataset.fanetittel = tittel;
    document.title = dekke ? tittel : medAntall(antall, this.#tittel);
  }

  // ---- whether one can trust it ------------------------------------------------------------------------

  #visLinje() {
    const linje = this.#rot.querySelector('[data-vaktlinje]');
    const gammel = Date.now() - this.#bekreftet > GAMMEL || !navigator.onLine;
    const telefon = this.#rot.querySelector('[data-vakt]')?.dataset.telefon;
    const tid = klokkeslett(this.#bekreftet, Date.now(), document.documentElement.lang);
    let tilstand = this.#forbindelse.oppe ? 'direkte' : 'kobler';
    let setning = this.#ord[tilstand];
    if (this.#forbindelse.tilstand === 'utlogget') {
      tilstand = 'brudd';
      setning = this.#ord.utlogget;
    } else if (gammel) {
      tilstand = 'brudd';
      setning = (telefon ? this.#ord.brudd : this.#ord.bruddUtenNummer).replace('{tid}', tid).replace('{telefon}', telefon);
    }
    if (linje.dataset.tilstand === tilstand && linje.lastElementChild.textContent === setning) return;
    linje.dataset.tilstand = tilstand;
    const symbol = { direkte: 'CheckmarkCircle', kobler: 'ArrowCirclepath', brudd: 'LinkBroken' }[tilstand];
    linje.replaceChildren(ikon(symbol), Object.assign(document.createElement('span'), { textContent: setning }));
  }

  // ---- sound and light ---------------------------------------------------------------------------------

  #lyd(grad) {
    this.#sistVarslet = Date.now();
    // After a reload nobody has touched the page: the button says that the sound is off.
    if (les('koelyd') !== '0' && (klar() || navigator.userActivation?.hasBeenActive)) pip(grad);
  }

  #byttLyd() {
    const paa = les('koelyd') !== '0' && klar();
    skriv('koelyd', paa ? '0' : '1');
    if (!paa) pip('vanlig');
    this.#visLyd();
  }

  #visLyd() {
    const knapp = this.#rot.querySelector('[data-vaktlyd]');
    const paa = les('koelyd') !== '0' && klar();
    knapp.setAttribute('aria-pressed', String(paa));
    const ord = paa ? this.#ord.lydPaa : this.#ord.lydAv;
    if (knapp.lastElementChild.textContent !== ord) knapp.lastElementChild.textContent = ord;
  }

  /** The screen must not go dark by itself, where the device lets us ask for that. */
  async #holdVaaken() {
    if (document.hidden || !navigator.wakeLock) return;
    try {
      this.#sperre = await navigator.wakeLock.request('screen');
      if (!this.#rot.isConnected) this.slutt();
    } catch {
      // Low on battery, or not allowed: the sound is left.
    }
  }
}
