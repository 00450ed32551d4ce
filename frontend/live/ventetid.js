// How long to wait before the next try: doubled, up to a limit, and never the same for two browsers at once.

const TRINN = [500, 1_000, 2_000, 4_000, 8_000, 15_000];

/**
 * @param {() => number} tilfeldig 0–1
 * @returns {{ventetid: (feil: number) => number, spredt: (ms: number) => number}} how long after so many
 *   failures; about so long
 */
export function ventetider(tilfeldig) {
  const spredt = (ms) => Math.round(ms * (0.75 + tilfeldig() / 2));
  return { spredt, ventetid: (feil) => spredt(TRINN[Math.min(feil, TRINN.length - 1)]) };
}
