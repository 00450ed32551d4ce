// A list of checkboxes gets one button that ticks them all, and unticks them when all are. Without it each is ticked.
import { lag } from './tekst.js';

for (const felt of document.querySelectorAll('[data-velg-alle]')) {
  const bokser = Array.from(felt.querySelectorAll('input[type=checkbox]'));
  if (bokser.length < 3) continue;
  const knapp = lag('button', { class: 'ds-button', type: 'button', 'data-variant': 'tertiary', 'data-size': 'sm' });
  knapp.textContent = felt.dataset.velgAlle;
  const alle = () => bokser.every((b) => b.checked);
  const vis = () => knapp.setAttribute('aria-pressed', String(alle()));
  knapp.addEventListener('click', () => {
    const paa = !alle();
    for (const b of bokser) b.checked = paa;
    vis();
  });
  felt.addEventListener('change', vis);
  felt.querySelector('ul').before(knapp);
  vis();
}
