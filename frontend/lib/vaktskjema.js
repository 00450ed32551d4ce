// The forms of the rosters: the order of a rotation is moved by buttons, a chosen colleague's shifts are fetched at
// once, and a file that is too large is said to be so before it is sent. Without this module all of it works too.
import { ikon, lag, si } from './tekst.js';

const liste = document.querySelector('[data-turliste]');

const fyll = (mal, verdier) => mal.replace(/\{(\w+)\}/g, (_, navn) => verdier[navn] ?? '');

const felt = (rad) => rad.querySelector('select');

/** The person of a row without role and unit, or its number while it is empty. */
function navnPaa(rad) {
  const valg = felt(rad).selectedOptions[0];
  const nummer = Array.from(liste.children).indexOf(rad) + 1;
  return valg?.value ? valg.textContent.split(' – ')[0].trim() : fyll(liste.dataset.plass, { plass: nummer });
}

function knapp(hva, tegn) {
  const ny = lag('button', { class: 'ds-button', type: 'button', 'data-variant': 'tertiary', 'data-tur': hva });
  ny.append(ikon(tegn));
  return ny;
}

function utstyr(rad) {
  const knapper = lag('span', { class: 'turliste__knapper' });
  knapper.append(knapp('opp', 'ArrowUp'), knapp('ned', 'ArrowDown'), knapp('bort', 'XMark'));
  const indre = lag('span', { class: 'turliste__indre' });
  felt(rad).replaceWith(indre);
  return { indre, knapper };
}

/** Names and numbers after every move: a button says whom it moves. */
function ajourfoer() {
  const rader = Array.from(liste.children);
  rader.forEach((rad, plass) => {
    const valg = felt(rad);
    valg.id = `deltaker-${plass + 1}`;
    const etikett = rad.querySelector('label');
    etikett.htmlFor = valg.id;
    etikett.textContent = etikett.textContent.replace(/\d+/, String(plass + 1));
    for (const k of rad.querySelectorAll('[data-tur]')) {
      k.setAttribute('aria-label', fyll(liste.dataset[k.dataset.tur], { navn: navnPaa(rad) }));
      k.disabled = (k.dataset.tur === 'opp' && plass === 0) || (k.dataset.tur === 'ned' && plass === rader.length - 1)
        || (k.dataset.tur === 'bort' && rader.length === 1);
    }
  });
}

function start(rad) {
  const valg = felt(rad);
  const { indre, knapper } = utstyr(rad);
  indre.append(valg, knapper);
}

function flytt(rad, hva, trykket) {
  const navn = navnPaa(rad);
  if (hva === 'bort') {
    const neste = rad.nextElementSibling ?? rad.previousElementSibling;
    rad.remove();
    ajourfoer();
    felt(neste).focus();
    si(fyll(liste.dataset.fjernet, { navn }));
    return;
  }
  if (hva === 'opp') rad.previousElementSibling.before(rad);
  else rad.nextElementSibling.after(rad);
  ajourfoer();
  (trykket.disabled ? rad.querySelector('[data-tur]:not(:disabled)') : trykket).focus();
  si(fyll(liste.dataset.flyttet, { navn, plass: Array.from(liste.children).indexOf(rad) + 1 }));
}

if (liste) {
  for (const rad of liste.children) start(rad);
  ajourfoer();
  liste.addEventListener('click', ({ target }) => {
    const trykket = target.closest('[data-tur]');
    if (trykket) flytt(trykket.closest('li'), trykket.dataset.tur, trykket);
  });
  liste.addEventListener('change', ajourfoer);
  document.querySelector('[data-ny-plass]')?.addEventListener('click', () => {
    const ny = liste.lastElementChild.cloneNode(true);
    felt(ny).value = '';
    liste.append(ny);
    ajourfoer();
    felt(ny).focus();
  });
}

// Whom to swap with: the colleague's shifts come as soon as one is chosen.
const kollega = document.querySelector('[data-velg-kollega]');
kollega?.querySelector('select').addEventListener('change', ({ target }) => {
  if (target.value) kollega.requestSubmit();
});

// A file that is too large never leaves the machine.
for (const fil of document.querySelectorAll('input[type="file"][data-maks]')) {
  fil.addEventListener('change', () => {
    const forStor = (fil.files[0]?.size ?? 0) > Number(fil.dataset.maks);
    fil.setCustomValidity(forStor ? fil.dataset.forStor : '');
    if (forStor) fil.reportValidity();
  });
}
