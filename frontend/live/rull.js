// The scrolling of the log: it follows the newest row as long as the reader is at the bottom, and lets a
// reader who has scrolled up be, with a button that counts what is new.

/** Closer to the bottom than this (CSS pixels) is at the bottom. */
const NAER = 48;

export class Rull {
  #rot;
  #forrige = 0;
  vedBunn = true;

  /**
   * @param {HTMLElement} rot what scrolls
   * @param {(vedBunn: boolean) => void} endret
   */
  constructor(rot, endret) {
    this.#rot = rot;
    rot.addEventListener('scroll', () => {
      const igjen = rot.scrollHeight - rot.scrollTop - rot.clientHeight;
      // A growing log moves the bottom away without anybody scrolling: only upwards is leaving.
      if (igjen < NAER) this.#sett(true, endret);
      else if (rot.scrollTop < this.#forrige) this.#sett(false, endret);
      this.#forrige = rot.scrollTop;
    }, { passive: true });
    const vakt = new ResizeObserver(() => {
      if (this.vedBunn) this.#ned();
    });
    for (const element of [rot, ...rot.children]) vakt.observe(element);
  }

  #sett(verdi, endret) {
    if (verdi === this.vedBunn) return;
    this.vedBunn = verdi;
    endret(verdi);
  }

  #ned() {
    this.#rot.scrollTop = this.#rot.scrollHeight;
    this.#forrige = this.#rot.scrollTop;
  }

  tilBunn() {
    this.vedBunn = true;
    this.#ned();
  }

  /** The first unread row in sight, with a little of what came before it. */
  tilRad(element) {
    // Unread rows get their true height now: as placeholders they would put the pane at the bottom, where it
    // stays when they grow, and a long message would be seen from its end.
    for (let rad = element; rad; rad = rad.nextElementSibling) rad.style.contentVisibility = 'visible';
    const topp = element.getBoundingClientRect().top - this.#rot.getBoundingClientRect().top;
    this.#rot.scrollTop += topp - this.#rot.clientHeight / 4;
    this.#forrige = this.#rot.scrollTop;
    this.vedBunn = this.#rot.scrollHeight - this.#rot.scrollTop - this.#rot.clientHeight < NAER;
  }
}

/** What can be seen of the pane: its own frame, as far as the window shows it. */
export function synligRute(pane, vindushoeyde) {
  return { top: Math.max(pane.top, 0), bottom: Math.min(pane.bottom, vindushoeyde) };
}

/**
 * Whether the end of a row is in sight. A message taller than the pane is never half in sight, but whoever
 * has its last line before them has come through it. Rectangles in CSS pixels; one is the rounding.
 */
export function endenSynes(rad, rute) {
  return rute.bottom > rute.top && rad.bottom > rute.top && rad.bottom <= rute.bottom + 1;
}

/**
 * Tells which rows have been read: their end has been in sight, on a page that is visible and in focus.
 * @param {HTMLElement} rot what scrolls
 * @param {(sekvens: number) => void} sett the highest row in sight
 * @returns {(element: HTMLElement) => void} watch this row
 */
export function lesevakt(rot, sett) {
  const naere = new Set();
  const fremme = new Set();
  const meld = () => {
    if (document.visibilityState !== 'visible' || !document.hasFocus() || !fremme.size) return;
    const rute = synligRute(rot.getBoundingClientRect(), window.innerHeight);
    const leste = Array.from(fremme).filter((e) => endenSynes(e.getBoundingClientRect(), rute));
    if (!leste.length) return;
    sett(Math.max(...leste.map((e) => Number(e.dataset.sekvens))));
    for (const element of leste) {
      vakt.unobserve(element);
      for (const rader of [naere, fremme]) rader.delete(element);
    }
  };
  // Which rows are near is the observer's to tell, where their end is only the scrolling's: a row taller than
  // the pane shows the same share of itself from its second screen to its last.
  const vakt = new IntersectionObserver((funn) => {
    for (const { target, isIntersecting } of funn) {
      if (isIntersecting) naere.add(target);
      else for (const rader of [naere, fremme]) rader.delete(target);
    }
    // A row that comes into sight is laid out first then (content-visibility): until the next frame it is only
    // as tall as its placeholder, and its end is not where it seems to be.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      for (const element of naere) fremme.add(element);
      meld();
    }));
  }, { threshold: [0, 0.25, 0.5, 0.75, 1] });
  document.addEventListener('scroll', meld, { capture: true, passive: true });
  new ResizeObserver(meld).observe(rot);
  document.addEventListener('visibilitychange', meld);
  window.addEventListener('focus', meld);
  return (element) => vakt.observe(element);
}
