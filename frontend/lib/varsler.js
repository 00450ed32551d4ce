// The bell: the number of unread in the header, its panel, and what is said and shown when something new comes. The
// server only hints that something has changed; what it is, is fetched. A hint that is lost is healed by the version
// in the server's heads, and when the page is looked at again.
import { csrf, hent, hentDel, settCsrf, skjermenErLaast } from '../live/nett.js';
import { les } from './kapsel.js';
import { klar, pip, vekk } from './lyd.js';
import { ikon, lag, si, tekst } from './tekst.js';
import { holdTall, nykomne, sisteI } from './varselkjerne.js';

/** In milliseconds. */
const SAMLE = 100; // several come at once
const SPRE = 300; // a person's windows must not ask at the same moment
const FERSK = 15_000; // so old an answer may be when the page is looked at again
const NEDE = 60_000; // between fetches while the line is down
const LYDRO = 2_000; // one window sounds for all of them

/** These sound by themselves for what waits. */
const LYDER_SELV = '[data-live="koe"], [data-vaktmodus]';

/** @param {import('../live/forbindelse.js').Forbindelse} forbindelse */
export function startBjelle(forbindelse) {
  const rot = document.querySelector('[data-bjelle]');
  if (rot) new Bjelle(rot, forbindelse);
}

class Bjelle {
  #rot;
  #plass;
  #forbindelse;
  #versjon;
  #sist;
  #vekker = 0;
  #henter = false;
  #igjen = false;
  #hentet = Date.now();
  #toaster = new Map();

  constructor(rot, forbindelse) {
    this.#rot = rot;
    this.#plass = rot.querySelector('[data-bjelleplass]');
    this.#forbindelse = forbindelse;
    this.#versjon = rot.dataset.versjon;
    this.#sist = sisteI(this.#versjon);
    forbindelse.paa('varsel', ({ type }) => type === 'bjelle' && this.#snart());
    forbindelse.paa('hode', ({ bjelle }) => bjelle && bjelle !== this.#versjon && this.#snart());
    // Whatever was told while the line was down is in the answer.
    forbindelse.paa('tilstand', (t) => t === 'oppe' && this.#snart());
    rot.addEventListener('toggle', () => rot.open && this.#hent());
    rot.addEventListener('submit', (hendelse) => this.#lesAlle(hendelse));
    const tilbake = () => !document.hidden && Date.now() - this.#hentet > FERSK && this.#snart();
    document.addEventListener('visibilitychange', tilbake);
    window.addEventListener('focus', tilbake);
    window.addEventListener('online', () => this.#snart());
    window.addEventListener('pageshow', ({ persisted }) => persisted && this.#snart());
    document.addEventListener('portal:laast-opp', () => this.#snart());
    setInterval(() => !forbindelse.oppe && tilbake(), NEDE);
    // Browsers play nothing before the first touch of the page.
    const vekkLyden = () => les('koelyd') === '1' && vekk();
    for (const navn of ['pointerdown', 'keydown']) document.addEventListener(navn, vekkLyden, { once: true });
  }

  #snart() {
    this.#vekker ||= setTimeout(() => {
      this.#vekker = 0;
      this.#hent();
    }, SAMLE + Math.random() * SPRE);
  }

  async #hent() {
    // Behind the lock nothing is asked for; when it is opened, it is.
    if ('laast' in document.documentElement.dataset) return;
    if (this.#henter) {
      this.#igjen = true;
      return;
    }
    this.#henter = true;
    this.#igjen = false;
    try {
      const { status, del } = await hentDel(this.#rot.dataset.kilde);
      this.#hentet = Date.now();
      const innhold = del?.querySelector('[data-bjelleinnhold]');
      if (innhold) this.#vis(innhold);
      else if (status === 401) this.#forbindelse.spoerOmSesjon();
      else if (this.#rot.open) this.#visFeil();
    } catch {
      // No answer: the next hint, head or look asks again.
      if (this.#rot.open) this.#visFeil();
    } finally {
      this.#henter = false;
      if (this.#igjen) this.#snart();
    }
  }

  #vis(innhold) {
    // Somebody else has logged in here: the page is covered, and shows nothing of theirs.
    if (innhold.dataset.person !== document.body.dataset.person) {
      skjermenErLaast();
      return;
    }
    const uleste = Array.from(innhold.querySelectorAll('[data-ulest]'));
    const nye = nykomne(uleste.map(({ dataset }) => dataset), this.#sist);
    const antall = Number(innhold.dataset.antall);
    this.#versjon = innhold.dataset.versjon;
    this.#sist = [this.#sist, sisteI(this.#versjon)].sort().at(-1);
    settCsrf(innhold.dataset.csrf);
    this.#visAntall(antall);
    const fokus = this.#fokus();
    this.#plass.replaceChildren(document.importNode(innhold, true));
    this.#plass.removeAttribute('aria-busy');
    fokus();
    const rader = new Map(uleste.map((rad) => [rad.dataset.varsel, rad]));
    for (const id of this.#toaster.keys()) if (!rader.has(id)) this.#lukkToast(id);
    if (nye.length) this.#si(nye.map((id) => rader.get(id)));
    document.dispatchEvent(new CustomEvent('portal:bjelle'));
  }

  #visAntall(antall) {
    for (const merke of document.querySelectorAll('[data-bjelleantall]')) {
      merke.textContent = antall < 100 ? String(antall) : '99+';
      merke.hidden = !antall;
    }
    const ord = tekst(['bjelleIngen', 'bjelleEn'][antall] ?? 'bjelleFlere', { antall });
    for (const plass of document.querySelectorAll('[data-bjelleord]')) {
      if (plass.textContent !== ord) plass.textContent = ord;
    }
  }

  #visFeil() {
    if (this.#plass.querySelector('[data-bjelleinnhold]')) return;
    this.#plass.replaceChildren(lag('p', { class: 'bjellepanel__tomt', role: 'alert' }, tekst('bjelleFeilet')));
    this.#plass.removeAttribute('aria-busy');
  }

  /** Remembers where the focus is in the panel; what is returned puts it back, or on the bell. */
  #fokus() {
    const aktiv = this.#plass.contains(document.activeElement) ? document.activeElement : null;
    const adresse = aktiv?.closest('form')?.getAttribute('action');
    return () => {
      if (!aktiv) return;
      const samme = adresse && this.#plass.querySelector(`form[action="${CSS.escape(adresse)}"] button`);
      (samme || this.#rot.querySelector('summary')).focus({ preventScroll: true });
    };
  }

  // ---- what has just come --------------------------------------------------------------------------------

  #si(rader) {
    const tittel = (rad) => rad.querySelector('[data-varseltittel]').textContent.trim();
    const akutte = rader.filter((rad) => rad.dataset.hastegrad === 'akutt');
    if (akutte.length) si(akutte.map((rad) => tekst('bjelleNyttAkutt', { tittel: tittel(rad) })).join('. '));
    else if (rader.length === 1) si(tekst('bjelleNytt', { tittel: tittel(rader[0]) }));
    else si(tekst('bjelleNye', { antall: rader.length }));
    for (const rad of akutte) this.#toast(rad, tittel(rad));
    if (akutte.length) this.#lyd();
  }

  /** What is akutt stands on the screen until it is opened, closed, or of no use any more. It takes no focus. */
  #toast(rad, tittel) {
    const plass = document.querySelector('[data-varseltoaster]');
    const lukk = lag(
      'button', { class: 'ds-button', 'data-variant': 'tertiary', 'data-size': 'sm', type: 'button' },
      ikon('XMark'), lag('span', {}, tekst('bjelleLukk')),
    );
    const toast = lag(
      'div', { class: 'varseltoast' },
      ikon('ExclamationmarkTriangleFill'),
      lag('p', { class: 'varseltoast__tekst' }, lag('strong', {}, tekst('bjelleAkutt')), ` ${holdTall(tittel)}`),
      lag(
        'div', { class: 'varseltoast__knapper' },
        lag(
          'form', { method: 'post', action: rad.querySelector('form').getAttribute('action') },
          lag('input', { type: 'hidden', name: 'csrf_token', value: csrf() }),
          lag('button', { class: 'ds-button', 'data-size': 'sm', type: 'submit' }, tekst('bjelleAapne')),
        ),
        lukk,
      ),
    );
    lukk.addEventListener('click', () => this.#lukkToast(rad.dataset.varsel));
    this.#toaster.set(rad.dataset.varsel, toast);
    plass.append(toast);
    plass.hidden = false;
  }

  #lukkToast(id) {
    const toast = this.#toaster.get(id);
    const hadFokus = toast.contains(document.activeElement);
    toast.remove();
    this.#toaster.delete(id);
    document.querySelector('[data-varseltoaster]').hidden = !this.#toaster.size;
    if (hadFokus) this.#rot.querySelector('summary').focus({ preventScroll: true });
  }

  /** Where the sound of the queue is switched on, and nothing else on the page sounds for the same. */
  #lyd() {
    if (les('koelyd') !== '1' || document.querySelector(LYDER_SELV)) return;
    if (!klar() && !navigator.userActivation?.hasBeenActive) return;
    navigator.locks?.request('portal-varsellyd', { ifAvailable: true }, async (laas) => {
      if (!laas) return;
      pip('akutt');
      await new Promise((ferdig) => setTimeout(ferdig, LYDRO));
    });
  }

  // ---- «Merk alle som lest» ------------------------------------------------------------------------------

  async #lesAlle(hendelse) {
    const skjema = hendelse.target;
    if (!skjema.matches('[data-les-alle]')) return;
    hendelse.preventDefault();
    try {
      const svar = await hent(skjema.getAttribute('action'), {
        method: 'POST',
        headers: { Accept: 'application/json', 'X-CSRFToken': csrf() },
        body: new URLSearchParams(),
      });
      if (!svar.ok) throw new Error(String(svar.status));
      this.#rot.querySelector('summary').focus({ preventScroll: true });
      si(tekst('bjelleLest'));
      await this.#hent();
    } catch {
      si(tekst('bjelleFeilet'));
    }
  }
}
