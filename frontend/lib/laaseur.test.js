import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Laaseur, PING, PROEV_IGJEN, minutter } from './laaseur.js';

const MINUTT = 60_000;

function nytt(felter = {}) {
  const ur = new Laaseur(0);
  ur.satt({ laast: false, laases_om: 1_800, varsles_foer: 120, ...felter }, 0);
  return ur;
}

test('open, then a warning, then locked, by itself', () => {
  const ur = nytt();
  assert.equal(ur.tilstand(28 * MINUTT - 1), 'aapen');
  assert.equal(ur.tilstand(28 * MINUTT), 'varsel');
  assert.equal(ur.igjen(29 * MINUTT), MINUTT);
  assert.equal(ur.tilstand(30 * MINUTT), 'laast');
  assert.equal(ur.igjen(40 * MINUTT), 0);
});

test('the server is told at most once a minute, and of what came in between at its end', () => {
  const ur = nytt();
  assert.equal(ur.roert(10_000), false);
  assert.equal(ur.vent(10_000), PING - 10_000);
  assert.equal(ur.pingNaa(PING - 1), false);
  assert.equal(ur.pingNaa(PING), true);
  ur.pinger(PING);
  assert.equal(ur.pingNaa(3 * PING), false);
  assert.equal(ur.roert(3 * PING), true);
});

test('nobody there: nothing is told, however long', () => {
  const ur = nytt();
  for (let naa = 0; naa < 30 * MINUTT; naa += 1_000) assert.equal(ur.pingNaa(naa), false);
});

test('under the warning any touch tells at once', () => {
  const ur = nytt();
  assert.equal(ur.roert(27 * MINUTT), true);
  ur.pinger(27 * MINUTT);
  assert.equal(ur.roert(28 * MINUTT + 1), true);
  ur.pinger(28 * MINUTT + 1);
  ur.satt({ laast: false, laases_om: 1_800, varsles_foer: 120 }, 28 * MINUTT + 50);
  assert.equal(ur.tilstand(28 * MINUTT + 60), 'aapen');
});

test('a touch that the server did not hear of is told again after a while', () => {
  const ur = nytt();
  assert.equal(ur.roert(PING), true);
  ur.pinger(PING);
  ur.mislyktes(PING + 100);
  assert.equal(ur.pingNaa(PING + PROEV_IGJEN), false);
  assert.equal(ur.pingNaa(PING + 100 + PROEV_IGJEN), true);
});

test('a touch of a locked screen does not open it, also when only this page knows that it is locked', () => {
  const ur = nytt();
  assert.equal(ur.roert(30 * MINUTT), false);
  const laast = nytt({ laast: true, laases_om: 0 });
  assert.equal(laast.roert(1), false);
  assert.equal(laast.tilstand(1), 'laast');
});

test('what another window did counts: the server has the last word', () => {
  const ur = nytt();
  ur.satt({ laast: false, laases_om: 1_700, varsles_foer: 120 }, 28 * MINUTT);
  assert.equal(ur.tilstand(30 * MINUTT), 'aapen');
  ur.satt({ laast: true, laases_om: 0, varsles_foer: 120 }, 31 * MINUTT);
  assert.equal(ur.tilstand(31 * MINUTT), 'laast');
});

test('where the time is short it is told more often', () => {
  const ur = nytt({ laases_om: 6, varsles_foer: 3 });
  assert.equal(ur.roert(1_600), true);
});

test('it looks again within a minute, and often under the warning', () => {
  const ur = nytt();
  assert.equal(ur.vent(0), PING);
  assert.equal(ur.vent(28 * MINUTT - 500), 500);
  assert.equal(ur.vent(28 * MINUTT + 1), 250);
});

test('minutes and seconds', () => {
  assert.equal(minutter(120_000), '2:00');
  assert.equal(minutter(64_001), '1:05');
  assert.equal(minutter(999), '0:01');
  assert.equal(minutter(0), '0:00');
});
