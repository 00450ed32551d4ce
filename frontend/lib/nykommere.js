// Which cases of the queue have just come, for a mark that lasts a moment. No DOM, no clock: milliseconds are given.

export class Nykommere {
  /** How long the mark lasts; the animation in saker.css is as long. */
  static VARER = 6_000;
  /** id → since when it has been in sight; null while nobody looks at the page. */
  #siden = new Map();

  /** These have come. On a page that is not looked at, the time starts when it is. */
  kom(ider, naa, skjult) {
    for (const id of ider) this.#siden.set(id, skjult ? null : naa);
  }

  /** The page is looked at again. */
  sett(naa) {
    for (const [id, siden] of this.#siden) if (siden === null) this.#siden.set(id, naa);
  }

  /** Those that are marked now: id → for how long they have been. */
  merket(naa) {
    for (const [id, siden] of this.#siden) {
      if (siden !== null && naa - siden >= Nykommere.VARER) this.#siden.delete(id);
    }
    return new Map(Array.from(this.#siden, ([id, siden]) => [id, siden === null ? 0 : naa - siden]));
  }
}
