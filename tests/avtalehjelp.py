"""Builders for agreements, phases and tasks: straight into the tables, as `tests/bygg.py` does for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from portal.avtaler.forloep import I_KRAFT, Art, Avtaletype, Partstatus, Side, Status
from portal.avtaler.livsmodeller import (
    Doegnsats,
    Gjennomgang,
    Innsending,
    Oppsigelse,
    Uenighet,
    Uenighetsfoering,
)
from portal.avtaler.models import (
    ALLE_FASER,
    EVIG,
    Avtale,
    Avtalepart,
    Avtaleversjon,
    Bestemmelse,
    Bestemmelsesendring,
    Forslag,
    Forslagssvar,
    Godkjenning,
    Godkjenningsledd,
    Kommentar,
)
from portal.beredskap.models import (
    Beredskapsnivaa,
    Fase,
    Faseforslag,
    Faseforslagsmottaker,
    Faseperiode,
    Kriseledelse,
    Oevelse,
    Oevelsesdeltaker,
)
from portal.core.clock import i_dag, now
from portal.core.db import db, transactional
from portal.henvendelser.models import Avtalegrunnlag, Henvendelse
from portal.identitet.models import Organisasjon
from portal.oppgaver.models import Oppgave
from tests.bygg import Scene, lagre


def faser(*numre: int) -> int:
    """The bits of `Bestemmelse.faser`: faser(3, 4)."""
    return sum(1 << n for n in numre)


def lag_avtale(
    eier: Organisasjon,
    kommuner: Sequence[Organisasjon] = (),
    *,
    status: Status = Status.UTKAST,
    type: Avtaletype = Avtaletype.TJENESTEAVTALE,
    tittel: str = "Innleggelse og utskrivning",
    i_kraft_fra: date | None = None,
    i_kraft_til: date | None = None,
    bestemmelser: Sequence[dict[str, Any]] = ({},),
    **felt: Any,
) -> Avtale:
    """An agreement with one version in that status, its parties, and its clauses (see `lag_bestemmelse`)."""
    i_kraft = status in I_KRAFT
    if i_kraft and i_kraft_fra is None:
        i_kraft_fra = i_dag() - timedelta(days=30)
    avtale = Avtale(
        id=uuid4(), type=type, eier_id=eier.id, tittel=tittel, siste_nummer=1, opprettet=now(), **felt
    )
    lagre(avtale)
    lagre(
        *(
            Avtalepart(
                id=uuid4(),
                avtale_id=avtale.id,
                organisasjon_id=organisasjon.id,
                side=side,
                status=Partstatus.DELTAR,
                invitert=now(),
                fra=i_kraft_fra,
            )
            for organisasjon, side in [(eier, Side.FORETAK), *((k, Side.KOMMUNE) for k in kommuner)]
        ),
        Avtaleversjon(
            id=uuid4(),
            avtale_id=avtale.id,
            nummer=1,
            tittel=tittel,
            status=status,
            opprettet=now(),
            medvirkning="Brukerutvalget og pårørendeforeningen deltok.",
            i_kraft_fra=i_kraft_fra,
            i_kraft_til=i_kraft_til,
        ),
    )
    for n, valg in enumerate(bestemmelser, 1):
        lag_bestemmelse(avtale, plass=n, **valg)
    return avtale


def lag_bestemmelse(
    avtale: Avtale,
    *,
    plass: int = 1,
    overskrift: str = "Innleggelse",
    tekst: str = "Fastlegen ringer vakthavende.",
    art: Art = Art.INNLEGGELSE,
    fra_versjon: int = 1,
    til_versjon: int = EVIG,
    **felt: Any,
) -> Bestemmelse:
    """A clause from its agreement's first version on. With `noekkel=` it is a later wording of an older one."""
    felt.setdefault("faser", ALLE_FASER)
    felt.setdefault("nummer", str(plass))
    rad = Bestemmelse(
        id=uuid4(),
        avtale_id=avtale.id,
        noekkel=felt.pop("noekkel", None) or uuid4(),
        fra_versjon=fra_versjon,
        til_versjon=til_versjon,
        plass=plass,
        overskrift=overskrift,
        tekst=tekst,
        art=art,
        innhold_hash=sha256(f"{overskrift}\n{tekst}".encode()).hexdigest(),
        endret=now(),
        **felt,
    )
    lagre(rad)
    return rad


def lag_fase(
    organisasjon: Organisasjon,
    fase: int = Fase.TOPP,
    *,
    nivaa: str = Beredskapsnivaa.ROED,
    fra: datetime | None = None,
    til: datetime | None = None,
) -> Faseperiode:
    """A phase of an organisation, without times from an hour ago and on."""
    periode = Faseperiode(
        id=uuid4(),
        organisasjon_id=organisasjon.id,
        fase=fase,
        nivaa=nivaa,
        fra=fra or now() - timedelta(hours=1),
        til=til,
        kilde="Kriseledelsen",
        begrunnelse="Mange syke.",
        satt=now(),
        satt_som="kommuneoverlege",
    )
    lagre(periode)
    return periode


def lag_oppgave(organisasjon: Organisasjon, *, frist: date | None = None, **felt: Any) -> Oppgave:
    oppgave = Oppgave(
        id=uuid4(),
        noekkel=felt.pop("noekkel", str(uuid4())),
        organisasjon_id=organisasjon.id,
        kode=felt.pop("kode", "avtale.forpliktelse"),
        tittel=felt.pop("tittel", "Samarbeidsmøte"),
        frist=frist or i_dag() + timedelta(days=30),
        opprettet=now(),
        **felt,
    )
    lagre(oppgave)
    return oppgave


@transactional
def fyll_avtaler(scene: Scene) -> None:
    """A row in every table of agreements, phases and tasks: for what goes through all tables."""
    av = scene.koordinator
    avtale = lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE)
    db.session.flush()
    versjon = db.session.scalars(sa.select(Avtaleversjon)).one()
    klausul = db.session.scalars(sa.select(Bestemmelse)).one()
    naa, dag = now(), i_dag()
    felles: dict[str, Any] = {"avtale_id": avtale.id, "organisasjon_id": scene.hf.id}
    forslag = Forslag(
        id=uuid4(),
        nummer=1,
        noekkel=klausul.noekkel,
        type="endre",
        status="aapent",
        innhold={"overskrift": "Ny"},
        opprettet=naa,
        side="foretak",
        **felles,
    )
    uenighet = Uenighet(id=uuid4(), tittel="Frister", trinn="dialog", opprettet=naa, **felles)
    faseforslag = Faseforslag(
        id=uuid4(),
        fra_organisasjon_id=scene.hf.id,
        fase=4,
        nivaa="roed",
        fra=naa,
        kilde="FHI",
        begrunnelse="Topp.",
        opprettet=naa,
    )
    oevelse = Oevelse(
        id=uuid4(),
        organisasjon_id=scene.hf.id,
        navn="Øvelse Nord",
        fra=naa,
        til=naa + timedelta(hours=4),
        opprettet=naa,
        deltakere=[Oevelsesdeltaker(organisasjon_id=scene.kommune.id, fase=4, nivaa="roed")],
    )
    lagre(forslag, uenighet, faseforslag, oevelse)
    lag_oppgave(scene.hf)
    lag_fase(scene.kommune)
    db.session.flush()
    lagre(
        Bestemmelsesendring(nummer=1, noekkel=klausul.noekkel, etter={"tekst": "x"}, tidspunkt=naa, **felles),
        Kommentar(nummer=1, tekst="Klart?", opprettet=naa, **felles),
        Forslagssvar(forslag_id=forslag.id, organisasjon_id=scene.kommune.id, godtatt=False, svart=naa),
        Godkjenningsledd(
            organisasjon_id=scene.kommune.id, plass=1, navn="Kommunestyret", krever_vedtak=True, medlemskap=[]
        ),
        Godkjenning(
            avtaleversjon_id=versjon.id,
            organisasjon_id=scene.kommune.id,
            plass=1,
            navn="Kommunestyret",
            krever_vedtak=True,
            medlemskap=[],
        ),
        Oppsigelse(
            varslet=dag,
            virkning=dag + timedelta(days=366),
            begrunnelse="Ny modell.",
            registrert=naa,
            **felles,
        ),
        Gjennomgang(dato=dag, deltakere="Alle", referat="Videreføres.", registrert=naa, **felles),
        Uenighetsfoering(
            uenighet_id=uenighet.id,
            trinn="dialog",
            tekst="Møte.",
            tidspunkt=naa,
            person_id=av.person_id,
            organisasjon_id=scene.hf.id,
        ),
        Innsending(avtale_id=avtale.id, nummer=1, slag="avtale", dato=dag, referanse="26/1", registrert=naa),
        Doegnsats(aar=2025, kroner=6000, kilde="Rundskriv", registrert=naa),
        Faseforslagsmottaker(forslag_id=faseforslag.id, organisasjon_id=scene.kommune.id, svar="venter"),
        Kriseledelse(
            medlemskap_id=scene.kommuneoverlege.medlemskap_id,
            organisasjon_id=scene.kommune.id,
            oppnevnt=naa,
        ),
        Avtalegrunnlag(
            henvendelse_id=db.session.scalars(sa.select(Henvendelse.id).limit(1)).one(),
            sekvens=1,
            tidspunkt=naa,
            kommune_id=scene.kommune.id,
            situasjon="innleggelse",
            fase=4,
            fase_satt=True,
            avtaler=[],
        ),
    )
