// Where one writes: Enter sends where there is a real keyboard, the button always; the size and the national
// identity numbers are watched while typing. What is written stays in memory alone.
import { finnPersonnumre } from '../lib/fnr.js';
import { omtrent } from '../lib/lengde.js';
import { lag, si, tekst } from '../lib/tekst.js';
import { iBiter, plassIgjen } from './ord.js';

const UTDRAG = 24;
/** A keyboard and a mouse: on a screen one touches, Enter is a new line. */
const TASTATUR = window.matchMedia('(hover: hover) and (pointer: fine)');

/**
 * Watches the free text of a form for national identity numbers, and shows the place and the way through.
 * @param {HTMLFormElement} skjema
 * @returns {{finn: () => object[], sluppet: () => boolean, stans: () => boolean}}
 */
export function vaktMotFnr(skjema) {
  const felter = Array.from(skjema.querySelectorAll('[data-fritekst]'));
  const varsel = skjema.querySelector('[data-fnrvarsel]');
  const sted = varsel?.querySelector('[data-fnrsted]');
  const kryss = varsel?.querySelector('[name="ikke_fnr"]');
  const regel2032 = 'regel2032' in document.body.dataset;
  let forrige = '';

  function finn() {
    const iFelt = (felt) => finnPersonnumre(felt.value, { regel2032 }).map((f) => ({ ...f, felt }));
    const funn = felter.flatMap(iFelt);
    if (!varsel) return funn;
    const numre = funn.map((f) => f.felt.value.slice(f.start, f.slutt)).join('|');
    // The choice was about these numbers, not about the next ones.
    if (numre !== forrige) kryss.checked = false;
    forrige = numre;
    varsel.hidden = !funn.length;
    const biter = funn.flatMap(({ felt, start, slutt }) => [' ', ...utdrag(felt.value, start, slutt)]);
    sted.replaceChildren(...biter);
    return funn;
  }

  function utdrag(hele, start, slutt) {
    const fra = Math.max(0, start - UTDRAG);
    const biter = iBiter(hele.slice(fra, slutt + UTDRAG), [{ start: start - fra, slutt: slutt - fra }]);
    return biter.map((b) => (b.merket ? lag('mark', {}, b.tekst) : b.tekst));
  }

  let ventetid = 0;
  skjema.addEventListener('input', ({ target }) => {
    clearTimeout(ventetid);
    if (felter.includes(target)) ventetid = setTimeout(finn, 200);
  });

  return {
    finn,
    sluppet: () => Boolean(kryss?.checked),
    /** Whether the sending must stop; then the digits are selected where they stand, and the way past is shown. */
    stans() {
      clearTimeout(ventetid);
      const [forste] = finn();
      if (!forste || kryss?.checked) return false;
      forste.felt.focus();
      forste.felt.setSelectionRange(forste.start, forste.slutt);
      si(varsel?.textContent.trim());
      return true;
    },
  };
}

export class Skrivefelt {
  #skjema;
  #felt;
  #teller;
  #vakt;

  /**
   * @param {HTMLFormElement} skjema
   * @param {object} valg
   * @param {(tekst: string, ikkeFnr: boolean) => void} valg.send
   * @param {() => void} valg.skriver the user is typing
   */
  constructor(skjema, { send, skriver }) {
    this.#skjema = skjema;
    this.#felt = skjema.querySelector('textarea');
    this.#teller = skjema.querySelector('[data-teller]');
    this.#vakt = vaktMotFnr(skjema);
    skjema.noValidate = true;
    skjema.addEventListener('submit', (hendelse) => {
      hendelse.preventDefault();
      this.#send(send);
    });
    this.#felt.addEventListener('keydown', (hendelse) => {
      if (hendelse.key !== 'Enter' || hendelse.isComposing || hendelse.shiftKey || hendelse.altKey) return;
      if (!TASTATUR.matches && !hendelse.ctrlKey && !hendelse.metaKey) return;
      hendelse.preventDefault();
      this.#send(send);
    });
    this.#felt.addEventListener('input', () => {
      this.#etterEndring();
      if (this.#felt.value.trim()) skriver();
    });
    this.#etterEndring();
  }

  get tekst() {
    return this.#felt.value;
  }

  get skjema() {
    return this.#skjema;
  }

  /** Puts a refused text back, before what may have been begun since. */
  settInn(skrevet) {
    this.#felt.value = [skrevet, this.#felt.value].filter((t) => t.trim()).join('\n');
    this.#etterEndring();
    this.#vakt.finn();
    this.fokus();
  }

  fokus() {
    this.#felt.focus({ preventScroll: true });
  }

  toem() {
    this.#felt.value = '';
    this.#etterEndring();
    this.#vakt.finn();
  }

  #send(send) {
    const skrevet = this.#felt.value.trim();
    if (!skrevet) {
      this.fokus();
      return;
    }
    if (this.#vakt.stans()) return;
    if ((plassIgjen(skrevet) ?? 0) < 0) {
      this.fokus();
      si(this.#teller.textContent);
      return;
    }
    const ikkeFnr = this.#vakt.sluppet();
    // The text leaves the field only when it stands in the list of what is being sent.
    send(skrevet, ikkeFnr);
    this.toem();
    this.fokus();
  }

  #etterEndring() {
    const felt = this.#felt;
    const rest = plassIgjen(felt.value);
    this.#teller.textContent = rest === null
      ? '' : tekst(rest < 0 ? 'samtaleForLang' : 'samtalePlassIgjen', { antall: omtrent(Math.abs(rest), rest >= 0) });
    const over = rest !== null && rest < 0;
    // Said once when the limit is passed, not for each letter.
    if (over && !this.#teller.classList.contains('tegnteller--over')) si(this.#teller.textContent);
    this.#teller.classList.toggle('tegnteller--over', over);
    felt.removeAttribute('aria-invalid');
    if (CSS.supports('field-sizing', 'content')) return;
    felt.style.height = 'auto';
    felt.style.height = `${felt.scrollHeight + felt.offsetHeight - felt.clientHeight}px`;
  }
}
