"""How each route of the access matrix is asked: what is made first, where the address points, what is sent.

The table and its test are in `test_tilgangsmatrise.py`.
"""

from __future__ import annotations

import hashlib
import io
import secrets
import tempfile
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pyotp
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.henvendelser.forloep import INNSYN_VARER, Status
from portal.henvendelser.models import Henvendelse, Innsyn, Saksinvitasjon, Utskrivning
from portal.henvendelser.service import deling, meldinger, utskrivning, vedlegg
from portal.identitet.models import (
    Engangslenke,
    Enhet,
    Gjenopprettingskode,
    Lenkeformaal,
    Organisasjon,
    Person,
)
from portal.identitet.service import oekter, personer, totrinn
from portal.identitet.steps import LENKETID, hash_token
from tests import (
    rutene_avtaler,
    rutene_beredskap,
    rutene_omdisponering,
    rutene_oppgaver,
    rutene_plass_i_sak,
    rutene_plasser,
    rutene_vakt,
)
from tests.bygg import PASSORD, lag_aktor, lagre, ny_sesjon
from tests.henvendelser import filer
from tests.identitet.totrinnhjelp import gi_app, kode, krav
from tests.matrise import Verden

SAK = "/henvendelser/<uuid:henvendelse_id>"
FOLK = "/folk/<uuid:person_id>"
ROLLE = f"{FOLK}/roller/<uuid:medlemskap_id>"
INVITASJON = "/invitasjoner/<uuid:invitasjon_id>"
MED_GRUNN = "/henvendelser/innsyn"
FOELG_OPP = "/innsyn/oppfoelging/<uuid:person_id>"
OEKT = "/konto/oekter/<uuid:sesjon_id>/avslutt"
KODE, OPPSETT = "/innlogging/kode", "/innlogging/oppsett"
#: What is asked by somebody who has a second factor.
MED_APP = ("/konto/tofaktor/av", "/konto/tofaktor/koder")
#: What is asked while the screen is locked.
LAAST = ("/laas", "/laas/opp", "/laas/utkast", "/sesjon/laas")
#: What ends or changes the login that asks: each gets one of its own.
ENDRER_LOGIN = (
    "/utlogging",
    "/passord",
    "/medlemskap",
    "/innlogging",
    "/lenke",
    "/konto",
    "/laas",
    "/sesjon/",
)

#: Those who say themselves what stands behind their addresses.
ROM = (rutene_omdisponering, rutene_vakt, rutene_beredskap, rutene_avtaler, rutene_oppgaver, rutene_plasser)
#: What an address needs behind it.
SPOERRING = {
    **rutene_vakt.SPOERRING,
    **rutene_avtaler.SPOERRING,
    **rutene_plasser.SPOERRING,
    **rutene_omdisponering.SPOERRING,
}

Steder = dict[str, Any]
_nummer = count(1)


# --- what is made first ----------------------------------------------------------------------------------


def _med_vedlegg(v: Verden) -> Steder:
    sak, innhold = v.send(), filer.bilde()
    with tempfile.TemporaryFile() as fil:
        fil.write(innhold)
        sendt = vedlegg.Sendt(uuid4(), fil, "bilde.jpg", hashlib.sha256(innhold).hexdigest())
        return {"henvendelse_id": sak, "vedlegg_id": vedlegg.legg_ved(v.lege, sak, sendt).vedlegg_id}


def med_deltaker(v: Verden) -> UUID:
    """A case that `spesialist` has, and in which `spesialist2` has written."""
    sak = v.sak(Status.AKSEPTERT)
    meldinger.send_melding(v.spesialist2, sak, uuid4(), "Jeg følger med.")
    return sak


def om_utskrivning(v: Verden) -> UUID:
    """A case that `spesialist` has sent to the kommune, about a discharge."""
    return v.send(v.spesialist, **v.om_utskrivning())


def ta_steg(aktor: Aktor, sak: UUID, steg: str, **mer: Any) -> None:
    """A step of a discharge's timeline, as it stands now."""
    utskrivning.oppdater(aktor, sak, int(_versjon(Utskrivning, sak)), steg, **mer)


def meldt_utskrivningsklar(v: Verden) -> UUID:
    """A discharge whose next step is the kommune's."""
    sak = om_utskrivning(v)
    for steg in (*"abcde", "klar"):
        ta_steg(v.spesialist, sak, steg)
    return sak


def kirurgen_er_spurt(v: Verden) -> UUID:
    """A case that `spesialist` has, with an invitation to `kirurg`."""
    sak = v.sak(Status.AKSEPTERT)
    deling.inviter(v.spesialist, sak, v.medlemskap("kirurg"))
    return sak


def kirurgen_tilbys_saken(v: Verden) -> UUID:
    """A case that `spesialist` has and `kirurg` is asked to take over."""
    sak = v.sak(Status.AKSEPTERT)
    deling.tilby_overlevering(v.spesialist, sak, v.medlemskap("kirurg"))
    return sak


def kommuneoverlegen_er_spurt(v: Verden) -> UUID:
    """A case that `spesialist` has, with an invitation from `lege` to `kommuneoverlege`."""
    sak = v.sak(Status.AKSEPTERT)
    deling.inviter(v.lege, sak, v.medlemskap("kommuneoverlege"))
    return sak


def invitasjon_i(sak: UUID) -> UUID:
    """The one invitation of a case."""
    db.session.rollback()
    return db.session.execute(
        sa.select(Saksinvitasjon.id).where(Saksinvitasjon.henvendelse_id == sak)
    ).scalar_one()


def _saken(lag: Callable[[Verden], UUID]) -> Callable[[Verden], Steder]:
    return lambda v: {"henvendelse_id": lag(v)}


def _med_invitasjon(lag: Callable[[Verden], UUID]) -> Callable[[Verden], Steder]:
    def gjoer(v: Verden) -> Steder:
        sak = lag(v)
        return {"henvendelse_id": sak, "invitasjon_id": invitasjon_i(sak)}

    return gjoer


def _ansatt(v: Verden) -> Steder:
    """Somebody whose only role is at `hf`, who is logged in."""
    aktor = ny_sesjon(lag_aktor(Rolle.KOORDINATOR, v.hf))[0]
    return {"person_id": aktor.person_id, "medlemskap_id": aktor.medlemskap_id}


def _som_svarer(v: Verden) -> Steder:
    """Somebody at `hf` who answers for a fagområde."""
    aktor = lag_aktor(Rolle.SPESIALIST, v.hf, fag=("kirurgi",))
    return {"person_id": aktor.person_id, "medlemskap_id": aktor.medlemskap_id}


def _stengt(v: Verden) -> Steder:
    steder = _ansatt(v)
    personer.sett_aktiv(Aktor.system("test"), steder["person_id"], False)
    return steder


def som_har_lett(v: Verden) -> UUID:
    """A specialist of `hf` who has stated so many reasons that it is to be looked into."""
    aktor, sak, naa = lag_aktor(Rolle.SPESIALIST, v.hf, fag=("kirurgi",)), v.noens_sak, now()
    assert aktor.person_id is not None
    lagre(
        *(
            Innsyn(
                henvendelse_id=sak,
                person_id=aktor.person_id,
                medlemskap_id=aktor.medlemskap_id,
                grunn="konsultert",
                begrunnelse="Hjelper en kollega.",
                tidspunkt=naa,
                utloeper=naa + INNSYN_VARER,
            )
            for _ in range(5)
        )
    )
    return aktor.person_id


def _lenke(v: Verden) -> Steder:
    person, token = lag_aktor(Rolle.KOORDINATOR, v.hf).person_id, secrets.token_urlsafe(32)
    formaal, naa = Lenkeformaal.INVITASJON, now()
    lagre(
        Engangslenke(
            id=uuid4(),
            token_hash=hash_token(token),
            person_id=person,
            formaal=str(formaal),
            opprettet=naa,
            utloeper=naa + LENKETID[formaal],
        )
    )
    return {"token": token}


#: By route (the API's by that of its page); a case that nobody has taken where a route with a case is not here.
FOERST: dict[str, Callable[[Verden], Steder]] = {
    f"{SAK}/gi-tilbake": _saken(lambda v: v.sak(Status.AKSEPTERT)),
    f"{SAK}/besvar": _saken(lambda v: v.sak(Status.AKSEPTERT)),
    f"{SAK}/overlever": _saken(lambda v: v.sak(Status.AKSEPTERT)),
    f"{SAK}/trenger-mer": _saken(lambda v: v.sak(Status.BESVART)),
    f"{SAK}/lukk": _saken(lambda v: v.sak(Status.BESVART)),
    f"{SAK}/gjenaapne": _saken(lambda v: v.sak(Status.LUKKET)),
    f"{SAK}/oppfoelging": _saken(lambda v: v.sak(Status.LUKKET)),
    f"{SAK}/forlat": _saken(med_deltaker),
    f"{SAK}/utskrivning": _saken(om_utskrivning),
    f"{SAK}/vedlegg/<uuid:vedlegg_id>": _med_vedlegg,
    MED_GRUNN: _saken(lambda v: v.send()),
    f"{INVITASJON}/godta": _med_invitasjon(kirurgen_er_spurt),
    f"{INVITASJON}/avslaa": _med_invitasjon(kirurgen_er_spurt),
    f"{INVITASJON}/trekk": _med_invitasjon(kommuneoverlegen_er_spurt),
    f"{FOLK}/aapne": _stengt,
    f"{ROLLE}/fagomraader": _som_svarer,
    FOELG_OPP: lambda v: {"person_id": som_har_lett(v)},
    OEKT: lambda v: {"sesjon_id": ny_sesjon(v.kirurg)[0].sesjon_id},
    "/lenke/<string:token>": _lenke,
    **rutene_vakt.FOERST,
    **rutene_beredskap.FOERST,
    **rutene_avtaler.FOERST,
    **rutene_oppgaver.FOERST,
    **rutene_plasser.FOERST,
    **rutene_omdisponering.FOERST,
    **rutene_plass_i_sak.FOERST,
}


# --- what is sent ----------------------------------------------------------------------------------------


def _versjon(klasse: type[Any], id_: UUID) -> str:
    db.session.rollback()
    rad = db.session.get(klasse, id_)
    return str(rad.versjon) if rad is not None else "1"


def saksnummer(sak: UUID) -> str:
    """The case's number; one that is no case's where there is none."""
    db.session.rollback()
    rad = db.session.get(Henvendelse, sak)
    return rad.saksnummer if rad is not None else "99-999999"


def _henvendelse(v: Verden, person: str) -> dict[str, Any]:
    """A request to the other side."""
    til_kommune = person != "ingen" and not v.aktor(person).er_kommunal
    return {k: str(verdi) for k, verdi in v.henvendelse(**(v.til_kommune() if til_kommune else {})).items()}


def _unikt() -> str:
    return f"{uuid4()}@eksempel.example"


def _linjer() -> str:
    return f"navn;epost;rolle\nNy Person;{_unikt()};{Rolle.KOORDINATOR}\n"


def _koden(hemmelighet: str) -> str:
    """What an app shows that has been given this secret."""
    return pyotp.TOTP(hemmelighet.replace(" ", "")).at(now())


def _ny_app(v: Verden, person: str, s: Steder) -> dict[str, Any]:
    if person == "ingen":
        return {}
    oppsett = totrinn.begynn_oppsett(v.aktor(person))
    return {"oppsett": oppsett.pakke, "kode": _koden(oppsett.hemmelighet), "bevis": PASSORD}


Innhold = Callable[[Verden, str, Steder], dict[str, Any]]
#: By route, or by the end of its address.
INNHOLD: dict[str, Innhold] = {
    # in a case
    "gi-tilbake": lambda v, p, s: {"begrunnelse": "Går av vakt."},
    "videresend": lambda v, p, s: {
        "mottaker_id": str(v.hf.id),
        "fagomraade": "kirurgi",
        "begrunnelse": "Ileus?",
    },
    "besvar": lambda v, p, s: {"raad": "oehd_plass", "tekst": "Slik gjør vi det."},
    "trenger-mer": lambda v, p, s: {"tekst": "Hun er verre."},
    "lukk": lambda v, p, s: {"utfall": "oehd_plass"},
    "meldinger": lambda v, p, s: {"klient_id": str(uuid4()), "tekst": "Hei."},
    "maalinger": lambda v, p, s: {"news2_puls": "80"},
    f"{SAK}/opplysninger": lambda v, p, s: {"situasjon": f"Ny {uuid4()}", "versjon": "1"},
    f"{SAK}/inviter": lambda v, p, s: {"medlemskap_id": str(v.kollega_av(p))},
    f"{SAK}/overlever": lambda v, p, s: {"medlemskap_id": str(v.medlemskap("spesialist2"))},
    f"{SAK}/oppfoelging": lambda v, p, s: {"dag": "3", "svar": "bekreftet"},
    f"{SAK}/utskrivning": lambda v, p, s: {
        "steg": "a",
        "versjon": _versjon(Utskrivning, s["henvendelse_id"]),
    },
    f"{SAK}/vedlegg": lambda v, p, s: {
        "fil": (io.BytesIO(filer.bilde()), "bilde.jpg"),
        "klient_id": str(uuid4()),
    },
    MED_GRUNN: lambda v, p, s: {
        "saksnummer": saksnummer(s["henvendelse_id"]),
        "grunn": "konsultert",
        "begrunnelse": "Hjelper en kollega på vakt.",
    },
    "/henvendelser/ny": lambda v, p, s: _henvendelse(v, p),
    "/henvendelser": lambda v, p, s: {**_henvendelse(v, p), "news2": {"puls": 80}},
    FOELG_OPP: lambda v, p, s: {"merknad": "Snakket med personen.", "organisasjon": str(v.hf.id)},
    # organisations and people
    "telefon": lambda v, p, s: {
        "telefon": f"22 00 {next(_nummer):04d}",
        "versjon": _versjon(Organisasjon, v.hf.id),
    },
    "fagtelefoner": lambda v, p, s: {
        "fag_kirurgi": f"22 00 {next(_nummer):04d}",
        "versjon": _versjon(Organisasjon, v.hf.id),
    },
    "/organisasjoner/<uuid:organisasjon_id>/enheter/ny": lambda v, p, s: {
        "navn": f"Enhet {uuid4()}",
        "type": "avdeling",
        "aktiv": "1",
    },
    "/enheter/<uuid:enhet_id>": lambda v, p, s: {
        "navn": f"Enhet {uuid4()}",
        "type": "legevakt",
        "aktiv": "1",
        "versjon": _versjon(Enhet, v.enhet.id),
    },
    "/folk/ny": lambda v, p, s: {
        "organisasjon": str(v.hf.id),
        "navn": "Ny Person",
        "epost": _unikt(),
        "rolle": str(Rolle.KOORDINATOR),
        "inviter": "1",
    },
    "/folk/import": lambda v, p, s: {"organisasjon": str(v.hf.id), "tekst": _linjer(), "lagre": "1"},
    f"{FOLK}/opplysninger": lambda v, p, s: {"navn": f"Nytt Navn {uuid4()}", "epost": _unikt()},
    f"{FOLK}/roller": lambda v, p, s: {"rolle": str(Rolle.ADMINISTRATOR)},
    f"{ROLLE}/fagomraader": lambda v, p, s: {"fagomraader": "geriatri"},
    f"{ROLLE}/sluttdato": lambda v, p, s: {"til": f"{now() + timedelta(days=40):%Y-%m-%d}"},
    # oneself
    "/medlemskap": lambda v, p, s: {"medlemskap_id": str(v.medlemskap(p))} if p != "ingen" else {},
    "/spraak": lambda v, p, s: {"spraak": "nb", "neste": "/"},
    "/passord": lambda v, p, s: {
        "naavaerende": PASSORD,
        "passord": f"{PASSORD}{p}",
        "gjenta": f"{PASSORD}{p}",
    },
    "/innlogging": lambda v, p, s: {"epost": _epost(v.lege), "passord": PASSORD, "neste": "/"},
    "/lenke/<string:token>": lambda v, p, s: {"passord": PASSORD, "gjenta": PASSORD},
    "/glemt-passord": lambda v, p, s: {"epost": _epost(v.lege)},
    "/laas/opp": lambda v, p, s: {"bevis": PASSORD},
    "/laas/utkast": lambda v, p, s: {"tekst": "Halvskrevet."},
    "/laas/vakt": lambda v, p, s: {"til": "23:59"},
    "/konto/tofaktor": _ny_app,
    **rutene_vakt.INNHOLD,
    **rutene_beredskap.INNHOLD,
    **rutene_avtaler.INNHOLD,
    **rutene_oppgaver.INNHOLD,
    **rutene_plasser.INNHOLD,
    **rutene_omdisponering.INNHOLD,
    **rutene_plass_i_sak.INNHOLD,
}


def _epost(aktor: Aktor) -> str:
    assert aktor.person_id is not None
    db.session.rollback()
    return db.session.get_one(Person, aktor.person_id).epost


@transactional
def uten_app() -> None:
    """Takes everybody's second factor away again."""
    db.session.execute(sa.delete(Gjenopprettingskode))
    db.session.execute(sa.update(Person).values(totp_hemmelighet=None, totp_steg=None))


class Rute:
    """One line of the table: how to ask, and what shows that it was done."""

    #: Those who may see the case that they would state a reason for: nothing is written.
    EGEN_SAK = ("lege", "kollega", "sykepleier", "spesialist", "spesialist2", "vaktleder")
    #: What leaves no success in the audit log: what is sent stays in the browser, or nothing is changed.
    UTEN_SPOR = (
        *("/spraak", "/medlemskap", "/sesjon/aktiv", "/laas/utkast", MED_GRUNN),
        *rutene_beredskap.UTEN_SPOR,
        *rutene_avtaler.UTEN_SPOR,
        *rutene_plasser.UTEN_SPOR,
        *rutene_omdisponering.UTEN_SPOR,
    )
    #: What changes a row, and leaves no success in the audit log either.
    BARE_RADER = rutene_vakt.UTEN_REVISJON

    def __init__(self, v: Verden, hva: str) -> None:
        self.v = v
        self.metode, self.regel = hva.split()
        self.siste = self.regel.rsplit("/", 1)[-1]
        # The API's readable page is a page.
        self.api = self.regel.startswith("/api/") and self.siste != "docs"
        #: The route of a page and of its twin in the API.
        self.noekkel = self.regel.removeprefix("/api/v1") if self.api else self.regel
        self.egen_login = self.regel.startswith(ENDRER_LOGIN)
        #: Whether what is asked about can be asked about once only.
        self.bruker_opp = self.metode == "POST" and (self.noekkel in FOERST or "_id>" in self.regel)
        self.bare_rader = self.metode == "POST" and self.noekkel in self.BARE_RADER
        self.setter_spor = self.metode == "POST" and self.regel not in self.UTEN_SPOR and not self.bare_rader
        #: What a page says of what is somebody else's.
        self.finnes_ikke = (
            "Du er ikke logget inn der lenger."
            if self.regel == OEKT
            else "Dette finnes ikke, eller du har ikke tilgang til det."
        )
        #: The data of the next asking in the route of the second step of a login.
        self.andre_trinn: dict[str, Any] = {}

    def sett_opp(self) -> Steder:
        """Makes what is asked about: the places of the address, and the case that a row is written in."""
        if self.noekkel in FOERST:
            return FOERST[self.noekkel](self.v)
        for rom in ROM:
            if (steder := rom.sett_opp(self.v, self.regel)) is not None:
                return steder
        if "henvendelse_id" in self.regel:
            return {"henvendelse_id": self.v.send()}
        if "person_id" in self.regel:
            return _ansatt(self.v)
        return {}

    def rader(self, person: str) -> int:
        """How many rows of the case's log the act gives."""
        if self.metode == "GET":
            return 0
        if self.siste in ("gi-tilbake", "videresend"):
            # Into a queue: the first step of its ladder is taken at once.
            return 2
        return int(self.regel != MED_GRUNN or person not in self.EGEN_SAK)

    def klargjoer(self, klient: FlaskClient, person: str) -> None:
        """What the browser has been through before it asks."""
        if self.regel in (KODE, OPPSETT):
            with klient.session_transaction() as kapsel:
                kapsel["andre_trinn"] = {"bevis": self._bevis(), "neste": "/"}
        if self.regel == "/glemt-passord":
            # Asked for too often from one place, it is refused: each has a place of its own.
            klient.environ_base["REMOTE_ADDR"] = f"10.0.0.{next(_nummer) % 250}"
        if person == "ingen":
            return
        rutene_vakt.klargjoer(self.v, self.regel, person)
        if self.regel in MED_APP:
            gi_app(db.session.get_one(Person, self.v.aktor(person).person_id))
        if self.regel in LAAST:
            assert klient.post("/laas/skjermen").status_code == 303

    def _bevis(self) -> str:
        """What stands in the browser of somebody who has shown the password, and has or must set up an app."""
        ny = lag_aktor(Rolle.KOORDINATOR, self.v.hf)
        self.andre_trinn = {}
        if self.regel == KODE:
            self.andre_trinn = {"gjenoppretting": gi_app(db.session.get_one(Person, ny.person_id))[0]}
        with krav("krev"):
            mellom = oekter.logg_inn(_epost(ny), PASSORD, kilde="10.1.1.1")
        assert isinstance(mellom, oekter.Mellomtrinn)
        if self.regel == OPPSETT:
            oppsett = totrinn.oppsett_ved_innlogging(mellom.bevis)
            self.andre_trinn = {"oppsett": oppsett.pakke, "kode": _koden(oppsett.hemmelighet)}
        return mellom.bevis

    def adresse(self, steder: Steder) -> str:
        adresse = self.regel + (SPOERRING.get(self.regel, "") if self.metode == "GET" else "")
        # Only what stands in the address: to look up an id after a rollback is a question to the database.
        alle: Steder = {"filename": "ikon.svg"}
        if "<uuid:organisasjon_id>" in adresse:
            alle["organisasjon_id"] = self.v.hf.id
        if "<uuid:enhet_id>" in adresse:
            alle["enhet_id"] = self.v.enhet.id
        alle |= steder
        for navn, verdi in alle.items():
            for slag in ("uuid:", "string:", "path:", "int:", ""):
                adresse = adresse.replace(f"<{slag}{navn}>", str(verdi))
        return adresse

    def innhold(self, person: str, steder: Steder) -> dict[str, Any]:
        if self.regel in (KODE, OPPSETT):
            return self.andre_trinn
        if self.regel in MED_APP:
            return {"bevis": kode()}
        lag = INNHOLD.get(self.noekkel) or INNHOLD.get(self.siste)
        return lag(self.v, person, steder) if lag else {}

    def spoer(self, klient: FlaskClient, person: str, steder: Steder) -> TestResponse:
        valg: dict[str, Any] = {"method": self.metode, "buffered": True}
        if self.regel == rutene_vakt.SVAR:
            valg |= rutene_vakt.portens_svar(steder)
        elif self.metode in ("POST", "PUT"):
            fil = self.noekkel == f"{SAK}/vedlegg"
            valg["json" if self.api and not fil else "data"] = self.innhold(person, steder)
        if self.regel == "/vaktmodus":
            # Over a page; asked for as a page it is the lock, for whoever has locked the screen.
            valg["headers"] = {"X-Bakgrunn": "1"}
        return klient.open(self.adresse(steder), **valg)

    def tolk(self, svar: TestResponse) -> str:
        """The sign of an answer."""
        innlogging = svar.status_code == 302 and svar.headers["Location"].startswith("/innlogging")
        if svar.status_code == 401 or innlogging:
            return "!"
        # «Locked» is what a form that comes to the lock is answered.
        if svar.status_code < 400 or (self.regel == "/laas/utkast" and svar.status_code == 423):
            return "+"
        if self.regel == rutene_vakt.MAALER and svar.status_code == 503 and svar.json["status"] == "roed":
            return "+"
        return {403: "-", 404: "0", 409: "9"}.get(svar.status_code, str(svar.status_code))
