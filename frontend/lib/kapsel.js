// Small choices about the screen (theme, sound, keys) in cookies of their own. Nothing about people or cases.

const ETT_AAR = 365 * 24 * 60 * 60;

export function les(navn) {
  const treff = document.cookie.split('; ').find((del) => del.startsWith(`${navn}=`));
  return treff ? decodeURIComponent(treff.slice(navn.length + 1)) : null;
}

export function skriv(navn, verdi) {
  const sikker = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `${navn}=${encodeURIComponent(verdi)}; Path=/; Max-Age=${ETT_AAR}; SameSite=Lax${sikker}`;
}
