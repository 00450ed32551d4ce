// What the board of emergency beds and a unit's page say while nobody vouches for their figures.
import { ikon, lag, si, tekst } from '../lib/tekst.js';
import { klokkeslett } from './ord.js';

/** Without a word from the server for so long (ms) the page says so: three heads. */
const TAUST = 45_000;

/** Figures that nobody vouches for must not look as if they were live. `bekreftet`: when somebody last did. */
export function visKontakt(boks, bekreftet) {
  const linje = boks.querySelector('[data-plasskontakt]');
  const taus = Date.now() - bekreftet > TAUST;
  if (!taus) linje?.remove();
  else if (!linje) {
    const ord = tekst('plassUtenKontakt', { tid: klokkeslett(bekreftet, Date.now(), document.documentElement.lang) });
    const deler = [ikon('ExclamationmarkTriangleFill'), ord];
    boks.prepend(lag('p', { class: 'plassnye plassnye--taus', 'data-plasskontakt': true }, ...deler));
    si(ord);
  }
}
