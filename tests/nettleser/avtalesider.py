"""What the pages of agreements, phases and tasks are shown with: agreements, a proposal, a drill and a task."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.avtaler.forloep import Art, Avtaletype, Partstatus, Side, Status
from portal.avtaler.livsmodeller import (
    Doegnsats,
    Gjennomgang,
    Innsending,
    Oppsigelse,
    Uenighet,
    Uenighetsfoering,
)
from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon, Bestemmelse
from portal.beredskap.models import Faseforslag, Faseforslagsmottaker, Oevelse, Oevelsesdeltaker
from portal.core.clock import i_dag, now
from portal.oppgaver.models import Oppgave
from tests.levende.tjener import Hus
from tests.nettleser import forhandlingssider, sammenlignsider

#: Long words and every list that a clause can hold.
KLAUSULER: tuple[dict[str, Any], ...] = (
    {
        "overskrift": "Innleggelse ved øyeblikkelig hjelp i Kárášjohka og Guovdageaidnu",
        "tekst": "Legen **ringer** vakthavende.\n\n- Si hva som haster.\n- Avtal transport.",
        "art": Art.INNLEGGELSE,
        "punkt": 3,
        "kriterier": [{"kriterium": "NEWS2 over 5", "hvem": "Vakthavende", "frist": "straks"}],
        "matrise": [{"oppgave": "Transport", "foretak": "A", "kommune": "U"}],
    },
    {
        "overskrift": "Utskrivning på epidemitoppen",
        "tekst": "Kommunen svarer innen to timer.",
        "art": Art.UTSKRIVNING,
        "punkt": 5,
        "faser": 1 << 4,
        "trinn": ["varsel", "melding", "svar"],
        "forpliktelser": [
            {
                "tekst": "Samarbeidsmøte",
                "hyppighet": "halvaarlig",
                "frist": "",
                "sider": ["foretak", "kommune"],
            }
        ],
        "tiltak": [{"navn": "Felles team", "ansvarsforhold": "Sykehuset", "arbeidsgiveransvar": "Hver sin"}],
    },
)


def lag(hus: Hus, finnmark: str, alta: str) -> dict[str, str]:
    """The ids by the names that the addresses use."""
    eier, kommune = UUID(finnmark), UUID(alta)
    gjeldende, _ = _avtale(hus, eier, kommune, Status.GJELDENDE, "Innleggelse og utskrivning")
    utkast, klausul = _avtale(hus, eier, kommune, Status.UTKAST, "Øyeblikkelig hjelp døgnopphold")
    forslag, mottaker, oevelse, oppgave = (uuid4() for _ in range(4))
    naa = now()
    for setning in (
        sa.insert(Faseforslag).values(
            id=forslag,
            fra_organisasjon_id=eier,
            fase=4,
            nivaa="roed",
            fra=naa,
            kilde="FHI ukerapport 12",
            begrunnelse="Mange innlagte.",
            opprettet=naa,
        ),
        sa.insert(Faseforslagsmottaker).values(
            id=mottaker, forslag_id=forslag, organisasjon_id=kommune, svar="venter"
        ),
        sa.insert(Oevelse).values(
            id=oevelse,
            organisasjon_id=eier,
            navn="Øvelse Nordlys",
            fra=naa - timedelta(hours=1),
            til=naa + timedelta(hours=8),
            opprettet=naa,
        ),
        sa.insert(Oevelsesdeltaker).values(
            [
                {"oevelse_id": oevelse, "organisasjon_id": o, "fase": 3, "nivaa": "gul"}
                for o in (eier, kommune)
            ]
        ),
        sa.insert(Oppgave).values(
            id=oppgave,
            noekkel=str(oppgave),
            organisasjon_id=eier,
            kode="avtale.sendt_hdir",
            tittel="Innleggelse og utskrivning",
            frist=i_dag() - timedelta(days=2),
            krever_bevis=True,
            opprettet=naa,
        ),
    ):
        hus.endre(setning)
    return {
        "avtale": str(gjeldende),
        "utkast": str(utkast),
        "klausul": str(klausul),
        "faseforslag": str(forslag),
        "fasesvar": str(mottaker),
        "oevelse": str(oevelse),
        "oppgave": str(oppgave),
        "versjoner": sammenlignsider.to_versjoner(hus, eier, kommune),
        **forhandlingssider.lag(hus, eier, kommune),
        "uenighet": str(_uenighet(hus, gjeldende, eier, kommune)),
        "oppsagt": str(_oppsagt(hus, eier, kommune)),
    }


def _oppsagt(hus: Hus, eier: UUID, kommune: UUID) -> UUID:
    """Given notice by both, one of which was taken back; the state has been told of neither, but of the agreement."""
    avtale, _ = _avtale(hus, eier, kommune, Status.GJELDENDE, "Digital samhandling i Kárášjohka")
    naa, ut = now(), i_dag() + timedelta(days=400)
    grunn = "Kárášjohka og Guovdageaidnu bygger et felles tilbud.\nSe saken i kommunestyret."
    hus.endre(
        sa.insert(Oppsigelse).values(
            [
                {
                    "id": uuid4(),
                    "avtale_id": avtale,
                    "organisasjon_id": organisasjon,
                    "varslet": i_dag() - timedelta(days=9),
                    "virkning": ut,
                    "begrunnelse": grunn,
                    "enighet": "",
                    "registrert": naa,
                    "trukket": trukket,
                }
                for organisasjon, trukket in ((eier, None), (kommune, naa))
            ]
        )
    )
    hus.endre(
        sa.update(Avtaleversjon)
        .where(Avtaleversjon.avtale_id == avtale)
        .values(status=Status.OPPSAGT, i_kraft_til=ut)
    )
    hus.endre(
        sa.insert(Innsending).values(
            id=uuid4(),
            avtale_id=avtale,
            nummer=1,
            slag="avtale",
            dato=i_dag(),
            referanse="Journalnummer 26/1043-2",
            registrert=naa,
        )
    )
    return avtale


def _uenighet(hus: Hus, avtale: UUID, eier: UUID, kommune: UUID) -> UUID:
    """A record of disagreement on its way to the national body, a review that was held, and what was left undone."""
    id_, naa, felles = uuid4(), now(), {"avtale_id": avtale, "organisasjon_id": kommune}
    lang = "Partene er uenige om fristen for svar.\nKárášjohka mener to døgn, sykehuset mener straks."
    for setning in (
        sa.insert(Uenighet).values(
            id=id_, tittel="Frist for svar i helgene", trinn="lokalt_organ", opprettet=naa, **felles
        ),
        sa.insert(Uenighetsfoering).values(
            [
                {
                    "id": uuid4(),
                    "uenighet_id": id_,
                    "trinn": trinn,
                    "tekst": lang,
                    "tidspunkt": naa - timedelta(days=dager),
                    "organisasjon_id": organisasjon,
                }
                for trinn, dager, organisasjon in (("dialog", 9, kommune), ("lokalt_organ", 2, eier))
            ]
        ),
        sa.insert(Gjennomgang).values(
            id=uuid4(),
            dato=i_dag() - timedelta(days=20),
            deltakere="Åse og Ola",
            referat=lang,
            endres=True,
            registrert=naa,
            **felles,
        ),
        sa.insert(Oppgave).values(
            [
                {
                    "id": uuid4(),
                    "noekkel": str(uuid4()),
                    "organisasjon_id": organisasjon,
                    "kode": "avtale.forpliktelse",
                    "tittel": "Samarbeidsmøte om utskrivning",
                    "gjelder": f"avtale:{avtale}",
                    "frist": i_dag() - timedelta(days=3),
                    "gjort": gjort,
                    "opprettet": naa,
                }
                for organisasjon, gjort in ((kommune, None), (eier, naa))
            ]
        ),
        sa.insert(Doegnsats).values(aar=i_dag().year + 1, kroner=6200, kilde="Rundskriv", registrert=naa),
    ):
        hus.endre(setning)
    return id_


def _avtale(hus: Hus, eier: UUID, kommune: UUID, status: Status, tittel: str) -> tuple[UUID, UUID]:
    avtale, klausul = uuid4(), uuid4()
    fra = i_dag() - timedelta(days=30) if status == Status.GJELDENDE else None
    hus.endre(
        sa.insert(Avtale).values(
            id=avtale,
            type=Avtaletype.TJENESTEAVTALE,
            eier_id=eier,
            tittel=tittel,
            siste_nummer=1,
            opprettet=now(),
        )
    )
    hus.endre(
        sa.insert(Avtalepart).values(
            [
                {
                    "id": uuid4(),
                    "avtale_id": avtale,
                    "organisasjon_id": organisasjon,
                    "side": side,
                    "status": Partstatus.DELTAR,
                    "invitert": now(),
                    "fra": fra,
                }
                for organisasjon, side in ((eier, Side.FORETAK), (kommune, Side.KOMMUNE))
            ]
        )
    )
    hus.endre(
        sa.insert(Avtaleversjon).values(
            id=uuid4(),
            avtale_id=avtale,
            nummer=1,
            tittel=tittel,
            status=status,
            opprettet=now(),
            medvirkning="Brukerutvalget deltok.",
            i_kraft_fra=fra,
        )
    )
    for plass, felt in enumerate(KLAUSULER, 1):
        hus.endre(
            sa.insert(Bestemmelse).values(
                id=uuid4(),
                avtale_id=avtale,
                noekkel=klausul if plass == 1 else uuid4(),
                fra_versjon=1,
                plass=plass,
                nummer=str(plass),
                innhold_hash="0" * 64,
                endret=now(),
                **felt,
            )
        )
    return avtale, klausul
