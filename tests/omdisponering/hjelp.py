"""Builders of the tests of reallocation: who can be lent, a need, an agreement that binds both, and the lawful way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from portal.avtaler.forloep import Status as Avtalestatus
from portal.avtaler.models import Bestemmelse
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db
from portal.identitet.models import Enhet, Organisasjon
from portal.omdisponering.forloep import (
    LOVFELT,
    Behovsstatus,
    Lokaleslag,
    Slag,
    Status,
    Stilling,
    Tilbudsstatus,
)
from portal.omdisponering.models import Behov, Omdisponering, Tilbud
from portal.omdisponering.ressursmodeller import Bemanningsgulv, Lokale, Ressursperson, Vedtak
from portal.omdisponering.service import flyt, utkast
from tests import bygg
from tests.avtalehjelp import lag_avtale, lag_bestemmelse
from tests.bygg import Scene, lag_aktor, lag_enhet, lagre, om
from tests.plasser.hjelp import lag_plassenhet

T = timedelta(hours=1)
DAG = timedelta(days=1)
LOV = {felt: f"Avklart: {felt}." for felt in LOVFELT}


def lag_ressurs(organisasjon: Organisasjon, enhet: Enhet | None = None, **felt: Any) -> Ressursperson:
    """A nurse of the organisation who can be lent in full."""
    rad = Ressursperson(
        **{
            "id": uuid4(),
            "organisasjon_id": organisasjon.id,
            "enhet_id": enhet.id if enhet else None,
            "navn": "Máret Sykepleier",
            "stilling": Stilling.SYKEPLEIER,
            "sted_id": organisasjon.id,
            "opprettet": now(),
            **felt,
        }
    )
    lagre(rad)
    return rad


def lag_lokale(organisasjon: Organisasjon, **felt: Any) -> Lokale:
    """A ward of the organisation with ten beds."""
    rad = Lokale(
        **{
            "id": uuid4(),
            "organisasjon_id": organisasjon.id,
            "navn": f"Sengepost {uuid4().hex[:4]}",
            "slag": Lokaleslag.SENGEPOST,
            "sted_id": organisasjon.id,
            "plasser": 10,
            "opprettet": now(),
            **felt,
        }
    )
    lagre(rad)
    return rad


def lag_gulv(enhet: Enhet, *, antall: int = 5, gulv: int = 3, **felt: Any) -> Bemanningsgulv:
    """So many nurses at a unit, and below how many it may not fall."""
    rad = Bemanningsgulv(
        **{
            "id": uuid4(),
            "organisasjon_id": enhet.organisasjon_id,
            "enhet_id": enhet.id,
            "stilling": Stilling.SYKEPLEIER,
            "antall": antall,
            "gulv": gulv,
            "endret": now(),
            **felt,
        }
    )
    lagre(rad)
    return rad


def lag_behov(organisasjon: Organisasjon, enhet: Enhet | None = None, **felt: Any) -> Behov:
    """A need that has been stated: two nurses (one at least) from tomorrow, for a week."""
    fra = felt.pop("fra", None) or now() + DAG
    lokale = felt.get("slag") == Slag.LOKALE
    rad = Behov(
        **{
            "id": uuid4(),
            "organisasjon_id": organisasjon.id,
            "enhet_id": enhet.id if enhet else None,
            "slag": Slag.PERSONELL,
            "status": Behovsstatus.AAPENT,
            "stilling": None if lokale else Stilling.SYKEPLEIER,
            "lokaleslag": Lokaleslag.SENGEPOST if lokale else None,
            "antall": 2,
            "minst": 1,
            "fra": fra,
            "til": fra + 7 * DAG,
            "sted_id": organisasjon.id,
            "hvorfor": "Mange innlagte, og fire syke.",
            "fase": 4,
            "opprettet": now(),
            "meldt": now(),
            **felt,
        }
    )
    lagre(rad)
    return rad


def lag_tilbud(
    hva: Ressursperson | Lokale, behov: Behov | None = None, *, rettet: bool = False, **felt: Any
) -> Tilbud:
    """An open offer of a person or premises: in the need's time, to that need alone when it is `rettet`."""
    person = isinstance(hva, Ressursperson)
    rad = Tilbud(
        **{
            "id": uuid4(),
            "organisasjon_id": hva.organisasjon_id,
            "slag": Slag.PERSONELL if person else Slag.LOKALE,
            "status": Tilbudsstatus.AAPENT,
            "ressursperson_id": hva.id if person else None,
            "lokale_id": None if person else hva.id,
            "behov_id": behov.id if behov and rettet else None,
            "fra": behov.fra if behov else now(),
            "til": behov.til if behov else now() + 30 * DAG,
            "opprettet": now(),
            **felt,
        }
    )
    lagre(rad)
    return rad


def lag_vedtak(organisasjon: Organisasjon, **felt: Any) -> Vedtak:
    """A decision by which people can be ordered, from yesterday and for a month."""
    dag = now().date()
    rad = Vedtak(
        **{
            "id": uuid4(),
            "organisasjon_id": organisasjon.id,
            "hjemmel": "helseberedskapsloven § 4-1",
            "besluttet_av": "Departementet",
            "vedtatt": dag,
            "referanse": "26/1234",
            "fra": dag - DAG,
            "til": dag + 30 * DAG,
            "registrert": now(),
            **felt,
        }
    )
    lagre(rad)
    return rad


@dataclass
class Utlaan:
    """A world in which the trust of `Scene` lends nurses to its kommune: `avgiver` and `mottaker` act for them.

    The receiving unit has four beds, two of them without staff (`plassenhet_id`).
    """

    scene: Scene = field(default_factory=Scene)

    def __post_init__(self) -> None:
        self.avgiver = self.scene.koordinator
        self.mottaker = lag_aktor(Rolle.KOORDINATOR, self.scene.kommune)
        self.fremmed = lag_aktor(Rolle.KOORDINATOR, self.scene.annen_kommune)
        self.post = lag_enhet(self.scene.hf, "avdeling", "Medisinsk post")
        self.oehd = lag_enhet(self.scene.kommune, "oehd_enhet", "ØHD Guovdageaidnu")
        self.plassenhet_id = lag_plassenhet(self.scene, 2, enhet=self.oehd)
        from tests.plasser.hjelp import ny_plass

        for _ in range(2):
            ny_plass(self.plassenhet_id, bemannet=False)
        self.bestemmelse = self.avtale(self.scene.hf, [self.scene.kommune, self.scene.annen_kommune])
        self.personer = [
            lag_ressurs(self.scene.hf, self.post, navn=navn) for navn in ("Máret Somby", "Åse Ørn")
        ]
        self.behov = lag_behov(self.scene.kommune, self.oehd)

    def avtale(self, eier: Organisasjon, kommuner: Sequence[Organisasjon]) -> Bestemmelse:
        """An agreement in force between them, with one clause: that clause."""
        avtale = lag_avtale(eier, kommuner, status=Avtalestatus.GJELDENDE, bestemmelser=())
        return lag_bestemmelse(avtale, overskrift="Omdisponering av personell")

    def utkast(self, aktor: Aktor | None = None, behov: Behov | None = None, **felter: Any) -> UUID:
        """A draft by the lender: all of `personer`, with the legal fields and the clause; two beds are opened."""
        return utkast.opprett(
            aktor or self.avgiver,
            (behov or self.behov).id,
            [utkast.Ny(ressursperson_id=p.id, samtykket=True) for p in self.personer],
            **{**LOV, "bestemmelse_id": self.bestemmelse.id, "aapnes": 2, **felter},
        )

    def til(self, status: Status, **felter: Any) -> UUID:
        """A reallocation that has come to the status the lawful way. Its time has begun from IVERKSATT on."""
        id_ = self.utkast(**felter)
        if status == Status.UTKAST:
            return id_
        flyt.foreslaa(self.avgiver, id_)
        if status == Status.FORESLAATT:
            return id_
        if status == Status.TRUKKET:
            flyt.trekk(self.avgiver, id_, grunn="Ikke nødvendig lenger.")
            return id_
        if status == Status.AVSLAATT:
            flyt.avslaa(self.mottaker, id_, grunn="Vi har fått andre.")
            return id_
        flyt.godkjenn(self.avgiver, id_, lest=self.les(id_).innhold_hash)
        if status == Status.GODKJENT_AVGIVER:
            return id_
        flyt.godkjenn(self.mottaker, id_, lest=self.les(id_).innhold_hash)
        if status == Status.GODKJENT_MOTTAKER:
            return id_
        with om(days=1, minutes=1):
            flyt.iverksett(self.mottaker, id_)
        if status == Status.AVSLUTTET:
            with om(days=2):
                flyt.avslutt(self.mottaker, id_, grunn="Toppen er over.")
        return id_

    def les(self, id_: UUID) -> Omdisponering:
        """The row as the database has it now."""
        db.session.rollback()
        db.session.expire_all()
        return db.session.get_one(Omdisponering, id_)


def senere(dager: int) -> datetime:
    """So many days from now."""
    return now() + dager * DAG


def setninger(gjoer: Callable[[], object]) -> int:
    """How many statements it sends to the database, the first of a transaction among them."""
    db.session.rollback()
    return bygg.setninger(gjoer)
