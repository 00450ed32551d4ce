// What a single key asks for: no DOM, no clock. Moments are given in milliseconds.

/** A second key belongs to «g» for so long. */
const SAMMEN = 1_500;

const ENKLE = { j: 'neste', k: 'forrige', a: 'ta', r: 'svar', '/': 'sok', '?': 'hjelp' };
const ETTER_G = { k: 'koe', s: 'saker' };

export class Taster {
  #g = -Infinity;

  /**
   * @param {{key: string, ctrlKey?: boolean, altKey?: boolean, metaKey?: boolean, isComposing?: boolean}} tast
   * @param {boolean} ledig whether keys are on, and nothing on the page is being written in or chosen from
   * @param {number} naa
   * @returns {string | null} neste, forrige, ta, svar, sok, hjelp, koe or saker
   */
  trykk(tast, ledig, naa) {
    const etterG = naa - this.#g < SAMMEN;
    // Shift alone says nothing: «?» and «/» need it on many keyboards, and «G» needs it.
    if (tast.key === 'Shift') return null;
    this.#g = -Infinity;
    if (!ledig || tast.ctrlKey || tast.altKey || tast.metaKey || tast.isComposing) return null;
    const tegn = tast.key.length === 1 ? tast.key.toLowerCase() : '';
    if (etterG && ETTER_G[tegn]) return ETTER_G[tegn];
    if (tegn === 'g') {
      this.#g = naa;
      return null;
    }
    return ENKLE[tegn] ?? null;
  }
}

/**
 * Which case of a list to go to: the next or the former; where none is in focus, the one that took its place,
 * else the first.
 * @param {number} her the place of the case in focus, -1 for none
 * @param {number} sist where the focus was before that
 */
export function nesteSak(her, sist, antall, retning) {
  if (!antall) return -1;
  if (her >= 0) return Math.min(Math.max(her + retning, 0), antall - 1);
  return Math.min(Math.max(sist, 0), antall - 1);
}
