// Finds national identity numbers in free text while the user types: the browser's twin of
// portal/core/identifiers.py, which gives the rules and their sources. The server decides; this only warns
// early. The two are held together by tests/data/personnumre.json.

// The characters that may stand between the digits of one number, the same list as SKILLETEGN in Python.
const SKILLETEGN = new Set(
  // spaces
  '\t\v\f \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006' +
    '\u2007\u2008\u2009\u200a\u202f\u205f\u3000' +
    // without width
    '\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e' +
    '\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff' +
    // dashes, and the underscore of file names
    '-_\u058a\u05be\u1400\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212' +
    '\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u2e5d\u301c\u3030\u30a0\ufe31\ufe32\ufe58\ufe63\uff0d\u{10ead}' +
    // dots
    '.\u00b7\u2022\u2024\u2027\u22c5\u3002\u30fb\uff0e\uff61' +
    // slashes
    '/\\\u2044\u2215\uff0f\uff3c',
);
// A number may be broken over two lines, but an empty line ends it.
const LINJESKIFT = new Set(['', '\n', '\r', '\r\n', '\x85', '\u2028', '\u2029']);
const SIFFERGRUPPE = /\p{Nd}+/gu;
const ETT_SIFFER = /^\p{Nd}$/u;
const ELLEVE_SIFRE = /^[0-9]{11}$/;
const VEKTER_K1 = [3, 7, 6, 1, 8, 9, 4, 5, 2];
const VEKTER_K2 = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];

/** The value 0–9 of any decimal digit of Unicode, whose ten digits always follow each other from zero. */
function sifferverdi(tegn) {
  const kode = tegn.codePointAt(0);
  let foerste = kode;
  while (ETT_SIFFER.test(String.fromCodePoint(foerste - 1))) foerste -= 1;
  return (kode - foerste) % 10;
}

function tilAscii(sifre) {
  if (/^[0-9]*$/.test(sifre)) return sifre;
  return Array.from(sifre, (tegn) => (tegn >= '0' && tegn <= '9' ? tegn : sifferverdi(tegn))).join('');
}

/** The weighted sum and its control digit, divided by eleven: 0 in a number by the rule of 1964. */
function rest(sifre, vekter) {
  const sum = vekter.reduce((hittil, vekt, plass) => hittil + vekt * sifre[plass], 0);
  return (sum + sifre[vekter.length]) % 11;
}

function datoenFinnes(aar, maaned, dag) {
  const dato = new Date(Date.UTC(aar, maaned - 1, dag));
  return dato.getUTCMonth() === maaned - 1 && dato.getUTCDate() === dag;
}

/** The year of birth by Skatteetaten's series of individnumre, or null where they give none. */
function foedselsaar(aar, individnummer) {
  if (individnummer < 500) return 1900 + aar;
  if (individnummer < 750 && aar >= 54) return 1800 + aar;
  if (aar < 40) return 2000 + aar;
  return individnummer >= 900 ? 1900 + aar : null;
}

function type(dagtillegg, maanedtillegg) {
  if (maanedtillegg > 40 || (maanedtillegg && dagtillegg)) return 'syntetisk';
  if (maanedtillegg) return 'h_nummer';
  return dagtillegg ? 'd_nummer' : 'foedselsnummer';
}

/** What was added to the month: 80 Skatteetaten, 65 Norsk helsenett, 40 H-nummer and Nav. */
function tilleggIMaaned(maaned) {
  return [0, 40, 65, 80].find((tillegg) => maaned > tillegg && maaned <= tillegg + 12);
}

/**
 * The type of a number of exactly eleven ASCII digits, or null where it is no national identity number.
 * @param {string} nummer
 * @param {{regel2032?: boolean}} [valg] regel2032 also accepts numbers given out from 1 January 2032
 * @returns {'foedselsnummer'|'d_nummer'|'h_nummer'|'fh_nummer'|'syntetisk'|null}
 */
export function klassifiser(nummer, { regel2032 = false } = {}) {
  if (!ELLEVE_SIFRE.test(nummer)) return null;
  const sifre = Array.from(nummer, Number);
  if (rest(sifre, VEKTER_K2) !== 0) return null;
  const restK1 = rest(sifre, VEKTER_K1);
  if (sifre[0] >= 8) return restK1 === 0 ? 'fh_nummer' : null;
  if (restK1 > (regel2032 ? 3 : 0)) return null;
  const dagtillegg = sifre[0] >= 4 ? 40 : 0;
  const dag = Number(nummer.slice(0, 2)) - dagtillegg;
  const maanedstall = Number(nummer.slice(2, 4));
  const maanedtillegg = tilleggIMaaned(maanedstall);
  if (maanedtillegg === undefined) return null;
  const toSiffer = Number(nummer.slice(4, 6));
  const aar = regel2032 ? 2000 + toSiffer : foedselsaar(toSiffer, Number(nummer.slice(6, 9)));
  if (aar === null || !datoenFinnes(aar, maanedstall - maanedtillegg, dag)) return null;
  return type(dagtillegg, maanedtillegg);
}

function hoererSammen(mellomrom) {
  let resten = '';
  for (const tegn of mellomrom) {
    if (SKILLETEGN.has(tegn)) continue;
    resten += tegn;
    if (resten.length > 2) return false;
  }
  return LINJESKIFT.has(resten);
}

/** Groups of adjoining digits, gathered into rows with nothing but separators between the groups. */
function* rekker(tekst) {
  let rekke = [];
  for (const { 0: tegn, index: start } of tekst.matchAll(SIFFERGRUPPE)) {
    const forrige = rekke.at(-1);
    if (forrige && !hoererSammen(tekst.slice(forrige.slutt, start))) {
      yield rekke;
      rekke = [];
    }
    rekke.push({ sifre: tilAscii(tegn), start, slutt: start + tegn.length });
  }
  if (rekke.length) yield rekke;
}

/**
 * Every valid national identity number in a text, in order of place; hits may overlap.
 * A hit begins where a group of adjoining digits begins and ends where one ends.
 * @param {string} tekst
 * @param {{regel2032?: boolean}} [valg]
 * @returns {{start: number, slutt: number, type: string}[]} UTF-16 code units from start up to slutt
 */
export function finnPersonnumre(tekst, { regel2032 = false } = {}) {
  const funn = [];
  for (const rekke of rekker(tekst)) {
    const sifre = rekke.map((gruppe) => gruppe.sifre).join('');
    const startVed = new Map();
    let lengde = 0;
    for (const gruppe of rekke) {
      startVed.set(lengde, gruppe.start);
      lengde += gruppe.sifre.length;
      const start = startVed.get(lengde - 11);
      if (start === undefined) continue;
      const slag = klassifiser(sifre.slice(lengde - 11, lengde), { regel2032 });
      if (slag) funn.push({ start, slutt: gruppe.slutt, type: slag });
    }
  }
  return funn;
}
