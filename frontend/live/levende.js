// What a live page loads: the one socket, and what listens to it.
import { io } from 'socket.io-client';
import { Forbindelse, SOKKELVALG } from './forbindelse.js';
import { startLister } from './lister.js';
import { startSamtale } from './samtale.js';

const forbindelse = new Forbindelse({ sokkel: io({ ...SOKKELVALG }), hent: (...valg) => fetch(...valg) });
const samtale = document.querySelector('[data-samtale]');
if (samtale) startSamtale(samtale, forbindelse);
startLister(forbindelse);
forbindelse.start();
