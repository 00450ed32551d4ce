// The forms of the case (accept, advise, close …), sent without leaving the page: what is half written
// elsewhere stays. They are the same forms as without JavaScript, and the same answers.
import { omtrent } from '../lib/lengde.js';
import { si, tekst } from '../lib/tekst.js';
import { settInnBiter } from './biter.js';
import { plassIgjen } from './ord.js';
import { vaktMotFnr } from './skrivefelt.js';

const FRIST = 15_000;

export class Handlinger {
  #rot;
  #valg;
  #vakter = new WeakMap();
  #sendes = new WeakSet();

  /**
   * @param {HTMLElement} rot the element with data-sak
   * @param {object} valg
   * @param {() => void} valg.utlogget
   * @param {() => void} valg.etter the parts have been put in anew after a move
   * @param {() => boolean} valg.usendt whether something written would be lost by leaving the page
   * @param {() => Promise<string>} valg.hvem who is logged in now: 'samme' or something else
   * @param {(beskjed: string, adresse: string) => void} valg.forlatt the case is no longer one's own
   */
  constructor(rot, valg) {
    this.#rot = rot;
    this.#valg = valg;
    rot.addEventListener('submit', (hendelse) => {
      if (!hendelse.target.matches('form[data-skjemanavn]')) return;
      hendelse.preventDefault();
      this.#send(hendelse.target);
    });
    this.klargjoer();
  }

  /** After the parts have been put in anew. */
  klargjoer() {
    for (const skjema of this.#rot.querySelectorAll('form[data-skjemanavn]')) {
      // The browser's own bubbles speak the browser's language.
      skjema.noValidate = true;
      if (!this.#vakter.has(skjema)) this.#vakter.set(skjema, vaktMotFnr(skjema));
    }
  }

  settInn(del, valg) {
    settInnBiter(this.#rot, del, valg);
    this.klargjoer();
  }

  #feil(skjema, melding, felt) {
    const plass = skjema.querySelector('[data-skjemafeil]');
    plass.textContent = melding;
    plass.hidden = !melding;
    (felt ?? skjema.querySelector('[type="submit"]')).focus();
  }

  #stans(skjema) {
    const tomt = (f) => f.validity?.valueMissing || (f.required && !f.value.trim());
    const mangler = Array.from(skjema.elements).find(tomt);
    if (mangler) {
      const ramme = mangler.closest('fieldset, .ds-field');
      const ledetekst = ramme?.querySelector('legend, label')?.textContent.trim() ?? '';
      this.#feil(skjema, tekst('samtaleMangler', { felt: ledetekst }), mangler);
      return true;
    }
    const fritekst = Array.from(skjema.querySelectorAll('[data-fritekst]'));
    const forLang = fritekst.find((f) => (plassIgjen(f.value) ?? 0) < 0);
    if (forLang) {
      this.#feil(skjema, tekst('samtaleForLang', { antall: omtrent(-plassIgjen(forLang.value)) }), forLang);
      return true;
    }
    return this.#vakter.get(skjema)?.stans() ?? false;
  }

  async #send(skjema) {
    if (this.#sendes.has(skjema)) return;
    skjema.querySelector('[data-skjemafeil]').hidden = true;
    if (this.#stans(skjema)) return;
    const knapp = skjema.querySelector('[type="submit"]');
    this.#sendes.add(skjema);
    if (skjema.dataset.skjemanavn === 'videresend' && !this.#valg.usendt()) {
      // The case may leave this reader with it: the next page says so.
      skjema.submit();
      return;
    }
    knapp.setAttribute('aria-busy', 'true');
    try {
      let svar = await this.#post(skjema);
      // The token may belong to a login that has ended; nothing has been done then.
      if (svar.status === 403 && (await this.#valg.hvem()) === 'samme') svar = await this.#post(skjema);
      await this.#motta(skjema, svar);
    } catch {
      this.#feil(skjema, tekst('samtaleIkkeUtfoert'));
    } finally {
      this.#sendes.delete(skjema);
      knapp.removeAttribute('aria-busy');
    }
  }

  async #post(skjema) {
    const avbryt = new AbortController();
    const frist = setTimeout(() => avbryt.abort(), FRIST);
    try {
      const svar = await fetch(skjema.action, {
        method: 'POST',
        headers: { Accept: 'text/html' },
        body: new URLSearchParams(new FormData(skjema)),
        signal: avbryt.signal,
      });
      const side = new DOMParser().parseFromString(await svar.text(), 'text/html');
      return { status: svar.status, adresse: svar.url, side };
    } finally {
      clearTimeout(frist);
    }
  }

  async #motta(skjema, { status, adresse, side }) {
    const navn = skjema.dataset.skjemanavn;
    const sammeSak = side.querySelector(`[data-sak="${this.#rot.dataset.sak}"]`);
    if (sammeSak && (status === 200 || status === 422)) {
      this.settInn(side, { fraTjeneren: navn });
      this.#valg.etter();
      const beskjed = this.#visBeskjeder(side);
      const sendtTilbake = this.#rot.querySelector(`form[data-skjemanavn="${navn}"]`);
      if (status === 422) sendtTilbake?.querySelector('[aria-invalid="true"]')?.focus();
      else si(beskjed || this.#rot.querySelector('#naa-tittel')?.textContent);
    } else if (new URL(adresse, document.baseURI).pathname === '/innlogging' || status === 401) {
      this.#feil(skjema, tekst('samtaleUtlogget'));
      this.#valg.utlogget();
    } else if (status === 200) {
      const beskjed = side.querySelector('.beskjeder')?.textContent.trim() ?? '';
      this.#valg.forlatt(beskjed, adresse);
    } else {
      const melding = side.querySelector('.feilside__melding')?.textContent.trim();
      this.#feil(skjema, melding || tekst('samtaleFeilet'));
    }
  }

  /** What the server says once after a move («Kari har alt tatt denne saken»), above the buttons. */
  #visBeskjeder(side) {
    const plass = this.#rot.querySelector('[data-beskjeder]');
    const beskjeder = side.querySelector('.beskjeder');
    plass?.replaceChildren(...Array.from(beskjeder?.children ?? [], (b) => document.importNode(b, true)));
    return beskjeder?.textContent.trim() ?? '';
  }
}
