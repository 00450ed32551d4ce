// What is new on the locked screen of somebody for whom requests can wait. No DOM, no clock.

const deler = (tekst) => (tekst ?? '').split(' ').filter(Boolean).map((del) => del.split('='));

/** The marks of what waits, from the attribute data-merker, «mark=urgency=fagområde …»: mark → urgency. */
export const lesMerker = (tekst) => new Map(deler(tekst).map(([merke, grad]) => [merke, grad]));

/** The same: mark → fagområde. */
export const lesFag = (tekst) => new Map(deler(tekst).map(([merke, , fag]) => [merke, fag]));

export class Vaktkjerne {
  #kjente = null;
  #akutte = new Set();
  #siste = [];

  /**
   * What waits now. Returns the urgencies of what has come since the last time, the most urgent first. What waited
   * when the screen was locked is not new.
   * @param {Map<string, string>} merker mark of a case → its urgency
   */
  sett(merker) {
    const foer = this.#kjente ?? new Set(merker.keys());
    this.#kjente = new Set(merker.keys());
    const nye = [...merker].filter(([merke]) => !foer.has(merke));
    for (const [merke, grad] of nye) if (grad === 'akutt') this.#akutte.add(merke);
    for (const merke of this.#akutte) if (!merker.has(merke)) this.#akutte.delete(merke);
    this.#siste = nye;
    const rang = ['akutt', 'haster', 'vanlig'];
    return nye.map(([, grad]) => grad).sort((a, b) => rang.indexOf(a) - rang.indexOf(b));
  }

  /** How many akutte have come since the screen was locked and wait still: it is red and sounds until they don't. */
  get akutte() {
    return this.#akutte.size;
  }

  /** The marks of what is new of an urgency: of the akutte all that have come and wait still, else what came last. */
  nye(grad) {
    return grad === 'akutt' ? [...this.#akutte] : this.#siste.filter(([, g]) => g === grad).map(([merke]) => merke);
  }
}

/** How many, in front of what the tab is called: «(3) Vaktmodus». */
export const medAntall = (antall, tittel) => (antall ? `(${antall}) ${tittel}` : tittel);
