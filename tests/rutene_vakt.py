"""How the routes of rosters, notices, canaries and changes of shift are asked; see `tests/rutene.py`.

The rosters are `hf`'s for indremedisin, `annet_hf`'s, and `kommune`'s for the legevakt. Each shift and absence has a
time of its own, so that one line of the table stands in no other's way.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import orjson
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from portal.core.aktor import Aktor
from portal.core.clock import now, oslo
from portal.core.db import db, transactional
from portal.henvendelser.eskalering import kanari
from portal.henvendelser.eskalering.models import Kanarikjoering, Vaktskifte, Vaktskiftesak
from portal.henvendelser.forloep import Status
from portal.identitet.fagomraader import omraader_for
from portal.identitet.models import Organisasjon
from portal.vakt.models import Dagtype, Fravaer, Nivaa, Vakt, Vaktplan
from portal.vakt.service import bytte, feed, planer, policyer, rotasjoner, vakter
from portal.varsler import port
from portal.varsler.models import Kanal, Utsending, Varselkanal
from tests.bygg import lagre
from tests.matrise import Verden
from tests.vakthjelp import lag_kanal, lag_vakt, lag_vaktplan
from tests.varsler.varselhjelp import fortell, gi_opp

PLAN = "/vakt/planer/<uuid:plan_id>"
VAKT = "/vakt/vakter/<uuid:vakt_id>"
BYTTE = "/vakt/bytter/<uuid:bytte_id>"
KANARI = "/vakt/kanari/<uuid:kanari_id>"
KANAL = "/varsler/kanaler/<uuid:kanal_id>"
ULEVERT = "/varsler/uleverte/<uuid:utsending_id>"
SKIFTE = "/henvendelser/<uuid:henvendelse_id>/vaktskifte/<uuid:skifte_id>"
SVAR = "/varsler/svar"
#: Red is an answer too: whether a worker runs beside the tests is not what is asked here.
MAALER = "/helse/eskalering"
#: What an address needs behind it.
SPOERRING = {
    "/vakt/policy/endre": "?fagomraade=&hastegrad=vanlig",
    f"{PLAN}/ta": "?nivaa=vakthavende",
}
#: Marking one's own notices and naming one's own channel is nobody else's to look into: a row, and no entry.
UTEN_REVISJON = (
    *("/varsler/<uuid:varsel_id>/aapne", "/varsler/<uuid:varsel_id>/les", "/varsler/les-alle"),
    f"{KANAL}/navn",
)

Steder = dict[str, Any]
SYSTEM = Aktor.system("test")
_nummer = count(1)
_tid = count(1)
T = timedelta(hours=1)


def neste_tid() -> datetime:
    """The beginning of twelve hours in which nothing is written yet."""
    return now().replace(minute=0, second=0, microsecond=0) + timedelta(days=1) + next(_tid) * 13 * T


# --- what is made first ----------------------------------------------------------------------------------


def planen(organisasjon_id: UUID, fagomraade: str = "indremedisin") -> Vaktplan:
    """The roster of a fagområde, made or opened again where it must be."""
    db.session.rollback()
    db.session.expire_all()
    plan = db.session.scalars(
        sa.select(Vaktplan).where(
            Vaktplan.organisasjon_id == organisasjon_id, Vaktplan.fagomraade == fagomraade
        )
    ).one_or_none()
    if plan is None:
        return lag_vaktplan(organisasjon_id, fagomraade)
    if plan.avsluttet is not None:
        planer.lag_plan(SYSTEM, organisasjon_id, fagomraade)
        db.session.refresh(plan)
    return plan


def hfs_plan(v: Verden) -> UUID:
    return planen(v.hf.id).id


def alles_planer(v: Verden) -> None:
    """A roster at each of the organisations whose people keep any."""
    planen(v.hf.id)
    planen(v.annet_hf.id)
    planen(v.kommune.id, "legevakt")


def fag_hos(v: Verden, person: str) -> str:
    """The fagområde of the roster at the person's organisation."""
    return "legevakt" if person != "ingen" and v.aktor(person).er_kommunal else "indremedisin"


def tom_plan(v: Verden) -> UUID:
    """The roster, with nobody on call now."""
    plan_id = hfs_plan(v)
    transactional(
        lambda: db.session.execute(
            sa.update(Vakt)
            .where(Vakt.vaktplan_id == plan_id, Vakt.fra <= now(), Vakt.avlyst.is_(None))
            .values(avlyst=now())
        )
    )()
    return plan_id


def tatt_vakt(v: Verden) -> UUID:
    """What `spesialist` has just taken from `spesialist2`."""
    plan_id = tom_plan(v)
    lag_vakt(planen(v.hf.id), v.spesialist2)
    return vakter.ta_naa(v.spesialist, plan_id, Nivaa.VAKTHAVENDE)


def spesialistens_vakt(v: Verden) -> UUID:
    """A coming shift of `spesialist`."""
    fra = neste_tid()
    return lag_vakt(planen(v.hf.id), v.spesialist, fra=fra, til=fra + 12 * T).id


def loepende_vakt(v: Verden) -> UUID:
    """A running shift of `spesialist`, that has not been taken."""
    tom_plan(v)
    return lag_vakt(planen(v.hf.id), v.spesialist).id


def foreslaatt_bytte(v: Verden) -> UUID:
    """`spesialist` asks `spesialist2` to take a shift."""
    return bytte.foreslaa(v.spesialist, spesialistens_vakt(v), v.medlemskap("spesialist2"))


def en_rotasjon(v: Verden) -> UUID:
    return rotasjoner.lag(
        SYSTEM, hfs_plan(v), Nivaa.BAKVAKT, **rotasjonsfelt(v), deltakere=[v.medlemskap("spesialist")]
    )


def rotasjonsfelt(v: Verden) -> dict[str, Any]:
    """A rotation of few shifts."""
    return {
        "gjelder_fra": oslo(now()).date() + timedelta(days=2),
        "klokke_fra": "08:00",
        "klokke_til": "20:00",
        "dagtyper": [str(Dagtype.HELLIGDAG)],
        "dager_per_tur": 1,
    }


def kirurgens_fravaer(v: Verden) -> UUID:
    fra, rad_id = neste_tid(), uuid4()
    lagre(
        Fravaer(
            id=rad_id,
            organisasjon_id=v.hf.id,
            person_id=v.kirurg.person_id,
            fra=fra,
            til=fra + 12 * T,
            opprettet=now(),
            opprettet_av_id=v.kirurg.person_id,
        )
    )
    return rad_id


def en_kanari(v: Verden) -> UUID:
    """The canary of `hf`, with no run on its way."""
    planen(v.hf.id)
    kanari_id = kanari.sett(v.koordinator, "indremedisin", 60, aktiv=True)
    transactional(
        lambda: db.session.execute(
            sa.delete(Kanarikjoering).where(
                Kanarikjoering.kanari_id == kanari_id, Kanarikjoering.ferdig.is_(None)
            )
        )
    )()
    return kanari_id


def kirurgens_varsel(v: Verden) -> UUID:
    return fortell(v.kirurg)


def kirurgens_kanal(v: Verden) -> UUID:
    """The one telephone of `kirurg`'s."""
    return egen_kanal(v.kirurg)


def egen_kanal(aktor: Aktor, kanal: Kanal = Kanal.SMS, adresse: str = "", **felt: Any) -> UUID:
    """The one channel of a person: what there was is removed."""
    transactional(
        lambda: db.session.execute(
            sa.update(Varselkanal)
            .where(Varselkanal.person_id == aktor.person_id, Varselkanal.fjernet.is_(None))
            .values(fjernet=now())
        )
    )()
    return lag_kanal(aktor, kanal, adresse, **felt).id


def en_ulevert(v: Verden) -> UUID:
    """A message of `hf`'s that was given up."""
    return gi_opp(fortell(v.spesialist, bare={Kanal.EPOST}))


def et_skifte(v: Verden) -> Steder:
    """`spesialist` has a case, and the shift has passed to `spesialist2`, who has not read it back yet."""
    sak, skifte_id = v.sak(Status.AKSEPTERT), uuid4()
    plan_id = hfs_plan(v)

    @transactional
    def skriv() -> None:
        lagre(
            Vaktskifte(
                id=skifte_id,
                vaktplan_id=plan_id,
                nivaa=Nivaa.VAKTHAVENDE,
                fra_medlemskap_id=v.medlemskap("spesialist"),
                til_medlemskap_id=v.medlemskap("spesialist2"),
                tidspunkt=now(),
            )
        )
        db.session.flush()
        lagre(Vaktskiftesak(vaktskifte_id=skifte_id, henvendelse_id=sak))

    skriv()
    return {"henvendelse_id": sak, "skifte_id": skifte_id}


def egne_policyer(v: Verden) -> None:
    """A policy of its own at each of the organisations."""
    for organisasjon in (v.hf, v.annet_hf, v.kommune):
        policyer.sett(SYSTEM, organisasjon.id, "", "vanlig", [("vakthavende", 0)], 0, 100 + next(_nummer))


def _med_token(v: Verden) -> Steder:
    """A notice that has been sent with this token in its link."""
    varsel_id, token = fortell(v.kirurg, bare={Kanal.EPOST}), secrets.token_urlsafe(24)
    transactional(
        lambda: db.session.execute(
            sa.update(Utsending)
            .where(Utsending.varsel_id == varsel_id)
            .values(kvittering_hash=hashlib.sha256(token.encode()).hexdigest())
        )
    )()
    return {"token": token}


def en_sms(v: Verden) -> UUID:
    """A text message that can be answered."""
    varsel_id = fortell(v.kirurg, bare=(), telefoner=[(Kanal.SMS, "+4790000001")])
    db.session.rollback()
    return db.session.scalars(sa.select(Utsending.id).where(Utsending.varsel_id == varsel_id)).one()


def _sted(navn: str, lag: Callable[[Verden], UUID]) -> Callable[[Verden], Steder]:
    return lambda v: {navn: lag(v)}


def _uten_sted(lag: Callable[[Verden], object]) -> Callable[[Verden], Steder]:
    def gjoer(v: Verden) -> Steder:
        lag(v)
        return {}

    return gjoer


def _telefon(v: Verden) -> UUID:
    plan_id = hfs_plan(v)
    planer.sett_telefon(SYSTEM, plan_id, Nivaa.BAKVAKT, f"900{next(_nummer):05d}")
    return plan_id


FOERST: dict[str, Callable[[Verden], Steder]] = {
    SKIFTE: et_skifte,
    "/vakt/planer/ny": _uten_sted(alles_planer),
    "/vakt/kanari": _uten_sted(alles_planer),
    "/vakt/policy/endre": _uten_sted(egne_policyer),
    "/vakt/policy/tilbakestill": _uten_sted(egne_policyer),
    f"{PLAN}/ta": _sted("plan_id", tom_plan),
    f"{VAKT}/gi-tilbake": _sted("vakt_id", tatt_vakt),
    f"{VAKT}/avloesning": _sted("vakt_id", loepende_vakt),
    f"{PLAN}/telefon/fjern": _sted("plan_id", _telefon),
    "/kvitter/<token>": _med_token,
    SVAR: _sted("utsending_id", en_sms),
    "/vakt/feed/<string:token>.ics": lambda v: {"token": feed.lag_feed(v.kirurg)},
    "/varsler/uleverte/send": _sted("utsending_id", en_ulevert),
    "/varsler/uleverte/forkast": _sted("utsending_id", en_ulevert),
}
#: By what stands in the address, where the route is not above.
STED: dict[str, Callable[[Verden], UUID]] = {
    "plan_id": hfs_plan,
    "vakt_id": spesialistens_vakt,
    "rotasjon_id": en_rotasjon,
    "bytte_id": foreslaatt_bytte,
    "fravaer_id": kirurgens_fravaer,
    "kanari_id": en_kanari,
    "varsel_id": kirurgens_varsel,
    "kanal_id": kirurgens_kanal,
    "utsending_id": en_ulevert,
}


def sett_opp(v: Verden, regel: str) -> Steder | None:
    """The places of one of these routes; None where it is no such route."""
    for navn, lag in STED.items():
        if f"<uuid:{navn}>" in regel:
            return {navn: lag(v)}
    return None


def klargjoer(v: Verden, regel: str, person: str) -> None:
    """What the person has before asking about what is everybody's own."""
    if regel == "/vakt/kalender/trekk":
        feed.lag_feed(v.aktor(person))
    if regel == "/varsler/les-alle":
        fortell(v.aktor(person))
    if regel == "/varsler/kanaler/nettleser/bytt":
        egen_kanal(v.aktor(person), Kanal.PUSH, _endepunkt(v, person), data=nettlesernoekler())


# --- what is sent ----------------------------------------------------------------------------------------


def feltverdi(tid: datetime) -> str:
    return f"{oslo(tid):%Y-%m-%dT%H:%M}"


def _tidsrom() -> dict[str, str]:
    fra = neste_tid()
    return {"fra": feltverdi(fra), "til": feltverdi(fra + 12 * T)}


def en_kollega(v: Verden, person: str) -> UUID:
    """Another clinician of the person's organisation, who may have shifts."""
    hvor = v.aktor(person).organisasjon_id if person != "ingen" else v.hf.id
    folk = {
        v.kommune.id: ("sykepleier", "kollega"),
        v.annen_kommune.id: ("fremmed_lege", "fremmed_sykepleier"),
        v.annet_hf.id: ("fremmed_spesialist", "fremmed_vaktleder"),
    }.get(hvor or v.hf.id, ("kirurg", "spesialist2"))
    kollega = v.aktor(next(n for n in folk if n != person)).person_id
    assert kollega is not None
    return kollega


def _ledig_fag(v: Verden, person: str) -> str:
    """A fagområde without a roster at the person's organisation."""
    hvor = v.aktor(person).organisasjon_id if person != "ingen" else v.hf.id
    db.session.rollback()
    har = set(
        db.session.scalars(
            sa.select(Vaktplan.fagomraade).where(
                Vaktplan.organisasjon_id == hvor, Vaktplan.avsluttet.is_(None)
            )
        )
    )
    alle = omraader_for(db.session.get_one(Organisasjon, hvor).type) if hvor else {}
    return next((fag for fag in alle if fag not in har), "indremedisin")


def kalenderfil() -> str:
    """A calendar of one shift of `spesialist`."""
    fra = neste_tid()
    return "\r\n".join(
        (
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "BEGIN:VEVENT",
            f"UID:{uuid4()}",
            "SUMMARY:Bakvakt: Siri Spesialist",
            f"DTSTART:{fra:%Y%m%dT%H%M%SZ}",
            f"DTEND:{fra + 12 * T:%Y%m%dT%H%M%SZ}",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        )
    )


def nettlesernoekler() -> dict[str, str]:
    """The keys of a browser's subscription."""

    def som_tekst(raa: bytes) -> str:
        return urlsafe_b64encode(raa).rstrip(b"=").decode()

    punkt = ec.generate_private_key(ec.SECP256R1()).public_key()
    return {
        "p256dh": som_tekst(punkt.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)),
        "auth": som_tekst(b"0123456789abcdef"),
    }


def _endepunkt(v: Verden, person: str) -> str:
    hvem = v.aktor(person).person_id if person != "ingen" else "ingen"
    return f"https://push.eksempel.example/{hvem}"


def _mobil() -> str:
    return f"+47 4{next(_nummer):07d}"


Innhold = Callable[[Verden, str, Steder], dict[str, Any]]
INNHOLD: dict[str, Innhold] = {
    SKIFTE: lambda v, p, s: {"tekst": "Lungebetennelse. Ny CRP i kveld."},
    # rosters
    "/vakt/planer/ny": lambda v, p, s: {"fagomraade": _ledig_fag(v, p)},
    f"{PLAN}/telefon": lambda v, p, s: {"nivaa": "vakthavende", "nummer": f"900{next(_nummer):05d}"},
    f"{PLAN}/telefon/fjern": lambda v, p, s: {"nivaa": "bakvakt"},
    f"{PLAN}/ta": lambda v, p, s: {"nivaa": "vakthavende", "til": feltverdi(now() + 2 * T)},
    f"{PLAN}/ny-vakt": lambda v, p, s: {
        "nivaa": "vakthavende",
        "medlemskap_id": str(v.medlemskap("spesialist")),
        **_tidsrom(),
    },
    f"{PLAN}/import": lambda v, p, s: {"tekst": kalenderfil(), "lagre": "1"},
    f"{PLAN}/rotasjon/ny": lambda v, p, s: {
        **{k: str(verdi) for k, verdi in rotasjonsfelt(v).items() if k != "dagtyper"},
        "dagtyper": ["helligdag"],
        "nivaa": "vaktleder",
        "deltakere": [str(v.medlemskap("spesialist"))],
        "lagre": "1",
    },
    "/vakt/rotasjoner/<uuid:rotasjon_id>/avslutt": lambda v, p, s: {
        "fra_dag": f"{oslo(now()).date() + timedelta(days=1)}"
    },
    f"{VAKT}/endre": lambda v, p, s: {
        "medlemskap_id": str(v.medlemskap("spesialist2")),
        **_tidsrom(),
        "versjon": str(_planversjon(v)),
    },
    f"{VAKT}/avloesning": lambda v, p, s: {"til_medlemskap_id": str(v.medlemskap("spesialist2"))},
    f"{VAKT}/bytt": lambda v, p, s: {"til_medlemskap_id": str(v.medlemskap("spesialist2"))},
    # somebody else's: one's own is in test_tilgang_vakt.py
    "/vakt/fravaer": lambda v, p, s: {"person_id": str(en_kollega(v, p)), **_tidsrom()},
    "/vakt/policy/endre": lambda v, p, s: {
        "fagomraade": "",
        "hastegrad": "vanlig",
        "nivaa_1": "vakthavende",
        "etter_1": "0",
        "gjentakelser": "0",
        "gjenta_etter": str(1000 + next(_nummer)),
    },
    "/vakt/policy/tilbakestill": lambda v, p, s: {"fagomraade": "", "hastegrad": "vanlig"},
    "/vakt/kanari": lambda v, p, s: {"fagomraade": fag_hos(v, p), "hver_minutter": "60", "aktiv": "1"},
    # notices
    "/varsler/kanaler": lambda v, p, s: {"kanal": "sms", "nummer": _mobil(), "navn": "Egen"},
    f"{KANAL}/navn": lambda v, p, s: {"navn": f"Min {next(_nummer)}"},
    "/varsler/kanaler/nettleser": lambda v, p, s: {
        "adresse": f"https://push.eksempel.example/{uuid4()}",
        **nettlesernoekler(),
    },
    "/varsler/kanaler/nettleser/bytt": lambda v, p, s: {
        "gammel": _endepunkt(v, p),
        "adresse": f"https://push.eksempel.example/{uuid4()}",
        **nettlesernoekler(),
    },
    "/varsler/valg": lambda v, p, s: {"akutt": ["sms", "epost"], "haster": ["epost"], "vanlig": ["epost"]},
    "/varsler/ro": lambda v, p, s: {"fra": "22:00", "til": "07:00", "akutt_bryter": "1"},
    "/varsler/uleverte/send": lambda v, p, s: {"ider": [str(s["utsending_id"])]},
    "/varsler/uleverte/forkast": lambda v, p, s: {"ider": [str(s["utsending_id"])]},
}


def _planversjon(v: Verden) -> int:
    return planen(v.hf.id).versjon


def portens_svar(steder: Steder) -> dict[str, Any]:
    """The request of the gateway: a key press on that message, signed as the gateway does."""
    kropp = orjson.dumps({"id": str(steder["utsending_id"]), "svar": "1"})
    tid = str(int(now().timestamp()))
    return {
        "data": kropp,
        "content_type": "application/json",
        "headers": {port.HODE_TID: tid, port.HODE_SIGNATUR: port.signer(tid, kropp)},
    }
