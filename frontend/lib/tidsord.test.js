import assert from 'node:assert/strict';
import test from 'node:test';
import { kortdag, siden, tilstand, varighet } from './tidsord.js';

const S = 1000;
const M = 60 * S;
const T = 60 * M;
const tekst = (navn, v = {}) => `${navn}${Object.keys(v).length ? JSON.stringify(v) : ''}`;

test('a countdown shows seconds only in the last ten minutes', () => {
  assert.equal(varighet(0, tekst), '0:00');
  assert.equal(varighet(4 * M + 2 * S, tekst), '4:02');
  assert.equal(varighet(9 * M + 59_999, tekst), '9:59');
  assert.equal(varighet(10 * M, tekst), 'tidMinutter{"m":10}');
  assert.equal(varighet(59 * M + 59 * S, tekst), 'tidMinutter{"m":59}');
  assert.equal(varighet(3 * T + 5 * M, tekst), 'tidTimer{"t":3,"m":5}');
  assert.equal(varighet(26 * T, tekst), 'tidDager{"d":1,"t":2}');
});

test('what is overdue is counted upwards', () => {
  assert.equal(varighet(-(2 * M + 5 * S), tekst), '2:05');
});

test('the last quarter is soon, past the end is over', () => {
  assert.equal(tilstand(30 * M, 30 * M), 'god');
  assert.equal(tilstand(7.5 * M, 30 * M), 'god');
  assert.equal(tilstand(7.5 * M - 1, 30 * M), 'snart');
  assert.equal(tilstand(0, 30 * M), 'snart');
  assert.equal(tilstand(-1, 30 * M), 'over');
});

test('how long ago, in the three languages', () => {
  assert.equal(siden(-59 * S, 'nb', tekst), 'tidNaa');
  assert.equal(siden(-60 * S, 'nb', tekst), 'for 1 min siden');
  assert.equal(siden(-3 * M, 'nb', tekst), 'for 3 min siden');
  assert.equal(siden(-2 * T, 'nn', tekst), 'for 2 t sidan');
  assert.equal(siden(-3 * M, 'en', tekst), '3 min. ago');
  assert.match(siden(-3 * 24 * T, 'nb', tekst), /^for 3 d/);
  // A language that Intl lacks, as nynorsk is in Chromium, does not become that of the machine.
  assert.equal(siden(-3 * M, 'xx', tekst), 'for 3 min siden');
});

test('an age is never rounded up', () => {
  assert.equal(siden(-52 * M, 'nb', tekst), 'for 52 min siden');
  assert.equal(siden(-(59 * M + 59 * S), 'nb', tekst), 'for 59 min siden');
  assert.equal(siden(-T, 'nb', tekst), 'for 1 t siden');
  assert.equal(siden(-(T + 59 * M), 'nb', tekst), 'for 1 t siden');
  assert.equal(siden(-23.9 * T, 'nb', tekst), 'for 23 t siden');
  assert.match(siden(-29.9 * 24 * T, 'nb', tekst), /^for 29 d/);
});

test('a day is the one in Oslo, with the year only where it is another', () => {
  const naa = Date.parse('2026-11-22T12:00:00Z');
  assert.equal(kortdag('2026-12-14T07:00:00+00:00', naa, 'nb'), '14.12.');
  assert.equal(kortdag('2026-12-14T23:30:00+00:00', naa, 'nn'), '15.12.');
  assert.equal(kortdag('2027-01-01T00:00:00+01:00', naa, 'nb'), '1.1.2027');
  assert.equal(kortdag('2026-09-03T07:00:00+00:00', naa, 'en'), '3 Sep');
  assert.equal(kortdag('2026-12-31T23:30:00+00:00', naa, 'en'), '1 Jan 2027');
});
