// The red strip on a clinician's pages while nothing is told to anybody: shown and taken away as the server's tick says.
import { si } from './tekst.js';

/** @param {import('../live/forbindelse.js').Forbindelse} forbindelse */
export function startStans(forbindelse) {
  const stripe = document.querySelector('[data-stans]');
  if (!stripe) return;
  forbindelse.paa('drift', ({ staar, naar }) => {
    if (staar) {
      const ord = naar ? stripe.dataset.stansSiden.replace('{naar}', naar) : stripe.dataset.stansNaa;
      stripe.querySelector('[data-stanstekst]').textContent = ord;
      if (stripe.hidden) si(stripe.querySelector('p').textContent.trim());
    }
    stripe.hidden = !staar;
  });
}
