"""How the routes of the phase, its proposals and the drills are asked; see `tests/rutene.py`.

`sykepleier` sits in the kommune's kriseledelse and `kirurg` in `hf`'s, wherever these routes are asked: they decide
without having the role that decides.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.beredskap.models import Faseperiode, Kriseledelse
from portal.beredskap.routes.felles import feltverdi
from portal.beredskap.service import kriseledelse, oevelser
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.identitet.models import Organisasjon
from tests.avtalehjelp import lag_fase
from tests.beredskap.hjelp import foreslaa, mottaker
from tests.bygg import lag_aktor, lag_kommune, lagre
from tests.matrise import Verden, les_tabell

FORSLAG = "/beredskap/forslag/<uuid:forslag_id>"
SVAR = "/beredskap/svar/<uuid:mottaker_id>"
OEVELSE = "/beredskap/oevelser/<uuid:oevelse_id>"

#: The planned phase, the proposal and the drill are `hf`'s; `kommune` is asked, and takes part.
RUTER = les_tabell("""
                                                                    i lksaocdu STKVCD 1234567 rnx
GET /beredskap                                                      ! ++++++++ ++++++ +++++++ +++
GET /beredskap/organisasjoner/<uuid:organisasjon_id>                ! ++++++++ ++++++ +++++++ +++
GET /api/v1/beredskap/<uuid:organisasjon_id>                        ! ++++++++ ++++++ +++++++ +++
GET /beredskap/ny                                                   ! --+-+--- --+-+- -+---+- ---
POST /beredskap/ny                                                  ! --+-+--- --+-+- -+---+- ---
POST /beredskap/faser                                               ! --+-+--- --+-+- -+---+- ---
POST /beredskap/faser/<uuid:periode_id>/trekk                       ! -------- --+-+- ------- ---
GET /beredskap/forslag                                              ! --+-+++- --++++ -+--+++ ---
GET /beredskap/forslag/nytt                                         ! -----+-- --+-+- -----+- ---
POST /beredskap/forslag/nytt                                        ! -----+-- --+-+- -----+- ---
GET /beredskap/forslag/<uuid:forslag_id>                            ! 00000000 00++++ 0000000 000
POST /beredskap/forslag/<uuid:forslag_id>/trekk                     ! 00000000 00+-+- 0000000 000
GET /beredskap/svar/<uuid:mottaker_id>                              ! 00+0+++0 000000 0000000 000
POST /beredskap/svar/<uuid:mottaker_id>/bekreft                     ! 00+0+--0 000000 0000000 000
POST /beredskap/svar/<uuid:mottaker_id>/avslaa                      ! 00+0+--0 000000 0000000 000
GET /beredskap/kriseledelse                                         ! --+-+++- --++++ -+--+++ ---
POST /beredskap/kriseledelse                                        ! 00000000 -----+ 0000000 00-
POST /beredskap/kriseledelse/<uuid:medlemskap_id>/fjern             ! 00000000 -----+ 0000000 00-
GET /beredskap/oevelser                                             ! ++++++++ ++++++ +++++++ +++
GET /beredskap/oevelser/ny                                          ! --+-++-- --+-+- -+---+- ---
POST /beredskap/oevelser/ny                                         ! --+-++-- --+-+- -+---+- ---
GET /beredskap/oevelser/<uuid:oevelse_id>                           ! ++++++++ ++++++ 0000000 00+
POST /beredskap/oevelser/<uuid:oevelse_id>/inviter                  ! -------- --+-+- 0000000 00-
POST /beredskap/oevelser/<uuid:oevelse_id>/spill                    ! --+-++-- --+-+- 0000000 00-
POST /beredskap/oevelser/<uuid:oevelse_id>/avslutt                  ! -------- --+-+- 0000000 00-
POST /beredskap/oevelser/<uuid:oevelse_id>/se                       ! ++++++++ ++++++ 0000000 00+
POST /beredskap/oevelser/forlat                                     ! ++++++++ ++++++ +++++++ +++
""")
#: What stays in the browser's session: a phase on its way over the preview, and the drill that is looked at.
UTEN_SPOR = ("/beredskap/ny", f"{OEVELSE}/se", "/beredskap/oevelser/forlat")

Steder = dict[str, Any]
T = timedelta(hours=1)


# --- what is made first ----------------------------------------------------------------------------------


@transactional
def med_kriseledelse(v: Verden) -> None:
    """Seats the two who decide without the role, and gives `annet_hf` a kommune to propose to."""
    for aktor in (v.sykepleier, v.kirurg):
        if db.session.get(Kriseledelse, aktor.medlemskap_id) is None:
            lagre(
                Kriseledelse(
                    medlemskap_id=aktor.medlemskap_id,
                    organisasjon_id=aktor.organisasjon_id,
                    oppnevnt=now(),
                )
            )
    if _annet_hfs_kommune(v) is None:
        lag_kommune("Kommunen bortenfor", helseforetak_id=v.annet_hf.id)


def _annet_hfs_kommune(v: Verden) -> UUID | None:
    return db.session.scalar(
        sa.select(Organisasjon.id).where(
            Organisasjon.helseforetak_id == v.annet_hf.id, Organisasjon.type == "kommune"
        )
    )


def planlagt_fase(v: Verden) -> UUID:
    """The one phase that `hf` plans."""
    transactional(
        lambda: db.session.execute(
            sa.update(Faseperiode)
            .where(
                Faseperiode.organisasjon_id == v.hf.id,
                Faseperiode.fra > now(),
                Faseperiode.trukket.is_(None),
            )
            .values(trukket=now())
        )
    )()
    fra = now() + 48 * T
    return lag_fase(v.hf, 2, nivaa="groenn", fra=fra, til=fra + T).id


def hfs_forslag(v: Verden) -> UUID:
    """`hf` proposes a phase to the kommune, which has not answered."""
    return foreslaa(v.koordinator, v.kommune.id)


def kommunens_svar(v: Verden) -> UUID:
    """The kommune's place in a proposal that waits for it."""
    return mottaker(hfs_forslag(v), v.kommune.id).id


def utenfor_ledelsen(v: Verden) -> UUID:
    """The role of somebody at `hf` who does not sit in the kriseledelse."""
    medlemskap_id = lag_aktor(Rolle.VAKTLEDER, v.hf).medlemskap_id
    assert medlemskap_id is not None
    return medlemskap_id


def i_ledelsen(v: Verden) -> UUID:
    """The role of somebody who does."""
    medlemskap_id = utenfor_ledelsen(v)
    kriseledelse.oppnevn(v.administrator, medlemskap_id)
    return medlemskap_id


def en_oevelse(v: Verden) -> UUID:
    """A drill that runs, made by `hf`, with the kommune in it."""
    return oevelser.lag(
        v.koordinator,
        navn="Øvelse Nord",
        til=now() + 4 * T,
        organisasjoner=[v.kommune.id],
        fase=4,
        nivaa="roed",
    )


def _foerst(navn: str, lag: Callable[[Verden], UUID]) -> Callable[[Verden], Steder]:
    def gjoer(v: Verden) -> Steder:
        med_kriseledelse(v)
        return {navn: lag(v)}

    return gjoer


FOERST: dict[str, Callable[[Verden], Steder]] = {
    "/beredskap/kriseledelse": _foerst("medlemskap_id", utenfor_ledelsen),
    "/beredskap/kriseledelse/<uuid:medlemskap_id>/fjern": _foerst("medlemskap_id", i_ledelsen),
}
#: By what stands in the address, where the route is not above.
STED: dict[str, Callable[[Verden], UUID]] = {
    "periode_id": planlagt_fase,
    "forslag_id": hfs_forslag,
    "mottaker_id": kommunens_svar,
    "oevelse_id": en_oevelse,
}


def sett_opp(v: Verden, regel: str) -> Steder | None:
    """The places of one of these routes; None where it is no such route."""
    if "/beredskap" not in regel:
        return None
    med_kriseledelse(v)
    return {navn: lag(v) for navn, lag in STED.items() if f"<uuid:{navn}>" in regel}


# --- what is sent ----------------------------------------------------------------------------------------


def _fase(**mer: str) -> dict[str, str]:
    return {"fase": "3", "nivaa": "gul", "kilde": "FHI uke 10", "begrunnelse": "Mange er syke.", **mer}


def kommuner_for(v: Verden, aktor: Aktor) -> list[UUID]:
    """To whom the actor's trust may propose."""
    if aktor.organisasjon_id == v.annet_hf.id:
        annen = _annet_hfs_kommune(v)
        assert annen is not None
        return [annen]
    return [v.kommune.id]


def _forslag(v: Verden, person: str, steder: Steder) -> dict[str, Any]:
    # A kommune's own form has no list: it proposes to itself.
    if person == "ingen" or v.aktor(person).er_kommunal:
        return dict(_fase())
    return {**_fase(), "organisasjoner": [str(k) for k in kommuner_for(v, v.aktor(person))]}


def _slutt() -> str:
    """Before what is planned begins."""
    return feltverdi(now() + 6 * T)


INNHOLD: dict[str, Callable[[Verden, str, Steder], dict[str, Any]]] = {
    "/beredskap/ny": lambda v, p, s: _fase(til=_slutt()),
    "/beredskap/faser": lambda v, p, s: _fase(til=_slutt()),
    "/beredskap/forslag/nytt": _forslag,
    f"{SVAR}/avslaa": lambda v, p, s: {"merknad": "Ikke hos oss."},
    "/beredskap/kriseledelse": lambda v, p, s: {"medlemskap_id": str(s["medlemskap_id"])},
    "/beredskap/oevelser/ny": lambda v, p, s: {
        "navn": "Øvelse Sør",
        "til": _slutt(),
        "fase": "4",
        "nivaa": "roed",
    },
    f"{OEVELSE}/inviter": lambda v, p, s: {"organisasjoner": [str(v.annen_kommune.id)]},
    f"{OEVELSE}/spill": lambda v, p, s: {
        "organisasjon_id": str(v.kommune.id),
        "fase": "3",
        "nivaa": "gul",
    },
}
