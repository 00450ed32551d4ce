// Two people, one server and a network that loses, doubles, delays and reorders everything, by chance from a
// seed. Whatever happens, when the network is well again both must show the server's log: nothing twice,
// nothing lost that was acknowledged, and each one's messages in the order they were written.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Samtale } from './protokoll.js';

const RUNDER = 250;
const UROLIG = 120_000; // ms of bad network
const ROLIG = 180_000; // ms of good network after it

function terning(froe) {
  let a = froe >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

class Klokke {
  naa = 0;
  #koe = [];
  #nr = 0;

  om(ms, fn) {
    this.#koe.push({ tid: this.naa + Math.max(0, ms), nr: ++this.#nr, fn });
  }

  til(slutt) {
    for (;;) {
      this.#koe.sort((a, b) => a.tid - b.tid || a.nr - b.nr);
      if (!this.#koe.length || this.#koe[0].tid > slutt) break;
      const { tid, fn } = this.#koe.shift();
      this.naa = tid;
      fn();
    }
    this.naa = slutt;
  }
}

/**
 * The server's rules: one row per sender and UUID, numbers without holes, the acknowledgement after the row.
 */
class Tjener {
  logg = [];
  stengt = false;
  rom = new Set();

  meld(hvem, { klientId, tekst, ikkeFnr }) {
    const finnes = this.logg.find((r) => r.klient_id === klientId && r.avsender.id === hvem);
    if (finnes) {
      return finnes.tekst === tekst ? { ok: true, sekvens: finnes.sekvens } : { ok: false, kode: 'konflikt' };
    }
    if (this.stengt) return { ok: false, kode: 'stengt' };
    if (tekst.includes('fnr') && !ikkeFnr) return { ok: false, kode: 'personnummer', treff: [[0, 3]] };
    const sekvens = this.logg.length + 1;
    const rad = { sekvens, type: 'melding', tekst, klient_id: klientId, avsender: { id: hvem } };
    this.logg.push(rad);
    for (const deltaker of this.rom) deltaker.ta_imot(rad);
    return { ok: true, sekvens };
  }

  hent({ etter }, tak) {
    const hendelser = this.logg.slice(etter, etter + tak);
    const hode = this.logg.length;
    return { ok: true, hode, hendelser, mer: etter + hendelser.length < hode, kvitteringer: [] };
  }
}

class Deltaker {
  bekreftet = []; // klientId of every positive acknowledgement that reached the page
  skrevet = [];
  vist = [];
  koblet = false;
  forbindelse = 0;
  innlogget = true;

  constructor(verden, hvem) {
    Object.assign(this, { verden, hvem });
    let teller = 0;
    this.samtale = new Samtale({
      id: 'sak', meg: hvem, naa: 0, nyId: () => `${hvem}-${++teller}`, tilfeldig: verden.r,
    });
  }

  /** Carry out what the conversation asks for, then wake it when it wants to be woken. */
  gjoer(kommandoer) {
    const { verden: v, samtale: s } = this;
    for (const k of kommandoer) {
      if (k.gjoer === 'vis') this.vist.push(...k.nye.map((rad) => rad.sekvens));
      if (k.gjoer === 'hent') {
        this.tur(k.vei, () => v.tjener.hent(k, 1 + Math.floor(v.r() * 20)), {
          svar: (svar) => s.hentet(k.nr, svar, v.klokke.naa), tapt: () => s.hentTapt(k.nr, v.klokke.naa),
          foer: () => k.vei === 'socket' && this.koblet && v.tjener.rom.add(this),
        });
      }
      if (k.gjoer === 'meld') {
        this.tur(k.vei, () => v.tjener.meld(this.hvem, k), {
          svar: (svar) => {
            if (svar.ok) this.bekreftet.push(k.klientId);
            return s.meldSvar(k.klientId, k.nr, svar, v.klokke.naa);
          },
          tapt: () => s.meldTapt(k.klientId, k.nr, v.klokke.naa),
        });
      }
    }
    const neste = s.nesteTid(v.klokke.naa);
    if (neste !== null && neste < (this.vekkes ?? Infinity)) {
      this.vekkes = neste;
      v.klokke.om(neste - v.klokke.naa, () => {
        this.vekkes = undefined;
        this.gjoer(s.tikk(v.klokke.naa));
      });
    }
  }

  /**
   * One trip to the server and back. A packet may arrive after its connection has died; its answer may not.
   */
  tur(vei, paaTjener, { svar, tapt, foer }) {
    const { verden: v, forbindelse } = this;
    if (v.tapt()) {
      if (vei === 'http') v.klokke.om(v.forsinkelse(), () => this.gjoer(tapt()));
      return;
    }
    v.klokke.om(v.forsinkelse(), () => {
      foer?.();
      const innhold = this.innlogget ? paaTjener() : { ok: false, kode: 'ikke_innlogget' };
      const kopi = structuredClone(innhold);
      if (v.tapt()) {
        if (vei === 'http') v.klokke.om(v.forsinkelse(), () => this.gjoer(tapt()));
        return;
      }
      v.klokke.om(v.forsinkelse(), () => {
        if (vei === 'socket' && forbindelse !== this.forbindelse) return;
        this.gjoer(svar(kopi));
      });
    });
  }

  ta_imot(rad) {
    const { verden: v, forbindelse } = this;
    for (let kopier = v.r() < 0.1 && v.urolig ? 2 : 1; kopier > 0; kopier -= 1) {
      if (v.tapt()) continue;
      v.klokke.om(v.forsinkelse(), () => {
        if (this.koblet && forbindelse === this.forbindelse) {
          this.gjoer(this.samtale.hendelse(structuredClone(rad), v.klokke.naa));
        }
      });
    }
  }

  koble(opp) {
    if (opp === this.koblet) return;
    this.koblet = opp;
    this.forbindelse += 1;
    this.verden.tjener.rom.delete(this);
    const naa = this.verden.klokke.naa;
    this.gjoer(opp ? this.samtale.tilkoblet(naa) : this.samtale.frakoblet(naa));
  }

  skriv(tekst) {
    const [ut, klientId] = this.samtale.skriv(tekst, this.verden.klokke.naa);
    this.skrevet.push({ klientId, tekst });
    this.gjoer(ut);
  }

  loggUt(ut) {
    this.innlogget = !ut;
    if (ut) this.koble(false);
    else this.gjoer(this.samtale.innlogget(this.verden.klokke.naa));
  }

  hode() {
    if (!this.koblet || this.verden.tapt()) return;
    const kjent = this.verden.tjener.rom.has(this) ? this.verden.tjener.logg.length : undefined;
    this.gjoer(this.samtale.hodeFra(kjent, this.verden.klokke.naa));
  }
}

function kjoer(froe, { tap, treghet }) {
  const r = terning(froe);
  const klokke = new Klokke();
  const v = {
    r, klokke, urolig: true, tjener: new Tjener(),
    tapt: () => v.urolig && r() < tap,
    forsinkelse: () => (v.urolig && r() < 0.1 ? r() * treghet : 1 + r() * 50),
  };
  const folk = ['a', 'b'].map((hvem) => new Deltaker(v, hvem));
  for (const d of folk) d.gjoer(d.samtale.tikk(0));
  let nr = 0;
  const uro = () => {
    const d = folk[Math.floor(r() * 2)];
    const valg = r();
    if (valg < 0.5) d.skriv(r() < 0.1 ? `fnr ${++nr}` : `tekst ${++nr}`);
    else if (valg < 0.7) d.koble(!d.koblet);
    else if (valg < 0.76) v.tjener.stengt = !v.tjener.stengt;
    else if (valg < 0.8) d.loggUt(d.innlogget);
    else if (valg < 0.9) d.gjoer(d.samtale.vekk(klokke.naa));
    else for (const m of d.samtale.utgaaende) {
      if (m.tilstand === 'avvist') d.gjoer(d.samtale.sendIgjen(m.klientId, klokke.naa, { ikkeFnr: true }));
    }
    if (klokke.naa < UROLIG) klokke.om(r() * 4_000, uro);
  };
  uro();
  const tikk = () => {
    for (const d of folk) d.hode();
    klokke.om(15_000, tikk);
  };
  klokke.om(15_000, tikk);
  klokke.til(UROLIG + 5_000);

  v.urolig = false;
  v.tjener.stengt = false;
  for (const d of folk) {
    if (!d.innlogget || d.samtale.fase === 'utlogget') d.loggUt(false);
    d.koble(true);
  }
  klokke.til(UROLIG + ROLIG);
  return { v, folk };
}

function kontroller({ v, folk }, froe) {
  const { logg } = v.tjener;
  for (const d of folk) {
    const s = d.samtale;
    const merke = `seed ${froe}, ${d.hvem}`;
    assert.equal(s.fase, 'aktiv', merke);
    assert.deepEqual(s.logg, logg, `${merke}: the same log as the server's`);
    assert.deepEqual(d.vist, logg.map((rad) => rad.sekvens), `${merke}: every row shown once, in order`);
    assert.equal(s.status(v.klokke.naa).tilstand, 'ajour', merke);

    const mine = logg.filter((rad) => rad.avsender.id === d.hvem);
    assert.equal(new Set(mine.map((rad) => rad.klient_id)).size, mine.length, `${merke}: nothing stored twice`);
    const lagret = new Set(mine.map((rad) => rad.klient_id));
    for (const id of d.bekreftet) assert.ok(lagret.has(id), `${merke}: ${id} was acknowledged and is lost`);
    // What is not stored is still with its writer, refused and with its text.
    for (const { klientId, tekst } of d.skrevet) {
      const igjen = s.utgaaende.find((m) => m.klientId === klientId);
      assert.equal(Boolean(igjen), !lagret.has(klientId), `${merke}: ${klientId} is in one place`);
      if (igjen) assert.deepEqual([igjen.tilstand, igjen.tekst], ['avvist', tekst], merke);
    }
  }
}

for (const [navn, forhold] of Object.entries({
  'a good network': { tap: 0, treghet: 500 },
  'a bad network': { tap: 0.2, treghet: 12_000 },
  'a terrible network': { tap: 0.6, treghet: 30_000 },
})) {
  test(`always ends as the server's log: ${navn}`, () => {
    let skrevet = 0;
    for (let froe = 1; froe <= RUNDER; froe += 1) {
      const utfall = kjoer(froe, forhold);
      kontroller(utfall, froe);
      skrevet += utfall.v.tjener.logg.length;
    }
    assert.ok(skrevet > RUNDER * 5, `only ${skrevet} rows: the simulation does nothing`);
  });
}

test('messages of one person keep the order in which they were written', () => {
  for (let froe = 1; froe <= RUNDER; froe += 1) {
    const r = terning(froe);
    const klokke = new Klokke();
    const v = {
      r, klokke, urolig: true, tjener: new Tjener(),
      tapt: () => v.urolig && r() < 0.3,
      forsinkelse: () => (v.urolig ? r() * 10_000 : 1 + r() * 50),
    };
    const d = new Deltaker(v, 'a');
    for (let nr = 1; nr <= 12; nr += 1) {
      klokke.om(r() * 40_000, () => d.skriv(`tekst ${nr}`));
      klokke.om(r() * 40_000, () => d.koble(!d.koblet));
    }
    klokke.til(60_000);
    v.urolig = false;
    d.koble(true);
    klokke.til(150_000);
    assert.deepEqual(v.tjener.logg.map((rad) => rad.tekst), d.skrevet.map((m) => m.tekst), `seed ${froe}`);
  }
});
