// Lists that keep themselves fresh: the queue (data-live="koe") by its versions, the list of cases
// (data-live="liste") when it is told that one of them has changed. Sound and counts are
// frontend/lib/koe.js's.
import { tekst } from '../lib/tekst.js';
import { Koevakt, lesVersjoner } from './listekjerne.js';
import { hentDel } from './nett.js';
import { klokkeslett, tekstnavn } from './ord.js';

/** In milliseconds. */
const SAMLE = 120; // changes come in pairs: a case leaves one queue and enters another
const SPRE = 250; // a hundred screens must not ask at the same moment
const GAMMEL = 40_000;
const NEDE = 10_000; // between fetches while the line is down
const PULS = 2_000;

/**
 * Where the reader is, so that a new list does not take the place away: the same link or button in the new
 * one.
 */
function husk(boks) {
  const aktiv = boks.contains(document.activeElement) ? document.activeElement : null;
  let kjenne = null;
  if (aktiv?.id) kjenne = `#${CSS.escape(aktiv.id)}`;
  else if (aktiv?.matches('a[href]')) kjenne = `a[href="${CSS.escape(aktiv.getAttribute('href'))}"]`;
  const aapne = Array.from(boks.querySelectorAll('details[open][id]'), (d) => d.id);
  const rull = [window.scrollX, window.scrollY];
  return () => {
    for (const id of aapne) document.getElementById(id)?.setAttribute('open', '');
    if (kjenne) boks.querySelector(kjenne)?.focus({ preventScroll: true });
    window.scrollTo(...rull);
  };
}

class Liste {
  #boks;
  #vekker = 0;
  #henter = false;
  #igjen = false;
  /** When what is shown was last known to be right. */
  bekreftet = Date.now();

  /**
   * @param {HTMLElement} boks
   * @param {{etter: () => void, utlogget: () => void}} lyttere
   */
  constructor(boks, { etter, utlogget }) {
    this.#boks = boks;
    this.etter = etter;
    this.utlogget = utlogget;
  }

  snart(ekstra = 0) {
    if (this.#vekker) return;
    this.#vekker = setTimeout(() => {
      this.#vekker = 0;
      this.#hent();
    }, SAMLE + ekstra + Math.random() * SPRE);
  }

  async #hent() {
    if (this.#henter) {
      this.#igjen = true;
      return;
    }
    this.#henter = true;
    this.#igjen = false;
    try {
      const { status, del } = await hentDel(this.#boks.dataset.kilde);
      if (status === 200) this.#bytt(del);
      else if (status === 401) this.utlogget();
    } catch {
      // No answer: the line's own words say so, and the next pulse asks again.
    } finally {
      this.#henter = false;
      if (this.#igjen) this.snart();
    }
  }

  #bytt(del) {
    const nytt = del.getElementById(this.#boks.id) ?? del.body;
    this.bekreftet = Date.now();
    if (nytt.innerHTML.trim() !== this.#boks.innerHTML.trim()) {
      const tilbake = husk(this.#boks);
      this.#boks.replaceChildren(...Array.from(nytt.childNodes, (n) => document.importNode(n, true)));
      tilbake();
    }
    this.etter();
  }
}

function visLinje(tilstand, siden) {
  const linje = document.querySelector('[data-linjestatus]');
  if (!linje) return;
  linje.dataset.tilstand = tilstand;
  const tid = klokkeslett(siden, Date.now(), document.documentElement.lang);
  const setning = tekst(tekstnavn('linje', tilstand), { tid });
  const plass = linje.querySelector('[data-linjetekst]');
  if (plass.textContent !== setning) plass.textContent = setning;
  linje.querySelector('[data-logginn]').hidden = tilstand !== 'utlogget';
}

/** @param {import('./forbindelse.js').Forbindelse} forbindelse */
export function startLister(forbindelse) {
  const koeboks = document.querySelector('[data-live="koe"]');
  const listeboks = document.querySelector('[data-live="liste"]');
  const boks = koeboks ?? listeboks;
  if (!boks) {
    // Only the number in the menu: frontend/lib/koe.js fetches it.
    forbindelse.paa('koe', () => document.dispatchEvent(new CustomEvent('portal:koe')));
    return;
  }
  const vakt = new Koevakt();
  const versjoner = () => lesVersjoner(boks.querySelector('[data-versjoner]')?.dataset.versjoner);
  vakt.vist(versjoner());
  const liste = new Liste(boks, {
    etter: () => {
      if (koeboks && vakt.hentet(versjoner())) liste.snart();
      visStatus();
    },
    utlogget: () => forbindelse.spoerOmSesjon(),
  });
  let nedeSiden = Date.now();
  let sistHentet = Date.now();

  function visStatus() {
    const gammel = Date.now() - liste.bekreftet > GAMMEL;
    if (forbindelse.tilstand === 'utlogget') visLinje('utlogget', liste.bekreftet);
    else if (gammel || !navigator.onLine) visLinje('gammel', liste.bekreftet);
    else visLinje(forbindelse.oppe ? 'ajour' : 'kobler', liste.bekreftet);
  }

  forbindelse.paa('tilstand', (tilstand) => {
    if (tilstand === 'oppe') liste.snart();
    else if (tilstand === 'nede') nedeSiden = Date.now();
    visStatus();
  });
  forbindelse.paa('hode', (h) => {
    liste.bekreftet = Date.now();
    if (koeboks && vakt.hode(h.koe)) liste.snart();
    visStatus();
  });
  forbindelse.paa('koe', (k) => {
    if (koeboks ? vakt.koe(k) : true) liste.snart();
  });
  forbindelse.paa('varsel', (v) => {
    // A message in a case of the queue changes its unread count there too.
    if (v.type === 'sak_endret' || v.type === 'tilgang_mistet') liste.snart(koeboks ? SPRE : 0);
  });
  setInterval(() => {
    const naa = Date.now();
    const nede = !forbindelse.oppe && naa - nedeSiden > 3_000;
    const trenger = nede || naa - liste.bekreftet > GAMMEL;
    if (trenger && naa - sistHentet > NEDE && forbindelse.tilstand !== 'utlogget') {
      sistHentet = naa;
      liste.snart();
    }
    visStatus();
  }, PULS);
  const tilbake = () => {
    if (document.hidden) return;
    forbindelse.vekk();
    liste.snart();
  };
  document.addEventListener('visibilitychange', tilbake);
  document.addEventListener('portal:laast-opp', tilbake);
  window.addEventListener('online', tilbake);
  window.addEventListener('offline', visStatus);
}
