// «Varslene mine»: notices in this browser, and the list of channels, which is fetched anew while a test is on its way.
import { csrf, hent, hentDel } from '../live/nett.js';
import { si, tekst } from './tekst.js';

/** In milliseconds. */
const PULS = 5_000;
const GIR_SEG = 20 * 60_000; // a test that nobody has answered by then is asked for no more

const boks = document.querySelector('[data-varselkanaler]');
const push = document.querySelector('[data-push]');
/** Where the service worker stands; its scope is the whole portal. */
const ARBEIDER = '/sw.js';

// ---- the list ----------------------------------------------------------------------------------------------

function startListe() {
  const begynt = Date.now();
  let henter = false;
  const bekreftede = () => new Set(Array.from(boks.querySelectorAll('[data-stand="bekreftet"]'), (p) => p.closest('.kanal').id));

  async function oppdater() {
    // Nothing is taken from who writes a name.
    if (henter || document.hidden || 'laast' in document.documentElement.dataset || boks.querySelector('details[open]')) return;
    henter = true;
    try {
      const { del } = await hentDel(boks.dataset.kilde);
      const ny = del?.getElementById(boks.id);
      if (ny) bytt(ny);
    } catch {
      // No answer: the next pulse asks again.
    } finally {
      henter = false;
    }
  }

  function bytt(ny) {
    if (ny.innerHTML.trim() === fasit) return;
    fasit = ny.innerHTML.trim();
    const foer = bekreftede();
    const aktiv = boks.contains(document.activeElement) ? document.activeElement.closest('form')?.getAttribute('action') : null;
    boks.replaceChildren(...Array.from(ny.childNodes, (n) => document.importNode(n, true)));
    if (aktiv) boks.querySelector(`form[action="${CSS.escape(aktiv)}"] button`)?.focus({ preventScroll: true });
    for (const id of bekreftede()) {
      if (!foer.has(id)) si(tekst('kanalBekreftet', { kanal: document.getElementById(id).querySelector('.kanal__navn').firstChild.textContent }));
    }
    document.dispatchEvent(new CustomEvent('portal:kanaler'));
  }

  /** The list as the server last wrote it: times and marks are changed in the page. */
  let fasit = '';
  document.addEventListener('portal:bjelle', oppdater);
  setInterval(() => {
    if (Date.now() - begynt < GIR_SEG && boks.querySelector('[data-stand="venter"], [data-stand="sendt"]')) oppdater();
  }, PULS);
}

// ---- this browser ------------------------------------------------------------------------------------------

const kanPush = () => 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;

async function abonnement() {
  const arbeider = kanPush() ? await navigator.serviceWorker.getRegistration('/') : null;
  return (await arbeider?.pushManager.getSubscription()) ?? null;
}

async function merke(adresse) {
  const sum = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(adresse));
  return Array.from(new Uint8Array(sum), (b) => b.toString(16).padStart(2, '0')).join('');
}

function bytes(base64url) {
  const tegn = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(tegn, (t) => t.charCodeAt(0));
}

/** «Chrome, Windows»: what the person may know this browser by. */
function navn() {
  const { brands = [], platform = '' } = navigator.userAgentData ?? {};
  const merker = ['Google Chrome', 'Microsoft Edge', 'Opera', 'Chromium'];
  const kjent = merker.find((m) => brands.some(({ brand }) => brand === m))
    ?? /(Firefox|Safari)\//.exec(navigator.userAgent)?.[1] ?? '';
  return [kjent, platform].filter(Boolean).join(', ').slice(0, 80);
}

function startPush() {
  const knapp = push.querySelector('[data-push-paaknapp]');
  const plass = push.querySelector('[data-pushstand]');
  const sett = (ord, { kan = false } = {}) => {
    plass.textContent = ord;
    knapp.disabled = !kan;
    knapp.removeAttribute('aria-busy');
  };

  /** Why it did not succeed when last tried: stands until it is tried again, however often the list is fetched. */
  let hvorfor = '';

  async function visStand() {
    if (!kanPush()) return sett(tekst('pushUten'));
    if (Notification.permission === 'denied') return sett(tekst('pushNektet'));
    const har = await abonnement();
    const rad = har && boks.querySelector(`[data-merke="${await merke(har.endpoint)}"]`);
    rad?.querySelector('[data-denne]').removeAttribute('hidden');
    if (knapp.hasAttribute('aria-busy')) return undefined;
    return rad ? sett(tekst('pushPaa')) : sett(hvorfor || tekst('pushAv'), { kan: true });
  }

  function feilet(ord) {
    hvorfor = ord;
    sett(ord, { kan: true });
  }

  async function slaaPaa() {
    knapp.setAttribute('aria-busy', 'true');
    plass.textContent = tekst('pushVenter');
    hvorfor = '';
    if ((await Notification.requestPermission()) !== 'granted') {
      knapp.removeAttribute('aria-busy');
      return visStand();
    }
    let avtale;
    try {
      await navigator.serviceWorker.register(ARBEIDER, { scope: '/' });
      const { pushManager } = await navigator.serviceWorker.ready;
      // One made with another key of the portal's would never be heard from.
      await (await pushManager.getSubscription())?.unsubscribe();
      avtale = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(push.dataset.noekkel) });
    } catch (feil) {
      await glem();
      return feilet(tekst(feil.name === 'AbortError' ? 'pushNett' : 'pushFeilet'));
    }
    const { endpoint, keys } = avtale.toJSON();
    try {
      const svar = await hent(push.dataset.adresse, {
        method: 'POST',
        headers: { Accept: 'application/json', 'X-CSRFToken': csrf() },
        body: new URLSearchParams({ adresse: endpoint, ...keys, navn: navn() }),
      });
      if (!svar.ok) {
        const { melding, felter } = await svar.json();
        await glem();
        return feilet(Object.values(felter ?? {}).flat().join(' ') || melding || tekst('pushFeilet'));
      }
    } catch {
      return feilet(tekst('pushFeilet'));
    }
    return location.reload();
  }

  /** Nothing is left behind in a browser that is not used. */
  async function glem() {
    const arbeider = await navigator.serviceWorker?.getRegistration('/');
    await (await arbeider?.pushManager.getSubscription())?.unsubscribe();
    await arbeider?.unregister();
  }

  knapp.addEventListener('click', slaaPaa);
  document.addEventListener('portal:kanaler', visStand);
  document.addEventListener('submit', async (hendelse) => {
    const skjema = hendelse.target;
    if (!skjema.matches('[data-fjern-kanal]')) return;
    const rad = skjema.closest('[data-merke]');
    if (!rad || rad.querySelector('[data-denne]').hidden) return;
    hendelse.preventDefault();
    await glem().catch(() => {});
    skjema.submit();
  });
  visStand();
}

if (boks) startListe();
if (push) startPush();
