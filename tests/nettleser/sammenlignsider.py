"""An agreement with two versions for the pages that compare them: every kind of difference, and who made it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.avtaler.forloep import Art, Avtaletype, Partstatus, Side, Status
from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon, Bestemmelse, Bestemmelsesendring, Forslag
from portal.avtaler.steps import TOM
from portal.core.clock import i_dag, now
from tests.levende.tjener import Hus

FOER: dict[str, Any] = {
    **TOM,
    "nummer": "1",
    "overskrift": "Innleggelse fra Guovdageaidnu",
    "tekst": "Legen ringer vakthavende innen 24 timer.\n\n" + "Dette står som før.\n" * 40 + "\nSlutt.",
    "art": Art.INNLEGGELSE,
    "kriterier": [{"kriterium": "NEWS2 over 5", "hvem": "Vakthavende", "frist": ""}],
}
ETTER: dict[str, Any] = {
    **FOER,
    "tekst": FOER["tekst"].replace("24", "12").replace("Slutt", "Slutt nå"),
    "art": Art.UTSKRIVNING,
    "punkt": 5,
    "faser": 1 << 4,
    "fagomraader": ["psykiatri"],
    "kriterier": [
        {"kriterium": "NEWS2 over 5", "hvem": "Legevakten", "frist": "straks"},
        {"kriterium": "Fall", "hvem": "Fastlegen", "frist": ""},
    ],
    "trinn": ["varsel"],
}


def to_versjoner(hus: Hus, eier: UUID, kommune: UUID) -> str:
    """In force, and the next out for approval: a clause changed through a proposal, one struck, one new, two moved."""
    avtale, endret, forslag = uuid4(), uuid4(), uuid4()
    fra = i_dag() - timedelta(days=30)
    felles: dict[str, Any] = {"avtale_id": avtale, "nummer": 2, "noekkel": endret}
    rader = [
        (endret, 1, 2, FOER),
        (endret, 2, None, ETTER),
        (uuid4(), 1, 2, {**FOER, "nummer": "2", "overskrift": "Strøket"}),
        (uuid4(), 2, None, {**FOER, "nummer": "3", "overskrift": "Helt ny"}),
        (uuid4(), 1, None, {**FOER, "nummer": "4", "overskrift": "Som før"}),
    ]
    flyttes = uuid4()
    rader += [
        (flyttes, 1, 2, {**FOER, "overskrift": "Flyttet"}),
        (flyttes, 2, None, {**FOER, "overskrift": "Flyttet"}),
    ]
    for setning in (
        sa.insert(Avtale).values(
            id=avtale,
            type=Avtaletype.TJENESTEAVTALE,
            eier_id=eier,
            tittel="Versjoner",
            siste_nummer=2,
            opprettet=now(),
        ),
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
        ),
        sa.insert(Avtaleversjon).values(
            [
                {
                    "id": uuid4(),
                    "avtale_id": avtale,
                    "nummer": nummer,
                    "tittel": f"Versjoner {nummer}",
                    "status": status,
                    "opprettet": now(),
                    "medvirkning": f"Brukerutvalget deltok {nummer} ganger.",
                    "notat": "Kortere frister.",
                    "i_kraft_fra": dag,
                    "sendt_til_forhandling": now() - timedelta(days=2),
                    "sendt_til_godkjenning": now(),
                    "innhold_hash": f"{nummer}" * 64,
                }
                for nummer, status, dag in ((1, Status.GJELDENDE, fra), (2, Status.TIL_GODKJENNING, None))
            ]
        ),
        sa.insert(Forslag).values(
            id=forslag,
            type="endre",
            status="godtatt",
            innhold=ETTER,
            begrunnelse="Vi rekker det ikke om natta.",
            opprettet=now(),
            organisasjon_id=kommune,
            side="kommune",
            **felles,
        ),
        sa.insert(Bestemmelsesendring).values(
            [
                {
                    "id": uuid4(),
                    "foer": foer,
                    "etter": etter,
                    "forslag_id": forslag_id,
                    "tidspunkt": now() - timedelta(hours=timer),
                    "organisasjon_id": eier,
                    **felles,
                }
                for foer, etter, forslag_id, timer in (
                    (FOER, {**FOER, "nummer": "9"}, None, 2),
                    ({**FOER, "nummer": "9"}, ETTER, forslag, 1),
                )
            ]
        ),
        sa.insert(Bestemmelse).values(
            [
                {
                    "id": uuid4(),
                    "avtale_id": avtale,
                    "noekkel": noekkel,
                    "fra_versjon": fra_versjon,
                    "plass": 0 if data["overskrift"] == "Flyttet" and fra_versjon == 2 else plass,
                    "innhold_hash": "0" * 64,
                    "endret": now(),
                    **({"til_versjon": til} if til else {"til_versjon": 2**31 - 1}),
                    **data,
                }
                for plass, (noekkel, fra_versjon, til, data) in enumerate(rader, 1)
            ]
        ),
    ):
        hus.endre(setning)
    return str(avtale)
