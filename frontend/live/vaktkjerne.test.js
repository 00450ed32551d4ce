import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Vaktkjerne, lesFag, lesMerker, medAntall } from './vaktkjerne.js';

const m = (...par) => new Map(par);

test('the marks are read from the attribute', () => {
  assert.deepEqual([...lesMerker('a1=akutt b2=vanlig')], [['a1', 'akutt'], ['b2', 'vanlig']]);
  assert.equal(lesMerker('').size, 0);
  assert.equal(lesMerker(undefined).size, 0);
});

test('the mark tells the fagområde too', () => {
  const tekst = 'a1=akutt=geriatri b2=vanlig=kirurgi';
  assert.deepEqual([...lesMerker(tekst)], [['a1', 'akutt'], ['b2', 'vanlig']]);
  assert.deepEqual([...lesFag(tekst)], [['a1', 'geriatri'], ['b2', 'kirurgi']]);
});

test('what is new is named, and what waited before is not', () => {
  const k = new Vaktkjerne();
  k.sett(m(['gammel', 'akutt'], ['g2', 'vanlig']));
  k.sett(m(['gammel', 'akutt'], ['g2', 'vanlig'], ['ny', 'akutt'], ['v', 'vanlig']));
  assert.deepEqual(k.nye('akutt'), ['ny']);
  assert.deepEqual(k.nye('vanlig'), ['v']);
  k.sett(m(['gammel', 'akutt'], ['ny', 'akutt'], ['ny2', 'akutt']));
  assert.deepEqual(k.nye('akutt'), ['ny', 'ny2']);
  assert.deepEqual(k.nye('vanlig'), []);
});

test('what waited when the screen was locked is not new', () => {
  const k = new Vaktkjerne();
  assert.deepEqual(k.sett(m(['a', 'akutt'], ['b', 'vanlig'])), []);
  assert.equal(k.akutte, 0);
});

test('one taken and another come: the count is the same, and it is new all the same', () => {
  const k = new Vaktkjerne();
  k.sett(m(['a', 'vanlig']));
  assert.deepEqual(k.sett(m(['b', 'vanlig'])), ['vanlig']);
  assert.deepEqual(k.sett(m(['b', 'vanlig'])), []);
});

test('the most urgent of several new ones comes first', () => {
  const k = new Vaktkjerne();
  k.sett(m());
  assert.deepEqual(k.sett(m(['a', 'vanlig'], ['b', 'akutt'], ['c', 'haster'])), ['akutt', 'haster', 'vanlig']);
});

test('an akutt one alarms until somebody has taken it', () => {
  const k = new Vaktkjerne();
  k.sett(m());
  k.sett(m(['a', 'akutt']));
  k.sett(m(['a', 'akutt'], ['b', 'vanlig']));
  assert.equal(k.akutte, 1);
  k.sett(m(['b', 'vanlig']));
  assert.equal(k.akutte, 0);
});

test('the count in the tab', () => {
  assert.equal(medAntall(3, 'Vaktmodus'), '(3) Vaktmodus');
  assert.equal(medAntall(0, 'Vaktmodus'), 'Vaktmodus');
});
