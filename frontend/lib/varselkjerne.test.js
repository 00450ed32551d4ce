import assert from 'node:assert/strict';
import test from 'node:test';
import { holdTall, nykomne, sisteI } from './varselkjerne.js';

const FOER = '2026-11-22T01:00:00.000001+00:00';
const ETTER = '2026-11-22T01:00:00.000002+00:00';

test('the newest is read from the version', () => {
  assert.equal(sisteI(`3:${FOER}`), FOER);
  assert.equal(sisteI('0:'), '');
});

test('new is what came after the newest that was known, and nothing twice', () => {
  const uleste = [{ varsel: 'b', opprettet: ETTER }, { varsel: 'a', opprettet: FOER }];
  assert.deepEqual(nykomne(uleste, FOER), ['b']);
  assert.deepEqual(nykomne(uleste, ETTER), []);
  assert.deepEqual(nykomne(uleste, ''), ['b', 'a']);
});

test('a telephone number is one word', () => {
  assert.equal(holdTall('Ingen svarer. Ring 55 97 50 00. Takk'), 'Ingen svarer. Ring 55\u00a097\u00a050\u00a000. Takk');
});
