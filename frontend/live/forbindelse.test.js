import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Forbindelse, Tapt } from './forbindelse.js';

class Sokkel {
  connected = false;
  active = true;
  koblinger = 0;
  sendt = [];
  #paa = {};

  on(navn, fn) {
    this.#paa[navn] = fn;
  }

  skje(navn, data) {
    return this.#paa[navn](data);
  }

  connect() {
    this.koblinger += 1;
  }

  disconnect() {
    if (this.connected) {
      this.connected = false;
      this.skje('disconnect', 'io client disconnect');
    }
  }

  emit(...pakke) {
    this.sendt.push(pakke);
  }

  timeout() {
    return { emit: (navn, kropp, svar) => this.sendt.push([navn, kropp, svar]) };
  }

  opp() {
    this.connected = true;
    this.skje('connect');
  }

  ned(grunn) {
    this.connected = false;
    return this.skje('disconnect', grunn);
  }
}

function ny(status = 204) {
  const sokkel = new Sokkel();
  const planlagt = [];
  const tid = {
    setTimeout: (fn, ms) => planlagt.push({ fn, ms }),
    clearTimeout: (nr) => {
      if (nr) planlagt[nr - 1] = null;
    },
  };
  const spurt = [];
  const svar = { status };
  const f = new Forbindelse({
    sokkel, tid, tilfeldig: () => 0.5,
    hent: async (adresse) => {
      spurt.push(adresse);
      if (svar.status === null) throw new TypeError('network');
      return svar;
    },
  });
  const tilstander = [];
  f.paa('tilstand', (t) => tilstander.push(t));
  const kjoer = async () => {
    const neste = planlagt.find(Boolean);
    planlagt[planlagt.indexOf(neste)] = null;
    await neste.fn();
    return neste.ms;
  };
  f.start();
  return { f, sokkel, spurt, svar, tilstander, kjoer, planlagte: () => planlagt.filter(Boolean).length };
}

test('goes up, passes events on, and stops telling those who have left', () => {
  const { f, sokkel, tilstander } = ny();
  const sett = [];
  const slutt = f.paa('hode', (h) => sett.push(h));
  sokkel.opp();
  sokkel.skje('hode', { koe: {} });
  slutt();
  sokkel.skje('hode', { koe: {} });
  assert.deepEqual(tilstander, ['oppe']);
  assert.deepEqual(sett, [{ koe: {} }]);
});

test('an ack is the answer; none is Tapt', async () => {
  const { f, sokkel } = ny();
  sokkel.opp();
  const svar = f.send('henvendelse.meld', { id: 1 });
  sokkel.sendt[0][2](null, { ok: true });
  assert.deepEqual(await svar, { ok: true });
  const tapt = f.send('henvendelse.meld', { id: 1 });
  sokkel.sendt[1][2](new Error('timeout'));
  await assert.rejects(tapt, Tapt);
});

test('nothing is kept for later while the line is down: somebody else may be logged in then', async () => {
  const { f, sokkel } = ny();
  await assert.rejects(f.send('henvendelse.meld', {}), Tapt);
  f.kringkast('henvendelse.skriver', {});
  assert.deepEqual(sokkel.sendt, []);
});

test('a lost line is left to the library, which tries again by itself', async () => {
  const { sokkel, spurt, tilstander } = ny();
  sokkel.opp();
  await sokkel.ned('transport close');
  assert.deepEqual(tilstander, ['oppe', 'nede']);
  assert.deepEqual(spurt, []);
  assert.equal(sokkel.koblinger, 1);
});

test('thrown out and logged out: says so, and asks until somebody is logged in again', async () => {
  const { sokkel, spurt, svar, tilstander, kjoer } = ny(401);
  sokkel.opp();
  await sokkel.ned('io server disconnect');
  assert.deepEqual(spurt, ['/sesjon']);
  assert.deepEqual(tilstander, ['oppe', 'nede', 'utlogget']);
  await kjoer();
  svar.status = null;
  await kjoer();
  assert.equal(sokkel.koblinger, 1);
  svar.status = 204;
  await kjoer();
  assert.equal(sokkel.koblinger, 2);
  sokkel.opp();
  assert.deepEqual(tilstander, ['oppe', 'nede', 'utlogget', 'kobler', 'oppe']);
});

test('thrown out but still logged in: connects again after a moment', async () => {
  const { sokkel, kjoer } = ny(204);
  sokkel.opp();
  await sokkel.ned('io server disconnect');
  assert.equal(sokkel.koblinger, 1);
  assert.equal(await kjoer(), 500);
  assert.equal(sokkel.koblinger, 2);
});

test('refused by the server again and again: waits longer each time', async () => {
  const { sokkel, kjoer } = ny(204);
  sokkel.active = false;
  const ventet = [];
  for (let i = 0; i < 8; i += 1) {
    await sokkel.skje('connect_error', new Error('ikke_innlogget'));
    ventet.push(await kjoer());
  }
  assert.deepEqual(ventet, [1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000, 15_000]);
});

test('a proxy that refuses looks like a dead network: the session is asked for now and then', async () => {
  const { sokkel, spurt, tilstander } = ny(401);
  for (let i = 0; i < 3; i += 1) await sokkel.skje('connect_error', new Error('websocket error'));
  assert.deepEqual(spurt, ['/sesjon']);
  assert.deepEqual(tilstander, ['nede', 'utlogget']);
});

test('no answer from /sesjon is not a logout', async () => {
  const { sokkel, tilstander, planlagte } = ny(null);
  sokkel.opp();
  await sokkel.ned('io server disconnect');
  assert.deepEqual(tilstander, ['oppe', 'nede']);
  assert.equal(planlagte(), 1);
});

test('two questions at a time are one', async () => {
  const { f, spurt } = ny(204);
  await Promise.all([f.spoerOmSesjon(), f.spoerOmSesjon()]);
  assert.equal(spurt.length, 1);
});

test('back in focus it tries at once, and leaves a line that is up alone', () => {
  const { f, sokkel } = ny();
  f.vekk();
  assert.equal(sokkel.koblinger, 2);
  sokkel.opp();
  f.vekk();
  assert.equal(sokkel.koblinger, 2);
  assert.equal(sokkel.connected, true);
});
