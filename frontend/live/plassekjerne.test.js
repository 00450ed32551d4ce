import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tavlekjerne, TIDER } from './plassekjerne.js';

const rad = (id, versjon, ledig = versjon) => ({ id, versjon, ledig, nedlagt: false });
const sum = (ledig) => ({ alle: { ledig } });
const endring = (fra, versjon, ...rader) => ({ fra, versjon, endringer: rader, summer: sum(versjon), faser: 'f' });
const ider = (vis) => vis.rader.map((r) => `${r.id}${r.versjon}`);
const ny = (versjon = 0) => new Tavlekjerne({ versjon, faser: 'f', tilfeldig: () => 0.5 });

test('changes in order are shown at once, and nothing is fetched', () => {
  const t = ny(4);
  assert.deepEqual(ider(t.plasser(endring(4, 5, rad('a', 5)), 0)), ['a5']);
  assert.deepEqual(t.plasser(endring(5, 7, rad('b', 6), rad('a', 7)), 0).summer, sum(7));
  assert.equal(t.versjon, 7);
  assert.equal(t.nesteTid, null);
});

test('an old change is ignored: neither its rows nor its sums come back', () => {
  const t = ny(4);
  t.plasser(endring(4, 6, rad('a', 6)), 0);
  assert.deepEqual(t.plasser(endring(4, 5, rad('a', 5)), 0), { rader: [], summer: {}, finnes: null });
  assert.equal(t.versjon, 6);
});

test('a gap is fetched within two seconds, and not when what was missing comes by itself', () => {
  const t = ny(4);
  assert.deepEqual(ider(t.plasser(endring(5, 6, rad('b', 6)), 1_000)), []);
  assert.equal(t.versjon, 4);
  assert.equal(t.nesteTid, 1_000 + TIDER.spre / 2);
  assert.equal(t.tikk(1_500), null);
  assert.deepEqual(ider(t.plasser(endring(4, 5, rad('a', 5)), 1_600)), ['a5', 'b6']);
  assert.deepEqual([t.versjon, t.nesteTid], [6, null]);
});

test('what was fetched closes the gap, and what came in the meantime is not lost', () => {
  const t = ny(4);
  t.plasser(endring(6, 7, rad('b', 7)), 0);
  const kall = t.tikk(2_000);
  assert.deepEqual([kall.etter, kall.faser], [4, 'f']);
  t.plasser(endring(8, 9, rad('d', 9)), 2_100);
  assert.equal(t.tikk(9_000), null, 'one fetch at a time');
  const vis = t.hentet(kall.nr, { versjon: 8, faser: 'f', hel: false, enheter: [rad('a', 5), rad('c', 8)], summer: {} }, 2_200);
  assert.deepEqual(ider(vis), ['a5', 'c8', 'd9']);
  assert.deepEqual([t.versjon, t.nesteTid], [9, null]);
});

test('an answer that is behind what was heard is followed by another fetch', () => {
  const t = ny(4);
  t.hode({ plasser: 8, plassfaser: 'f' }, 0);
  const kall = t.tikk(2_000);
  t.hentet(kall.nr, { versjon: 6, faser: 'f', hel: false, enheter: [], summer: {} }, 2_100);
  assert.equal(t.nesteTid, 2_100 + TIDER.spre / 2);
  assert.equal(t.tikk(9_000).etter, 6);
});

test('a whole board takes away what is not in it, but not what has come since', () => {
  const t = ny(4);
  t.plasser({ fra: 4, versjon: 90, hel: true }, 0);
  const kall = t.tikk(2_000);
  t.plasser(endring(4, 91, rad('ny', 91)), 2_050);
  const vis = t.hentet(kall.nr, { versjon: 90, faser: 'f', hel: true, enheter: [rad('a', 3)], summer: sum(1) }, 2_100);
  assert.deepEqual([...vis.finnes].sort(), ['a', 'ny']);
  assert.deepEqual(vis.summer, {}, 'older sums than those that are shown');
  assert.equal(t.versjon, 91);
});

test('the heads: equal is quiet, higher is fetched, none means that the room was lost', () => {
  const t = ny(4);
  assert.equal(t.hode({ plasser: 4, plassfaser: 'f' }, 0), false);
  assert.equal(t.nesteTid, null);
  assert.equal(t.hode({}, 0), true);
  assert.equal(t.hode({ laast: true }, 0), false);
  t.hode({ plasser: 5, plassfaser: 'f' }, 0);
  assert.notEqual(t.nesteTid, null);
});

test('a head that was overtaken is no other board; two in a row are', () => {
  const t = ny(9);
  t.hode({ plasser: 8, plassfaser: 'f' }, 0);
  assert.equal(t.nesteTid, null);
  t.hode({ plasser: 9, plassfaser: 'f' }, 0);
  t.hode({ plasser: 3, plassfaser: 'f' }, 0);
  t.hode({ plasser: 3, plassfaser: 'f' }, 0);
  const kall = t.tikk(5_000);
  assert.equal(kall.etter, null);
  t.hentet(kall.nr, { versjon: 3, faser: 'f', hel: true, enheter: [rad('a', 1)], summer: sum(1) }, 5_100);
  assert.equal(t.versjon, 3);
  assert.deepEqual(ider(t.plasser(endring(3, 4, rad('a', 4)), 5_200)), ['a4']);
});

test('other phases: told as a change without a version, or fetched when that was lost', () => {
  const t = ny(4);
  const fase = { ...endring(4, 4, rad('a', 2)), faser: 'g', faser_fra: 'f' };
  assert.deepEqual(ider(t.plasser(fase, 0)), ['a2']);
  assert.deepEqual([t.faser, t.versjon, t.nesteTid], ['g', 4, null]);
  t.hode({ plasser: 4, plassfaser: 'h' }, 0);
  t.plasser({ ...endring(4, 5, rad('b', 5)), faser: 'h' }, 100);
  const kall = t.tikk(5_000);
  assert.deepEqual([kall.etter, kall.faser], [null, 'g'], 'a change in between does not call the fetch off');
  t.hentet(kall.nr, { versjon: 5, faser: 'h', hel: true, enheter: [rad('a', 2)], summer: {} }, 5_100);
  assert.deepEqual([t.faser, t.nesteTid], ['h', null]);
});

test('another name moves no version: the whole board is fetched, in one\'s own time, and once', () => {
  const t = new Tavlekjerne({ versjon: 4, faser: 'f', navn: '1-1', tilfeldig: () => 0.5 });
  t.hode({ plasser: 4, plassfaser: 'f', plassnavn: '1-1' }, 0);
  assert.equal(t.nesteTid, null);
  t.hode({ plasser: 4, plassfaser: 'f', plassnavn: '2-1' }, 1_000);
  assert.equal(t.nesteTid, 1_000 + TIDER.navn / 2);
  t.plasser(endring(4, 5, rad('a', 5)), 2_000);
  assert.equal(t.nesteTid, 1_000 + TIDER.navn / 2, 'a change in between does not call the fetch off');
  const kall = t.tikk(10_000);
  assert.equal(kall.etter, null);
  t.hentet(kall.nr, { versjon: 5, faser: 'f', navn: '2-1', hel: true, enheter: [rad('a', 5)], summer: {} }, 10_100);
  t.hode({ plasser: 5, plassfaser: 'f', plassnavn: '2-1' }, 15_000);
  assert.deepEqual([t.navn, t.nesteTid], ['2-1', null]);
});

test('while the line is down an answer without rows tells of another name all the same', () => {
  const t = new Tavlekjerne({ versjon: 4, faser: 'f', navn: '1-1', tilfeldig: () => 0.5 });
  t.linje(false, 0);
  const kall = t.tikk(TIDER.nede);
  assert.equal(kall.etter, 4);
  t.hentet(kall.nr, { versjon: 4, faser: 'f', navn: '2-1', hel: false, enheter: [], summer: {} }, 20_000);
  assert.equal(t.tikk(20_000 + TIDER.navn).etter, null);
});

test('the subscription: changes, or a board that is to be fetched whole', () => {
  const t = ny(4);
  assert.deepEqual(ider(t.abonnert({ versjon: 6, faser: 'f', hel: false, endringer: [rad('a', 6)], summer: {} }, 0)), ['a6']);
  t.abonnert({ versjon: 6, faser: 'g', hel: true }, 0);
  assert.equal(t.tikk(5_000).etter, null);
});

test('while the line is down the board is fetched now and then, and lost fetches back off', () => {
  const t = ny(4);
  t.linje(false, 0);
  assert.equal(t.nesteTid, TIDER.nede);
  t.vekk(100);
  let kall = t.tikk(100);
  t.tapt(kall.nr, 200);
  assert.equal(t.nesteTid, 200 + TIDER.igjen);
  kall = t.tikk(200 + TIDER.igjen);
  t.tapt(kall.nr, 3_000);
  assert.equal(t.nesteTid, 3_000 + 2 * TIDER.igjen);
  kall = t.tikk(10_000);
  t.hentet(kall.nr, { versjon: 4, faser: 'f', hel: false, enheter: [], summer: {} }, 10_000);
  assert.equal(t.nesteTid, 10_000 + TIDER.nede);
  t.linje(true, 10_100);
  t.plasser(endring(4, 5), 10_200);
  assert.equal(t.nesteTid, null);
});

// --- by chance -------------------------------------------------------------------------------------------

function terning(froe) {
  let a = froe >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A board on a server, two processes that tell of it, and a network that loses, delays, doubles and reorders. */
class Verden {
  naa = 0;
  versjon = 0;
  fase = 0;
  navn = 0;
  enheter = new Map();
  urolig = true;
  #koe = [];
  #nr = 0;

  constructor(froe) {
    this.r = terning(froe);
  }

  om(ms, fn) {
    this.#koe.push({ tid: this.naa + ms, nr: ++this.#nr, fn });
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

  tapt() {
    return this.urolig && this.r() < 0.25;
  }

  forsinkelse() {
    return this.urolig && this.r() < 0.3 ? this.r() * 6_000 : 5 + this.r() * 40;
  }

  get navnemerke() {
    return `${this.navn}-1`;
  }

  get faser() {
    return `f${this.fase}`;
  }

  rader(fra) {
    return structuredClone([...this.enheter.values()].filter((e) => e.versjon > fra));
  }

  summer() {
    const aapne = [...this.enheter.values()].filter((e) => !e.nedlagt);
    return { alle: { ledig: aapne.reduce((n, e) => n + e.ledig, 0), enheter: aapne.length } };
  }

  svar(etter, faser) {
    const hel = etter === null || etter > this.versjon || faser !== this.faser;
    const enheter = hel ? this.rader(-1).filter((e) => !e.nedlagt) : this.rader(etter);
    return { versjon: this.versjon, faser: this.faser, navn: this.navnemerke, hel, enheter, summer: this.summer() };
  }
}

function kjoer(froe) {
  const v = new Verden(froe);
  const t = new Tavlekjerne({ versjon: 0, faser: 'f0', navn: '0-1', tilfeldig: v.r });
  const vist = new Map();
  const stat = { hentet: 0, hele: 0 };
  let summer = v.summer();
  let iRommet = false;

  const vis = ({ rader, summer: nye, finnes }) => {
    for (const rad of rader) {
      if (rad.nedlagt) vist.delete(rad.id);
      else vist.set(rad.id, rad);
    }
    if (finnes) for (const id of vist.keys()) if (!finnes.has(id)) vist.delete(id);
    if (nye.alle) summer = nye.alle;
  };
  const vekk = () => {
    const kall = t.tikk(v.naa);
    if (kall) {
      stat.hentet += 1;
      if (v.tapt()) v.om(8_000, () => t.tapt(kall.nr, v.naa));
      else {
        v.om(v.forsinkelse(), () => {
          const svar = v.svar(kall.etter, kall.faser);
          stat.hele += svar.hel;
          v.om(v.forsinkelse(), () => vis(t.hentet(kall.nr, svar, v.naa)));
        });
      }
    }
    v.om(100, vekk);
  };
  const motta = (hendelse) => {
    for (let n = v.urolig && v.r() < 0.1 ? 2 : 1; n > 0; n -= 1) {
      if (iRommet && !v.tapt()) v.om(v.forsinkelse(), () => vis(t.plasser(structuredClone(hendelse), v.naa)));
    }
  };
  // Each of two processes tells of its own changes a while later, with everything that has come since.
  const venter = [null, null];
  const si = (prosess) => {
    const fra = venter[prosess];
    venter[prosess] = null;
    const rader = v.rader(fra);
    const hode = { fra, versjon: v.versjon, faser: v.faser, navn: v.navnemerke };
    motta(rader.length > 6 ? { ...hode, hel: true } : { ...hode, hel: false, endringer: rader, summer: v.summer() });
  };
  const endre = () => {
    const id = `e${Math.floor(v.r() * 12)}`;
    v.versjon += 1;
    const nedlagt = v.r() < 0.05;
    const navn = v.enheter.get(id)?.navn ?? 0;
    v.enheter.set(id, { id, navn, versjon: v.versjon, ledig: Math.floor(v.r() * 9), fase: v.fase, nedlagt });
    const prosess = Math.floor(v.r() * 2);
    if (venter[prosess] === null) v.om(50, () => si(prosess));
    venter[prosess] = Math.min(venter[prosess] ?? Infinity, v.versjon - 1);
  };
  const fase = () => {
    const fra = v.faser;
    v.fase += 1;
    for (const e of v.enheter.values()) e.fase = v.fase;
    const endringer = v.rader(-1).filter((e) => !e.nedlagt);
    const hode = { fra: v.versjon, versjon: v.versjon, faser: v.faser, faser_fra: fra, navn: v.navnemerke };
    motta({ ...hode, hel: false, endringer, summer: v.summer() });
  };
  const navn = () => {
    v.navn += 1;
    const alle = [...v.enheter.values()];
    if (alle.length) alle[Math.floor(v.r() * alle.length)].navn = v.navn;
  };
  const abonner = () => {
    iRommet = true;
    const { enheter, ...svar } = v.svar(t.versjon, t.faser);
    if (!v.tapt()) v.om(v.forsinkelse(), () => vis(t.abonnert({ ...svar, endringer: enheter }, v.naa)));
  };
  const tikk = () => {
    const hode = iRommet ? { plasser: v.versjon, plassfaser: v.faser, plassnavn: v.navnemerke } : {};
    if (!v.tapt()) v.om(v.forsinkelse(), () => t.hode(hode, v.naa) && abonner());
    v.om(15_000, tikk);
  };
  const uro = () => {
    const valg = v.r();
    if (valg < 0.8) endre();
    else if (valg < 0.85) navn();
    else if (valg < 0.9) fase();
    else if (valg < 0.95) iRommet = false;
    else t.linje(v.r() < 0.5, v.naa);
    if (v.naa < 60_000) v.om(v.r() * 900, uro);
  };
  abonner();
  vekk();
  tikk();
  uro();
  v.til(70_000);
  v.urolig = false;
  t.linje(true, v.naa);
  v.til(130_000);
  return { v, t, vist, summer, stat };
}

test('whatever the network does, the board ends as the server has it', () => {
  const sum_ = { hentet: 0, hele: 0, endringer: 0 };
  for (let froe = 1; froe <= 300; froe += 1) {
    const { v, t, vist, summer, stat } = kjoer(froe);
    const fasit = v.rader(-1).filter((e) => !e.nedlagt);
    const etterId = (a, b) => a.id.localeCompare(b.id);
    assert.deepEqual([...vist.values()].sort(etterId), fasit.sort(etterId), `seed ${froe}`);
    assert.deepEqual([t.versjon, t.faser, t.navn, t.nesteTid], [v.versjon, v.faser, v.navnemerke, null], `seed ${froe}`);
    if (v.versjon) assert.deepEqual(summer, v.summer().alle, `seed ${froe}`);
    sum_.hentet += stat.hentet;
    sum_.hele += stat.hele;
    sum_.endringer += v.versjon;
  }
  assert.ok(sum_.endringer > 300 * 60, `only ${sum_.endringer} changes: the simulation does nothing`);
  assert.ok(sum_.hentet > 300 && sum_.hele > 300, JSON.stringify(sum_));
});

test('on a good network nothing is fetched at all', () => {
  const v = new Verden(7);
  const t = new Tavlekjerne({ versjon: 0, faser: 'f', tilfeldig: v.r });
  for (let n = 1; n <= 500; n += 1) {
    t.plasser(endring(n - 1, n, rad('a', n)), n * 100);
    if (n % 150 === 0) t.hode({ plasser: n, plassfaser: 'f' }, n * 100);
    assert.equal(t.nesteTid, null);
  }
  assert.equal(t.versjon, 500);
});
