// What a live page loads: the one socket, and what listens to it.
import { io } from 'socket.io-client';
import { startStans } from '../lib/stans.js';
import { startBjelle } from '../lib/varsler.js';
import { Forbindelse, SOKKELVALG } from './forbindelse.js';
import { startLister } from './lister.js';
import { BAKGRUNN, skjermenErLaast } from './nett.js';
import { startPlasser } from './plasser.js';
import { startSamtale } from './samtale.js';
import { startVaktmodus } from './vaktmodus.js';

const forbindelse = new Forbindelse({
  sokkel: io({ ...SOKKELVALG }),
  hent: (adresse, valg) => fetch(adresse, { ...valg, headers: { [BAKGRUNN]: '1' } }),
});
// The server tells when the screen has been locked or opened in another tab, or by the time that has passed.
forbindelse.paa('varsel', ({ type }) => (type === 'laast' || type === 'laast_opp') && skjermenErLaast());
forbindelse.paa('hode', ({ laast }) => {
  if (Boolean(laast) !== Boolean(document.querySelector('[data-laas], [data-laasside]'))) skjermenErLaast();
});
forbindelse.paa('tilstand', (tilstand) => tilstand === 'utlogget' && skjermenErLaast());
const samtale = document.querySelector('[data-samtale]');
if (samtale) startSamtale(samtale, forbindelse);
startLister(forbindelse);
startVaktmodus(forbindelse);
startBjelle(forbindelse);
startStans(forbindelse);
startPlasser(forbindelse);
forbindelse.start();
