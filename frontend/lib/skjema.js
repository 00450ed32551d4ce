// Help while a form is filled in, and a sending that loses nothing: what is missing is said before it is sent, a
// national identity number is marked where it stands, the login is asked for first, and it is sent once.
// The server checks all of it again. Forms marked data-skjema.
import { BAKGRUNN, hent } from '../live/nett.js';
import { rettet } from './feillinjer.js';
import { finnPersonnumre } from './fnr.js';
import { byteI, tegnForMye } from './lengde.js';
import { gaaTilFelt } from './side.js';
import { lag, midtI, si, tekst } from './tekst.js';

/** Bytes of UTF-8 in one text; the server's limit is the same. */
export const MAKS_TEKST = 16 * 1024;
const NESTEN = 14 * 1024;
const UTDRAG = 30;

/** The words on a field's label, without «må fylles ut». */
function navnPaa(felt) {
  const gruppe = felt.closest('fieldset');
  const etikett = felt.type === 'radio' && gruppe ? gruppe.querySelector('legend') : felt.labels?.[0];
  const kopi = etikett?.cloneNode(true);
  kopi?.querySelectorAll('.paakrevd, .valgfri').forEach((e) => e.remove());
  return kopi?.textContent.trim().replace(/\s+/g, ' ').replace(/\?$/, '') ?? felt.name;
}

/** The element that holds the field's messages. */
const feltramme = (felt) => (felt.type === 'radio' ? felt.closest('fieldset') : felt.closest('.ds-field'));
const ankerFor = (felt) => (felt.type === 'radio' ? felt.closest('fieldset')?.id : felt.id);

/** The required fields that have nothing in them, once each. */
export function mangler(skjema) {
  const sett = new Set();
  return Array.from(skjema.elements).filter((felt) => {
    if (!felt.required || felt.disabled || sett.has(felt.name)) return false;
    sett.add(felt.name);
    return felt.type === 'radio' ? !skjema.querySelector(`[name="${felt.name}"]:checked`) : !felt.value.trim();
  });
}

function visFeil(felt, melding) {
  const ramme = feltramme(felt);
  const id = `${ankerFor(felt)}-feil`;
  let plass = ramme.querySelector('.ds-validation-message');
  if (!plass) {
    plass = lag('p', { class: 'ds-validation-message', id });
    ramme.append(plass);
  }
  plass.textContent = melding;
  const merkes = felt.type === 'radio' ? ramme : felt;
  const beskrevet = new Set((merkes.getAttribute('aria-describedby') ?? '').split(/\s+/).filter(Boolean));
  merkes.setAttribute('aria-describedby', [plass.id, ...[...beskrevet].filter((b) => b !== plass.id)].join(' '));
  if (felt.type !== 'radio') felt.setAttribute('aria-invalid', 'true');
}

function fjernFeil(felt) {
  const ramme = feltramme(felt);
  const plass = ramme?.querySelector('.ds-validation-message');
  if (!plass) return;
  for (const merket of [ramme, ...ramme.querySelectorAll('[aria-describedby], [aria-invalid]')]) {
    merket.removeAttribute('aria-invalid');
    const resten = (merket.getAttribute('aria-describedby') ?? '').split(/\s+/).filter((b) => b && b !== plass.id);
    if (resten.length) merket.setAttribute('aria-describedby', resten.join(' '));
    else merket.removeAttribute('aria-describedby');
  }
  plass.remove();
}

/** Marks where the numbers stand, with a little of the text around each. */
function visFnr(felt, funn) {
  const ramme = feltramme(felt);
  let sted = ramme.querySelector('.fnr-sted');
  if (!funn.length) {
    sted?.remove();
    return;
  }
  if (!sted) {
    sted = lag('p', { class: 'fnr-sted' });
    ramme.append(sted);
  }
  sted.replaceChildren(...funn.map(({ start, slutt }) => lag(
    'span', { class: 'fnr-sted__utdrag' },
    (start > UTDRAG ? '…' : '') + felt.value.slice(Math.max(0, start - UTDRAG), start),
    lag('mark', {}, felt.value.slice(start, slutt)),
    felt.value.slice(slutt, slutt + UTDRAG) + (felt.value.length > slutt + UTDRAG ? '…' : ''),
  )));
}

/** The size of a text, shown only when it nears the limit. */
function visLengde(felt) {
  const bytes = byteI(felt.value);
  const ramme = feltramme(felt);
  let teller = ramme.querySelector('.tegnteller');
  if (bytes < NESTEN) {
    teller?.remove();
    return;
  }
  if (!teller) {
    teller = lag('p', { class: 'tegnteller', role: 'status' });
    felt.after(teller);
  }
  const over = tegnForMye(felt.value, MAKS_TEKST);
  teller.textContent = over ? tekst('tegnOver', { antall: over }) : tekst('tegnIgjen', { antall: MAKS_TEKST - bytes });
  teller.classList.toggle('tegnteller--over', over > 0);
}

function start(skjema) {
  // The browser's own bubbles are in the browser's language and cannot reach into a folded section.
  skjema.noValidate = true;
  const tekster = Array.from(skjema.querySelectorAll('textarea'));
  const slippGjennom = skjema.querySelector('[name="ikke_fnr"]');
  const fnrRamme = skjema.querySelector('[data-ikke-fnr]');
  const knapp = skjema.querySelector('[type="submit"]');
  // A receiver that was only suggested is not something the user has written.
  const uforandret = ([navn, verdi]) => [navn, verdi === skjema.elements[navn]?.dataset?.foreslaatt ? '' : verdi];
  const innhold = () => new URLSearchParams(
    Array.from(new FormData(skjema), uforandret).filter(([navn]) => navn !== 'csrf_token'),
  ).toString();
  const fraStart = innhold();
  let sender = false;
  let ferdig = false;

  const fnrI = (felt) => ('fnr' in felt.dataset
    ? finnPersonnumre(felt.value, { regel2032: 'regel2032' in document.body.dataset }) : []);

  /** Every text with a number in it, newly marked. */
  function letEtterFnr() {
    const treff = tekster.filter((felt) => {
      const funn = fnrI(felt);
      if ('fnr' in felt.dataset) visFnr(felt, funn);
      return funn.length > 0;
    });
    if (!treff.length) {
      if (fnrRamme) fnrRamme.hidden = true;
      if (slippGjennom) slippGjennom.checked = false;
    }
    return treff;
  }

  function visMangler() {
    const plass = skjema.querySelector('[data-mangler-felt]');
    if (!plass) return;
    const felter = mangler(skjema);
    plass.textContent = felter.length ? tekst('mangler', { felter: felter.map(navnPaa).map(midtI).join(', ') }) : tekst('klar');
  }

  function visUtfylt() {
    for (const del of skjema.querySelectorAll('[data-skjemadel]')) {
      const navn = new Set(Array.from(del.querySelectorAll('input, textarea, select'))
        .filter((f) => f.name && !['kjoenn', 'news2_skala'].includes(f.name))
        .filter((f) => (['radio', 'checkbox'].includes(f.type) ? f.checked && f.value : f.value.trim()))
        .map((f) => f.name));
      del.querySelector('[data-delstatus]').textContent = navn.size ? tekst('feltUtfylt', { antall: navn.size }) : '';
    }
  }

  /** What stops the sending: [field, message]. */
  function finnFeil() {
    const feil = mangler(skjema).map((felt) => [felt, tekst('maaFylles')]);
    if (!slippGjennom?.checked) {
      feil.push(...tekster.filter((felt) => fnrI(felt).length).map((felt) => [felt, tekst('fnrFunnet')]));
    }
    for (const felt of tekster) {
      const over = tegnForMye(felt.value, MAKS_TEKST);
      if (over) feil.push([felt, tekst('tegnOver', { antall: over })]);
    }
    const fag = skjema.elements.fagomraade;
    if (fag?.dataset?.bemannet === 'false') feil.push([fag, skjema.querySelector('[data-bemanning]').textContent.trim()]);
    for (const felt of skjema.querySelectorAll('[data-umulig="true"]')) {
      feil.push([felt, tekst('news2Umulig', { fra: felt.dataset.fra, til: felt.dataset.til })]);
    }
    return feil;
  }

  const feilende = () => new Set(finnFeil().map(([felt]) => ankerFor(felt)));
  let forrigeFeilende = feilende();

  /** Takes what has been put right off the summary, and the summary away when nothing is left of it. */
  function ryddOppsummering(endret) {
    const boks = document.getElementById('feiloppsummering');
    const naa = feilende();
    if (boks) {
      const anker = (lenke) => decodeURIComponent(lenke.hash.slice(1));
      const lenker = Array.from(boks.querySelectorAll('a[href^="#"]'));
      const borte = rettet(lenker.map(anker), naa, forrigeFeilende, ankerFor(endret));
      for (const lenke of lenker) if (borte.has(anker(lenke))) lenke.closest('li').remove();
      if (!boks.querySelector('li')) boks.remove();
    }
    forrigeFeilende = naa;
  }

  function visOppsummering(feil) {
    document.getElementById('feiloppsummering')?.remove();
    const boks = lag(
      'div', { class: 'ds-error-summary feiloppsummering', id: 'feiloppsummering', role: 'alert', tabindex: '-1' },
      lag('h2', { class: 'ds-heading' }, tekst('rett')),
      lag('ul', { class: 'ds-list' }, ...feil.map(([felt, melding]) => lag(
        'li', {}, felt ? lag('a', { class: 'ds-link', href: `#${ankerFor(felt)}` }, `${navnPaa(felt)}: ${melding}`) : melding,
      ))),
    );
    skjema.querySelector('.skjemadel, fieldset, .ds-field')?.prepend(boks);
    boks.focus();
    boks.scrollIntoView({ block: 'center' });
  }

  function stans(melding, ...mer) {
    sender = false;
    knapp.removeAttribute('aria-busy');
    document.getElementById('sendefeil')?.remove();
    const boks = lag('div', { class: 'ds-alert', id: 'sendefeil', role: 'alert', 'data-color': 'danger', tabindex: '-1' }, lag('p', { class: 'ds-paragraph' }, melding, ...mer));
    skjema.querySelector('.sendelinje')?.before(boks);
    boks.focus();
    boks.scrollIntoView({ block: 'center' });
  }

  /** After a login in another tab the form needs that login's token. */
  async function fornyNoekkel() {
    const side = await fetch(location.href, { headers: { Accept: 'text/html', [BAKGRUNN]: '1' } });
    const nytt = new DOMParser().parseFromString(await side.text(), 'text/html').querySelector('meta[name="csrf-token"]');
    if (nytt) skjema.elements.csrf_token.value = nytt.content;
  }

  let varUtlogget = false;
  async function send() {
    sender = true;
    knapp.setAttribute('aria-busy', 'true');
    si(tekst('sender'));
    try {
      const svar = await hent('/sesjon');
      if (svar.status === 423) {
        // It stays in the form, under the lock.
        sender = false;
        knapp.removeAttribute('aria-busy');
        return;
      }
      if (svar.status === 401) {
        varUtlogget = true;
        stans(`${tekst('utlogget')} `, lag('a', { class: 'ds-link', href: '/innlogging', target: '_blank', rel: 'noopener' }, tekst('loggInn')));
        return;
      }
      if (varUtlogget) await fornyNoekkel();
    } catch {
      stans(tekst('ingenKontakt'));
      return;
    }
    ferdig = true;
    skjema.submit();
  }

  skjema.addEventListener('submit', (hendelse) => {
    hendelse.preventDefault();
    if (sender) return;
    for (const felt of skjema.elements) if (felt.name) fjernFeil(felt);
    if (!slippGjennom?.checked) {
      const medFnr = letEtterFnr();
      // The way past is offered when the sending is stopped, not while somebody is typing.
      if (fnrRamme) fnrRamme.hidden = !medFnr.length;
    }
    tekster.forEach(visLengde);
    const feil = finnFeil();
    forrigeFeilende = new Set(feil.map(([felt]) => ankerFor(felt)));
    if (feil.length) {
      feil.forEach(([felt, melding]) => visFeil(felt, melding));
      visOppsummering(feil);
      return;
    }
    document.getElementById('feiloppsummering')?.remove();
    send();
  });

  // Enter in a field must not send half a request; Ctrl+Enter sends from anywhere.
  skjema.addEventListener('keydown', (hendelse) => {
    if (hendelse.key !== 'Enter' || hendelse.isComposing) return;
    if (hendelse.ctrlKey || hendelse.metaKey) {
      hendelse.preventDefault();
      skjema.requestSubmit(knapp);
    } else if (hendelse.target.matches('input:not([type="submit"])')) {
      hendelse.preventDefault();
    }
  });

  let ventetid = 0;
  const etterEndring = ({ target }) => {
    if (target.getAttribute('aria-invalid') || feltramme(target)?.querySelector(':scope > .ds-validation-message')) fjernFeil(target);
    if (target.matches('textarea')) visLengde(target);
    clearTimeout(ventetid);
    ventetid = setTimeout(() => {
      letEtterFnr();
      ryddOppsummering(target);
      visMangler();
      visUtfylt();
    }, 200);
  };
  skjema.addEventListener('input', etterEndring);
  skjema.addEventListener('change', etterEndring);

  window.addEventListener('beforeunload', (hendelse) => {
    if (!ferdig && innhold() !== fraStart) hendelse.preventDefault();
  });
  window.addEventListener('pageshow', (hendelse) => {
    if (!hendelse.persisted) return;
    ferdig = sender = false;
    knapp.removeAttribute('aria-busy');
  });

  visMangler();
  visUtfylt();
  if (location.hash) gaaTilFelt(decodeURIComponent(location.hash.slice(1)));
}

for (const skjema of document.querySelectorAll('form[data-skjema]')) start(skjema);
