// The HTTP twins of the socket events: the same answers as an ack has, and one way to say that none came.

/** In milliseconds. */
const FRIST = 8_000;

/** Nobody answered, or something between us and the portal did: the fate of the request is unknown. */
export class IngenSvar extends Error {}
/** The page's CSRF token belongs to a session that has ended. */
export class GammelNoekkel extends Error {}

export const csrf = () => document.querySelector('meta[name="csrf-token"]')?.content ?? '';

/** After another login in this browser, the page's forms and requests need that login's token. */
export function settCsrf(noekkel) {
  if (!noekkel) return;
  document.querySelector('meta[name="csrf-token"]')?.setAttribute('content', noekkel);
  for (const felt of document.querySelectorAll('input[name="csrf_token"]')) felt.value = noekkel;
}

/** What a page fetches by itself (1) keeps no screen open; what is sent because a person did something (0) does. */
export const BAKGRUNN = 'X-Bakgrunn';

/** The server has refused something: the screen is locked, or the login has ended. lib/laas.js asks, and covers the
 * page. */
export function skjermenErLaast() {
  globalThis.document?.dispatchEvent(new CustomEvent('portal:sesjon'));
}

/** fetch that rejects with IngenSvar after a time, and never follows a redirect to the login page unseen. */
export async function hent(adresse, valg = {}) {
  const avbryt = new AbortController();
  const frist = setTimeout(() => avbryt.abort(), FRIST);
  try {
    const svar = await fetch(adresse, {
      cache: 'no-store', redirect: 'manual', signal: avbryt.signal, ...valg,
      headers: { [BAKGRUNN]: valg.method && valg.method !== 'GET' ? '0' : '1', ...valg.headers },
    });
    if (svar.status === 423 || svar.status === 401) skjermenErLaast();
    return svar;
  } catch (feil) {
    throw new IngenSvar(String(feil));
  } finally {
    clearTimeout(frist);
  }
}

/** A response of the API as an ack: {ok: true, …} or {ok: false, kode, melding, …}. */
export async function somSvar(respons) {
  if (respons.type === 'opaqueredirect' || respons.status === 401) return { ok: false, kode: 'ikke_innlogget' };
  let kropp;
  try {
    kropp = await respons.json();
  } catch {
    kropp = null;
  }
  if (respons.ok) {
    if (!kropp) throw new IngenSvar('no JSON');
    return { ok: true, ...kropp };
  }
  if (kropp?.kode === 'csrf') throw new GammelNoekkel();
  if (respons.status >= 500) throw new IngenSvar(String(respons.status));
  if (respons.status === 429) {
    const vent = kropp?.vent ?? Number(respons.headers.get('Retry-After'));
    return { ok: false, kode: 'for_mange', vent: vent > 0 ? vent : 5, melding: kropp?.melding };
  }
  if (respons.status === 413) return { ok: false, kode: 'for_stor', melding: kropp?.melding };
  // Not the portal's answer: a proxy or a portal for guests on the network.
  if (!kropp?.kode) throw new IngenSvar(String(respons.status));
  const treff = Array.isArray(kropp.treff) ? kropp.treff : kropp.treff?.tekst;
  return { ...kropp, ok: false, ...(treff ? { treff } : {}) };
}

/** GET …/hendelser?etter=N. */
export async function hentHendelser(id, etter) {
  return somSvar(await hent(`/api/v1/henvendelser/${id}/hendelser?etter=${etter}`, {
    headers: { Accept: 'application/json' },
  }));
}

/** POST …/meldinger. */
export async function sendMelding(id, kropp) {
  return somSvar(await hent(`/api/v1/henvendelser/${id}/meldinger`, {
    method: 'POST',
    headers: { Accept: 'application/json', 'Content-Type': 'application/json', 'X-CSRFToken': csrf() },
    body: JSON.stringify(kropp),
  }));
}

/** A page or a part of one, parsed but not shown. Its scripts never run. */
export async function hentDel(adresse) {
  const respons = await hent(adresse, { headers: { Accept: 'text/html' } });
  if (respons.type === 'opaqueredirect' || respons.status === 401) return { status: 401, del: null };
  if (!respons.ok) return { status: respons.status, del: null };
  return { status: 200, del: new DOMParser().parseFromString(await respons.text(), 'text/html') };
}
