// NEWS2 while the user types: the browser's twin of portal/henvendelser/news2.py, which gives the rules, the
// units and the source. The server decides the score. The two are held together by tests/data/news2.json.

export const ALDERSGRUPPER = ['under_16', '16_17', '18_66', '67_79', '80_pluss'];
export const PARAMETERE = [
  'respirasjon', 'spo2', 'oksygen', 'systolisk', 'puls', 'bevissthet', 'temperatur',
];
const BEVISSTHETSGRADER = ['A', 'C', 'V', 'P', 'U'];

// Outside these it is a slip of the finger, and a slip must not become a score.
export const LIMITS = {
  respirasjon: [0, 80],
  spo2: [30, 100],
  systolisk: [0, 320],
  puls: [0, 320],
  temperatur: [20, 45],
};

/** A measurement that cannot be right; `felt` names the field. */
export class UgyldigMaaling extends RangeError {
  constructor(felt) {
    super(`Verdien i feltet «${felt}» kan ikke stemme. Kontroller den og skriv den på nytt.`);
    this.felt = felt;
  }
}

/**
 * Whether a number can be a measurement of this field: whole, or temperatur with one decimal, within LIMITS.
 * @param {string} felt
 * @param {number} verdi
 */
export function rimelig(felt, verdi) {
  const [laveste, hoeyeste] = LIMITS[felt];
  if (typeof verdi !== 'number' || !(verdi >= laveste && verdi <= hoeyeste)) return false;
  return felt === 'temperatur' ? /^\d+(\.\d)?$/.test(String(verdi)) : Number.isInteger(verdi);
}

function kontroller(m) {
  for (const felt of Object.keys(LIMITS)) {
    if (m[felt] !== null && !rimelig(felt, m[felt])) throw new UgyldigMaaling(felt);
  }
  if (m.skala !== 1 && m.skala !== 2) throw new UgyldigMaaling('skala');
  if (m.oksygen !== null && typeof m.oksygen !== 'boolean') throw new UgyldigMaaling('oksygen');
  if (m.bevissthet !== null && !BEVISSTHETSGRADER.includes(m.bevissthet)) {
    throw new UgyldigMaaling('bevissthet');
  }
}

/** The points of the first step whose upper end the value does not pass, else those above them all. */
function trinn(verdi, steg, over) {
  if (verdi === null) return null;
  const truffet = steg.find(([tilOgMed]) => verdi <= tilOgMed);
  return truffet ? truffet[1] : over;
}

function spo2poeng({ spo2, skala, oksygen }) {
  if (spo2 === null) return null;
  if (skala === 1) return trinn(spo2, [[91, 3], [93, 2], [95, 1]], 0);
  if (spo2 <= 92) return trinn(spo2, [[83, 3], [85, 2], [87, 1]], 0);
  // From 93 % scale 2 counts too much oxygen, so one must know whether any is given.
  if (oksygen === null) return null;
  return oksygen ? trinn(spo2, [[94, 1], [96, 2]], 3) : 0;
}

function bevissthetspoeng(grad) {
  if (grad === null) return null;
  return grad === 'A' ? 0 : 3;
}

function oksygenpoeng(oksygen) {
  if (oksygen === null) return null;
  return oksygen ? 2 : 0;
}

function beregnPoeng(m) {
  return {
    respirasjon: trinn(m.respirasjon, [[8, 3], [11, 1], [20, 0], [24, 2]], 3),
    spo2: spo2poeng(m),
    oksygen: oksygenpoeng(m.oksygen),
    systolisk: trinn(m.systolisk, [[90, 3], [100, 2], [110, 1], [219, 0]], 3),
    puls: trinn(m.puls, [[40, 3], [50, 1], [90, 0], [110, 1], [130, 2]], 3),
    bevissthet: bevissthetspoeng(m.bevissthet),
    temperatur: trinn(m.temperatur, [[35, 3], [36, 1], [38, 0], [39, 1]], 2),
  };
}

function finnRisiko(sum, enkeltTre) {
  if (sum >= 7) return 'hoy';
  if (sum >= 5) return 'middels';
  return enkeltTre ? 'lav_middels' : 'lav';
}

function finnVarsel(minst, enkeltTre) {
  if (minst >= 7) return 'akutt';
  return minst >= 5 || enkeltTre ? 'haster' : null;
}

function finnGrunn(aldersgruppe, gravid) {
  if (aldersgruppe === 'under_16') return 'alder';
  return gravid ? 'graviditet' : null;
}

/**
 * The NEWS2 score, in the shape of Resultat in Python. A measurement left out or null is «not measured».
 * @param {{respirasjon?: number|null, spo2?: number|null, skala?: 1|2, oksygen?: boolean|null,
 *   systolisk?: number|null, puls?: number|null, bevissthet?: string|null, temperatur?: number|null}} maalinger
 * @param {{aldersgruppe?: string|null, gravid?: boolean}} pasient
 * @throws {UgyldigMaaling} for a value that cannot be right; ask `rimelig` first
 * @throws {RangeError} for an unknown aldersgruppe
 */
export function beregn(maalinger, { aldersgruppe = null, gravid = false } = {}) {
  if (aldersgruppe !== null && !ALDERSGRUPPER.includes(aldersgruppe)) {
    throw new RangeError(`Ukjent aldersgruppe: ${aldersgruppe}`);
  }
  const m = Object.fromEntries(PARAMETERE.map((felt) => [felt, maalinger[felt] ?? null]));
  m.skala = maalinger.skala ?? 1;
  kontroller(m);
  const grunn = finnGrunn(aldersgruppe, gravid);
  if (grunn) {
    return {
      status: 'ikke_aktuelt',
      poeng: Object.fromEntries(PARAMETERE.map((felt) => [felt, null])),
      sum: null,
      minst: null,
      enkelt_tre: false,
      risiko: null,
      varsel: null,
      grunn,
    };
  }
  const poeng = beregnPoeng(m);
  const kjente = Object.values(poeng).filter((verdi) => verdi !== null);
  const minst = kjente.reduce((sum, verdi) => sum + verdi, 0);
  const enkeltTre = kjente.includes(3);
  const fullstendig = kjente.length === PARAMETERE.length;
  return {
    status: fullstendig ? 'fullstendig' : 'ufullstendig',
    poeng,
    sum: fullstendig ? minst : null,
    minst,
    enkelt_tre: enkeltTre,
    risiko: fullstendig ? finnRisiko(minst, enkeltTre) : null,
    varsel: finnVarsel(minst, enkeltTre),
    grunn: null,
  };
}
