// Puts newly fetched parts of the case (data-bit) in the place of the old, without taking anything from the
// reader: what is being written, which forms are open, and where the focus is.
import { lag, tekst } from '../lib/tekst.js';
import { settCsrf } from './nett.js';

/** Whether somebody has begun to fill in a form. */
export function paabegynt(skjema) {
  return Array.from(skjema.elements).some((felt) => {
    if (felt.type === 'hidden' || felt.type === 'submit' || felt.name === 'ikke_fnr') return false;
    if (felt.type === 'radio' || felt.type === 'checkbox') return felt.checked !== felt.defaultChecked;
    if (felt.tagName === 'SELECT') {
      const foerste = Array.from(felt.options).findIndex((o) => o.defaultSelected);
      return felt.selectedIndex !== Math.max(0, foerste);
    }
    return 'value' in felt && felt.value.trim() !== (felt.defaultValue ?? '').trim();
  });
}

function fritekst(skjema) {
  const felter = Array.from(skjema.querySelectorAll('[data-fritekst]'), (felt) => felt.value.trim());
  return felter.filter(Boolean).join('\n');
}

/** What has been written in a form that the case no longer has room for: shown, to be copied. */
function taVare(skrevet) {
  return lag(
    'div', { class: 'ds-alert handlinger__reddet', 'data-color': 'warning' },
    lag('p', { class: 'ds-paragraph' }, tekst('samtaleIkkeLenger')),
    lag('p', { class: 'handlinger__reddettekst' }, skrevet),
  );
}

function byttBit(gammel, ny, { fraTjeneren }) {
  for (const skjema of gammel.querySelectorAll('form[data-skjemanavn]')) {
    const navn = skjema.dataset.skjemanavn;
    const nytt = ny.querySelector(`form[data-skjemanavn="${navn}"]`);
    const skrevet = paabegynt(skjema);
    // A form that watches its fields (NEWS2) keeps its watcher; one the server has sent back has its errors
    // in it.
    const behold = skrevet || skjema.querySelector('[data-news2]');
    if (nytt && behold && fraTjeneren !== navn) nytt.replaceWith(skjema);
    else if (!nytt && skrevet && fraTjeneren !== navn && fritekst(skjema)) ny.append(taVare(fritekst(skjema)));
  }
  for (const reddet of gammel.querySelectorAll('.handlinger__reddet')) ny.append(reddet);
  // What the server has said about one's own move stands until the next one.
  const beskjeder = ny.querySelector('[data-beskjeder]');
  if (beskjeder) beskjeder.replaceChildren(...(gammel.querySelector('[data-beskjeder]')?.childNodes ?? []));
  for (const aapen of gammel.querySelectorAll('details[data-handling][open]')) {
    const samme = ny.querySelector(`details[data-handling="${aapen.dataset.handling}"]`);
    if (samme && samme.querySelector('form') && fraTjeneren !== aapen.dataset.handling) samme.open = true;
  }
  gammel.replaceWith(ny);
}

/**
 * @param {HTMLElement} rot the case on the page
 * @param {Document} del what was fetched
 * @param {{fraTjeneren?: string}} [valg] the form that the server has just answered: its old self is not kept
 */
export function settInnBiter(rot, del, { fraTjeneren = '' } = {}) {
  const aktiv = rot.contains(document.activeElement) ? document.activeElement : null;
  const utvalg = aktiv && 'selectionStart' in aktiv && aktiv.type !== 'radio' && aktiv.type !== 'checkbox'
    ? [aktiv.selectionStart, aktiv.selectionEnd] : null;
  const bitMedFokus = aktiv?.closest('[data-bit]');
  const handling = aktiv?.closest('[data-handling]')?.dataset.handling;

  for (const ny of del.querySelectorAll('[data-bit]')) {
    const gammel = rot.querySelector(`[data-bit="${ny.dataset.bit}"]`);
    // What somebody has had fetched stands until its own form is answered.
    const hentet = gammel?.matches('[data-hentet]') && gammel.querySelector('details[open]');
    if (hentet && hentet.dataset.handling !== fraTjeneren) continue;
    if (gammel) byttBit(gammel, document.importNode(ny, true), { fraTjeneren });
  }
  settCsrf(rot.querySelector('[data-csrf]')?.dataset.csrf);

  if (!bitMedFokus || rot.contains(document.activeElement)) return;
  const samme = aktiv.isConnected ? aktiv : aktiv.id && document.getElementById(aktiv.id);
  const bit = rot.querySelector(`[data-bit="${bitMedFokus.dataset.bit}"]`);
  const etterfoelger = [
    samme, handling && rot.querySelector(`[data-handling="${handling}"] > summary`),
    bit?.querySelector('h2'), bit?.closest('section')?.querySelector('h2'),
  ].find((e) => e instanceof Element && e.getClientRects().length);
  if (!etterfoelger) return;
  if (/^H\d$/.test(etterfoelger.tagName)) etterfoelger.tabIndex = -1;
  etterfoelger.focus({ preventScroll: true });
  // One's own act has moved things: what it came to is shown.
  if (fraTjeneren) etterfoelger.scrollIntoView({ block: 'nearest' });
  if (utvalg && 'setSelectionRange' in etterfoelger) etterfoelger.setSelectionRange(...utvalg);
}
