// The lock over the page: a warning before, the cover itself, and the way back; the same cover when the login behind
// the page has ended, or is another's or another role's by now. What was typed stays in the page, out
// of sight and out of reach; nothing of it is stored. The server is the truth, in every tab of the login: this only
// covers the page at the moment it knows of, and asks.
import { csrf, hent, settCsrf } from '../live/nett.js';
import { LEVENDE } from '../live/start.js';
import { Laaseur, minutter } from './laaseur.js';
import { si } from './tekst.js';

/** What a person does. Not «scroll»: a message that comes in scrolls the log, too. */
const BERORT = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', 'touchmove'];
/** In milliseconds. */
const SPOER_IGJEN = 5_000; // while the lock could not be told, or the login has ended
const SJELDEN = 60_000; // where the server tells by itself: a locked page, and a live one
const FERSK = 20_000; // how old an answer may be: asked for anew after that, also by a page that is not live

const mal = document.getElementById('laasmal');
const side = document.querySelector('[data-laasside]');
const kanal = 'BroadcastChannel' in window ? new BroadcastChannel('portal-laas') : null;

/** A request about the lock. `person`: because somebody did something. */
async function be(adresse, { metode = 'GET', person = false, kropp } = {}) {
  const svar = await hent(adresse, {
    method: metode,
    headers: {
      Accept: 'application/json',
      'X-Bakgrunn': person ? '0' : '1',
      ...(metode === 'POST' ? { 'X-CSRFToken': csrf() } : {}),
    },
    ...(kropp ? { body: kropp } : {}),
  });
  let data = null;
  try {
    data = await svar.json();
  } catch {
    // No JSON: a proxy, or nothing to say.
  }
  return { status: svar.status, data };
}

if (mal) startLaas();
else if (side) laasside();
// A page of nobody's: the login may just have ended, and the other tabs are to know at once.
else kanal?.postMessage('sjekk');

/** The lock as a page: opened in another tab, it goes on by itself. */
function laasside() {
  const sjekk = async () => {
    try {
      const { status, data } = await be('/sesjon/laas');
      const samme = data?.person === side.dataset.person && data?.medlemskap === side.dataset.medlemskap;
      if (status === 401 || (status === 200 && (!data.laast || !samme))) location.replace(side.dataset.laasside);
    } catch {
      // No contact: the page stays as it is.
    }
  };
  kanal?.addEventListener('message', sjekk);
  document.addEventListener('portal:sesjon', sjekk);
  document.addEventListener('visibilitychange', () => !document.hidden && sjekk());
  side.querySelector('#laas-bevis')?.focus();
}

function startLaas() {
  const ord = mal.dataset;
  const varsel = document.querySelector('[data-laasvarsel]');
  const eier = { person: document.body.dataset.person, medlemskap: ord.medlemskap };
  const ur = new Laaseur(Date.now());
  ur.satt({ laast: false, laases_om: Number(ord.laasesOm), varsles_foer: Number(ord.varslesFoer) }, Date.now());

  let vekker = 0;
  let spurt = Date.now();
  let spoer = null;
  let pinger = false;
  let dekke = null; // the cover, while it is there
  let ubesvart = false; // the last question got no answer
  // A live page hears it from the server; the others ask, and so does one that asked in vain. A hidden one is seen by
  // nobody.
  const hjerteslag = () => (
    document.hidden || (document.querySelector(LEVENDE) && !ubesvart) ? SJELDEN : FERSK
  );
  let maaLaases = false; // somebody has locked the page, and the server has not heard of it yet
  let lest = null; // which part of the countdown was last read aloud

  // ---- asking and telling ------------------------------------------------------------------------------

  /** Asks how the session stands. One question at a time. */
  function sjekk() {
    spoer ??= sjekkEnGang().finally(() => {
      spoer = null;
    });
    return spoer;
  }

  async function sjekkEnGang() {
    try {
      if (maaLaases) {
        const { status } = await be('/laas/skjermen', { metode: 'POST', person: true });
        if (status === 200) maaLaases = false;
      }
      const { status, data } = await be('/sesjon/laas');
      spurt = Date.now();
      ubesvart = false;
      svar(status, data);
    } catch {
      // No contact: the page is covered when its time is up, all the same.
      spurt = Date.now();
      ubesvart = true;
    }
    gaa();
  }

  function svar(status, data) {
    if (status === 401) steng('utlogget');
    else if (status === 200 && data.person !== eier.person) steng('annen');
    else if (status === 200 && data.medlemskap !== eier.medlemskap) steng('rolle');
    else if (status === 200) {
      ur.satt(data, Date.now());
      // The login may be a new one, whose forms need its own token.
      settCsrf(data.csrf);
      // Without what waits, the cover is not the one of a locked screen.
      if (dekke?.utenVakt || (!data.laast && !maaLaases)) avdekk();
      if (data.laast || maaLaases) dekk();
      gjenaapne();
    }
  }

  async function ping() {
    if (pinger) return;
    pinger = true;
    ur.pinger(Date.now());
    try {
      const { status, data } = await be('/sesjon/aktiv', { metode: 'POST', person: true });
      if (status === 200) ur.satt(data, Date.now());
      else if (status === 423) sjekk();
      else ur.mislyktes(Date.now());
    } catch {
      ur.mislyktes(Date.now());
    } finally {
      pinger = false;
    }
    gaa();
  }

  // ---- the passing of time -----------------------------------------------------------------------------

  function gaa() {
    clearTimeout(vekker);
    const naa = Date.now();
    const tilstand = ur.tilstand(naa);
    if (tilstand === 'laast' && !dekke) {
      dekk();
      sjekk();
    }
    visVarsel(!dekke && tilstand === 'varsel', naa);
    if (!dekke && ur.pingNaa(naa)) ping();
    const slag = Math.max(1_000, spurt + hjerteslag() - naa);
    vekker = setTimeout(gaa, dekke ? SPOER_IGJEN : Math.min(slag, ur.vent(naa)));
    if (!dekke && naa - spurt >= hjerteslag()) sjekk();
    const uviss = maaLaases || dekke?.stengt;
    if (dekke && naa - spurt >= (uviss ? SPOER_IGJEN : SJELDEN) && !document.hidden) sjekk();
  }

  function visVarsel(vises, naa) {
    if (varsel.hidden === vises) {
      // Another tab may have been used: asked once, before anybody is warned.
      if (vises && naa - spurt > FERSK) {
        sjekk();
        return;
      }
      varsel.hidden = !vises;
      lest = null;
    }
    if (!vises) return;
    const igjen = ur.igjen(naa);
    varsel.querySelector('[data-laasvarselord]').textContent = ord.om.replace('{tid}', minutter(igjen));
    const del = [15, 30, 60, 120].find((sekunder) => igjen <= sekunder * 1_000) ?? 999;
    if (del !== lest) si((lest === null ? ord.varsel : ord.om).replace('{tid}', minutter(igjen)));
    lest = del;
  }

  const roert = () => {
    if (!dekke && ur.roert(Date.now())) ping();
  };
  let sted = '';
  const beroert = (hendelse) => {
    if (!hendelse.isTrusted) return;
    // The page may move below a pointer that lies still.
    if (hendelse.type === 'pointermove') {
      const naa = `${hendelse.screenX},${hendelse.screenY}`;
      if (naa === sted) return;
      sted = naa;
    }
    roert();
  };
  for (const navn of BERORT) window.addEventListener(navn, beroert, { passive: true, capture: true });
  varsel.querySelector('[data-laas-fortsett]').addEventListener('click', roert);
  const tilbake = () => {
    if (document.hidden) return;
    gaa();
    if (Date.now() - spurt > FERSK) sjekk();
  };
  document.addEventListener('visibilitychange', tilbake);
  window.addEventListener('focus', tilbake);
  window.addEventListener('online', sjekk);
  window.addEventListener('pageshow', (hendelse) => hendelse.persisted && sjekk());
  document.addEventListener('portal:sesjon', sjekk);
  kanal?.addEventListener('message', sjekk);

  // ---- the cover ---------------------------------------------------------------------------------------

  /** @param {boolean} utenVakt the login has ended: what waits is nobody's here, and cannot be counted */
  function dekk(utenVakt = false) {
    if (dekke) return;
    const fokus = document.activeElement;
    const tittel = document.title;
    const element = document.importNode(mal.content, true).querySelector('[data-laas]');
    if (utenVakt) {
      element.querySelector('[data-vaktmodus]')?.remove();
      element.querySelector('.laas__innhold').classList.remove('laas__innhold--vakt');
    }
    // An open dialog would keep the cover out of reach; it is there again afterwards, with what is in it.
    const dialoger = Array.from(document.querySelectorAll('dialog[open]')).filter((d) => d.matches(':modal'));
    for (const d of dialoger) d.close();
    const under = Array.from(document.body.children).filter((e) => !e.inert && e.localName !== 'template');
    document.documentElement.dataset.laast = '';
    for (const e of under) e.inert = true;
    document.body.append(element);
    settCsrf(csrf());
    document.title = ord.tittel;
    // Others write the title too; the number of a case must not come back while nobody is to see it.
    const tittelvakt = new MutationObserver(() => {
      const riktig = element.dataset.fanetittel ?? ord[dekke?.stengt ? `${dekke.stengt}Tittel` : 'tittel'];
      if (document.title !== riktig) document.title = riktig;
    });
    tittelvakt.observe(document.querySelector('title'), { childList: true, characterData: true, subtree: true });
    dekke = { element, under, dialoger, fokus, tittel, tittelvakt, stengt: '', utenVakt };
    element.querySelector('[data-laasform]').addEventListener('submit', laasOpp);
    // Leaving on purpose: what was not sent is given up with it.
    element.querySelector('.laas__ut').addEventListener('submit', () => {
      window.addEventListener('beforeunload', (hendelse) => hendelse.stopImmediatePropagation(), { capture: true });
    });
    (element.querySelector('[data-vaktmodus]') ? element : element.querySelector('#laas-bevis')).focus();
    visVarsel(false, Date.now());
    document.dispatchEvent(new CustomEvent('portal:laast'));
  }

  function avdekk() {
    if (!dekke) return;
    const { element, under, dialoger, fokus, tittel, tittelvakt, stengt } = dekke;
    dekke = null;
    tittelvakt.disconnect();
    document.dispatchEvent(new CustomEvent('portal:laast-opp'));
    element.remove();
    for (const e of under) e.inert = false;
    delete document.documentElement.dataset.laast;
    for (const d of dialoger) if (d.isConnected && !d.open) d.showModal();
    document.title = tittel;
    if (fokus?.isConnected) fokus.focus({ preventScroll: true });
    si(stengt ? ord.innlogget : ord.aapnet);
  }

  /**
   * Covers the page, and says why no password opens it: the one whose page it is has to log in again.
   * @param {'utlogget'|'annen'|'rolle'} grunn
   */
  function steng(grunn) {
    dekk(true);
    if (dekke.stengt === grunn) return;
    visGrunn(grunn);
    dekke.element.focus();
  }

  function gjenaapne() {
    if (!dekke?.stengt) return;
    visGrunn('');
    dekke.element.querySelector('#laas-bevis').focus();
  }

  function visGrunn(grunn) {
    const { element } = dekke;
    dekke.stengt = grunn;
    const tittel = ord[grunn ? `${grunn}Tittel` : 'tittel'];
    element.querySelector('#laas-tittel').textContent = tittel;
    element.querySelector('[data-laasord]').textContent = grunn ? ord[grunn] : '';
    element.querySelector('[data-laasbeskjed]').hidden = !grunn;
    for (const del of element.querySelectorAll('[data-laasform], .laas__ut, .laas__vakt, .laas__slutt')) del.hidden = Boolean(grunn);
    const inn = element.querySelector('[data-laasinn]');
    inn.href = `/innlogging?neste=${encodeURIComponent(location.pathname + location.search)}`;
    inn.hidden = grunn !== 'utlogget';
    element.querySelector('[data-laashjem]').hidden = !grunn || grunn === 'utlogget';
    document.title = element.dataset.fanetittel ?? tittel;
  }

  async function laasOpp(hendelse) {
    hendelse.preventDefault();
    const skjema = hendelse.target;
    const felt = skjema.elements.bevis;
    const knapp = skjema.querySelector('[type="submit"]');
    if (knapp.getAttribute('aria-busy')) return;
    const feil = (setning) => {
      skjema.querySelector('[data-laasfeil]').textContent = setning;
      felt.toggleAttribute('aria-invalid', Boolean(setning));
      if (setning) felt.focus();
    };
    feil('');
    knapp.setAttribute('aria-busy', 'true');
    try {
      // A lock that the server has not heard of is not opened by it, either.
      const kropp = new URLSearchParams({ bevis: felt.value });
      const { status, data } = await be('/laas/opp', { metode: 'POST', person: true, kropp });
      felt.value = '';
      if (status === 200) {
        maaLaases = false;
        spurt = Date.now();
        svar(status, data);
        kanal?.postMessage('sjekk');
      } else if (status === 401) svar(status, data);
      else if (data?.kode === 'csrf') feil(ord.gammel);
      else feil(data?.felter?.bevis?.join(' ') ?? data?.melding ?? ord.utenSvar);
    } catch {
      feil(ord.utenSvar);
    } finally {
      knapp.removeAttribute('aria-busy');
    }
    gaa();
  }

  // Keys reach the cover alone: the page's own shortcuts must not work behind it.
  for (const navn of ['keydown', 'keyup', 'keypress', 'paste', 'drop']) {
    window.addEventListener(navn, (hendelse) => dekke && hendelse.stopImmediatePropagation(), { capture: true });
  }

  // ---- «Lås skjermen» ----------------------------------------------------------------------------------

  document.addEventListener('submit', async (hendelse) => {
    if (!hendelse.target.matches('[data-laas-skjermen]')) return;
    hendelse.preventDefault();
    hendelse.target.closest('details')?.removeAttribute('open');
    maaLaases = true;
    dekk();
    await sjekk();
    kanal?.postMessage('sjekk');
  });

  gaa();
}
