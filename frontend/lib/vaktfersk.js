// The roster pages keep themselves fresh: who is on call, and the calendar. Twice a minute, and when the window comes
// back, the page is fetched in the background, and the parts that differ are put in the place of the old ones.
// Whoever is working in such a part, or has typed something there, is left alone.
import { BAKGRUNN } from '../live/nett.js';

const HVERT = 30_000;
const SNART = 3_000; // while something is on its way to the page
const rot = document.querySelector('[data-vaktfersk]');
let gaar = false;

async function frisk() {
  if (gaar || document.hidden) return;
  gaar = true;
  try {
    const svar = await fetch(location.href, { headers: { Accept: 'text/html', [BAKGRUNN]: '1' }, redirect: 'manual' });
    if (!svar.ok) return;
    const side = new DOMParser().parseFromString(await svar.text(), 'text/html');
    for (const ny of side.querySelectorAll('[data-vaktfersk] [data-vaktdel]')) {
      const gammel = rot.querySelector(`[data-vaktdel="${ny.dataset.vaktdel}"]`);
      if (gammel && !opptatt(gammel) && !lik(gammel, ny)) gammel.replaceWith(ny);
    }
  } catch {
    // No network: the next round tries again, and the page says nothing that is not so.
  } finally {
    gaar = false;
  }
}

function opptatt(del) {
  const felter = Array.from(del.querySelectorAll('textarea, input:not([type="hidden"], [type="checkbox"])'));
  const kryss = Array.from(del.querySelectorAll('input[type="checkbox"]'));
  return (
    del.contains(document.activeElement) ||
    felter.some((felt) => felt.value !== felt.defaultValue) ||
    kryss.some((felt) => felt.checked !== felt.defaultChecked)
  );
}

/** The same but for the token of its forms, which may be signed anew at every answer. */
function lik(a, b) {
  const uten = (del) => {
    const kopi = del.cloneNode(true);
    for (const felt of kopi.querySelectorAll('[name="csrf_token"]')) felt.removeAttribute('value');
    for (const tid of kopi.querySelectorAll('time[data-tid]')) tid.textContent = '';
    return kopi;
  };
  return uten(a).isEqualNode(uten(b));
}

if (rot) {
  setInterval(frisk, HVERT);
  setInterval(() => rot.querySelector('[data-snart]') && frisk(), SNART);
  document.addEventListener('visibilitychange', frisk);
  window.addEventListener('focus', frisk);
}

// The arrow keys page through the calendar, where the focus is on its buttons.
const bla = document.querySelector('[data-vaktbla]');
document.addEventListener('keydown', (hendelse) => {
  if (!bla || !['ArrowLeft', 'ArrowRight'].includes(hendelse.key)) return;
  if (hendelse.altKey || hendelse.ctrlKey || hendelse.metaKey || hendelse.shiftKey) return;
  if (!document.querySelector('[data-vaktbla]')?.contains(document.activeElement)) return;
  const lenke = document.querySelector(`[data-vaktbla] a[rel="${hendelse.key === 'ArrowLeft' ? 'prev' : 'next'}"]`);
  hendelse.preventDefault();
  location.assign(lenke.href);
});
