import assert from 'node:assert/strict';
import test from 'node:test';
import { endenSynes, synligRute } from './rull.js';

const PANE = { top: 200, bottom: 635 };

test('a row taller than the pane is read when its end is in sight, not before', () => {
  const rute = synligRute(PANE, 900);
  assert.equal(endenSynes({ top: 210, bottom: 2210 }, rute), false);
  assert.equal(endenSynes({ top: -900, bottom: 1100 }, rute), false);
  assert.equal(endenSynes({ top: -1380, bottom: 620 }, rute), true);
  assert.equal(endenSynes({ top: -1365, bottom: 635.6 }, rute), true);
});

test('a row that has been scrolled past, or is hidden, is not in sight', () => {
  assert.equal(endenSynes({ top: -2000, bottom: 150 }, synligRute(PANE, 900)), false);
  assert.equal(endenSynes({ top: 0, bottom: 0 }, synligRute({ top: 0, bottom: 0 }, 900)), false);
});

test('of a pane that sticks out of the window only what the window shows counts', () => {
  assert.deepEqual(synligRute({ top: -50, bottom: 1000 }, 600), { top: 0, bottom: 600 });
  const rad = { top: 500, bottom: 620 };
  assert.equal(endenSynes(rad, synligRute(PANE, 600)), false);
  assert.equal(endenSynes(rad, synligRute(PANE, 640)), true);
  assert.equal(endenSynes({ top: 700, bottom: 720 }, synligRute({ top: 690, bottom: 900 }, 600)), false);
});
