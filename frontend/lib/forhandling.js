// A negotiation keeps itself fresh: twice a minute, when the window comes back, and when the bell has something new, the
// page is fetched in the background, and the parts that differ take the place of the old ones. Where somebody writes,
// nothing is touched: a line says that something new has come, and shows it when one wants, with the typed text kept.
import { BAKGRUNN } from '../live/nett.js';
import { lag, si, tekst } from './tekst.js';

const HVERT = 30_000;
const DEL = '[data-forhandlingsdel]';
const rot = document.querySelector('[data-forhandling]');
let gaar = false;

/** The same but for what every answer has anew: tokens, and how long ago things were. */
function lik(a, b) {
  const uten = (del) => {
    const kopi = del.cloneNode(true);
    kopi.querySelector('.forhandlet__nytt')?.remove();
    for (const felt of kopi.querySelectorAll('[name="csrf_token"]')) felt.removeAttribute('value');
    for (const tid of kopi.querySelectorAll('time[data-tid]')) tid.textContent = '';
    for (const fold of kopi.querySelectorAll('details')) fold.removeAttribute('open');
    // A form that came back refused says what was wrong, and holds what was typed.
    for (const ord of kopi.querySelectorAll('.ds-validation-message, .fnr-sted, .ikke-fnr')) ord.remove();
    for (const felt of kopi.querySelectorAll('textarea')) {
      felt.textContent = '';
      for (const attributt of ['aria-invalid', 'aria-describedby']) felt.removeAttribute(attributt);
    }
    return kopi.innerHTML.replace(/\s+/g, ' ');
  };
  return uten(a) === uten(b);
}

const skrevet = (del) => Array.from(del.querySelectorAll('textarea')).filter((felt) => felt.value.trim());

/** Boxes ticked and figures changed by hand: not what the page came with. */
const endret = (del) => Array.from(del.querySelectorAll('input:not([type="hidden"])'))
  .some((felt) => felt.checked !== felt.defaultChecked || felt.value !== felt.defaultValue);

/** Somebody does something there: types, has typed, or is about to press. To have been led to a place is nothing. */
const opptatt = (del) => skrevet(del).length > 0 || endret(del)
  || (del.contains(document.activeElement) && document.activeElement.matches('textarea, input, button, summary, a'));

/** Typed text, open folds and the place of the focus go on in the new part. */
function overfoer(gammel, ny) {
  for (const fold of gammel.querySelectorAll('details[id][open]')) {
    const samme = ny.querySelector(`#${CSS.escape(fold.id)}`);
    if (samme) samme.open = true;
  }
  for (const felt of skrevet(gammel)) {
    const samme = ny.querySelector(`#${CSS.escape(felt.id)}`);
    if (samme) samme.value = felt.value;
    else return false;
  }
  return true;
}

function bytt(gammel, ny) {
  const i = gammel.contains(document.activeElement) ? document.activeElement : null;
  // What was typed for something that is gone (a proposal settled meanwhile) is not thrown away: it stays as it is.
  if (!overfoer(gammel, ny)) return false;
  gammel.replaceWith(ny);
  if (i) (ny.querySelector(`#${CSS.escape(i.id || '-')}`) ?? ny).focus({ preventScroll: true });
  return true;
}

/** The part stays; a line on top of it says that there is more, and shows it. */
function meld(gammel, ny) {
  gammel.querySelector('.forhandlet__nytt')?.remove();
  const knapp = lag('button', { class: 'ds-button', type: 'button', 'data-size': 'sm', 'data-variant': 'secondary' },
    tekst('forhandlingVis'));
  knapp.addEventListener('click', () => {
    if (!bytt(gammel, ny)) knapp.closest('.forhandlet__nytt').after(ny.querySelector('.forslag') ?? '');
  });
  gammel.prepend(lag('p', { class: 'forhandlet__nytt' }, lag('span', {}, tekst('forhandlingHer')), knapp));
}

function sett(side) {
  let nytt = false;
  let forrige = null;
  for (const ny of side.querySelectorAll(`[data-forhandling] ${DEL}`)) {
    const navn = ny.dataset.forhandlingsdel;
    const gammel = rot.querySelector(`[data-forhandlingsdel="${navn}"]`);
    if (!gammel) {
      if (forrige) forrige.after(ny);
      else rot.prepend(ny);
      nytt = true;
    } else if (!lik(gammel, ny)) {
      nytt ||= navn !== 'filter';
      if (opptatt(gammel)) meld(gammel, ny);
      else bytt(gammel, ny);
    }
    forrige = rot.querySelector(`[data-forhandlingsdel="${navn}"]`);
  }
  if (nytt) si(tekst('forhandlingNytt'));
}

async function frisk() {
  if (gaar || document.hidden || 'laast' in document.documentElement.dataset) return;
  gaar = true;
  try {
    const svar = await fetch(rot.dataset.kilde, {
      headers: { Accept: 'text/html', [BAKGRUNN]: '1' }, redirect: 'manual', cache: 'no-store',
    });
    if (svar.ok) sett(new DOMParser().parseFromString(await svar.text(), 'text/html'));
  } catch {
    // No network: the next round tries again, and the page says nothing that is not so.
  } finally {
    gaar = false;
  }
}

if (rot) {
  setInterval(frisk, HVERT);
  document.addEventListener('visibilitychange', frisk);
  window.addEventListener('focus', frisk);
  document.addEventListener('portal:bjelle', frisk);
  window.addEventListener('beforeunload', (hendelse) => {
    if (skrevet(rot).length && !rot.querySelector('form[data-sendes]')) hendelse.preventDefault();
  });
  rot.addEventListener('submit', ({ target }) => target.setAttribute('data-sendes', ''));
}
