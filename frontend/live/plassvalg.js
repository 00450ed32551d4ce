// «Hold plass» in a case: the units to choose among are fetched as the choice is opened, and again for each thing
// that the patient needs. The form itself is sent as the case's others (handlinger.js).
import { si, tekst } from '../lib/tekst.js';
import { hentDel } from './nett.js';

const boks = (sak) => sak.querySelector('[data-plassboks]');

/**
 * @param {HTMLElement} sak the case on the page
 * @param {object} valg
 * @param {() => void} valg.klargjoer the forms of what was fetched are to be watched
 * @param {() => void} valg.feilet the choice could not be fetched: who is logged in is asked
 */
export function startPlassvalg(sak, { klargjoer, feilet }) {
  let nr = 0;

  async function hent(spoersmaal = '') {
    const denne = ++nr;
    const rot = boks(sak);
    let svar;
    try {
      svar = await hentDel(rot.dataset.plassboks + spoersmaal);
    } catch {
      svar = { del: null };
    }
    if (denne !== nr || !rot.isConnected) return;
    const innhold = svar.del?.querySelector('.plassvalg');
    if (!innhold) {
      si(tekst('samtaleFeilet'));
      feilet();
      return;
    }
    const plass = rot.querySelector('[data-plassvalg]');
    const skrevet = plass.querySelector('[name="merknad"]')?.value ?? '';
    const fokus = plass.contains(document.activeElement) ? document.activeElement.id : '';
    const foldetUt = Array.from(plass.querySelectorAll('details[data-husk][open]'), (d) => d.dataset.husk);
    plass.replaceChildren(document.importNode(innhold, true));
    for (const navn of foldetUt) plass.querySelector(`details[data-husk="${navn}"]`)?.setAttribute('open', '');
    const merknad = plass.querySelector('[name="merknad"]');
    if (merknad && skrevet) merknad.value = skrevet;
    klargjoer();
    if (fokus) document.getElementById(fokus)?.focus({ preventScroll: true });
    const titler = plass.querySelector('.plassvalg__ingen')?.textContent;
    si(titler ?? tekst('samtalePlasserFunnet', { antall: plass.querySelectorAll('.plassvalg__hold .plassrad').length }));
  }

  function aapne() {
    const rot = boks(sak);
    if (!rot) return false;
    if (rot.open) hent();
    else rot.open = true;
    const topp = rot.querySelector('summary');
    rot.scrollIntoView({ block: 'nearest' });
    (topp.getClientRects().length ? topp : rot.querySelector('[data-plassvalg]')).focus?.({ preventScroll: true });
    return true;
  }

  // «toggle» does not bubble.
  sak.addEventListener('toggle', ({ target }) => {
    if (!target.matches('[data-plassboks]')) return;
    // What was shown before it was closed may be taken by now.
    if (!target.open) target.dataset.gammel = '';
    else if ('gammel' in target.dataset || !target.querySelector('.plassvalg')) {
      delete target.dataset.gammel;
      hent();
    }
  }, true);
  sak.addEventListener('click', (hendelse) => {
    if (!hendelse.target.closest('[data-hold-plass]') || hendelse.ctrlKey || hendelse.metaKey) return;
    if (aapne()) hendelse.preventDefault();
  });
  sak.addEventListener('change', ({ target }) => {
    const skjema = target.closest('[data-plassfilter]');
    if (skjema) hent(`?${new URLSearchParams(new FormData(skjema))}`);
  });
  sak.addEventListener('submit', (hendelse) => {
    if (!hendelse.target.matches('[data-plassfilter]')) return;
    hendelse.preventDefault();
    hent(`?${new URLSearchParams(new FormData(hendelse.target))}`);
  });
}
