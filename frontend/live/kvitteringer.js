// Receipts of one conversation: how far everybody has come, and what this reader has to tell. Part of
// protokoll.js.

/** In milliseconds. */
export const KVITTERFRISTER = Object.freeze({
  samle: 250, // where a row is read at once, one receipt tells both
  svar: 8_000,
});

export class Kvitteringsbok {
  /** person_id → {person_id, navn, side, mottatt, lest, sett} */
  alle = new Map();
  /** The last row of somebody else's that this reader has seen. */
  lestTil = 0;

  #meg;
  #ventetid;
  #mottattTil = 0;
  #bekreftet = { mottatt: 0, les: 0 };
  #underveis = null;
  #tidligst = 0;
  #feil = 0;
  #nummer = 0;

  constructor(meg, ventetid) {
    this.#meg = meg;
    this.#ventetid = ventetid;
  }

  /** Takes in what the server knows. Receipts only grow. Returns whether anything changed. */
  flett(nye) {
    let endret = false;
    for (const k of nye) {
      const foer = this.alle.get(k.person_id);
      const etter = {
        ...foer,
        ...k,
        mottatt: Math.max(k.mottatt ?? 0, foer?.mottatt ?? 0),
        lest: Math.max(k.lest ?? 0, foer?.lest ?? 0),
      };
      if (!foer || foer.mottatt !== etter.mottatt || foer.lest !== etter.lest) endret = true;
      this.alle.set(k.person_id, etter);
      if (k.person_id === this.#meg) {
        this.#bekreft('mottatt', etter.mottatt);
        this.#bekreft('les', etter.lest);
        this.leste(etter.lest);
      }
    }
    return endret;
  }

  toem() {
    this.alle.clear();
  }

  /** How far others have come with a row: {levert, lest} as lists, the sender left out. */
  mottakereAv(sekvens, avsenderId) {
    const andre = [...this.alle.values()].filter((k) => k.person_id !== avsenderId);
    return {
      levert: andre.filter((k) => k.mottatt >= sekvens || k.lest >= sekvens),
      lest: andre.filter((k) => k.lest >= sekvens),
    };
  }

  /** A row of somebody else's has come. */
  mottok(sekvens, naa) {
    if (this.#mottattTil <= this.#bekreftet.mottatt) {
      this.#tidligst = Math.max(this.#tidligst, naa + KVITTERFRISTER.samle);
    }
    this.#mottattTil = sekvens;
  }

  leste(sekvens) {
    this.lestTil = Math.max(this.lestTil, sekvens);
  }

  /** The answer to a receipt. */
  svar(nr, ok, naa) {
    if (this.#underveis?.nr !== nr) return;
    const { slag, sekvens } = this.#underveis;
    this.#underveis = null;
    if (!ok) {
      this.#tidligst = naa + this.#ventetid(this.#feil++);
      return;
    }
    this.#feil = 0;
    this.#bekreft(slag, sekvens);
    this.#bekreft('mottatt', sekvens);
  }

  /** The line has gone down, or come up: nothing is on its way any more. */
  slipp() {
    this.#underveis = null;
    this.#feil = 0;
  }

  /** The receipt to send now: {slag, sekvens, nr}, or null. */
  neste(kan, naa) {
    if (this.#underveis && naa >= this.#underveis.frist) {
      this.#underveis = null;
      this.#tidligst = naa + this.#ventetid(this.#feil++);
    }
    const neste = kan && !this.#underveis && naa >= this.#tidligst ? this.#mangler() : null;
    if (!neste) return null;
    this.#nummer += 1;
    this.#underveis = { ...neste, nr: this.#nummer, frist: naa + KVITTERFRISTER.svar };
    this.#tidligst = naa + KVITTERFRISTER.samle;
    return { ...neste, nr: this.#nummer };
  }

  nesteTid(kan) {
    if (this.#underveis) return this.#underveis.frist;
    return kan && this.#mangler() ? this.#tidligst : null;
  }

  /** Read tells delivered too, so one receipt is enough where everything has been read. */
  #mangler() {
    const ulest = this.lestTil > this.#bekreftet.les;
    if (this.#mottattTil > Math.max(this.#bekreftet.mottatt, ulest ? this.lestTil : 0)) {
      return { slag: 'mottatt', sekvens: this.#mottattTil };
    }
    return ulest ? { slag: 'les', sekvens: this.lestTil } : null;
  }

  #bekreft(slag, sekvens) {
    this.#bekreftet[slag] = Math.max(this.#bekreftet[slag], sekvens);
  }
}
