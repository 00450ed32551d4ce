import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  MAKS_BYTE, Skrivere, delNavn, fraKodepunkter, iBiter, klokkeslett, kortet, plassIgjen, tekstnavn,
} from './ord.js';

test('the room left is counted in bytes of UTF-8, and told only near the limit', () => {
  assert.equal(plassIgjen('kort'), null);
  assert.equal(plassIgjen('a'.repeat(MAKS_BYTE)), 0);
  assert.equal(plassIgjen('a'.repeat(MAKS_BYTE + 1)), -1);
  // æ is two bytes: half as many of them fit.
  assert.equal(plassIgjen('æ'.repeat(MAKS_BYTE / 2)), 0);
  assert.equal(plassIgjen('æ'.repeat(MAKS_BYTE / 2 + 3)), -3);
  // What surrounds the text is cut away by the server.
  assert.equal(plassIgjen(`${'a'.repeat(MAKS_BYTE)}\n  `), 0);
});

test("the server's places are code points, a string's are not", () => {
  const tekst = '🙂 fnr 010101';
  assert.deepEqual(fraKodepunkter(tekst, [[2, 5]]), [{ start: 3, slutt: 6 }]);
  assert.equal(tekst.slice(3, 6), 'fnr');
  assert.deepEqual(fraKodepunkter('ab', [[1, 99]]), [{ start: 1, slutt: 2 }]);
});

test('a text is cut into marked pieces without losing a character', () => {
  const tekst = 'abcdefghij';
  for (const steder of [[], [{ start: 0, slutt: 10 }], [{ start: 2, slutt: 4 }, { start: 3, slutt: 6 }],
    [{ start: 8, slutt: 10 }, { start: 0, slutt: 1 }]]) {
    assert.equal(iBiter(tekst, steder).map((b) => b.tekst).join(''), tekst);
  }
  assert.deepEqual(iBiter('abcd', [{ start: 1, slutt: 3 }]), [
    { tekst: 'a', merket: false }, { tekst: 'bc', merket: true }, { tekst: 'd', merket: false },
  ]);
});

test('a name is cut from its place at the first comma', () => {
  assert.deepEqual(delNavn('Kari Nordmann, Alta legevakt, avd. 2'), {
    navn: 'Kari Nordmann', sted: 'Alta legevakt, avd. 2',
  });
  assert.deepEqual(delNavn('Kari'), { navn: 'Kari', sted: '' });
});

test('times are on the clock in Oslo, with the day where it is not today', () => {
  const naa = Date.parse('2026-07-01T10:00:00Z');
  assert.equal(klokkeslett('2026-07-01T09:05:00Z', naa), '11:05');
  // Still yesterday in UTC, already today in Oslo.
  assert.equal(klokkeslett('2026-06-30T22:30:00Z', naa), '00:30');
  assert.match(klokkeslett('2026-06-30T20:30:00Z', naa), /30\. juni 22:30/);
  assert.equal(klokkeslett('2026-06-30T20:30:00Z', naa, 'en'), '30 Jun 22:30');
  // A language that Intl lacks, as nynorsk is in Chromium, does not become that of the machine.
  assert.match(klokkeslett('2026-06-30T20:30:00Z', naa, 'xx'), /30\. juni 22:30/);
});

test('what is read aloud is kept short', () => {
  assert.equal(kortet('en  linje\nog to'), 'en linje og to');
  assert.equal(kortet('ord '.repeat(10).trim(), 10), 'ord ord…');
});

test('names of texts', () => {
  assert.equal(tekstnavn('raad', 'behandles_i_kommunen'), 'raadBehandlesIKommunen');
  assert.equal(tekstnavn('hendelse', 'tiden_ute'), 'hendelseTidenUte');
});

test('typing: throttled on the way out, gone by itself on the way in', () => {
  const s = new Skrivere();
  assert.equal(s.maaSies(0), true);
  assert.equal(s.maaSies(2_999), false);
  assert.equal(s.maaSies(3_000), true);
  s.skriver({ person_id: 'a', navn: 'Kari Nordmann' }, 0);
  s.skriver({ person_id: 'b', navn: 'Per' }, 3_000);
  assert.deepEqual(s.navn(5_999), ['Kari Nordmann', 'Per']);
  assert.deepEqual(s.navn(6_000), ['Per']);
  s.ferdig('b');
  assert.deepEqual(s.navn(6_000), []);
});
