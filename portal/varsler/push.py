"""Web push: a message that only the subscribed browser can read (RFC 8291), from a sender that the push service knows
again (VAPID, RFC 8292).

The key pair is made from the installation's secret: every process has the same one, and there is nothing more to set.
A new secret makes the old subscriptions void; the browser subscribes anew. Knows neither the database nor the outbox.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from urllib.parse import urlsplit
from uuid import UUID

import http_ece
import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02, VapidException

from portal.core import nett
from portal.core.clock import now
from portal.core.config import innstillinger
from portal.core.sprak import _l
from portal.varsler.post import Postfeil, Ubrukelig

#: Seconds that the push service keeps a message for a browser that is not reached: past that it is of no use.
LEVETID = {"akutt": 2 * 3600, "haster": 6 * 3600, "vanlig": 24 * 3600}
#: RFC 8030: a telephone that saves its battery is woken for «high» alone.
VIKTIGHET = {"akutt": "high", "haster": "high", "vanlig": "normal"}
#: Bytes of a message before encryption. Push services take 4096 after it.
STOERST = 3000
#: The order of P-256's group: private keys are the numbers below it.
_ORDEN = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

ABONNERER_IKKE = _l("Nettleseren tar ikke imot varsler lenger. Den må slås på igjen av personen selv.")
FORBUDT_ADRESSE = _l("Adressen til nettleserens varseltjeneste er ikke en åpen adresse på internett.")
UGYLDIGE_NOEKLER = _l("Nøklene fra nettleseren er ikke gyldige.")


class Borte(Ubrukelig):
    """The browser no longer subscribes: nothing sent there will ever come through."""


@dataclass(frozen=True, slots=True)
class Pushmelding:
    """One notice to one browser. `kvitter` is the address that acknowledges it."""

    id: UUID
    endepunkt: str
    p256dh: str
    auth: str
    varsel_id: UUID
    tittel: str
    tekst: str
    lenke: str
    hastegrad: str | None
    kvitter: str


@lru_cache(maxsize=4)
def _noekkel(hemmelighet: str) -> ec.EllipticCurvePrivateKey:
    """48 bytes are reduced to a number below the order: 128 bits more than it has, so that none is likelier."""
    raa = HKDF(hashes.SHA256(), 48, salt=None, info=b"samhandlingsportalen: vapid P-256").derive(
        hemmelighet.encode()
    )
    return ec.derive_private_key(int.from_bytes(raa, "big") % (_ORDEN - 1) + 1, ec.SECP256R1())


def offentlig_noekkel() -> str:
    """What a browser subscribes with (`applicationServerKey`): the public key, base64url without padding."""
    punkt = _noekkel(innstillinger().hemmelighet).public_key()
    raa = punkt.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return urlsafe_b64encode(raa).rstrip(b"=").decode()


def er_lovlig(endepunkt: str, p256dh: str, auth: str) -> bool:
    """Whether a subscription can be one, as far as can be told without asking anybody: for the form that takes it."""
    try:
        _krev_https(endepunkt)
        _les_noekler(p256dh, auth)
    except Ubrukelig:
        return False
    return True


def send(melding: Pushmelding) -> None:
    """Encrypts the notice and hands it to the push service. Raises Postfeil; Borte when nobody subscribes there."""
    _krev_https(melding.endepunkt)
    offentlig, hemmelig = _les_noekler(melding.p256dh, melding.auth)
    hastegrad = melding.hastegrad or "vanlig"
    kropp = http_ece.encrypt(
        _innhold(melding),
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=offentlig,
        auth_secret=hemmelig,
        version="aes128gcm",
    )
    hoder = {
        **_legitimasjon(melding.endepunkt),
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "TTL": str(LEVETID[hastegrad]),
        "Urgency": VIKTIGHET[hastegrad],
        # The same message again takes the place of the one that still waits (RFC 8030 § 5.4).
        "Topic": melding.id.hex,
    }
    try:
        adresse = None if _i_test() else nett.offentlig_adresse(melding.endepunkt)
        svar = nett.post(melding.endepunkt, kropp, hoder, adresse=adresse)
    except nett.Forbudt as feil:
        raise Ubrukelig(str(FORBUDT_ADRESSE)) from feil
    except nett.Nettfeil as feil:
        # One of many push services: the others may well be there.
        raise Postfeil(str(feil)) from feil
    if 200 <= svar.status < 300:
        return
    if svar.status in (404, 410):
        raise Borte(str(ABONNERER_IKKE))
    tekst = f"HTTP {svar.status} {svar.tekst}".strip()[:250]
    # 401 and 403 are about the portal's own key and clock, which may be mended.
    if svar.status in (401, 403, 408, 429) or svar.status >= 500:
        raise Postfeil(tekst)
    raise Ubrukelig(tekst)


def _innhold(melding: Pushmelding) -> bytes:
    """The message as JSON. A long text is cut: the notice stands whole in the portal."""
    innhold = {
        "id": str(melding.varsel_id),
        "tittel": melding.tittel,
        "tekst": melding.tekst,
        "lenke": melding.lenke,
        "hastegrad": melding.hastegrad,
        "kvitter": melding.kvitter,
    }
    for_mye = len(orjson.dumps(innhold)) - STOERST
    while for_mye > 0 and innhold["tekst"]:
        innhold["tekst"] = melding.tekst[: max(len(str(innhold["tekst"])) - for_mye // 4 - 1, 0)]
        for_mye = len(orjson.dumps(innhold)) - STOERST
    return orjson.dumps(innhold)


def _legitimasjon(endepunkt: str) -> dict[str, str]:
    """Who sends, signed for that push service alone, for half a day."""
    i, deler = innstillinger(), urlsplit(endepunkt)
    krav = {
        "aud": f"{deler.scheme}://{deler.netloc}",
        "exp": int((now() + timedelta(hours=12)).timestamp()),
        "sub": f"mailto:{i.epost_fra}",
    }
    try:
        hoder: dict[str, str] = Vapid02(_noekkel(i.hemmelighet)).sign(krav)
    except VapidException as feil:
        raise Ubrukelig(str(FORBUDT_ADRESSE)) from feil
    return hoder


def _i_test() -> bool:
    """The tests' push service is on this machine, without TLS."""
    return innstillinger().modus == "test"


def _krev_https(endepunkt: str) -> None:
    try:
        deler = urlsplit(endepunkt)
        lovlig = (
            deler.scheme in (("https", "http") if _i_test() else ("https",))
            and bool(deler.hostname)
            and deler.username is None
            and (deler.port or 443) > 0
            and endepunkt.isascii()
            and endepunkt.isprintable()
            and " " not in endepunkt
        )
    except ValueError:
        lovlig = False
    if not lovlig:
        raise Ubrukelig(str(FORBUDT_ADRESSE))


def _les_noekler(p256dh: str, auth: str) -> tuple[bytes, bytes]:
    """The browser's public point and its secret, as bytes."""
    try:
        offentlig, hemmelig = (
            urlsafe_b64decode(n.rstrip("=") + "=" * (-len(n.rstrip("=")) % 4)) for n in (p256dh, auth)
        )
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), offentlig)
    except (ValueError, TypeError, AttributeError) as feil:
        raise Ubrukelig(str(UGYLDIGE_NOEKLER)) from feil
    if len(offentlig) != 65 or len(hemmelig) != 16:
        raise Ubrukelig(str(UGYLDIGE_NOEKLER))
    return offentlig, hemmelig
