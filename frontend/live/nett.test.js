import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GammelNoekkel, IngenSvar, somSvar } from './nett.js';

const json = (status, kropp, hoder = {}) => new Response(JSON.stringify(kropp), { status, headers: hoder });

test('a good answer is an ack', async () => {
  assert.deepEqual(await somSvar(json(200, { sekvens: 4 })), { ok: true, sekvens: 4 });
});

test('logged out, also when the answer is a redirect to the login page', async () => {
  assert.equal((await somSvar(json(401, { kode: 'ikke_innlogget' }))).kode, 'ikke_innlogget');
  assert.equal((await somSvar({ type: 'opaqueredirect', status: 0 })).kode, 'ikke_innlogget');
});

test("the portal's refusals keep their kode and melding, and places are always a list", async () => {
  assert.deepEqual(await somSvar(json(409, { kode: 'stengt', melding: 'Saken er avsluttet.' })), {
    ok: false, kode: 'stengt', melding: 'Saken er avsluttet.',
  });
  for (const treff of [{ tekst: [[1, 4]] }, [[1, 4]]]) {
    assert.deepEqual((await somSvar(json(422, { kode: 'personnummer', treff }))).treff, [[1, 4]]);
  }
  assert.equal((await somSvar(json(413, {}))).kode, 'for_stor');
});

test('too many says how long to wait', async () => {
  assert.equal((await somSvar(json(429, { kode: 'for_mange', vent: 7 }))).vent, 7);
  assert.equal((await somSvar(json(429, {}, { 'Retry-After': '30' }))).vent, 30);
  assert.equal((await somSvar(new Response('slow down', { status: 429 }))).vent, 5);
});

test('what does not come from the portal is no answer', async () => {
  await assert.rejects(somSvar(new Response('Bad gateway', { status: 502 })), IngenSvar);
  await assert.rejects(somSvar(json(503, { kode: 'feil' })), IngenSvar);
  await assert.rejects(somSvar(new Response('<html>Log in to the guest network', { status: 200 })), IngenSvar);
  await assert.rejects(somSvar(new Response('Forbidden', { status: 403 })), IngenSvar);
});

test('an old CSRF token is told apart', async () => {
  await assert.rejects(somSvar(json(403, { kode: 'csrf' })), GammelNoekkel);
});
