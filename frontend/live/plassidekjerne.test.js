import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sidekjerne, TIDER } from './plassidekjerne.js';

const ny = (naa = 0) => new Sidekjerne({ id: 'a', versjon: 4, naa, tilfeldig: () => 0.5 });
const oppe = () => {
  const k = ny();
  k.linje(true, 0);
  k.abonnert({ versjon: 9, endringer: [], navn: '1-1' }, 0);
  return k;
};
const endring = (fra, versjon, ...rader) => ({ fra, versjon, endringer: rader, navn: '1-1' });
/** When it is fetched next, looked for every 50 ms; null within two minutes. */
const naar = (k, fra) => {
  for (let t = fra; t < fra + 120_000; t += 50) if (k.tikk(t)) return t;
  return null;
};

test('while the line is down the page is fetched every fifteen seconds, from the beginning', () => {
  const k = ny();
  assert.equal(naar(k, 0), TIDER.nede);
  k.hentet(4, 15_200);
  assert.equal(k.bekreftet, 15_200);
  assert.equal(naar(k, 15_200), 15_200 + TIDER.nede);
  k.hentet(4, 30_300);
  k.linje(true, 30_400);
  assert.equal(naar(k, 30_400), null, 'the line tells');
  k.linje(false, 200_000);
  k.linje(false, 210_000);
  assert.equal(naar(k, 200_000), 200_000 + TIDER.nede, 'told twice that it is down');
});

test('whoever looks again while the line is down sees the page as it is', () => {
  const k = ny();
  k.vekk(3_000);
  assert.equal(naar(k, 3_000), 3_000);
  const paa = oppe();
  paa.vekk(3_000);
  assert.equal(naar(paa, 3_000), null);
});

test('a fetch that nobody answers is tried again, later and later, and confirms nothing', () => {
  const k = ny();
  assert.equal(naar(k, 0), 15_000);
  assert.equal(k.tikk(60_000), false, 'one at a time');
  k.tapt(60_000);
  assert.equal(naar(k, 60_000), 62_000);
  k.tapt(62_000);
  assert.equal(naar(k, 62_000), 66_000);
  assert.equal(k.bekreftet, 0);
});

test('the own unit is fetched at once, others not at all', () => {
  const k = oppe();
  k.plasser(endring(9, 10, { id: 'b', versjon: 10 }), 0);
  assert.equal(naar(k, 0), null);
  k.plasser(endring(10, 11, { id: 'a', versjon: 11 }), 1_000);
  assert.equal(naar(k, 1_000), 1_000 + TIDER.samle);
  k.hentet(11, 1_300);
  k.plasser(endring(10, 11, { id: 'a', versjon: 11 }), 1_400);
  assert.equal(naar(k, 1_400), null, 'told again');
});

test('what is told while it is being fetched is fetched after', () => {
  const k = oppe();
  k.plasser(endring(9, 10, { id: 'a', versjon: 10 }), 0);
  assert.equal(naar(k, 0), 150);
  k.plasser(endring(10, 11, { id: 'a', versjon: 11 }), 200);
  assert.equal(k.tikk(5_000), false);
  k.hentet(10, 5_000);
  assert.equal(k.tikk(5_000), true);
});

test('what may be missing is fetched within two seconds', () => {
  for (const si of [
    (k) => k.plasser({ fra: 9, versjon: 300, hel: true }, 0),
    (k) => k.plasser(endring(12, 13, { id: 'b', versjon: 13 }), 0),
    (k) => assert.equal(k.hode({ plasser: 10, plassnavn: '1-1' }, 0), false),
  ]) {
    const k = oppe();
    si(k);
    assert.equal(naar(k, 0), TIDER.samle + TIDER.spre / 2);
  }
});

test('the heads confirm what is shown, and say when the room was lost', () => {
  const k = oppe();
  assert.equal(k.hode({ plasser: 9, plassnavn: '1-1' }, 20_000), false);
  assert.equal(k.bekreftet, 20_000);
  assert.equal(k.hode({}, 30_000), true);
  assert.equal(k.hode({ laast: true }, 40_000), false);
  assert.equal(k.bekreftet, 20_000);
  assert.equal(naar(k, 40_000), null);
});

test('another name is fetched in one\'s own time, and once', () => {
  const k = oppe();
  k.hode({ plasser: 9, plassnavn: '2-1' }, 0);
  assert.equal(naar(k, 0), TIDER.samle + TIDER.navn / 2);
  k.hentet(4, 9_000);
  k.hode({ plasser: 9, plassnavn: '2-1' }, 15_000);
  assert.equal(naar(k, 15_000), null);
});

test('what was due while the screen was locked is fetched when it is opened', () => {
  const k = oppe();
  k.plasser(endring(9, 10, { id: 'a', versjon: 10 }), 0);
  // Nobody asks while it is locked; what is told is told once.
  k.abonnert({ versjon: 10, endringer: [], navn: '1-1' }, 600_000);
  assert.equal(k.tikk(600_000), true);
});
