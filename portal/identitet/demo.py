"""The demo's people and units: fictitious, marked as demo, and only ever in demo mode.

Places and organisations are real, people and units are not. No hospital gets a telephone number here, and
nobody an HPR number: each that exists is somebody's. The people's own numbers begin with zeros, which no
telephone can ring.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.config import innstillinger
from portal.core.db import db, transactional
from portal.core.errors import IkkeTilgang, UgyldigData
from portal.core.sprak import _
from portal.identitet import passord as passordregler
from portal.identitet.models import (
    Enhet,
    EnhetKommune,
    Enhetstype,
    Medlemskap,
    MedlemskapFagomraade,
    Organisasjon,
    Person,
)
from portal.identitet.ord import ETIKETTER
from portal.identitet.steps import aktor_for_medlemskap
from portal.revisjon.steps import logg

#: Shared by all demo people, and shown on the login page. Worth nothing anywhere else.
DEMO_PASSORD = "lavvo-over-vidda"

#: Kommunenummer and organisasjonsnummer in the register that comes with the portal.
ALTA, STAVANGER, BERGEN = "5601", "1103", "4601"
KAUTOKEINO = "5612"
SOLA, RANDABERG, KVITSOEY = "1124", "1127", "1144"
FINNMARKSSYKEHUSET, HELSE_BERGEN, HELSE_STAVANGER = "983974880", "983974724", "983974678"
HELSE_VEST, HELSE_NORD = "983658725", "883658752"

LEGEVAKT_ALTA = "Demo legevakt Alta"
SYKEHJEM_ALTA = "Demo sykehjem Komsa"
PRIVAT_SYKEHJEM_ALTA = "Demo sykehjem Elvebakken"
LEGEKONTOR_ALTA = "Demo legekontor Bossekop"
OEHD_ALTA = "Demo ØHD-enhet Alta"
LEGEVAKT_KAUTOKEINO = "Demo legevakt Guovdageaidnu"
LEGEVAKT_STAVANGER = "Demo interkommunal legevakt Stavanger"
SYKEHJEM_BERGEN = "Demo sykehjem Løvstakken"


@dataclass(frozen=True, slots=True)
class Demoenhet:
    organisasjon: str
    type: Enhetstype
    navn: str
    privat: bool = False
    kommuner: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Demorolle:
    organisasjon: str
    sted: str
    rolle: Rolle
    enhet: str | None = None
    fag: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Demoperson:
    noekkel: str
    navn: str
    epost: str
    roller: tuple[Demorolle, ...]


ENHETER = (
    Demoenhet(ALTA, Enhetstype.LEGEVAKT, LEGEVAKT_ALTA),
    Demoenhet(ALTA, Enhetstype.SYKEHJEM, SYKEHJEM_ALTA),
    Demoenhet(ALTA, Enhetstype.SYKEHJEM, PRIVAT_SYKEHJEM_ALTA, privat=True),
    Demoenhet(ALTA, Enhetstype.LEGEKONTOR, LEGEKONTOR_ALTA),
    Demoenhet(ALTA, Enhetstype.OEHD_ENHET, OEHD_ALTA),
    Demoenhet(KAUTOKEINO, Enhetstype.LEGEVAKT, LEGEVAKT_KAUTOKEINO),
    Demoenhet(STAVANGER, Enhetstype.LEGEVAKT, LEGEVAKT_STAVANGER, kommuner=(SOLA, RANDABERG, KVITSOEY)),
    Demoenhet(BERGEN, Enhetstype.SYKEHJEM, SYKEHJEM_BERGEN),
)


def _i_alta(rolle: Rolle, enhet: str | None = None, *fag: str) -> Demorolle:
    return Demorolle(ALTA, "Alta kommune", rolle, enhet, fag)


def _i_finnmark(rolle: Rolle, *fag: str) -> Demorolle:
    return Demorolle(FINNMARKSSYKEHUSET, "Finnmarkssykehuset", rolle, fag=fag)


def _i_kautokeino(rolle: Rolle, enhet: str | None = None) -> Demorolle:
    return Demorolle(KAUTOKEINO, "Kautokeino kommune", rolle, enhet)


def _person(noekkel: str, navn: str, epost: str, *roller: Demorolle) -> Demoperson:
    return Demoperson(noekkel, navn, f"{epost}@demo.example", roller)


PERSONER = (
    _person("lege", "Ingrid Hætta", "ingrid.haetta", _i_alta(Rolle.LEGE_KOMMUNE, LEGEVAKT_ALTA)),
    _person(
        "spesialist",
        "Ánte Ŧávvon",
        "ante.tavvon",
        _i_finnmark(Rolle.SPESIALIST, "indremedisin", "geriatri", "infeksjonssykdommer"),
    ),
    _person(
        "sykehjemslege",
        "Niillas Čuoigi",
        "niillas.cuoigi",
        _i_alta(Rolle.LEGE_KOMMUNE, SYKEHJEM_ALTA, "sykehjem"),
    ),
    # Answers the hospital when it asks about a discharge.
    _person(
        "sykepleier",
        "Elle Máret Đuoddar",
        "elle.duoddar",
        _i_alta(Rolle.HELSEPERSONELL, SYKEHJEM_ALTA, "utskrivning", "sykehjem"),
    ),
    _person(
        "flere_roller",
        "Sárá Šállu",
        "sara.sallu",
        _i_alta(Rolle.LEGE_KOMMUNE, LEGEKONTOR_ALTA),
        _i_alta(Rolle.LEGE_KOMMUNE, LEGEVAKT_ALTA),
        _i_finnmark(Rolle.SPESIALIST, "geriatri", "palliasjon"),
    ),
    _person("vaktleder", "Marit Sørbø", "marit.sorbo", _i_finnmark(Rolle.VAKTLEDER)),
    _person(
        "spesialist_hjerte",
        "Solveig Kjær",
        "solveig.kjaer",
        _i_finnmark(Rolle.SPESIALIST, "indremedisin", "hjertesykdommer", "lungesykdommer"),
    ),
    _person(
        "spesialist_kirurgi",
        "Torbjørn Aanesen",
        "torbjorn.aanesen",
        _i_finnmark(Rolle.SPESIALIST, "kirurgi", "ortopedi"),
    ),
    _person("kommuneoverlege", "Øystein Bråthen", "oystein.brathen", _i_alta(Rolle.KOMMUNEOVERLEGE)),
    _person("koordinator", "Åse Mæhlum", "ase.maehlum", _i_alta(Rolle.KOORDINATOR)),
    _person("administrator", "Jovnna Ružžá", "jovnna.ruzza", _i_alta(Rolle.ADMINISTRATOR)),
    _person(
        "privat_sykepleier",
        "Risten Ŋuolla",
        "risten.nuolla",
        _i_alta(Rolle.HELSEPERSONELL, PRIVAT_SYKEHJEM_ALTA),
    ),
    _person("koordinator_hf", "Pål Grønvik", "pal.gronvik", _i_finnmark(Rolle.KOORDINATOR)),
    _person("administrator_hf", "Gøril Næss", "goril.naess", _i_finnmark(Rolle.ADMINISTRATOR)),
    _person(
        "lege_stavanger",
        "Bjørg Øvrebø",
        "bjorg.ovrebo",
        Demorolle(STAVANGER, "Stavanger kommune", Rolle.LEGE_KOMMUNE, LEGEVAKT_STAVANGER),
    ),
    _person(
        "spesialist_stavanger",
        "Østen Vågsæther",
        "osten.vagsaether",
        Demorolle(
            HELSE_STAVANGER,
            "Helse Stavanger",
            Rolle.SPESIALIST,
            fag=("indremedisin", "infeksjonssykdommer", "lungesykdommer"),
        ),
    ),
    _person(
        "lege_bergen",
        "Håkon Sæbø",
        "hakon.saebo",
        Demorolle(BERGEN, "Bergen kommune", Rolle.LEGE_KOMMUNE, SYKEHJEM_BERGEN),
    ),
    _person(
        "spesialist_bergen",
        "Kjersti Ådland",
        "kjersti.adland",
        Demorolle(
            HELSE_BERGEN, "Helse Bergen", Rolle.SPESIALIST, fag=("geriatri", "indremedisin", "nevrologi")
        ),
    ),
    _person(
        "innsyn",
        "Inger-Lise Åmodt",
        "inger-lise.amodt",
        Demorolle(HELSE_VEST, "Helse Vest RHF", Rolle.INNSYN),
    ),
    _person(
        "systemadministrator",
        "Ragnhild Fjørtoft",
        "ragnhild.fjortoft",
        Demorolle(HELSE_NORD, "Helse Nord RHF", Rolle.SYSTEMADMINISTRATOR),
    ),
    # The other kommune of the demo's agreements, and the RHF that sends them on to the state.
    _person(
        "koordinator_kautokeino",
        "Elen Inga Gáivuotna",
        "elen.gaivuotna",
        _i_kautokeino(Rolle.KOORDINATOR),
    ),
    _person(
        "kommuneoverlege_kautokeino",
        "Áilu Bávttajávri",
        "ailu.bavttajavri",
        _i_kautokeino(Rolle.KOMMUNEOVERLEGE),
    ),
    _person(
        "lege_kautokeino",
        "Risten Sáreváđđa",
        "risten.sarevadda",
        _i_kautokeino(Rolle.LEGE_KOMMUNE, LEGEVAKT_KAUTOKEINO),
    ),
    _person(
        "koordinator_rhf",
        "Terje Ågnes",
        "terje.agnes",
        Demorolle(HELSE_NORD, "Helse Nord RHF", Rolle.KOORDINATOR),
    ),
    # Who keep the emergency beds.
    _person(
        "oehd_sykepleier",
        "Máret Sunná Vuolab",
        "maret.vuolab",
        _i_alta(Rolle.HELSEPERSONELL, OEHD_ALTA),
    ),
    _person("oehd_lege", "Sigurd Bækken", "sigurd.baekken", _i_alta(Rolle.LEGE_KOMMUNE, OEHD_ALTA)),
)
#: How long they have had their roles: longer than anything that the demo has behind it.
_SIDEN = timedelta(days=450)
#: What each demo person is for → the e-mail to log in with.
DEMO = {p.noekkel: p.epost for p in PERSONER}


def finnes_demo() -> bool:
    """Whether the database holds demo people: then it is no production database."""
    return bool(db.session.scalar(sa.select(sa.exists().where(Person.demo))))


@transactional
def saa_demo(passord: str = DEMO_PASSORD) -> bool:
    """Makes the demo's units and people, and tells whether it did: in a house without any person, and those that have
    come since in a demo house that an older portal made.

    The register must be loaded. Raises IkkeTilgang outside demo mode. The one hash is shared by all: the
    password is no secret. It is made on the spot, since an empty house serves nobody who could have to wait.
    """
    if not innstillinger().demo:
        raise IkkeTilgang(_("Demodata finnes bare i demomodus."))
    nye = _nye()
    if not nye:
        return False
    steder = _steder()
    enheter = _lag_enheter(steder)
    passord_hash = passordregler.lag_hash(passord).verdi
    naa = now()
    ferske = sa.select(Medlemskap).join(Medlemskap.person)
    for eldre in db.session.scalars(ferske.where(Person.demo, Medlemskap.gyldig_fra > naa - 0.9 * _SIDEN)):
        # Made by an older portal: what its demo is to have behind it now began before they did.
        eldre.gyldig_fra -= _SIDEN
    for nummer, p in nye:
        person = Person(
            id=uuid4(),
            navn=p.navn,
            epost=p.epost,
            telefon=_telefon(nummer),
            passord_hash=passord_hash,
            demo=True,
            opprettet=naa,
        )
        db.session.add(person)
        for rekkefoelge, r in enumerate(p.roller):
            db.session.add(
                Medlemskap(
                    id=uuid4(),
                    person=person,
                    organisasjon_id=steder[r.organisasjon],
                    enhet_id=enheter[r.enhet] if r.enhet else None,
                    rolle=str(r.rolle),
                    # The first role is the one to begin in.
                    gyldig_fra=naa - _SIDEN + timedelta(days=rekkefoelge),
                    fag=[MedlemskapFagomraade(fagomraade=f) for f in r.fag],
                )
            )
    logg(Aktor.system("demo"), "demo.saadd", "register", "demo", personer=len(nye), enheter=len(enheter))
    return True


def _nye() -> list[tuple[int, Demoperson]]:
    """Whom the house lacks, with their numbers; nobody where there are people and none of the demo's."""
    if not finnes_demo() and db.session.scalar(sa.select(sa.exists().where(Person.id.is_not(None)))):
        return []
    # By the number too: an address can be changed.
    har = {v for rad in db.session.execute(sa.select(Person.epost, Person.telefon)) for v in rad}
    return [(n, p) for n, p in enumerate(PERSONER, start=1) if not {p.epost, _telefon(n)} & har]


def _telefon(nummer: int) -> str:
    return f"+47 00 00 00 {nummer:02}"


def _steder() -> dict[str, UUID]:
    """Organisations by kommunenummer and by organisasjonsnummer. Raises UgyldigData without the register."""
    rader = db.session.execute(
        sa.select(Organisasjon.id, Organisasjon.kode, Organisasjon.organisasjonsnummer).where(
            Organisasjon.nedlagt.is_(None)
        )
    ).all()
    steder = {nummer: id_ for id_, kode, orgnr in rader for nummer in (kode, orgnr) if nummer}
    brukte = {r.organisasjon for p in PERSONER for r in p.roller} | {k for e in ENHETER for k in e.kommuner}
    if mangler := sorted(brukte - steder.keys()):
        raise UgyldigData(
            _("Registeret mangler %(numre)s. Les inn registerfilen først.", numre=", ".join(mangler))
        )
    return steder


def _lag_enheter(steder: dict[str, UUID]) -> dict[str, UUID]:
    finnes = sa.select(Enhet.navn, Enhet.id).where(Enhet.navn.in_([e.navn for e in ENHETER]))
    enheter: dict[str, UUID] = {rad.navn: rad.id for rad in db.session.execute(finnes)}
    for e in ENHETER:
        if e.navn in enheter:
            continue
        enhet = Enhet(
            id=uuid4(), organisasjon_id=steder[e.organisasjon], type=str(e.type), navn=e.navn, privat=e.privat
        )
        enheter[e.navn] = enhet.id
        db.session.add(enhet)
        db.session.flush()
        db.session.add_all(EnhetKommune(enhet_id=enhet.id, organisasjon_id=steder[k]) for k in e.kommuner)
    db.session.flush()
    return enheter


def aktor(noekkel: str) -> Aktor:
    """A demo person, by the key in `DEMO`, in the role to begin in."""
    funnet = _aktor(noekkel)
    assert funnet is not None
    return funnet


def har_rollene(*noekler: str) -> bool:
    """Whether each of these demo people is there, in the role to begin in: somebody may have ended it."""
    return finnes_demo() and all(_aktor(n) is not None for n in noekler)


def _aktor(noekkel: str) -> Aktor | None:
    medlemskap_id = db.session.scalar(
        sa.select(Medlemskap.id)
        .join(Person, Person.id == Medlemskap.person_id)
        .where(Person.epost == DEMO[noekkel])
        .order_by(Medlemskap.gyldig_fra, Medlemskap.id)
        .limit(1)
    )
    return aktor_for_medlemskap(medlemskap_id) if medlemskap_id else None


def demo_innlogginger() -> list[dict[str, str]]:
    """The demo logins for the login page (`navn`, `epost`, `rolle`); none outside demo mode."""
    if not innstillinger().demo or not finnes_demo():
        return []
    return [{"navn": p.navn, "epost": p.epost, "rolle": _rolletekst(p)} for p in PERSONER]


def _rolletekst(p: Demoperson) -> str:
    foerste = p.roller[0]
    tekst = f"{ETIKETTER['rolle'][foerste.rolle]}, {foerste.enhet or foerste.sted}"
    if len(p.roller) > 1:
        tekst += _(" og %(antall)s til", antall=len(p.roller) - 1)
    return tekst


def innlogginger_som_tekst() -> str:
    """The demo logins for the terminal."""
    bredde = max(len(p.epost) for p in PERSONER)
    linjer = [f"    {p.epost:<{bredde}}  {_rolletekst(p)}" for p in PERSONER]
    return "\n".join([f"  Demo logins (password: {DEMO_PASSORD})", *linjer])
