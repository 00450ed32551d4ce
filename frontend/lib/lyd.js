// The sound of a new case. One source for the page: browsers play nothing before somebody has touched it, so what
// was woken then stays, also when the screen is locked over it.

let lyd = null;

/** Wakes the sound; to be called while somebody touches the page. */
export function vekk() {
  lyd ??= new AudioContext();
  return lyd.resume();
}

/** Whether a sound would be heard now. */
export const klar = () => lyd?.state === 'running';

/** Two soft tones; for akutt three, higher. */
export function pip(hastegrad) {
  vekk();
  const toner = hastegrad === 'akutt' ? [880, 880, 1174.7] : [587.3, 784];
  toner.forEach((hertz, nr) => {
    const start = lyd.currentTime + nr * 0.18;
    const kilde = lyd.createOscillator();
    const styrke = lyd.createGain();
    kilde.frequency.value = hertz;
    styrke.gain.setValueAtTime(0, start);
    styrke.gain.linearRampToValueAtTime(0.18, start + 0.02);
    styrke.gain.exponentialRampToValueAtTime(0.001, start + 0.16);
    kilde.connect(styrke).connect(lyd.destination);
    kilde.start(start);
    kilde.stop(start + 0.17);
  });
}
