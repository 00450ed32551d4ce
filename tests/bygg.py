"""Builders: each makes one thing that a test needs, with sensible values for all that it does not name.

They write real rows in real transactions. A case is moved through its use cases, never set to a status.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from typing import Any, ParamSpec, TypeVar
from uuid import UUID, uuid4

import sqlalchemy as sa
from flask import Flask
from flask.globals import _cv_app, _cv_request
from flask.testing import FlaskClient
from flask_socketio import SocketIOTestClient
from sqlalchemy.engine import Connection, Engine

from portal.core import realtime
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now, som_om
from portal.core.db import Base, db, i_transaksjon, skrivetransaksjon, transactional
from portal.henvendelser.forloep import Raad, Status, Utfall
from portal.henvendelser.models import Hendelse, Henvendelse
from portal.henvendelser.service import flyt, innsending
from portal.identitet.models import (
    Enhet,
    Medlemskap,
    MedlemskapFagomraade,
    Organisasjon,
    Person,
    Sesjon,
)
from portal.identitet.steps import hash_token
from portal.plasser import tavlelager
from portal.revisjon.models import Revisjon

P = ParamSpec("P")
R = TypeVar("R")
_nummer = count(1)
PASSORD = "Riktig hest batteri stift 7"
#: A valid national identity number that is nobody's: synthetic ones have 80 added to the month.
PERSONNUMMER = "01819012365"


def lagre(*rader: Any) -> None:
    """Writes rows: together with the running transaction's others, else in one of their own."""
    if i_transaksjon():
        db.session.add_all(rader)
    else:
        _lagre(rader)


@transactional
def _lagre(rader: tuple[Any, ...]) -> None:
    db.session.add_all(rader)


def _orgnr(nummer: int) -> str:
    """A valid organisation number (mod-11) that depends on the number alone."""
    vekter = (3, 2, 7, 6, 5, 4, 3, 2)
    for stamme in range(81_000_000 + nummer * 10, 81_000_000 + nummer * 10 + 10):
        sum_ = sum(int(s) * v for s, v in zip(str(stamme), vekter, strict=True))
        kontroll = (11 - sum_ % 11) % 11
        if kontroll < 10:
            return f"{stamme}{kontroll}"
    raise AssertionError


def lag_organisasjon(type_: str = "kommune", navn: str = "", **felt: Any) -> Organisasjon:
    n = next(_nummer)
    navn = navn or f"Testnes {n}"
    organisasjon = Organisasjon(
        id=uuid4(),
        type=type_,
        kode=f"{1000 + n % 9000}" if type_ == "kommune" else None,
        navn=navn,
        kortnavn=navn,
        organisasjonsnummer=_orgnr(n),
        **felt,
    )
    lagre(organisasjon)
    return organisasjon


def lag_hf(navn: str = "", **felt: Any) -> Organisasjon:
    return lag_organisasjon("hf", navn or f"Sykehuset Testfjord {next(_nummer)}", **felt)


def lag_kommune(navn: str = "", **felt: Any) -> Organisasjon:
    return lag_organisasjon("kommune", navn, **felt)


def lag_enhet(organisasjon: Organisasjon, type_: str = "legevakt", navn: str = "", **felt: Any) -> Enhet:
    enhet = Enhet(
        id=uuid4(),
        organisasjon_id=organisasjon.id,
        type=type_,
        navn=navn or f"Enhet {next(_nummer)}",
        **felt,
    )
    lagre(enhet)
    return enhet


def lag_person(navn: str = "", **felt: Any) -> Person:
    n = next(_nummer)
    person = Person(
        id=uuid4(),
        navn=navn or f"Åse Ođđá Testesen {n}",
        epost=felt.pop("epost", f"person{n}@eksempel.example"),
        opprettet=now(),
        **felt,
    )
    lagre(person)
    return person


def lag_medlemskap(
    person: Person,
    rolle: Rolle,
    organisasjon: Organisasjon,
    enhet: Enhet | None = None,
    fag: tuple[str, ...] = (),
    fra: datetime | None = None,
    til: datetime | None = None,
) -> Medlemskap:
    medlemskap = Medlemskap(
        id=uuid4(),
        person_id=person.id,
        organisasjon_id=organisasjon.id,
        enhet_id=enhet.id if enhet else None,
        rolle=rolle,
        gyldig_fra=fra or now() - timedelta(days=30),
        gyldig_til=til,
        fag=[MedlemskapFagomraade(fagomraade=f) for f in fag],
    )
    lagre(medlemskap)
    return medlemskap


def lag_aktor(
    rolle: Rolle,
    organisasjon: Organisasjon,
    enhet: Enhet | None = None,
    fag: tuple[str, ...] = (),
    navn: str = "",
) -> Aktor:
    """A new person in a new membership, as an actor without a session."""
    if rolle == Rolle.SPESIALIST and not fag:
        fag = ("indremedisin",)
    person = lag_person(navn)
    return som_aktor(person, lag_medlemskap(person, rolle, organisasjon, enhet, fag), organisasjon, enhet)


def som_aktor(
    person: Person, medlemskap: Medlemskap, organisasjon: Organisasjon, enhet: Enhet | None = None
) -> Aktor:
    """The actor that `identitet.steps.aktor_for_medlemskap` would read (a test compares the two)."""
    return Aktor(
        navn=person.navn,
        person_id=person.id,
        medlemskap_id=medlemskap.id,
        rolle=Rolle(medlemskap.rolle),
        organisasjon_id=organisasjon.id,
        organisasjon_navn=organisasjon.kortnavn,
        organisasjon_type=organisasjon.type,
        enhet_id=enhet.id if enhet else None,
        enhet_navn=enhet.navn if enhet else "",
        fagomraader=medlemskap.fagomraader,
    )


def ny_sesjon(aktor: Aktor, **felt: Any) -> tuple[Aktor, str]:
    """A login in the actor's membership: the actor with the session, and the browser's token."""
    token = secrets.token_urlsafe(32)
    naa = now()
    sesjon = Sesjon(
        id=uuid4(),
        token_hash=hash_token(token),
        person_id=aktor.person_id,
        medlemskap_id=aktor.medlemskap_id,
        **{"opprettet": naa, "sist_brukt": naa, "utloeper": naa + timedelta(hours=12), **felt},
    )
    lagre(sesjon)
    return replace(aktor, sesjon_id=sesjon.id), token


def for_seg(funksjon: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Calls outside the test's own Flask context.

    Inside it Flask would reuse its `g` for the request, where the login of the request before still stands.
    """

    def alene() -> R:
        _cv_app.set(None)  # type: ignore[arg-type]
        _cv_request.set(None)  # type: ignore[arg-type]
        return funksjon(*args, **kwargs)

    return copy_context().run(alene)


def koble_til(app: Flask, klient: FlaskClient) -> SocketIOTestClient:
    """A socket of a browser: the same handlers as the server's, without the network."""
    return for_seg(realtime.socketio.test_client, app, flask_test_client=klient)


# --- looking at what there is ----------------------------------------------------------------------------


class Opptak(dict[str, list[Callable[..., None]]]):
    """The table of those who listen to events, with a recorder beside them."""

    def __init__(self, abonnenter: Mapping[str, list[Callable[..., None]]]) -> None:
        super().__init__(abonnenter)
        #: Every published event, in order: (name, data).
        self.hendelser: list[tuple[str, dict[str, Any]]] = []

    def get(self, navn: str, _ellers: Any = None) -> list[Callable[..., None]]:  # type: ignore[override]
        return [lambda **data: self.hendelser.append((navn, data)), *super().get(navn, ())]

    def navn(self) -> list[str]:
        return [navn for navn, _ in self.hendelser]


@cache
def _alt_i_hver() -> dict[str, sa.Select[*tuple[Any, ...]]]:
    """The query for everything in each table, by its name: made once, since to make them takes as long as to ask."""
    return {tabell.name: sa.select(tabell) for tabell in Base.metadata.sorted_tables}


def alle_rader() -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the database, table by table, as it is now."""
    db.session.rollback()
    forbindelse = db.session.connection()
    rader = {
        navn: sorted((tuple(r) for r in forbindelse.execute(sporring)), key=repr)
        for navn, sporring in _alt_i_hver().items()
    }
    db.session.rollback()
    return rader


@contextmanager
def uten_spor(opptak: Opptak, *, avslag: int | None = 0) -> Iterator[None]:
    """Demands that what is done inside leaves no row, no audit entry and no event.

    Only refusals may be added to the audit log: `avslag` of them (None: any number), in no case's chain.
    """
    foer, hendelser = alle_rader(), list(opptak.hendelser)
    yield
    etter = alle_rader()
    assert opptak.hendelser == hendelser
    nye = [r for r in etter.pop("revisjon") if r not in set(foer["revisjon"])]
    assert len(etter) == len(foer) - 1
    kjeder = {r[0]: r for r in etter.pop("revisjonskjede")}
    kolonner = list(Revisjon.__table__.columns.keys())
    innslag = [dict(zip(kolonner, r, strict=True)) for r in nye]
    assert [i["utfall"] for i in innslag] == ["avslag"] * len(nye), innslag
    assert avslag is None or len(nye) == avslag, innslag
    rort = {i["kjede"] for i in innslag}
    assert not [k for k in rort if k.startswith("sak:")], "a refusal stands in the chain of the case"
    assert {k: r for k, r in kjeder.items() if k not in rort} == {
        r[0]: r for r in foer["revisjonskjede"] if r[0] not in rort
    }
    for tabell, rader in etter.items():
        assert rader == foer[tabell], tabell


def revisjon(handling: str = "", *, objekt: object = None) -> list[Revisjon]:
    """The audit entries, of one kind or about one object, in the order of their chains."""
    db.session.rollback()
    sporring = sa.select(Revisjon).order_by(Revisjon.kjede, Revisjon.nummer)
    if handling:
        sporring = sporring.where(Revisjon.handling == handling)
    if objekt is not None:
        sporring = sporring.where(Revisjon.objekt_id == str(objekt))
    return list(db.session.scalars(sporring))


def logg_over(sak_id: UUID) -> list[Hendelse]:
    """The log of a case, in order."""
    db.session.rollback()
    return list(
        db.session.scalars(
            sa.select(Hendelse).where(Hendelse.henvendelse_id == sak_id).order_by(Hendelse.sekvens)
        )
    )


@transactional
def skriv(*setninger: sa.Executable) -> None:
    """Statements that no use case makes, committed: what happened long ago, or behind the portal's back."""
    for setning in setninger:
        db.session.execute(setning)


@contextmanager
def uten_vern(engine: Engine) -> Iterator[Connection]:
    """A transaction whose owner has lifted the triggers that guard the logs, and the foreign keys."""
    if engine.dialect.name == "postgresql":
        with skrivetransaksjon(engine) as c:
            c.exec_driver_sql("SET LOCAL session_replication_role = replica")
            yield c
        return
    with engine.connect() as c:
        raa: Any = c.connection.dbapi_connection
        # Without effect inside a transaction: it must come before BEGIN.
        raa.execute("PRAGMA foreign_keys=OFF")
        try:
            with c.begin():
                utloesere = list(
                    c.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
                )
                for navn, _ in utloesere:
                    c.exec_driver_sql(f"DROP TRIGGER {navn}")
                yield c
                for _, sql in utloesere:
                    c.exec_driver_sql(sql)
        finally:
            raa.execute("PRAGMA foreign_keys=ON")


def setninger(gjoer: Callable[[], object]) -> int:
    """How many statements it sends to the database."""
    antall = 0

    def tell(*_: object) -> None:
        nonlocal antall
        antall += 1

    sa.event.listen(db.engine, "before_cursor_execute", tell)
    try:
        gjoer()
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", tell)
    return antall


def toem(engine: Engine) -> None:
    """Empties every table, as the owner of the database can and no user of the portal."""
    slett = [f"DELETE FROM {t.name}" for t in reversed(Base.metadata.sorted_tables)]
    with uten_vern(engine) as c:
        for setning in ["; ".join(slett)] if engine.dialect.name == "postgresql" else slett:
            c.exec_driver_sql(setning)
    tavlelager.glem()


# --- the world a case lives in ---------------------------------------------------------------------------


class Scene:
    """The smallest world a case lives in: a kommune with a unit, its hospital, and the people of both."""

    def __init__(self) -> None:
        self._lag()

    @transactional
    def _lag(self) -> None:
        self.hf = lag_hf("Sykehuset Testfjord")
        self.annet_hf = lag_hf("Annet sykehus")
        self.kommune = lag_kommune("Guovdageaidnu", helseforetak_id=self.hf.id)
        self.annen_kommune = lag_kommune("Nabokommunen", helseforetak_id=self.hf.id)
        self.enhet = lag_enhet(self.kommune, "legevakt", "Legevakta")
        self.annen_enhet = lag_enhet(self.kommune, "sykehjem", "Sykehjemmet")
        self.lege = lag_aktor(Rolle.LEGE_KOMMUNE, self.kommune, self.enhet, navn="Ingrid Lege")
        self.kollega = lag_aktor(Rolle.LEGE_KOMMUNE, self.kommune, self.enhet, navn="Kari Kollega")
        self.sykepleier = lag_aktor(Rolle.HELSEPERSONELL, self.kommune, self.enhet)
        self.annen_lege = lag_aktor(Rolle.LEGE_KOMMUNE, self.kommune, self.annen_enhet)
        self.fremmed_lege = lag_aktor(Rolle.LEGE_KOMMUNE, self.annen_kommune)
        self.spesialist = lag_aktor(Rolle.SPESIALIST, self.hf, fag=("indremedisin",), navn="Siri Spesialist")
        self.spesialist2 = lag_aktor(Rolle.SPESIALIST, self.hf, fag=("indremedisin", "geriatri"))
        self.kirurg = lag_aktor(Rolle.SPESIALIST, self.hf, fag=("kirurgi",))
        self.fremmed_spesialist = lag_aktor(Rolle.SPESIALIST, self.annet_hf, fag=("indremedisin",))
        self.vaktleder = lag_aktor(Rolle.VAKTLEDER, self.hf)
        self.fremmed_vaktleder = lag_aktor(Rolle.VAKTLEDER, self.annet_hf)
        self.kommuneoverlege = lag_aktor(Rolle.KOMMUNEOVERLEGE, self.kommune)
        self.koordinator = lag_aktor(Rolle.KOORDINATOR, self.hf)
        self.administrator = lag_aktor(Rolle.ADMINISTRATOR, self.hf)
        self.systemadministrator = lag_aktor(Rolle.SYSTEMADMINISTRATOR, self.hf)
        self.rhf = lag_organisasjon("rhf", "Helse Test")
        self.innsyn = lag_aktor(Rolle.INNSYN, self.rhf)

    def send(self, aktor: Aktor | None = None, **endret: Any) -> UUID:
        """Sends a request and gives its id."""
        return innsending.opprett(aktor or self.lege, self.henvendelse(**endret))

    def henvendelse(self, **endret: Any) -> dict[str, Any]:
        """What `schemas.HenvendelseInn` would give for a hurried request."""
        return {
            "klient_id": uuid4(),
            "mottaker_id": self.hf.id,
            "fagomraade": "indremedisin",
            "hastegrad": "haster",
            "tilbakeringing": "900 00 000",
            "plan_uten_raad": "legge_inn",
            "situasjon": "Tungpust siden i går. Lurer på om hun må inn.",
            "bostedskommune_id": self.kommune.id,
            "kjoenn": "kvinne",
            **endret,
        }

    def sak(
        self, status: Status = Status.NY, *, utfall: Utfall = Utfall.BEHANDLES_I_KOMMUNEN, **endret: Any
    ) -> UUID:
        """A case that has come to the status the lawful way."""
        id_ = self.send(**endret)
        if status == Status.TRUKKET:
            flyt.trekk(self.lege, id_)
        if status in (Status.AKSEPTERT, Status.BESVART, Status.LUKKET):
            flyt.aksepter(self.spesialist, id_)
        if status in (Status.BESVART, Status.LUKKET):
            flyt.besvar(self.spesialist, id_, Raad.BEHANDLES_I_KOMMUNEN, "Øk dosen.")
        if status == Status.LUKKET:
            flyt.lukk(self.lege, id_, utfall)
        return id_

    def les(self, id_: UUID) -> Henvendelse:
        """The row as the database has it now."""
        db.session.rollback()
        db.session.expire_all()
        return db.session.get_one(Henvendelse, id_)


@contextmanager
def om(**varighet: float) -> Iterator[None]:
    """Later: `with om(hours=24): …`."""
    with som_om(now() + timedelta(**varighet)):
        yield
