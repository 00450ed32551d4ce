import assert from 'node:assert/strict';
import test from 'node:test';
import { Nykommere } from './nykommere.js';

test('what has come is marked for a moment, also when the list is fetched anew meanwhile', () => {
  const n = new Nykommere();
  n.kom(['a'], 1_000, false);
  n.kom(['b'], 3_000, false);
  assert.deepEqual([...n.merket(3_500)], [['a', 2_500], ['b', 500]]);
  assert.deepEqual([...n.merket(1_000 + Nykommere.VARER)], [['b', Nykommere.VARER - 2_000]]);
  assert.equal(n.merket(3_000 + Nykommere.VARER).size, 0);
});

test('behind another window the mark waits until somebody looks', () => {
  const n = new Nykommere();
  n.kom(['a'], 0, true);
  assert.deepEqual([...n.merket(600_000)], [['a', 0]]);
  n.sett(600_000);
  assert.deepEqual([...n.merket(601_000)], [['a', 1_000]]);
  assert.equal(n.merket(600_000 + Nykommere.VARER).size, 0);
});
