// «Kopier»: puts the text of a field on the clipboard and says so. Where the browser refuses, the text is selected.
import { si } from './tekst.js';

document.addEventListener('click', async ({ target }) => {
  const knapp = target.closest('[data-kopier]');
  if (!knapp) return;
  const felt = document.getElementById(knapp.dataset.kopier);
  let kopiert = true;
  try {
    await navigator.clipboard.writeText(felt.value);
  } catch {
    kopiert = false;
    felt.focus();
    felt.select();
  }
  const setning = kopiert ? knapp.dataset.kopiert : knapp.dataset.ikkeKopiert;
  knapp.querySelector('span').textContent = setning;
  si(setning);
});
