import assert from 'node:assert/strict';
import test from 'node:test';
import { rettet } from './feillinjer.js';

const linjer = ['hastegrad', 'bakgrunn', 'tilbakeringing'];

test('a line goes when its field is right, and not before', () => {
  const foer = new Set(linjer);
  assert.deepEqual(rettet(linjer, new Set(linjer), foer, 'bakgrunn'), new Set());
  assert.deepEqual(rettet(linjer, new Set(['hastegrad']), foer, 'bakgrunn'), new Set(['bakgrunn', 'tilbakeringing']));
});

test('what the server alone has found stays until that field is changed', () => {
  const ingen = new Set();
  assert.deepEqual(rettet(linjer, ingen, ingen, 'hastegrad'), new Set(['hastegrad']));
  assert.deepEqual(rettet(linjer, ingen, ingen, undefined), new Set());
  assert.deepEqual(rettet(linjer, new Set(['hastegrad']), ingen, 'hastegrad'), new Set());
});
