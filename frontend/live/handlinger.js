// The forms of the case (accept, advise, close …), sent without leaving the page: what is half written
// elsewhere stays. They are the same forms as without JavaScript, and the same answers.
import { omtrent } from '../lib/lengde.js';
import { lag, si, tekst } from '../lib/tekst.js';
import { settInnBiter } from './biter.js';
import { BAKGRUNN, skjermenErLaast } from './nett.js';
import { plassIgjen } from './ord.js';
import { vaktMotFnr } from './skrivefelt.js';

const FRIST = 15_000;

/** What holds a field, its label and what is wrong with it. */
const ramme = (felt) => felt.closest('fieldset, .ds-field');

/** A field inside something folded is unfolded before it gets the focus. */
function aapne(felt) {
  for (let e = felt.closest('details:not([open])'); e; e = e.closest('details:not([open])')) e.open = true;
}

/** Puts what is wrong by the field, or takes it away. Of a row of choices by the row, as the server does. */
function visFeltfeil(felt, melding) {
  const boks = felt.type === 'checkbox' || !felt.name ? null : ramme(felt);
  if (!boks) return;
  const id = `${felt.form.dataset.skjemanavn}-${felt.name}-feil`;
  let plass = boks.querySelector(`#${CSS.escape(id)}`);
  if (!plass && !melding) return;
  if (melding && !plass) {
    plass = lag('p', { class: 'ds-validation-message', id });
    boks.append(plass);
  }
  if (melding) plass.textContent = melding;
  else plass.remove();
  const gruppe = boks.matches('fieldset');
  for (const f of gruppe ? boks.querySelectorAll(`[name="${CSS.escape(felt.name)}"]`) : [felt]) {
    if (melding) f.setAttribute('aria-invalid', 'true');
    else f.removeAttribute('aria-invalid');
  }
  const beskrevet = gruppe ? boks : felt;
  if (melding) beskrevet.setAttribute('aria-describedby', id);
  else beskrevet.removeAttribute('aria-describedby');
}

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
      this.#send(hendelse.target, hendelse.submitter);
    });
    // What is being mended is no mistake any more.
    rot.addEventListener('input', ({ target }) => target.form && visFeltfeil(target, ''));
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

  /** A mistake that is no field's: below the form. */
  #feil(skjema, melding, knapp) {
    const plass = skjema.querySelector('[data-skjemafeil]');
    plass.textContent = melding;
    plass.hidden = !melding;
    (knapp ?? skjema.querySelector('[type="submit"]')).focus();
  }

  /** Each mistake by its field; the first one gets the focus. */
  #stans(skjema) {
    const feil = new Map();
    for (const felt of skjema.elements) {
      const foerste = felt.type === 'radio' ? skjema.elements[felt.name][0] : felt;
      if (felt.validity?.valueMissing || (felt.required && !felt.value.trim())) {
        const ledetekst = ramme(felt)?.querySelector('legend, label')?.textContent.trim() ?? '';
        feil.set(foerste, tekst('samtaleMangler', { felt: ledetekst.replace(/\s+/g, ' ') }));
      } else if (felt.matches('[data-fritekst]') && (plassIgjen(felt.value) ?? 0) < 0) {
        feil.set(felt, tekst('samtaleForLang', { antall: omtrent(-plassIgjen(felt.value)) }));
      } else if (felt.type !== 'radio' || felt === foerste) visFeltfeil(felt, '');
    }
    for (const [felt, melding] of feil) visFeltfeil(felt, melding);
    const [forste] = feil.keys();
    if (!forste) return this.#vakter.get(skjema)?.stans() ?? false;
    aapne(forste);
    forste.focus();
    si(feil.get(forste));
    return true;
  }

  async #send(skjema, trykket) {
    if (this.#sendes.has(skjema)) return;
    skjema.querySelector('[data-skjemafeil]').hidden = true;
    if (this.#stans(skjema)) return;
    const knapp = trykket ?? skjema.querySelector('[type="submit"]');
    this.#sendes.add(skjema);
    if (skjema.dataset.skjemanavn === 'videresend' && !this.#valg.usendt()) {
      // The case may leave this reader with it: the next page says so.
      skjema.submit();
      return;
    }
    knapp.setAttribute('aria-busy', 'true');
    try {
      let svar = await this.#post(skjema, trykket);
      // The token may belong to a login that has ended; nothing has been done then.
      if (svar.status === 403 && (await this.#valg.hvem()) === 'samme') svar = await this.#post(skjema, trykket);
      await this.#motta(skjema, svar);
    } catch {
      this.#feil(skjema, tekst('samtaleIkkeUtfoert'), knapp);
    } finally {
      this.#sendes.delete(skjema);
      knapp.removeAttribute('aria-busy');
    }
  }

  async #post(skjema, trykket) {
    const innhold = new URLSearchParams(new FormData(skjema));
    // Which of several buttons was pressed is the answer.
    if (trykket?.name) innhold.set(trykket.name, trykket.value);
    const avbryt = new AbortController();
    const frist = setTimeout(() => avbryt.abort(), FRIST);
    try {
      const svar = await fetch(skjema.action, {
        method: 'POST',
        headers: { Accept: 'text/html', [BAKGRUNN]: '0' },
        body: innhold,
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
    const seksjon = skjema.closest('section');
    const sammeSak = side.querySelector(`[data-sak="${this.#rot.dataset.sak}"]`);
    if (sammeSak && (status === 200 || status === 409 || status === 422)) {
      this.settInn(side, { fraTjeneren: navn });
      this.#valg.etter();
      // What was pressed may have gone before the answer came, with the focus on it.
      const tittel = document.activeElement === document.body && seksjon?.isConnected && seksjon.querySelector('h2');
      if (tittel) {
        tittel.tabIndex = -1;
        tittel.focus();
      }
      const beskjed = this.#visBeskjeder(side);
      const sendtTilbake = this.#rot.querySelector(`form[data-skjemanavn="${navn}"]`);
      const feil = status === 422 && sendtTilbake?.querySelector('[aria-invalid="true"]');
      if (feil) {
        aapne(feil);
        feil.focus();
      } else si(beskjed || this.#rot.querySelector('#naa-tittel')?.textContent);
    } else if (status === 423) {
      // What was filled in stays under the lock.
      skjermenErLaast();
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
