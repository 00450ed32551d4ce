// What every page has: the theme, the account menu, the focus after an error, and forms that are sent once.
import { les, skriv } from './kapsel.js';

document.documentElement.classList.add('js');

/** Theme: as the device, light or dark. The server reads the same cookie, so that no page flashes. */
function velgUtseende(valg) {
  document.documentElement.dataset.colorScheme = valg;
  for (const knapp of document.querySelectorAll('[data-fargevalg] button')) {
    knapp.setAttribute('aria-pressed', String(knapp.value === valg));
  }
}
velgUtseende(['light', 'dark'].includes(les('fargevalg')) ? les('fargevalg') : 'auto');
document.addEventListener('click', ({ target }) => {
  const knapp = target.closest('[data-fargevalg] button');
  if (!knapp) return;
  skriv('fargevalg', knapp.value);
  velgUtseende(knapp.value);
});

/** A menu closes on Escape (the focus goes back to its button), on a click outside, and when the focus leaves. */
function lukk(meny, tilKnapp) {
  meny.open = false;
  if (tilKnapp) meny.querySelector('summary').focus();
}
document.addEventListener('keydown', (hendelse) => {
  if (hendelse.key !== 'Escape') return;
  const meny = document.querySelector('details[data-meny][open]');
  if (meny) lukk(meny, true);
});
document.addEventListener('pointerdown', ({ target }) => {
  for (const meny of document.querySelectorAll('details[data-meny][open]')) {
    if (!meny.contains(target)) lukk(meny, false);
  }
});
document.addEventListener('focusin', ({ target }) => {
  for (const meny of document.querySelectorAll('details[data-meny][open]')) {
    if (!meny.contains(target)) lukk(meny, false);
  }
});

/** A link to a field, from an error summary: opens the section it lies in and puts the cursor there. */
export function gaaTilFelt(id) {
  const felt = document.getElementById(id);
  if (!felt) return false;
  for (let del = felt.closest('details'); del; del = del.parentElement.closest('details')) del.open = true;
  const inn = felt.matches('fieldset') ? (felt.querySelector('input:checked') ?? felt.querySelector('input')) : felt;
  inn.focus();
  inn.scrollIntoView({ block: 'center' });
  return true;
}
document.addEventListener('click', (hendelse) => {
  const lenke = hendelse.target.closest('.feiloppsummering a[href^="#"]');
  if (lenke && gaaTilFelt(decodeURIComponent(lenke.hash.slice(1)))) hendelse.preventDefault();
});
document.querySelector('[data-faa-fokus]')?.focus();

/** Small forms (accept, close …): a second click while the first is on its way does nothing. */
const sendes = new WeakSet();
document.addEventListener('submit', (hendelse) => {
  const skjema = hendelse.target;
  if (!skjema.matches('[data-en-gang]') || hendelse.defaultPrevented) return;
  if (sendes.has(skjema)) {
    hendelse.preventDefault();
    return;
  }
  sendes.add(skjema);
  skjema.querySelector('[type="submit"]')?.setAttribute('aria-busy', 'true');
});
// Back from the browser's memory the form can be used again.
window.addEventListener('pageshow', (hendelse) => {
  if (!hendelse.persisted) return;
  for (const skjema of document.querySelectorAll('form[data-en-gang]')) {
    sendes.delete(skjema);
    skjema.querySelector('[type="submit"]')?.removeAttribute('aria-busy');
  }
});
