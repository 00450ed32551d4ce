"""The pages of follow-up, delegated tasks, the reserve and the decisions that axe measures: part of
`omdisponeringssider.py`."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.clock import i_dag, now
from portal.omdisponering.forloep import Alvor, Delegert, Samtykke, Status, Stilling
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje
from portal.omdisponering.oppfoelgingsmodeller import Avvik, Delegering
from portal.omdisponering.reserveregister import hash_av
from portal.omdisponering.ressursmodeller import Ressursperson, Vedtak
from tests.levende.tjener import Hus

NOEKKEL = "noekkelen-i-et-brev-som-testen-kjenner"
SIDER: dict[str | None, tuple[str, ...]] = {
    None: ("/omdisponering/samtykke/{samtykkenoekkel}", "/omdisponering/samtykke/feil"),
    "koordinator": (
        "/omdisponering/{gaar}/oppfoelging",
        *(
            f"/omdisponering/delegering{sti}"
            for sti in ("", "?etter=oppgave", "/utskrift", "/ny", "/{delegering}")
        ),
        *(f"/omdisponering/reserve{sti}" for sti in ("", "/ny", "/{reserve}")),
        *(f"/omdisponering/vedtak{sti}" for sti in ("", "/ny")),
    ),
    "koordinator_hf": ("/omdisponering/{gaar}/oppfoelging",),
}


def lag(hus: Hus, alta: str) -> dict[str, str]:
    """A running reallocation to the kommune with an incident and a delegated task; somebody in the reserve, and a
    decision."""
    delegering, reserve = uuid4(), uuid4()
    (gaar, person), *_andre = hus.rader(
        sa.select(Omdisponering.id, Omdisponeringslinje.ressursperson_id)
        .join(Omdisponeringslinje, Omdisponeringslinje.omdisponering_id == Omdisponering.id)
        .where(
            Omdisponering.mottaker_id == UUID(alta),
            Omdisponering.status == Status.IVERKSATT,
            Omdisponeringslinje.ressursperson_id.is_not(None),
        )
    )
    naa, dag = now(), i_dag()
    hus.endre(
        sa.insert(Avvik).values(
            omdisponering_id=gaar,
            organisasjon_id=UUID(alta),
            hendt=naa,
            alvor=Alvor.ALVORLIG,
            tekst="Nøkkelkortet til legemiddelrommet virket ikke.",
            meldt=naa,
        )
    )
    hus.endre(
        sa.insert(Delegering).values(
            id=delegering,
            organisasjon_id=UUID(alta),
            ressursperson_id=person,
            omdisponering_id=gaar,
            oppgave=Delegert.LEGEMIDLER,
            omfang="Ferdig doserte legemidler.",
            fra=dag,
            til=dag + timedelta(days=5),
            fullmakt_av="Kari Kommuneoverlege",
            opplaering="E-læring i legemiddelhåndtering",
            opplaert=dag,
            veileder="Ole Sykepleier",
            opprettet=naa,
        )
    )
    hus.endre(
        sa.insert(Ressursperson).values(
            id=reserve,
            organisasjon_id=UUID(alta),
            navn="Berit Pensjonist",
            stilling=Stilling.SYKEPLEIER,
            sted_id=UUID(alta),
            telefon="900 00 000",
            epost="berit@eksempel.no",
            samtykke=Samtykke.VENTER,
            noekkel_hash=hash_av(NOEKKEL),
            noekkel_utloeper=naa + timedelta(days=14),
            opprettet=naa,
        )
    )
    hus.endre(
        sa.insert(Vedtak).values(
            organisasjon_id=UUID(alta),
            hjemmel="helseberedskapsloven § 4-1",
            besluttet_av="Departementet",
            vedtatt=dag,
            referanse="26/1234",
            omfang="Sykepleiere.",
            fra=dag,
            til=dag + timedelta(days=9),
            registrert=naa,
        )
    )
    return {
        "gaar": str(gaar),
        "delegering": str(delegering),
        "reserve": str(reserve),
        "samtykkenoekkel": NOEKKEL,
    }
