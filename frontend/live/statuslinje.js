// How fresh the page is, in words: quiet while all is well, a banner with a telephone number when it is not.
import { tekst } from '../lib/tekst.js';
import { klokkeslett, tekstnavn } from './ord.js';

const BANNER = new Set(['gammel', 'utlogget', 'annen_bruker', 'mistet']);

function sett(element, ord) {
  if (element.textContent !== ord) element.textContent = ord;
}

/** The telephone of the case, as it stands among the moves: a link to press, or what to ring instead. */
function ring(plass) {
  const kilde = document.querySelector('[data-ring]');
  plass.hidden = !kilde;
  if (kilde && plass.innerHTML !== kilde.innerHTML) plass.replaceChildren(kilde.content.cloneNode(true));
}

/**
 * @param {HTMLElement} rot the section with data-samtale
 * @param {{tilstand: string, nr: number, siden: number}} status of protokoll.js
 */
export function visStatus(rot, { tilstand, nr, siden }) {
  const linje = rot.querySelector('[data-samtalestatus]');
  const tid = klokkeslett(siden, Date.now(), document.documentElement.lang);
  const ord = tekst(tekstnavn('samtale', tilstand), { nr, tid });
  linje.dataset.tilstand = tilstand;
  linje.hidden = BANNER.has(tilstand);
  if (!linje.hidden) sett(linje.querySelector('[data-statustekst]'), ord);

  const varsel = rot.querySelector('[data-samtalevarsel]');
  varsel.hidden = !BANNER.has(tilstand);
  varsel.dataset.tilstand = tilstand;
  sett(varsel.querySelector('[data-varseltekst]'), varsel.hidden ? '' : ord);
  if (varsel.hidden) return;
  varsel.querySelector('[data-logginn]').hidden = tilstand !== 'utlogget' && tilstand !== 'annen_bruker';
  varsel.querySelector('[data-proev]').hidden = tilstand !== 'gammel';
  const telefon = varsel.querySelector('[data-varselring]');
  if (tilstand === 'gammel') ring(telefon);
  else telefon.hidden = true;
}
