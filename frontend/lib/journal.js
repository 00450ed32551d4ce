// «Kopier til journal»: copies the text, and prints the page for it. Without this module it is selected by hand.
import { si } from './tekst.js';

const felt = document.getElementById('journaltekst');

document.querySelector('[data-kopier]')?.addEventListener('click', async ({ currentTarget: knapp }) => {
  felt.focus();
  felt.select();
  let ord = knapp.dataset.kopier;
  try {
    await navigator.clipboard.writeText(felt.value);
  } catch {
    // Not allowed here: the text stands selected, and the key does it.
    ord = knapp.dataset.feilet;
  }
  knapp.querySelector('[data-kopiertekst]').textContent = ord;
  si(ord);
});

document.querySelector('[data-skrivut]')?.addEventListener('click', () => window.print());
