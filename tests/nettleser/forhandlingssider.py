"""A negotiation for its pages: proposals of every kind, a counter-proposal, answers, what was settled, and remarks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.avtaler.forloep import Avtaletype, Partstatus, Side, Status
from portal.avtaler.innhold import innholdshash
from portal.avtaler.models import (
    Avtale,
    Avtalepart,
    Avtaleversjon,
    Bestemmelse,
    Forslag,
    Forslagssvar,
    Kommentar,
)
from portal.avtaler.steps import TOM
from portal.core.clock import now
from tests.levende.tjener import Hus
from tests.nettleser.sammenlignsider import ETTER, FOER


def lag(hus: Hus, eier: UUID, kommune: UUID) -> dict[str, str]:
    """`forhandles`: the agreement; `tekstforslag`, `avslag`: an open proposal of the kommune, and a settled one;
    `forhandlet`: the clause they are about."""
    avtale, naa = uuid4(), now()
    noekler = [uuid4(), uuid4()]
    tekster = [FOER, {**FOER, "nummer": "2", "overskrift": "Utskrivning til Kárášjohka og Guovdageaidnu"}]
    forslag = {navn: uuid4() for navn in ("endre", "mot", "stryk", "ny", "avslag", "bortfalt")}
    for setning in (
        sa.insert(Avtale).values(
            id=avtale,
            type=Avtaletype.TJENESTEAVTALE,
            eier_id=eier,
            tittel="Følgetjeneste og samhandling i Finnmárkku fylkkas",
            siste_nummer=1,
            opprettet=naa,
        ),
        sa.insert(Avtalepart).values(
            [
                {
                    "id": uuid4(),
                    "avtale_id": avtale,
                    "organisasjon_id": organisasjon,
                    "side": side,
                    "status": Partstatus.DELTAR,
                    "invitert": naa,
                }
                for organisasjon, side in ((eier, Side.FORETAK), (kommune, Side.KOMMUNE))
            ]
        ),
        sa.insert(Avtaleversjon).values(
            id=uuid4(),
            avtale_id=avtale,
            nummer=1,
            tittel="Følgetjeneste og samhandling i Finnmárkku fylkkas",
            status=Status.TIL_FORHANDLING,
            opprettet=naa,
            sendt_til_forhandling=naa - timedelta(days=9),
        ),
        *(
            sa.insert(Bestemmelse).values(
                id=uuid4(),
                avtale_id=avtale,
                noekkel=noekkel,
                fra_versjon=1,
                plass=plass,
                innhold_hash=innholdshash(data),
                endret=naa,
                **data,
            )
            for plass, (noekkel, data) in enumerate(zip(noekler, tekster, strict=True), 1)
        ),
    ):
        hus.endre(setning)
    lest = innholdshash(FOER)

    def foreslaa(navn: str, fra: UUID, **felt: Any) -> None:
        hus.endre(
            sa.insert(Forslag).values(
                **{
                    "id": forslag[navn],
                    "avtale_id": avtale,
                    "nummer": 1,
                    "noekkel": noekler[0],
                    "type": "endre",
                    "status": "aapent",
                    "grunnlag_hash": lest,
                    "innhold": ETTER,
                    "begrunnelse": "Vinteren er lang.\nVeien stenges.",
                    "opprettet": naa - timedelta(days=3),
                    "organisasjon_id": fra,
                    "side": Side.FORETAK if fra == eier else Side.KOMMUNE,
                    **felt,
                }
            )
        )

    foreslaa("endre", kommune)
    foreslaa("mot", eier, svar_paa_id=forslag["endre"], innhold={**ETTER, "tekst": "Kortere."})
    foreslaa(
        "stryk",
        eier,
        type="stryk",
        noekkel=noekler[1],
        innhold={},
        grunnlag_hash=innholdshash(tekster[1]),
    )
    ny = {**TOM, "nummer": "3", "overskrift": "Samisk språk og tolk", "tekst": "Tolk på telefon."}
    foreslaa("ny", kommune, type="ny", noekkel=uuid4(), innhold=ny, grunnlag_hash="")
    foreslaa("avslag", kommune, status="avslaatt", avgjort=naa, innhold={**FOER, "tekst": "Aldri."})
    foreslaa("bortfalt", eier, status="bortfalt", avgjort=naa, grunnlag_hash="0" * 64)
    hus.endre(
        sa.insert(Forslagssvar).values(
            id=uuid4(),
            forslag_id=forslag["avslag"],
            organisasjon_id=eier,
            godtatt=False,
            merknad="Det lar seg ikke gjøre.",
            svart=naa,
        )
    )
    hus.endre(
        sa.insert(Kommentar).values(
            [
                {
                    "id": uuid4(),
                    "avtale_id": avtale,
                    "nummer": 1,
                    "noekkel": noekkel,
                    "tekst": "Hva med natt?\nOg helg i Guovdageaidnu?",
                    "opprettet": naa,
                    "organisasjon_id": kommune,
                    "ordnet": ordnet,
                }
                for noekkel, ordnet in ((noekler[0], None), (noekler[0], naa), (None, None))
            ]
        )
    )
    return {
        "forhandles": str(avtale),
        "forhandlet": str(noekler[0]),
        "tekstforslag": str(forslag["endre"]),
        "avslag": str(forslag["avslag"]),
    }
