import assert from 'node:assert/strict';
import test from 'node:test';
import { byteI, omtrent, tegnForMye } from './lengde.js';

test('what is too much is counted in characters, whatever they weigh', () => {
  assert.equal(tegnForMye('a'.repeat(100), 100), 0);
  assert.equal(tegnForMye('a'.repeat(107), 100), 7);
  assert.equal(tegnForMye('å'.repeat(53), 100), 3);
  assert.equal(tegnForMye('🙂'.repeat(27), 100), 2);
  // Half a character cannot be taken away.
  assert.equal(tegnForMye(`${'a'.repeat(99)}å`, 100), 1);
  assert.equal(tegnForMye(`å${'a'.repeat(99)}`, 100), 1);
});

test('cut by so many characters the text fits, and by one fewer it does not', () => {
  const tekst = 'aå🙂€\ud83d bcd '.repeat(40);
  for (const maks of [0, 1, 17, 100, 333]) {
    const antall = tegnForMye(tekst, maks);
    const tegn = Array.from(tekst);
    assert.ok(byteI(tegn.slice(0, tegn.length - antall).join('')) <= maks);
    assert.ok(byteI(tegn.slice(0, tegn.length - antall + 1).join('')) > maks);
  }
});

test('«omtrent» is a round number on the safe side', () => {
  assert.deepEqual([1, 10, 37, 100, 101, 1315].map((n) => omtrent(n)), [10, 10, 40, 100, 200, 1400]);
  assert.deepEqual([9, 37, 100, 199, 1315].map((n) => omtrent(n, true)), [0, 30, 100, 100, 1300]);
});
