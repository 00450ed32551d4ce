// The service worker, at /sw.js: it shows the notices that come while the portal is closed, and acknowledges them when
// they are pressed. It keeps nothing and answers no fetches. What it shows, the portal wrote in the person's language.

const PORTALEN = 'Samhandlingsportalen';

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (hendelse) => hendelse.waitUntil(self.clients.claim()));

self.addEventListener('push', (hendelse) => hendelse.waitUntil(vis(hendelse.data)));
self.addEventListener('notificationclick', (hendelse) => {
  const { kvitter, lenke } = hendelse.notification.data ?? {};
  hendelse.notification.close();
  hendelse.waitUntil(Promise.allSettled([si(kvitter), aapne(lenke)]));
});
self.addEventListener('pushsubscriptionchange', (hendelse) => hendelse.waitUntil(bytt(hendelse)));

function vis(data) {
  let varsel = {};
  try {
    varsel = data.json();
  } catch {
    // Unreadable: that something has come is told all the same, as the browser demands.
  }
  const akutt = varsel.hastegrad === 'akutt';
  return self.registration.showNotification(varsel.tittel || PORTALEN, {
    body: varsel.tekst || '',
    // The same notice again takes the place of the first.
    tag: `${varsel.hastegrad ?? ''}:${varsel.id ?? ''}`,
    requireInteraction: akutt,
    ...(akutt ? { vibrate: [400, 150, 400, 150, 400] } : {}),
    data: { lenke: varsel.lenke, kvitter: varsel.kvitter },
  });
}

/** The path of an address, whichever name of the portal it was written with. */
function sti(adresse) {
  const { pathname, search } = new URL(adresse || '/', self.location.origin);
  return pathname + search;
}

/** Acknowledges: the address itself is the proof, and needs no login. */
async function si(kvitter) {
  if (!kvitter) return;
  await fetch(sti(kvitter), {
    method: 'POST',
    headers: { Accept: 'application/json', 'X-Bakgrunn': '0' },
    credentials: 'omit',
    keepalive: true,
  });
}

/** The window that shows it already, else a new one: somebody may be writing in those that are open. */
async function aapne(lenke) {
  const adresse = new URL(sti(lenke), self.location.origin).href;
  const vinduer = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const samme = vinduer.find(({ url }) => url.split('#')[0] === adresse);
  return samme ? samme.focus() : self.clients.openWindow(adresse);
}

/** The push service has given the browser another address: the portal is told, where the login still holds. */
async function bytt({ oldSubscription: gammel, newSubscription }) {
  if (!gammel) return;
  const svar = await fetch('/varsler/kanaler/nettleser', { headers: { Accept: 'application/json', 'X-Bakgrunn': '1' } });
  if (!svar.ok) return;
  const { noekkel, csrf } = await svar.json();
  const tegn = atob(noekkel.replaceAll('-', '+').replaceAll('_', '/'));
  const ny = newSubscription ?? await self.registration.pushManager.subscribe({
    userVisibleOnly: true, applicationServerKey: Uint8Array.from(tegn, (t) => t.charCodeAt(0)),
  });
  const { endpoint, keys } = ny.toJSON();
  await fetch('/varsler/kanaler/nettleser/bytt', {
    method: 'POST',
    headers: { Accept: 'application/json', 'X-Bakgrunn': '1', 'X-CSRFToken': csrf },
    body: new URLSearchParams({ gammel: gammel.endpoint, adresse: endpoint, ...keys }),
  });
}
