// The overview of emergency beds. The map: one tab stop, arrow keys to the neighbours, a kommune's units beside it
// without a reload. The board: a group's units are fetched when it is opened.
//
// For what updates it live: `oppdaterKommune(nr, tall)` writes the figures of one kommune to its shape and to its row
// of the table; `tall` is what plasstall.js `leggSammen` gives for the rows of the kommune's units.
import { hentDel } from '../live/nett.js';
import { grad, kartnavn, karttall, LAANT, nabo, tallord } from './plasstall.js';
import { lag, si, tekst } from './tekst.js';
import { oppdater as oppdaterTider } from './tid.js';

const kart = document.querySelector('[data-plasskart]');
const RETNING = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
/** Letters within so many milliseconds of each other are one beginning of a name. */
const SKRIVEPAUSE = 800;

// --- figures ---------------------------------------------------------------------------------------------

/** Writes the figures of one kommune wherever the page shows them. */
export function oppdaterKommune(nr, tall) {
  const flate = document.querySelector(`[data-plasskart] [data-kommune="${nr}"]`);
  if (flate) {
    flate.dataset.grad = grad(tall);
    const gamle = tall.gamle ?? Number(flate.hasAttribute('data-gammel'));
    flate.toggleAttribute('data-gammel', gamle > 0);
    flate.firstElementChild.setAttribute('fill', `url(#pk-${grad(tall)})`);
    flate.setAttribute('aria-label', kartnavn(flate.dataset.navn, { ...tall, gamle }, tekst));
    const ord = document.querySelector(`[data-plasskart] [data-kommunetall="${nr}"]`);
    if (ord) ord.textContent = karttall(tall);
    if (flate === vistFlate) visBoble(flate);
    if (flate.hasAttribute('data-valgt')) tegnValgt(flate);
  }
  // A kommune without units has nothing to be counted in the table.
  if (!tall.enheter) return;
  for (const celle of document.querySelectorAll(`[data-kommunerad="${nr}"] [data-tall]`)) {
    const del = celle.dataset.tall;
    if (del in tall && del !== 'bemannet') {
      celle.textContent = tallord(tall, del, tekst);
      const usikker = tall.usikker && !LAANT.includes(del);
      celle.dataset.v = usikker && !tall[del] ? '' : String(tall[del]);
      celle.toggleAttribute('data-null', !usikker && !tall[del]);
    } else if (del === 'bemannet' && tall.antall) {
      celle.textContent = tekst('plassAv', { antall: tall.bemannet, alle: tall.antall });
      celle.dataset.v = (tall.bemannet / tall.antall).toFixed(3);
    }
  }
}

/** The chosen kommune is drawn once more above the others, with an outline outside its shape. */
function tegnValgt(flate) {
  const laget = document.querySelector('[data-kartvalg]');
  if (!laget) return;
  const form = flate.firstElementChild;
  const kant = form.cloneNode();
  kant.setAttribute('fill', 'none');
  laget.replaceChildren(form.cloneNode(), kant);
  laget.toggleAttribute('data-gammel', flate.hasAttribute('data-gammel'));
}

// --- the name and figures of the shape that is pointed at or has the focus ----------------------------------

const boble = document.querySelector('[data-kartboble]');
let vistFlate = null;

function visBoble(flate) {
  vistFlate = flate;
  boble.textContent = flate?.getAttribute('aria-label') ?? '';
  boble.hidden = !flate;
}

// --- the keyboard ------------------------------------------------------------------------------------------

function settOppKartet() {
  const flater = Array.from(kart.querySelectorAll('[data-kommune]'));
  if (!flater.length) return;
  let naaVaerende = flater.find((f) => f.dataset.kommune === kart.dataset.foerste) ?? flater[0];
  naaVaerende.setAttribute('tabindex', '0');
  const valgt = flater.find((f) => f.dataset.kommune === kart.dataset.valgt);
  if (valgt) {
    valgt.setAttribute('data-valgt', '');
    tegnValgt(valgt);
  }
  let midter = null;
  const midten = (flate) => {
    const b = flate.firstElementChild.getBBox();
    return { x: b.x + b.width / 2, y: b.y + b.height / 2 };
  };

  function gaaTil(flate, { fokus = true } = {}) {
    if (!flate) return;
    naaVaerende.setAttribute('tabindex', '-1');
    naaVaerende = flate;
    flate.setAttribute('tabindex', '0');
    if (fokus) {
      faaInn(midten(flate));
      flate.focus({ preventScroll: true });
    }
  }

  /** A kommune outside what is shown comes into its middle. */
  function faaInn({ x, y }) {
    const b = kart.viewBox.baseVal;
    if (x >= b.x && x <= b.x + b.width && y >= b.y && y <= b.y + b.height) return;
    b.x = Math.round(x - b.width / 2);
    b.y = Math.round(y - b.height / 2);
  }

  let skrevet = '';
  let sist = 0;
  function finnNavn(tegn) {
    const naa = Date.now();
    skrevet = naa - sist > SKRIVEPAUSE ? tegn : skrevet + tegn;
    sist = naa;
    const likt = (f) => f.dataset.navn.toLocaleLowerCase('nb').startsWith(skrevet);
    // The same letter again goes on to the next of that letter.
    const fra = flater.indexOf(naaVaerende) + (skrevet.length === 1 ? 1 : 0);
    return [...flater.slice(fra), ...flater.slice(0, fra)].find(likt);
  }

  kart.addEventListener('keydown', (hendelse) => {
    if (hendelse.altKey || hendelse.ctrlKey || hendelse.metaKey) return;
    const { key } = hendelse;
    let til = null;
    if (key in RETNING) {
      midter ??= flater.map(midten);
      til = flater[nabo(midten(naaVaerende), midter, ...RETNING[key])] ?? naaVaerende;
    } else if (key === 'Home') til = flater[0];
    else if (key === 'End') til = flater.at(-1);
    else if (key === 'Escape' && !boble.hidden) return visBoble(null);
    else if (/^[\p{L}-]$/u.test(key)) til = finnNavn(key.toLocaleLowerCase('nb')) ?? naaVaerende;
    if (!til) return;
    hendelse.preventDefault();
    hendelse.stopPropagation();
    gaaTil(til);
  });
  kart.addEventListener('focusin', ({ target }) => {
    const flate = target.closest('[data-kommune]');
    if (!flate) return;
    if (flate !== naaVaerende) gaaTil(flate, { fokus: false });
    visBoble(flate);
  });
  kart.addEventListener('focusout', () => visBoble(null));
  kart.addEventListener('pointerover', ({ target }) => visBoble(target.closest('[data-kommune]')
    ?? document.activeElement?.closest('[data-kommune]')));
  kart.addEventListener('pointerleave', () => visBoble(document.activeElement?.closest('[data-kommune]') ?? null));
  kart.addEventListener('click', (hendelse) => {
    const flate = hendelse.target.closest('[data-kommune]');
    if (!flate || hendelse.ctrlKey || hendelse.metaKey || hendelse.shiftKey || hendelse.button) return;
    hendelse.preventDefault();
    aapne(flate);
  });

  // Parts of the country are links; here they move the map that is there.
  const omraader = document.querySelector('[data-kartomraader]');
  omraader?.addEventListener('click', (hendelse) => {
    const lenke = hendelse.target.closest('a[data-boks]');
    if (!lenke || hendelse.ctrlKey || hendelse.metaKey) return;
    hendelse.preventDefault();
    kart.setAttribute('viewBox', lenke.dataset.boks);
    kart.dataset.omraade = lenke.dataset.omraade;
    for (const annen of omraader.querySelectorAll('a')) annen.removeAttribute('aria-current');
    lenke.setAttribute('aria-current', 'true');
    history.replaceState(null, '', lenke.href);
  });
}

// --- a kommune's units beside the map ------------------------------------------------------------------------

const panel = document.querySelector('[data-kommunepanel]');
let siste = 0;

async function aapne(flate) {
  const nr = flate.dataset.kommune;
  siste += 1;
  const denne = siste;
  panel.setAttribute('aria-busy', 'true');
  const noder = await hentNoder(`/plasser/kommuner/${nr}`);
  if (denne !== siste) return;
  panel.removeAttribute('aria-busy');
  if (noder === null) {
    location.assign(flate.getAttribute('href'));
    return;
  }
  panel.replaceChildren(...noder);
  for (const annen of kart.querySelectorAll('[data-valgt]')) annen.removeAttribute('data-valgt');
  flate.setAttribute('data-valgt', '');
  tegnValgt(flate);
  kart.dataset.valgt = nr;
  const adresse = new URL(location.href);
  adresse.searchParams.set('kommune', nr);
  history.replaceState(null, '', adresse);
  oppdaterTider(panel);
  panel.querySelector('h2').focus();
}

/** The nodes of a part of a page; null where nobody gave it. */
async function hentNoder(adresse) {
  try {
    const { del } = await hentDel(adresse);
    return del && Array.from(del.body.childNodes, (node) => document.importNode(node, true));
  } catch {
    return null;
  }
}

// Escape in the panel leads back to the shape that it came from.
panel?.addEventListener('keydown', (hendelse) => {
  if (hendelse.key !== 'Escape') return;
  kart?.querySelector(`[data-kommune="${kart.dataset.valgt}"]`)?.focus();
});

// --- the board's groups --------------------------------------------------------------------------------------

async function fyll(gruppe) {
  const innhold = gruppe.querySelector('[data-gruppeinnhold]');
  if (!gruppe.open || innhold.querySelector('table') || gruppe.dataset.henter !== undefined) return;
  gruppe.dataset.henter = '';
  innhold.setAttribute('aria-busy', 'true');
  innhold.replaceChildren(lag('p', {}, tekst('plassHenter')));
  const noder = await hentNoder(gruppe.dataset.plassgruppe);
  delete gruppe.dataset.henter;
  innhold.removeAttribute('aria-busy');
  if (noder === null) {
    const knapp = lag('button', { type: 'button', class: 'ds-button', 'data-variant': 'secondary' }, tekst('plassProevIgjen'));
    knapp.addEventListener('click', () => fyll(gruppe));
    innhold.replaceChildren(lag('p', {}, tekst('plassIkkeHentet')), knapp);
    si(tekst('plassIkkeHentet'));
    return;
  }
  innhold.replaceChildren(...noder);
  oppdaterTider(innhold);
  // What keeps the board live has rows more to look after.
  gruppe.dispatchEvent(new CustomEvent('plasser:nyerader', { bubbles: true }));
}

for (const gruppe of document.querySelectorAll('details[data-plassgruppe]')) {
  gruppe.addEventListener('toggle', () => fyll(gruppe));
}
if (kart) settOppKartet();
