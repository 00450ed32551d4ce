// What rows of the board of emergency beds add up to, as portal/plasser/sammendrag.py counts. Nothing here touches a page.
// Unknown is unknown and never zero: a unit of which nobody has said anything adds nothing, and the sum says «at least».

export const DELER = ['ledig', 'holdt', 'belagt', 'rengjoeres', 'stengt', 'ubemannet', 'ukjent'];
/** Of all the beds, whatever state they are in. */
export const LAANT = ['laant_inn', 'laant_ut'];
const FLERE = 3;

/** Whether anybody has said what state a bed of the unit is in. */
export const erKjent = (rad) => Boolean(rad.antall) && rad.ukjent < rad.antall;

/** «fersk», «gammel» or «ukjent». `naa`: milliseconds by the server's clock. */
export function alder(rad, naa) {
  if (!rad.ferskt_til) return 'ukjent';
  return naa < Date.parse(rad.ferskt_til) ? 'fersk' : 'gammel';
}

/** How many of a unit's free beds can take what is asked, as `passer` of portal/plasser/soek.py. */
export function passer(rad, evner) {
  let sum = 0;
  for (const [bits, antall] of Object.entries(rad.ledige_evner ?? {})) if (!(evner & ~Number(bits))) sum += antall;
  return sum;
}

/** A telephone number as it is written here, as portal/core/telefon.py `lesbart` does. */
export function lesbartNummer(nummer) {
  const n = nummer.replace(/[\s().\-/\u00a0]+/g, '').replace(/^(?:\+|00)47(?=[0-9]{8}$)/, '');
  if (!/^[0-9]{8}$/.test(n)) return nummer;
  const deler = '49'.includes(n[0]) ? [n.slice(0, 3), n.slice(3, 5), n.slice(5)] : n.match(/../g);
  return deler.join(' ');
}

/** Adds rows up: {enheter, ukjente, gamle, antall, bemannet, usikker, eldst, ledig, holdt, …}. */
export function leggSammen(rader, naa) {
  const sum = { enheter: 0, ukjente: 0, gamle: 0, antall: 0, bemannet: 0, eldst: null };
  for (const del of [...DELER, ...LAANT]) sum[del] = 0;
  for (const rad of rader) {
    sum.enheter += 1;
    sum.antall += rad.antall ?? 0;
    sum.bemannet += rad.bemannet ?? 0;
    sum.ukjent += rad.ukjent ?? 0;
    for (const laan of rad.laan ?? []) sum[`laant_${laan.retning}`] += laan.antall;
    if (!erKjent(rad)) {
      sum.ukjente += 1;
      continue;
    }
    for (const del of DELER) if (del !== 'ukjent') sum[del] += rad[del];
    if (alder(rad, naa) !== 'fersk') sum.gamle += 1;
    if (rad.bekreftet && (!sum.eldst || rad.bekreftet < sum.eldst)) sum.eldst = rad.bekreftet;
  }
  sum.usikker = Boolean(sum.ukjente || sum.ukjent);
  return sum;
}

/** How the map draws it: «uten», «ukjent», «ingen», «faa» or «flere». */
export function grad(tall) {
  if (!tall.enheter) return 'uten';
  if (!tall.ledig) return tall.usikker ? 'ukjent' : 'ingen';
  return tall.ledig >= FLERE ? 'flere' : 'faa';
}

/** A figure of a sum as words. `tekst`: lib/tekst.js. */
export function tallord(sum, del, tekst) {
  // A loan is known whatever else is.
  if (!sum.usikker || LAANT.includes(del)) return String(sum[del]);
  return sum[del] ? tekst('plassMinst', { antall: sum[del] }) : tekst('plassUkjent');
}

/** What stands on a shape of the map. */
export function karttall(tall) {
  if (!tall.enheter) return '';
  if (tall.usikker && !tall.ledig) return '?';
  return `${tall.ledig}${tall.usikker ? '+' : ''}`;
}

/** The accessible name of a shape. */
export function kartnavn(navn, tall, tekst) {
  if (!tall.enheter) return tekst('kartUten', { navn });
  if (tall.ukjente === tall.enheter) return tekst('kartUkjent', { navn });
  const ord = (del) => tallord(tall, del, tekst);
  const hele = tekst('kartNavn', {
    navn, ledig: ord('ledig'), holdt: ord('holdt'), belagt: ord('belagt'), stengt: ord('stengt'),
    bemannet: tall.bemannet, antall: tall.antall,
  });
  return tall.gamle ? `${hele}, ${tekst('kartGammel')}` : hele;
}

/** The nearest point in a direction: within 45° of it, else within 80°. `punkter`: [{x, y}]; gives its number or -1. */
export function nabo(fra, punkter, dx, dy) {
  let beste = -1;
  for (const grense of [1, 5.6]) {
    let minst = Infinity;
    punkter.forEach((p, nr) => {
      const fram = (p.x - fra.x) * dx + (p.y - fra.y) * dy;
      const tvers = Math.abs((p.x - fra.x) * dy) + Math.abs((p.y - fra.y) * dx);
      if (fram <= 0.01 || tvers > fram * grense) return;
      // What lies straight ahead goes before what is as near and aside.
      const vei = fram + 2 * tvers;
      if (vei < minst) [minst, beste] = [vei, nr];
    });
    if (beste >= 0) return beste;
  }
  return beste;
}
