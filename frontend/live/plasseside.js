// The page of one unit with emergency beds, live. When the unit has changed, the parts of the page that differ are put
// in the place of the old ones; a part that somebody works in is left alone, and a line says that there is something
// new; when, plassidekjerne.js knows. A click on what is no longer so is refused by the server all the same.
import { ikon, lag, si, tekst } from '../lib/tekst.js';
import { oppdater as oppdaterTider } from '../lib/tid.js';
import { hentDel } from './nett.js';
import { visKontakt } from './plasskontakt.js';
import { Sidekjerne } from './plassidekjerne.js';

/** In milliseconds: how often it is looked whether the page is to be fetched. */
const PULS = 200;

/** The same but for the tokens and times of its forms, which are new in every answer. */
function lik(a, b) {
  const uten = (del) => {
    const kopi = del.cloneNode(true);
    for (const felt of kopi.querySelectorAll('[name="csrf_token"], [name="klient_id"]')) felt.removeAttribute('value');
    for (const tid of kopi.querySelectorAll('time[data-tid], [data-frist]')) tid.replaceChildren();
    for (const e of [kopi, ...kopi.querySelectorAll('[data-tilstand]')]) e.removeAttribute('data-tilstand');
    return kopi;
  };
  return uten(a).isEqualNode(uten(b));
}

/** Whether somebody has begun something in this part: typed, chosen, or opened. */
function opptatt(del) {
  const felter = Array.from(del.querySelectorAll('textarea, input:not([type="hidden"]), select'));
  const endret = (felt) => {
    if (felt.matches('[type="checkbox"], [type="radio"]')) return felt.checked !== felt.defaultChecked;
    if (felt.matches('select')) return Array.from(felt.options).some((o) => o.selected !== o.defaultSelected && o.defaultSelected);
    return felt.value !== felt.defaultValue;
  };
  return felter.some((felt) => felt === document.activeElement || endret(felt))
    || Array.from(del.querySelectorAll('details[open]')).some((d) => d.querySelector('form, input, button'));
}

/** How the focused link or button is found again in the new part. */
function kjenne(aktiv) {
  if (aktiv.id) return `#${CSS.escape(aktiv.id)}`;
  if (aktiv.matches('a[href]')) return `a[href="${CSS.escape(aktiv.getAttribute('href'))}"]`;
  const skjema = aktiv.closest('form[action]');
  if (!skjema) return null;
  const verdi = aktiv.name ? `[name="${CSS.escape(aktiv.name)}"][value="${CSS.escape(aktiv.value)}"]` : '';
  return `form[action="${CSS.escape(skjema.getAttribute('action'))}"] ${aktiv.localName}${verdi}`;
}

function bytt(gammel, ny) {
  const aktiv = gammel.contains(document.activeElement) ? document.activeElement : null;
  const igjen = aktiv && kjenne(aktiv);
  gammel.replaceWith(ny);
  oppdaterTider(ny);
  if (!aktiv) return;
  const funnet = igjen && ny.querySelector(igjen);
  if (!funnet && !ny.hasAttribute('tabindex')) ny.setAttribute('tabindex', '-1');
  (funnet ?? ny).focus({ preventScroll: true });
}

/**
 * @param {HTMLElement} rot
 * @param {import('./forbindelse.js').Forbindelse} forbindelse
 */
export function startPlasseside(rot, forbindelse) {
  const kjerne = new Sidekjerne({ id: rot.dataset.plassenhetside, versjon: Number(rot.dataset.versjon), naa: Date.now() });

  function visLinje() {
    if (rot.querySelector('[data-plassnye]')) return;
    const ord = tekst('plassSidenEndret');
    const lenke = lag('a', { class: 'ds-link', href: location.href }, tekst('plassVisPaaNytt'));
    lenke.addEventListener('click', (hendelse) => {
      hendelse.preventDefault();
      location.reload();
    });
    rot.prepend(lag('p', { class: 'plassnye', 'data-plassnye': true }, ikon('ArrowsCirclepath'), ord, ' ', lenke));
    si(ord);
  }

  /** The parts of the new page in the place of the old ones. Returns its version. */
  function vis(del, ny) {
    let alt = true;
    for (const nyDel of del.querySelectorAll('[data-plassdel][id]')) {
      const gammel = document.getElementById(nyDel.id);
      if (gammel && lik(gammel, nyDel)) continue;
      if (!gammel || opptatt(gammel)) alt = false;
      else bytt(gammel, document.importNode(nyDel, true));
    }
    // A bed has come or gone: the list is shown anew when somebody asks for it.
    const deler = (side) => side.querySelectorAll('[data-plassdel][id]').length;
    if (deler(del) !== deler(document)) alt = false;
    if (alt) rot.querySelector('[data-plassnye]')?.remove();
    else visLinje();
    return Number(ny.dataset.versjon);
  }

  async function puls() {
    visKontakt(rot, kjerne.bekreftet);
    if (document.querySelector('[data-laas]') || !kjerne.tikk(Date.now())) return;
    try {
      const { del } = await hentDel(location.pathname);
      const ny = del?.querySelector('[data-plassenhetside]');
      if (ny) kjerne.hentet(vis(del, ny), Date.now());
      else kjerne.tapt(Date.now());
    } catch {
      kjerne.tapt(Date.now());
    }
  }

  async function abonner() {
    try {
      const svar = await forbindelse.send('plasser.abonner', { etter: kjerne.etter });
      if (svar.ok) kjerne.abonnert(svar, Date.now());
    } catch {
      // Nobody answered: the next head says that we are not in the room.
    }
  }

  setInterval(puls, PULS);
  forbindelse.paa('tilstand', (tilstand) => {
    kjerne.linje(tilstand === 'oppe', Date.now());
    if (tilstand === 'oppe') abonner();
  });
  forbindelse.paa('plasser', (hendelse) => kjerne.plasser(hendelse, Date.now()));
  forbindelse.paa('hode', (hode) => kjerne.hode(hode, Date.now()) && abonner());
  // A locked screen has left the room.
  document.addEventListener('portal:laast-opp', abonner);
  const tilbake = () => {
    if (document.hidden) return;
    kjerne.vekk(Date.now());
    forbindelse.vekk();
  };
  document.addEventListener('visibilitychange', tilbake);
  window.addEventListener('online', tilbake);
}
