// «Hva gjelder her nå» beside a case: fetched when it is opened. The live client changes the parts of a case around it;
// what was open stays open, with what was fetched. Without this module it is a link to a page of its own.
import { lag } from './tekst.js';

const ROT = '[data-avtalepanel]';
const hentet = new Map();

async function hent(panel) {
  const adresse = panel.dataset.avtalepanel;
  const plass = panel.querySelector('[data-innhold]');
  const lenke = plass.querySelector('a')?.cloneNode(true);
  plass.replaceChildren(lag('p', {}, panel.dataset.venter));
  let deler;
  try {
    const svar = await fetch(`${adresse}?del=1`, { headers: { Accept: 'text/html', 'X-Bakgrunn': '0' }, redirect: 'error' });
    if (!svar.ok) throw new Error(String(svar.status));
    deler = [...new DOMParser().parseFromString(await svar.text(), 'text/html').body.childNodes];
    hentet.set(adresse, deler);
  } catch {
    deler = [lag('p', { role: 'alert' }, panel.dataset.feilet), lenke];
  }
  plass.replaceChildren(...deler.filter(Boolean).map((d) => document.importNode(d, true)));
}

document.addEventListener('toggle', (hendelse) => {
  const panel = hendelse.target;
  if (!(panel instanceof HTMLDetailsElement) || !panel.matches(ROT)) return;
  if (!panel.open) hentet.delete(panel.dataset.avtalepanel);
  else if (!panel.dataset.vist) hent(panel);
  if (!panel.open) delete panel.dataset.vist;
}, true);

const sak = document.querySelector('.sak');
if (sak) {
  new MutationObserver(() => {
    for (const panel of sak.querySelectorAll(`${ROT}:not([open])`)) {
      const deler = hentet.get(panel.dataset.avtalepanel);
      if (!deler) continue;
      panel.dataset.vist = '1';
      panel.querySelector('[data-innhold]').replaceChildren(...deler.map((d) => document.importNode(d, true)));
      panel.open = true;
    }
  }).observe(sak, { childList: true });
}
