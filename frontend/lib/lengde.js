// How long a text is to those who write it: in characters, though the limit is in bytes of UTF-8. No DOM.

const KODER = new TextEncoder();

/** Bytes of UTF-8. */
export const byteI = (tekst) => KODER.encode(tekst).length;

/** How many characters must go from the end of a text before it has `maks` bytes; 0 when it has them already. */
export function tegnForMye(tekst, maks) {
  let over = byteI(tekst) - maks;
  let tegn = 0;
  for (let slutt = tekst.length; over > 0; tegn += 1) {
    const sist = tekst.codePointAt(slutt - 2) > 0xffff ? 2 : 1;
    over -= byteI(tekst.slice(slutt - sist, slutt));
    slutt -= sist;
  }
  return tegn;
}

/**
 * A number for «omtrent»: whole hundreds, below a hundred whole tens. Upwards for what must go, so that it is
 * enough; downwards (`ned`) for what there is room for.
 */
export function omtrent(antall, ned = false) {
  const skritt = antall > 100 ? 100 : 10;
  return (ned ? Math.floor : Math.ceil)(antall / skritt) * skritt;
}
