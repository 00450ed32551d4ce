// A table that is sorted in place: its headings are links that work without JavaScript. Cells say by data-v what they are
// compared by; an empty one is not known, and stands last whichever way.
import { si, tekst } from './tekst.js';

const sammenligner = new Intl.Collator('nb', { numeric: true });

function sorter(tabell, kolonne, ned) {
  const hoder = Array.from(tabell.tHead.rows[0].cells);
  const nr = hoder.findIndex((h) => h.querySelector('[data-sorter]')?.dataset.sorter === kolonne);
  if (nr < 0) return;
  const kropp = tabell.tBodies[0];
  const rader = Array.from(kropp.rows, (rad) => [rad.cells[nr].dataset.v ?? '', rad]);
  const fortegn = ned ? -1 : 1;
  rader.sort(([a], [b]) => (a === '' || b === '' ? (a === '') - (b === '') : fortegn * sammenligner.compare(a, b)));
  kropp.replaceChildren(...rader.map(([, rad]) => rad));
  hoder.forEach((hode, i) => {
    if (i === nr) hode.setAttribute('aria-sort', ned ? 'descending' : 'ascending');
    else hode.removeAttribute('aria-sort');
  });
  const adresse = new URL(location.href);
  adresse.searchParams.set('sorter', `${ned ? '-' : ''}${kolonne}`);
  history.replaceState(null, '', adresse);
  document.querySelector('[data-naa-foerst]')?.toggleAttribute('hidden', true);
  document.querySelector('[data-vis-foerst]')?.toggleAttribute('hidden', false);
  const velger = document.querySelector('[data-sortervelger]');
  if (velger) velger.value = `${ned ? '-' : ''}${kolonne}`;
  si(tekst('tabellSortert', {
    kolonne: hoder[nr].textContent.trim(), retning: tekst(ned ? 'tabellNed' : 'tabellOpp'),
  }));
}

for (const tabell of document.querySelectorAll('table[data-sorterbar]')) {
  tabell.tHead.addEventListener('click', (hendelse) => {
    const lenke = hendelse.target.closest('[data-sorter]');
    if (!lenke || hendelse.ctrlKey || hendelse.metaKey || hendelse.shiftKey) return;
    hendelse.preventDefault();
    const naa = lenke.closest('th').getAttribute('aria-sort');
    sorter(tabell, lenke.dataset.sorter, naa ? naa === 'ascending' : lenke.dataset.foerst === 'ned');
  });
  const velger = document.querySelector('[data-sortervelger]');
  velger?.form.addEventListener('submit', (hendelse) => {
    // What is no column, the server knows the order of.
    if (!tabell.tHead.querySelector(`[data-sorter="${velger.value.replace(/^-/, '')}"]`)) return;
    hendelse.preventDefault();
    sorter(tabell, velger.value.replace(/^-/, ''), velger.value.startsWith('-'));
  });
}
