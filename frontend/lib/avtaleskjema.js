// The form of a clause: rows are added and taken away at once, the text is shown as it will look while it is written,
// leaving with something unsaved asks first, and nothing is sent by a login that has ended: the page stays, under the
// cover of lib/laas.js, until its person is back. Without this module the buttons send the form, and it comes back.
import { hent } from '../live/nett.js';
import { si } from './tekst.js';

const skjema = document.querySelector('[data-klausulskjema]');

const fyll = (mal, verdier) => mal.replace(/\{(\w+)\}/g, (_, navn) => verdier[navn] ?? '');

/** Ids, names and numbers after every change: a row says which it is, and the server reads them in order. */
function ajourfoer(del) {
  const navn = del.dataset.rader;
  const merke = new RegExp(`^${navn}-(?:\\d+|__n__)-`);
  Array.from(del.querySelector('[data-radliste]').children).forEach((rad, n) => {
    for (const felt of rad.querySelectorAll('[id], [name], [for]')) {
      for (const attributt of ['id', 'name', 'for']) {
        const verdi = felt.getAttribute(attributt);
        if (verdi && merke.test(verdi)) felt.setAttribute(attributt, verdi.replace(merke, `${navn}-${n}-`));
      }
    }
    rad.querySelector('[data-radnr]').textContent = String(n + 1);
    rad.querySelector('[data-bortrad]').value = `bort:${navn}:${n}`;
  });
}

function leggTil(del) {
  const liste = del.querySelector('[data-radliste]');
  liste.append(del.querySelector('[data-radmal]').content.cloneNode(true));
  ajourfoer(del);
  liste.lastElementChild.querySelector('textarea, input, select').focus();
  si(fyll(del.dataset.lagt, { nr: liste.children.length }));
}

function taBort(del, rad) {
  const neste = rad.nextElementSibling ?? rad.previousElementSibling;
  rad.remove();
  ajourfoer(del);
  (neste?.querySelector('textarea, input, select') ?? del.querySelector('[data-nyrad]')).focus();
  si(del.dataset.borte);
}

/** The server renders, since it alone knows what may stand in a text. The last answer asked for is the one shown. */
function forhaandsvis() {
  const ramme = skjema.querySelector('[data-forhaandsvis]');
  if (!ramme) return;
  const felt = ramme.querySelector('textarea');
  const visning = ramme.querySelector('[data-visning]');
  const sted = ramme.querySelector('[data-visningstekst]');
  const knapp = ramme.querySelector('[data-visknapp]');
  let nummer = 0;
  let venter;
  async function hent() {
    nummer += 1;
    const mitt = nummer;
    const data = new URLSearchParams({ tekst: felt.value, csrf_token: skjema.elements.csrf_token.value });
    let svar;
    try {
      // Who writes has done something: the screen stays open. An answer that leads elsewhere is no preview.
      svar = await fetch(ramme.dataset.forhaandsvis, {
        method: 'POST', body: data, headers: { Accept: 'text/html', 'X-Bakgrunn': '0' }, redirect: 'error',
      });
    } catch {
      return;
    }
    if (!svar.ok || mitt !== nummer) return;
    const html = new DOMParser().parseFromString(await svar.text(), 'text/html');
    if (mitt === nummer) sted.replaceChildren(...html.body.childNodes);
  }
  const vis = () => {
    knapp.setAttribute('aria-expanded', String(!visning.hidden));
    if (!visning.hidden) hent();
  };
  knapp.addEventListener('click', (hendelse) => {
    hendelse.preventDefault();
    visning.hidden = !visning.hidden;
    vis();
  });
  felt.addEventListener('input', () => {
    if (visning.hidden) return;
    clearTimeout(venter);
    venter = setTimeout(hent, 300);
  });
  knapp.setAttribute('aria-expanded', String(!visning.hidden));
}

if (skjema) {
  let endret = skjema.hasAttribute('data-endret');
  skjema.addEventListener('input', () => {
    endret = true;
  });
  skjema.addEventListener('click', (hendelse) => {
    const ny = hendelse.target.closest('[data-nyrad]');
    const bort = hendelse.target.closest('[data-bortrad]');
    if (!ny && !bort) return;
    hendelse.preventDefault();
    endret = true;
    const del = hendelse.target.closest('[data-rader]');
    if (ny) leggTil(del);
    else taBort(del, bort.closest('li'));
  });
  let spurt = false;
  let gaar = false;
  skjema.addEventListener('submit', async (hendelse) => {
    if (spurt) {
      endret = false;
      return;
    }
    hendelse.preventDefault();
    if (gaar) return;
    gaar = true;
    try {
      const { status } = await hent('/sesjon');
      if (status === 401 || status === 423) {
        gaar = false;
        return;
      }
    } catch {
      // No contact: the browser says so itself, and has the form when one goes back.
    }
    spurt = true;
    skjema.requestSubmit(hendelse.submitter);
    spurt = false;
    // A second press while the answer is on its way sends nothing.
    setTimeout(() => {
      gaar = false;
    }, 3_000);
  });
  window.addEventListener('beforeunload', (hendelse) => {
    if (endret) hendelse.preventDefault();
  });
  forhaandsvis();
}
