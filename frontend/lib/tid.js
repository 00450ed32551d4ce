// Times that move: «for 3 min siden» (time[data-tid]) and countdowns to a deadline ([data-frist]).
// The server's clock is used: a wrong clock on the machine must not turn a deadline into a lie.
import { tekst } from './tekst.js';
import { MINUTT, siden, tilstand, varighet } from './tidsord.js';

const servertid = Date.parse(document.querySelector('meta[name="servertid"]')?.content ?? '');
const avvik = Number.isNaN(servertid) ? 0 : servertid - Date.now();

/** Now by the server's clock, in milliseconds. */
export const naa = () => Date.now() + avvik;

/** Changes the words without replacing the node: the observer below must not see its own work. */
function sett(element, ord) {
  const node = element.firstChild;
  if (node?.nodeType === Node.TEXT_NODE && element.childNodes.length === 1) {
    if (node.nodeValue !== ord) node.nodeValue = ord;
  } else {
    element.textContent = ord;
  }
}

function tellNed(element) {
  const ord = element.querySelector('[data-frist-tekst]');
  const frist = Date.parse(element.dataset.frist);
  if (!ord || Number.isNaN(frist)) return;
  // What the server wrote is the time of day; it stays within reach.
  if (!ord.title) ord.title = ord.textContent.trim();
  const fra = Date.parse(element.dataset.fristFra);
  const helt = Number.isNaN(fra) ? 4 * MINUTT : Math.max(frist - fra, MINUTT);
  const igjen = frist - naa();
  const naaTilstand = tilstand(igjen, helt);
  if (element.dataset.tilstand !== naaTilstand) element.dataset.tilstand = naaTilstand;
  // A deadline is what was promised; the next step of a ladder is what comes by itself.
  const hva = element.dataset.fristSlag ?? 'frist';
  sett(ord, tekst(`${hva}${igjen < 0 ? 'Over' : 'Igjen'}`, { tid: varighet(igjen, tekst) }));
  const linje = element.querySelector('[data-frist-linje]');
  if (linje) linje.style.width = `${igjen < 0 ? 100 : Math.min(100, Math.max(0, 100 - (100 * igjen) / helt))}%`;
}

/** Brings every time within `rot` up to date. */
export function oppdater(rot = document) {
  for (const element of rot.querySelectorAll('time[data-tid]')) {
    const tidspunkt = Date.parse(element.dateTime);
    if (!Number.isNaN(tidspunkt)) sett(element, siden(tidspunkt - naa(), document.documentElement.lang || 'nb', tekst));
  }
  for (const element of rot.querySelectorAll('[data-frist]')) tellNed(element);
}

let ventende = false;
function snart() {
  if (ventende) return;
  ventende = true;
  requestAnimationFrame(() => {
    ventende = false;
    oppdater();
  });
}

oppdater();
setInterval(() => {
  if (!document.hidden) oppdater();
}, 1000);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) oppdater();
});
// A part of the page that was fetched anew shows the right time at once.
new MutationObserver((endringer) => {
  const nye = endringer.some(({ addedNodes }) =>
    Array.from(addedNodes).some((n) => n.nodeType === Node.ELEMENT_NODE
      && (n.matches('[data-frist], time[data-tid]') || n.querySelector('[data-frist], time[data-tid]'))));
  if (nye) snart();
}).observe(document.body, { childList: true, subtree: true });
