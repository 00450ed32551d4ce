// The specialist's queue: the count in the tab's title and in the menu, a sound for what is new, one key to accept,
// and a focus that stays where it was when the list is fetched anew. The list itself is fetched by the live client.
import { les, skriv } from './kapsel.js';
import { pip, vekk } from './lyd.js';
import { Nykommere } from './nykommere.js';
import { si, tekst } from './tekst.js';

/** After the list has moved, keys rest this long (ms): the case under the finger may be another one now. */
const HVIL = 900;

const boks = document.querySelector('[data-live="koe"]');
const merke = document.querySelector('[data-koe-antall]');
const tittel = document.title;

function visAntall(antall) {
  if (!merke) return;
  merke.textContent = String(antall);
  merke.hidden = !antall;
}

if (boks) koeside();
else if (merke) andreSider();

/** On other pages only the number in the menu: asked for now and then, and when the live client says so. */
function andreSider() {
  const hent = async () => {
    if (document.hidden) return;
    try {
      const svar = await fetch('/koe/liste', { headers: { Accept: 'text/html', 'X-Bakgrunn': '1' }, redirect: 'error' });
      if (!svar.ok) return;
      const liste = new DOMParser().parseFromString(await svar.text(), 'text/html').querySelector('[data-koe-ventende]');
      if (liste) visAntall(Number(liste.dataset.koeVentende));
    } catch {
      // No contact: the live client's banner tells of it.
    }
  };
  hent();
  setInterval(hent, 60_000);
  document.addEventListener('visibilitychange', hent);
  document.addEventListener('portal:koe', hent);
}

function koeside() {
  let sistFlyttet = -HVIL;
  let sistFokus = null;
  const kort = () => Array.from(boks.querySelectorAll('[data-koekort]'));
  let forrige = kort().map((k) => k.id);

  // --- switches, remembered for this browser ---
  const bryter = (navn) => document.querySelector(`[data-bryter="${navn}"]`);
  const lydbryter = bryter('koelyd');
  const tastbryter = bryter('koetaster');
  lydbryter.checked = les('koelyd') === '1';
  tastbryter.checked = les('koetaster') !== '0';
  const visTaster = () => {
    boks.dataset.koeTaster = tastbryter.checked ? 'paa' : 'av';
    document.querySelector('[data-tasthjelp]').hidden = !tastbryter.checked;
  };
  visTaster();
  tastbryter.addEventListener('change', () => {
    skriv('koetaster', tastbryter.checked ? '1' : '0');
    visTaster();
  });
  lydbryter.addEventListener('change', () => {
    skriv('koelyd', lydbryter.checked ? '1' : '0');
    if (lydbryter.checked) pip('vanlig');
  });
  // Browsers play nothing before the first touch of the page.
  const vekkLyden = () => {
    if (lydbryter.checked) vekk();
  };
  document.addEventListener('pointerdown', vekkLyden, { once: true });
  document.addEventListener('keydown', vekkLyden, { once: true });

  function visTall() {
    const antall = Number(boks.querySelector('[data-koe-ventende]')?.dataset.koeVentende ?? 0);
    document.title = antall ? `(${antall}) ${tittel}` : tittel;
    visAntall(antall);
    return antall;
  }

  // --- the list was fetched anew ---
  boks.addEventListener('focusin', ({ target }) => {
    sistFokus = target.id || null;
  });
  document.addEventListener('focusin', ({ target }) => {
    if (!boks.contains(target)) sistFokus = null;
  });
  function etterBytte() {
    const naa = kort();
    const ider = naa.map((k) => k.id);
    if (ider.join() !== forrige.join()) sistFlyttet = performance.now();
    const nye = naa.filter((k) => !forrige.includes(k.id));
    forrige = ider;
    const antall = visTall();
    nykommere.kom(nye.map((k) => k.id), performance.now(), document.hidden);
    visNykomne();
    // The focused element is gone with the old list: its successor takes over, else the heading.
    if (sistFokus && !boks.contains(document.activeElement)) {
      (document.getElementById(sistFokus) ?? boks.querySelector('h2[tabindex]'))?.focus({ preventScroll: true });
    }
    if (nye.length) {
      const viktigst = nye.find((k) => k.dataset.hastegrad === 'akutt') ?? nye[0];
      si(tekst('koeNy', { sak: nye.map((k) => k.dataset.tekst).join('. ') }));
      if (lydbryter.checked) pip(viktigst.dataset.hastegrad);
    } else if (!antall && ider.length === 0) {
      sistFlyttet = performance.now();
    }
  }

  // --- what has just come, for those without sound ---
  const nykommere = new Nykommere();
  let merkevekker = 0;
  function visNykomne() {
    clearTimeout(merkevekker);
    const merket = nykommere.merket(performance.now());
    for (const k of kort()) {
      const siden = merket.get(k.id);
      k.classList.toggle('koekort--nykommet', siden !== undefined);
      // A card from a list fetched anew goes on where the former one was.
      if (siden !== undefined) k.style.setProperty('--siden', `${-Math.round(siden)}ms`);
    }
    if (merket.size && !document.hidden) {
      merkevekker = setTimeout(visNykomne, Nykommere.VARER - Math.max(...merket.values()) + 20);
    }
  }
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    nykommere.sett(performance.now());
    visNykomne();
  });
  let planlagt = false;
  new MutationObserver((endringer) => {
    const byttet = endringer.some(({ addedNodes, removedNodes }) =>
      [...addedNodes, ...removedNodes].some((n) => n.nodeType === Node.ELEMENT_NODE));
    if (!byttet || planlagt) return;
    planlagt = true;
    queueMicrotask(() => {
      planlagt = false;
      etterBytte();
    });
  }).observe(boks, { childList: true, subtree: true });
  visTall();

  // --- one key ---
  document.addEventListener('keydown', (hendelse) => {
    if (!tastbryter.checked || hendelse.defaultPrevented || hendelse.repeat) return;
    if (hendelse.ctrlKey || hendelse.altKey || hendelse.metaKey || hendelse.isComposing) return;
    if (hendelse.target.closest('input:not([role="switch"]), textarea, select, [contenteditable], dialog')) return;
    if (document.querySelector('details[data-meny][open], dialog[open]')) return;
    const nr = hendelse.key === 'a' || hendelse.key === 'A' ? '1' : hendelse.key;
    const knapp = /^[1-9]$/.test(nr) && boks.querySelector(`[data-tast="${nr}"]`);
    if (!knapp) return;
    hendelse.preventDefault();
    if (performance.now() - sistFlyttet < HVIL) {
      si(tekst('koeEndret'));
      return;
    }
    si(tekst('koeTar'));
    knapp.form.requestSubmit(knapp);
  });
}
