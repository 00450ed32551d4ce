// Lengths of time in words. Pure: the words come from `tekst`, the page's own (see tekst.js).

export const MINUTT = 60_000;
const TIME = 60 * MINUTT;
const DAG = 24 * TIME;

/**
 * «for 3 min siden», as the server writes it with Babel; whole units that have passed, never rounded up; under a minute «nå».
 * @param {number} ms from now, negative for the past
 * @param {string} spraak
 * @param {(navn: string) => string} tekst
 */
export function siden(ms, spraak, tekst) {
  const uten = Math.abs(ms);
  if (uten < MINUTT) return tekst('tidNaa');
  // Chromium has no nynorsk and would answer in the language of the machine; bokmål differs by one word.
  const format = new Intl.RelativeTimeFormat([spraak, 'nb'], { numeric: 'always', style: 'short' });
  const ord = (antall, enhet) => {
    const svar = format.format(Math.trunc(antall), enhet);
    return spraak === 'nn' ? svar.replace(/siden$/, 'sidan') : svar;
  };
  if (uten < TIME) return ord(ms / MINUTT, 'minute');
  if (uten < DAG) return ord(ms / TIME, 'hour');
  if (uten < 30 * DAG) return ord(ms / DAG, 'day');
  if (uten < 365 * DAG) return ord(ms / (30 * DAG), 'month');
  return ord(ms / (365 * DAG), 'year');
}

/**
 * How long, as short as it can be read: «4:32» under ten minutes, then minutes, hours and days.
 * @param {number} ms
 * @param {(navn: string, verdier: object) => string} tekst
 */
export function varighet(ms, tekst) {
  const uten = Math.abs(ms);
  if (uten < 10 * MINUTT) {
    const sekunder = Math.floor(uten / 1000);
    return `${Math.floor(sekunder / 60)}:${String(sekunder % 60).padStart(2, '0')}`;
  }
  const minutter = Math.floor(uten / MINUTT);
  if (uten < TIME) return tekst('tidMinutter', { m: minutter });
  const timer = Math.floor(minutter / 60);
  if (uten < DAG) return tekst('tidTimer', { t: timer, m: minutter % 60 });
  return tekst('tidDager', { d: Math.floor(timer / 24), t: timer % 24 });
}

/** «god», «snart» (the last quarter of the wait) or «over». Milliseconds left, and of the whole wait. */
export function tilstand(igjen, helt) {
  if (igjen < 0) return 'over';
  return igjen < helt / 4 ? 'snart' : 'god';
}

/**
 * The day in Oslo as short as it can be read, as the server's filter `kortdag` writes it: «14.12.», in English «14 Dec»;
 * with the year when it is another than that of `naa`.
 */
export function kortdag(iso, naa, spraak = globalThis.document?.documentElement.lang || 'nb') {
  const deler = (tid, maaned) => Object.fromEntries(
    new Intl.DateTimeFormat('en-US', { day: 'numeric', month: maaned, year: 'numeric', timeZone: 'Europe/Oslo' })
      .formatToParts(new Date(tid)).map(({ type, value }) => [type, value]),
  );
  const engelsk = spraak.startsWith('en');
  const { day, month, year } = deler(iso, engelsk ? 'short' : 'numeric');
  const aar = year === deler(naa, 'numeric').year ? '' : year;
  return engelsk ? [day, month, aar].filter(Boolean).join(' ') : `${day}.${month}.${aar}`;
}
