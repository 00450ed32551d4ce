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
    const topp = element.getBoundingClientRect().top - this.#rot.getBoundingClientRect().top;
    this.#rot.scrollTop += topp - this.#rot.clientHeight / 4;
    this.#forrige = this.#rot.scrollTop;
    this.vedBunn = this.#rot.scrollHeight - this.#rot.scrollTop - this.#rot.clientHeight < NAER;
  }
}

/**
 * Tells which rows have been seen: on a page that is visible and in focus, half of the row or of the screen.
 * @param {(sekvens: number) => void} sett the highest row in sight
 * @returns {(element: HTMLElement) => void} watch this row
 */
export function lesevakt(sett) {
  const synlige = new Set();
  const meld = () => {
    if (document.visibilityState !== 'visible' || !document.hasFocus() || !synlige.size) return;
    sett(Math.max(...Array.from(synlige, (e) => Number(e.dataset.sekvens))));
    for (const element of synlige) vakt.unobserve(element);
    synlige.clear();
  };
  const vakt = new IntersectionObserver((funn) => {
    for (const { target, isIntersecting, intersectionRatio, intersectionRect } of funn) {
      const nok = intersectionRatio >= 0.5 || intersectionRect.height > window.innerHeight / 2;
      if (isIntersecting && nok) synlige.add(target);
      else synlige.delete(target);
    }
    meld();
  }, { threshold: [0, 0.25, 0.5, 0.75, 1] });
  document.addEventListener('visibilitychange', meld);
  window.addEventListener('focus', meld);
  return (element) => vakt.observe(element);
}
