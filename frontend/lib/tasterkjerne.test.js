import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nesteSak, Taster } from './tasterkjerne.js';

const tast = (key, mer = {}) => ({ key, ...mer });

test('each key asks for one thing, in capitals too', () => {
  const t = new Taster();
  const spurt = ['j', 'k', 'a', 'r', '/', '?', 'J', 'A'].map((k) => t.trykk(tast(k), true, 0));
  assert.deepEqual(spurt, ['neste', 'forrige', 'ta', 'svar', 'sok', 'hjelp', 'neste', 'ta']);
  for (const k of ['x', '1', 'Enter', 'Tab', 'ArrowDown', 'Escape', ' ', 'Dead']) {
    assert.equal(t.trykk(tast(k), true, 0), null, k);
  }
});

test('never while something is written, or with another key held down', () => {
  const t = new Taster();
  assert.equal(t.trykk(tast('a'), false, 0), null);
  for (const mer of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }, { isComposing: true }]) {
    assert.equal(t.trykk(tast('a', mer), true, 0), null);
  }
});

test('g and then a place, if it comes soon', () => {
  const t = new Taster();
  assert.equal(t.trykk(tast('g'), true, 1000), null);
  assert.equal(t.trykk(tast('k'), true, 1400), 'koe');
  assert.equal(t.trykk(tast('k'), true, 1500), 'forrige');
  t.trykk(tast('g'), true, 2000);
  assert.equal(t.trykk(tast('s'), true, 2100), 'saker');
  t.trykk(tast('g'), true, 3000);
  assert.equal(t.trykk(tast('k'), true, 5000), 'forrige');
  t.trykk(tast('g'), true, 6000);
  assert.equal(t.trykk(tast('Shift'), true, 6100), null);
  assert.equal(t.trykk(tast('K'), true, 6200), 'koe');
});

test('a g that was written in a field opens nothing afterwards', () => {
  const t = new Taster();
  t.trykk(tast('g'), false, 0);
  assert.equal(t.trykk(tast('s'), true, 100), null);
  t.trykk(tast('g'), true, 200);
  t.trykk(tast('x'), false, 300);
  assert.equal(t.trykk(tast('s'), true, 400), null);
});

test('the next case, and the one before it, to the ends of the list', () => {
  assert.equal(nesteSak(-1, -1, 3, 1), 0);
  assert.equal(nesteSak(0, 0, 3, 1), 1);
  assert.equal(nesteSak(2, 2, 3, 1), 2);
  assert.equal(nesteSak(0, 0, 3, -1), 0);
  assert.equal(nesteSak(-1, -1, 0, 1), -1);
});

test('when the case in focus is gone, the one that took its place is next', () => {
  assert.equal(nesteSak(-1, 1, 3, 1), 1);
  assert.equal(nesteSak(-1, 2, 2, 1), 1);
});
