// When a live list must be fetched again: no DOM, no clock. The queue has versions to compare; other lists
// are told.

/** «key=version key=version», or the same as JSON, as {key: version}. */
export function lesVersjoner(tekst) {
  if (!tekst) return {};
  if (tekst.trimStart().startsWith('{')) return JSON.parse(tekst);
  return Object.fromEntries(tekst.trim().split(/\s+/).map((par) => {
    const skille = par.lastIndexOf('=');
    return [par.slice(0, skille), Number(par.slice(skille + 1))];
  }));
}

export class Koevakt {
  /** What the page shows. */
  #vist = {};
  /** What has been heard. */
  #hoert = {};
  /** The page shows a queue that is no longer this person's. */
  #mangler = false;

  /** The page shows these versions now. */
  vist(versjoner) {
    this.#vist = { ...versjoner };
  }

  /** One queue has a new version. */
  koe({ noekkel, versjon }) {
    this.#hoert[noekkel] = Math.max(this.#hoert[noekkel] ?? 0, versjon);
    return this.maaHentes();
  }

  /** All queues of this person, by the server's tick. One that is not among them is no longer theirs. */
  hode(versjoner = {}) {
    this.#hoert = { ...versjoner };
    this.#mangler = Object.keys(this.#vist).some((noekkel) => !(noekkel in versjoner));
    return this.maaHentes();
  }

  maaHentes() {
    const bak = ([noekkel, versjon]) => (this.#vist[noekkel] ?? -1) < versjon;
    return this.#mangler || Object.entries(this.#hoert).some(bak);
  }

  /** The list has been fetched. What it shows may be newer than what has been heard, never older. */
  hentet(versjoner) {
    this.#mangler = false;
    this.vist(versjoner);
    // A queue that the list does not know must not make it fetch for ever: the next tick may ask again.
    for (const noekkel of Object.keys(this.#hoert)) {
      if (!(noekkel in versjoner)) delete this.#hoert[noekkel];
    }
    return this.maaHentes();
  }
}
