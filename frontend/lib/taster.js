// Single keys: from case to case, to take one, to reply, to search, to another page, and the dialog that lists them.
// They can be switched off (WCAG 2.1.4), by the same choice as the digits of the queue (koe.js).
import { les, skriv } from './kapsel.js';
import { Taster, nesteSak } from './tasterkjerne.js';
import { si, tekst } from './tekst.js';

const KAPSEL = 'koetaster';
const FELT = 'input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable], [role="combobox"]';

const dialog = document.querySelector('[data-tasterhjelp]');
if (dialog) start();

function start() {
  const taster = new Taster();
  /** Of the menu, of the dialog, and of the queue's page. */
  const brytere = Array.from(document.querySelectorAll(`[data-tasterbryter], [data-bryter="${KAPSEL}"]`));
  const paa = () => les(KAPSEL) !== '0';
  let sist = -1;

  function vis() {
    for (const bryter of brytere) bryter.checked = paa();
  }
  vis();
  for (const bryter of brytere) {
    bryter.addEventListener('change', () => {
      skriv(KAPSEL, bryter.checked ? '1' : '0');
      for (const annen of brytere) {
        if (annen.checked === bryter.checked) continue;
        annen.checked = bryter.checked;
        annen.dispatchEvent(new Event('change'));
      }
    });
  }
  for (const knapp of document.querySelectorAll('[data-vis-taster]')) {
    knapp.addEventListener('click', () => {
      knapp.closest('details[data-meny]')?.removeAttribute('open');
      dialog.showModal();
    });
  }
  dialog.querySelector('[data-lukk]').addEventListener('click', () => dialog.close());

  const kort = () => Array.from(document.querySelectorAll('[data-live] .sakkort'));
  const iFokus = () => document.activeElement?.closest('.sakkort') ?? null;

  document.addEventListener('focusin', () => {
    const nr = kort().indexOf(iFokus());
    if (nr >= 0) sist = nr;
  });

  function gaaTil(retning) {
    const alle = kort();
    const valgt = alle[nesteSak(alle.indexOf(iFokus()), sist, alle.length, retning)];
    if (!valgt) return false;
    valgt.querySelector('.sakkort__lenke').focus({ preventScroll: true });
    valgt.scrollIntoView({ block: 'nearest' });
    return true;
  }

  /** Takes the case in focus, or the open one. The queue's own key (koe.js) takes the first where none is in focus. */
  function ta() {
    const sted = iFokus() ?? document.querySelector('[data-sak]');
    const knapp = sted?.querySelector('form[action$="/aksepter"] [type="submit"]');
    // A case in focus that cannot be taken must not make the queue take another.
    if (!knapp || knapp.disabled) return iFokus() !== null;
    si(tekst('tasterTar'));
    knapp.form.requestSubmit(knapp);
    return true;
  }

  function fokuser(velger) {
    const felt = document.querySelector(velger);
    if (!felt || felt.disabled || !felt.checkVisibility()) return false;
    felt.focus();
    felt.select?.();
    return true;
  }

  function gaaTilSide(adresse) {
    const lenke = document.querySelector(`.hovedmeny a[href="${adresse}"]`);
    if (!lenke) return false;
    lenke.click();
    return true;
  }

  const utfoer = {
    neste: () => gaaTil(1),
    forrige: () => gaaTil(-1),
    ta,
    svar: () => fokuser('[data-skrivefelt]:not([hidden]) textarea'),
    sok: () => fokuser('[data-sakssok]'),
    koe: () => gaaTilSide('/koe'),
    saker: () => gaaTilSide('/henvendelser/'),
    hjelp: () => {
      dialog.showModal();
      return true;
    },
  };

  /** Keys are on, and nothing on the page is being written in or chosen from. A key held down only moves. */
  function ledig({ target, repeat, key, defaultPrevented }) {
    if (!paa() || defaultPrevented || (repeat && !'jk'.includes(key.toLowerCase()))) return false;
    return !target.closest?.(FELT) && !document.querySelector('details[data-meny][open], dialog[open]');
  }

  // Before the queue's own listener, which takes the first case where none is in focus.
  document.addEventListener('keydown', (hendelse) => {
    const gjoer = taster.trykk(hendelse, ledig(hendelse), performance.now());
    if (gjoer && utfoer[gjoer]()) hendelse.preventDefault();
  }, { capture: true });
}
