import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Koevakt, lesVersjoner } from './listekjerne.js';

test('versions are read as the page writes them', () => {
  assert.deepEqual(lesVersjoner('a-1:geriatri=4 a-1:nevrologi=0'), { 'a-1:geriatri': 4, 'a-1:nevrologi': 0 });
  assert.deepEqual(lesVersjoner('{"a:b": 2}'), { 'a:b': 2 });
  assert.deepEqual(lesVersjoner(''), {});
  assert.deepEqual(lesVersjoner(undefined), {});
});

test('fetches when a queue has moved past what is shown, and not else', () => {
  const v = new Koevakt();
  v.vist({ a: 3, b: 0 });
  assert.equal(v.koe({ noekkel: 'a', versjon: 3 }), false);
  assert.equal(v.koe({ noekkel: 'a', versjon: 2 }), false);
  assert.equal(v.koe({ noekkel: 'b', versjon: 1 }), true);
  assert.equal(v.hentet({ a: 3, b: 1 }), false);
});

test('what is heard while the list is being fetched is not forgotten', () => {
  const v = new Koevakt();
  v.vist({ a: 1 });
  v.koe({ noekkel: 'a', versjon: 2 });
  v.koe({ noekkel: 'a', versjon: 3 });
  assert.equal(v.hentet({ a: 2 }), true);
  assert.equal(v.hentet({ a: 3 }), false);
});

test('a list that is newer than the last tick is left alone', () => {
  const v = new Koevakt();
  v.vist({ a: 5 });
  assert.equal(v.hode({ a: 4 }), false);
});

test('a queue that came, or went, is a change', () => {
  const v = new Koevakt();
  v.vist({ a: 1 });
  assert.equal(v.hode({ a: 1, b: 0 }), true);
  assert.equal(v.hentet({ a: 1, b: 0 }), false);
  assert.equal(v.hode({ a: 1 }), true);
  assert.equal(v.hentet({ a: 1 }), false);
});

test('a queue that the list never shows does not make it fetch for ever', () => {
  const v = new Koevakt();
  v.vist({ a: 1 });
  assert.equal(v.koe({ noekkel: 'fremmed', versjon: 1 }), true);
  assert.equal(v.hentet({ a: 1 }), false);
});
