// The status page and those of the canaries read themselves anew, without taking the focus, and say aloud when what
// they tell goes red or green.
import { si, tekst } from './tekst.js';

const HVERT = 10_000;
const boks = document.querySelector('[data-driftsstatus]');

const summen = (rot) => rot.querySelector('[data-drift-sum]')?.textContent.trim() ?? '';

function bytt(ny) {
  const foer = summen(boks);
  const fokus = boks.contains(document.activeElement) ? document.activeElement.id : '';
  boks.replaceChildren(...Array.from(ny.body.childNodes, (n) => document.importNode(n, true)));
  if (fokus) document.getElementById(fokus)?.focus({ preventScroll: true });
  if (summen(boks) !== foer) si(summen(boks));
}

async function les() {
  if (document.hidden) return;
  try {
    const svar = await fetch(boks.dataset.driftsstatus, { headers: { Accept: 'text/html', 'X-Bakgrunn': '1' }, redirect: 'error' });
    if (!svar.ok) throw new Error(String(svar.status));
    bytt(new DOMParser().parseFromString(await svar.text(), 'text/html'));
    delete boks.dataset.gammel;
  } catch {
    // What stands there is no longer known to be true: said once, and shown.
    if (!boks.dataset.gammel) {
      boks.dataset.gammel = tekst('driftMistet');
      si(tekst('driftMistet'));
    }
  }
}

if (boks) {
  setInterval(les, HVERT);
  document.addEventListener('visibilitychange', les);
}
