// The words of the scripts, in the user's language: attributes data-… of the elements marked data-tekster, which
// the templates fill in. No sentence that a user reads stands in a script.

/** Every text of the page, read anew: partial updates may bring their own. */
function alle() {
  return Object.assign({}, ...Array.from(document.querySelectorAll('[data-tekster]'), (e) => ({ ...e.dataset })));
}

/**
 * A text by its name, the attribute data-frist-igjen as `fristIgjen`, with {places} filled in.
 * @param {string} navn
 * @param {Object<string, string|number>} [verdier]
 */
export function tekst(navn, verdier = {}) {
  const mal = alle()[navn] ?? '';
  return mal.replace(/\{(\w+)\}/g, (helt, plass) => (plass in verdier ? String(verdier[plass]) : helt));
}

/** Says a sentence to screen readers without moving the focus. */
export function si(setning) {
  const roest = document.getElementById('roest');
  if (!roest || !setning) return;
  // The same sentence twice in a row is a change only when it differs.
  roest.textContent = roest.textContent === setning ? `${setning}\u00a0` : setning;
}

/** A label inside a sentence: «Puls» becomes «puls», «SpO₂» and «NEWS2» stay as they are. */
export function midtI(ord) {
  return /^\p{Lu}\P{Lu}*$/u.test(ord) ? ord[0].toLocaleLowerCase() + ord.slice(1) : ord;
}

/** One icon of the sprite, as decoration. */
export function ikon(navn) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', 'ikon');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('focusable', 'false');
  const bruk = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  bruk.setAttribute('href', `${alle().ikoner}#${navn}`);
  svg.append(bruk);
  return svg;
}

/** An element with attributes and children; text is always text, never markup. */
export function lag(navn, attributter = {}, ...barn) {
  const element = document.createElement(navn);
  for (const [attributt, verdi] of Object.entries(attributter)) {
    if (verdi === true) element.setAttribute(attributt, '');
    else if (verdi !== false && verdi !== null && verdi !== undefined) element.setAttribute(attributt, verdi);
  }
  element.append(...barn);
  return element;
}
