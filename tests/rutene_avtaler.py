"""How the routes of agreements are asked; see `tests/rutene.py`.

Every agreement is `hf`'s with `kommune`. What a route acts on stands where the act has its place: a draft, in
negotiation, out for approval or in force.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any
from uuid import UUID

from portal.avtaler.forloep import Status
from portal.avtaler.service import godkjenning, parter
from portal.core.clock import i_dag
from tests import rutene_avtaler_forhandling, rutene_avtaler_livet, rutene_avtaler_uenighet
from tests.avtalehjelp import lag_avtale
from tests.avtaler.godkjenninghjelp import beskriv, hash_naa, lenker
from tests.avtaler.motorhjelp import noekler, nytt_utkast, til_forhandling
from tests.matrise import Verden, les_tabell
from tests.rutene_beredskap import med_kriseledelse

AVTALE = "/avtaler/<uuid:avtale_id>"
KLAUSUL = f"{AVTALE}/bestemmelser/<uuid:noekkel>"
GODKJENNING = f"{AVTALE}/godkjenning/<uuid:godkjenning_id>"

RUTER = les_tabell("""
                                                                            i lksaocdu STKVCD 1234567 rnx
GET /avtaler                                                                ! ++++++++ ++++++ +++++++ +++
GET /avtaler/gjelder                                                        ! ++++++++ ++++++ +++++++ +++
GET /avtaler/soek                                                           ! ++++++++ ++++++ +++++++ +++
GET /avtaler/faseskifte                                                     ! --+-++-- --+-+- -+---+- ---
GET /avtaler/ny                                                             ! -------- ----+- -----+- ---
POST /avtaler/ny                                                            ! -------- ----+- -----+- ---
POST /avtaler/forhaandsvis                                                  ! ++++++++ ++++++ +++++++ +++
GET /avtaler/maler                                                          ! ++++++++ ++++++ +++++++ +++
GET /avtaler/maler/<string:kode>                                            ! ++++++++ ++++++ +++++++ +++
GET /avtaler/import                                                         ! -------- ----+- -----+- ---
POST /avtaler/import                                                        ! -------- ----+- -----+- ---
POST /avtaler/import/lagre                                                  ! -------- ----+- -----+- ---
GET /avtaler/kjede                                                          ! -----++- ----++ -----++ ---
POST /avtaler/kjede                                                         ! -----++- ----++ -----++ ---
GET /avtaler/<uuid:avtale_id>                                               ! ++++++++ ++++++ 0000000 +0+
GET /avtaler/<uuid:avtale_id>/fullstendighet                                ! ++++++++ ++++++ 0000000 +0+
GET /avtaler/<uuid:avtale_id>/eksport.pdf                                   ! ++++++++ ++++++ 0000000 +0+
GET /avtaler/<uuid:avtale_id>/eksport.docx                                  ! ++++++++ ++++++ 0000000 +0+
GET /avtaler/<uuid:avtale_id>/eksport.json                                  ! ++++++++ ++++++ 0000000 +0+
GET /api/v1/avtaler                                                         ! ++++++++ ++++++ +++++++ +++
GET /api/v1/avtaler/gjelder                                                 ! ++++++++ ++++++ +++++++ +++
GET /api/v1/avtaler/soek                                                    ! ++++++++ ++++++ +++++++ +++
GET /api/v1/avtaler/<uuid:avtale_id>                                        ! ++++++++ ++++++ 0000000 +0+
GET /avtaler/<uuid:avtale_id>/sammenlign                                    ! ++++++++ ++++++ 0000000 +0+
GET /avtaler/<uuid:avtale_id>/parter                                        ! ++++++++ ++++++ 0000000 +0+
GET /avtaler/<uuid:avtale_id>/godkjenning                                   ! ----+++- ----++ 0000000 -0-
POST /avtaler/<uuid:avtale_id>/ny-versjon                                   ! -------- ----+- 0000000 -0-
GET /avtaler/<uuid:avtale_id>/utkast                                        ! 00000000 0000+- 0000000 000
POST /avtaler/<uuid:avtale_id>/forkast                                      ! 00000000 0000+- 0000000 000
GET /avtaler/<uuid:avtale_id>/opplysninger                                  ! 00000000 0000+- 0000000 000
POST /avtaler/<uuid:avtale_id>/opplysninger                                 ! 00000000 0000+- 0000000 000
GET /avtaler/<uuid:avtale_id>/bestemmelser/ny                               ! 00000000 0000+- 0000000 000
POST /avtaler/<uuid:avtale_id>/bestemmelser/ny                              ! 00000000 0000+- 0000000 000
GET /avtaler/<uuid:avtale_id>/bestemmelser/<uuid:noekkel>                   ! 00000000 0000+- 0000000 000
POST /avtaler/<uuid:avtale_id>/bestemmelser/<uuid:noekkel>                  ! 00000000 0000+- 0000000 000
POST /avtaler/<uuid:avtale_id>/bestemmelser/<uuid:noekkel>/stryk            ! 00000000 0000+- 0000000 000
POST /avtaler/<uuid:avtale_id>/bestemmelser/<uuid:noekkel>/flytt            ! 00000000 0000+- 0000000 000
POST /avtaler/<uuid:avtale_id>/parter/inviter                               ! 00000000 0000+- 0000000 000
POST /avtaler/<uuid:avtale_id>/send-til-forhandling                         ! 00000000 0000+- 0000000 000
POST /avtaler/<uuid:avtale_id>/parter/svar                                  ! 0000-+-0 00009- 0000000 000
POST /avtaler/<uuid:avtale_id>/parter/trekk                                 ! 0000---0 0000+- 0000000 000
POST /avtaler/<uuid:avtale_id>/godkjenning/send                             ! 0000---0 0000+- 0000000 000
POST /avtaler/<uuid:avtale_id>/godkjenning/aapne                            ! 0000---0 0000+- 0000000 000
POST /avtaler/<uuid:avtale_id>/godkjenning/<uuid:godkjenning_id>/godkjenn   ! 0000+++0 0000-- 0000000 000
POST /avtaler/<uuid:avtale_id>/godkjenning/<uuid:godkjenning_id>/avvis      ! 0000+++0 0000-- 0000000 000
""")
RUTER |= rutene_avtaler_uenighet.RUTER
RUTER |= rutene_avtaler_livet.RUTER
RUTER |= rutene_avtaler_forhandling.RUTER
#: Nothing is kept of a text that is shown as it will look, or of a document before its clauses have been checked.
UTEN_SPOR = ("/avtaler/forhaandsvis", "/avtaler/import")
#: What an address needs behind it.
SPOERRING = {
    "/avtaler/faseskifte": "?organisasjon=<kommune_id>&fase=4",
    "/avtaler/gjelder": "?kommune=<kommune_id>",
    "/avtaler/soek": "?q=innleggelse",
    "/api/v1/avtaler/gjelder": "?kommune=<kommune_id>",
    "/api/v1/avtaler/soek": "?q=innleggelse",
}

Steder = dict[str, Any]
_nummer = count(1)


# --- what is made first ----------------------------------------------------------------------------------


def et_utkast(v: Verden) -> UUID:
    """A draft that nobody but its owner has seen; the kommune is asked in it."""
    avtale_id = nytt_utkast(v)
    parter.inviter(v.koordinator, avtale_id, [v.kommune.id])
    return avtale_id


def til_forhandling_med(v: Verden) -> UUID:
    """In negotiation; the kommune has not answered whether it takes part."""
    return til_forhandling(v)


def forhandlet(v: Verden) -> UUID:
    """In negotiation with the kommune, and ready to be sent to approval."""
    avtale_id = til_forhandling(v)
    parter.svar(v.koordinator_i_kommunen, avtale_id, True)
    beskriv(avtale_id, "Brukerutvalget.", None)
    return avtale_id


def til_godkjenning(v: Verden) -> UUID:
    """Out for approval: `koordinator` has written it, and may not approve it."""
    avtale_id = forhandlet(v)
    godkjenning.send(v.koordinator, avtale_id, hash_naa(avtale_id))
    return avtale_id


def i_kraft(v: Verden) -> UUID:
    return lag_avtale(v.hf, [v.kommune], status=Status.GJELDENDE).id


def _kommune(v: Verden) -> Steder:
    med_kriseledelse(v)
    return {"kommune_id": v.kommune.id}


def _avtalen(lag: Callable[[Verden], UUID]) -> Callable[[Verden], Steder]:
    return lambda v: {"avtale_id": lag(v)}


def _med_klausul(v: Verden) -> Steder:
    """A draft and the first of its clauses."""
    avtale_id = et_utkast(v)
    return {"avtale_id": avtale_id, "noekkel": noekler(avtale_id)[0]}


def _med_hash(v: Verden) -> Steder:
    avtale_id = forhandlet(v)
    return {"avtale_id": avtale_id, "hash": hash_naa(avtale_id)}


def kommunens_ledd(v: Verden) -> Steder:
    """Out for approval, and the link of the kommune's chain."""
    avtale_id = til_godkjenning(v)
    return {
        "avtale_id": avtale_id,
        "godkjenning_id": lenker(avtale_id, v.kommuneoverlege)[0].id,
        "hash": hash_naa(avtale_id),
    }


FOERST: dict[str, Callable[[Verden], Steder]] = {
    "/avtaler/faseskifte": _kommune,
    "/avtaler/gjelder": _kommune,
    "/api/v1/avtaler/gjelder": _kommune,
    "/api/v1/avtaler/<uuid:avtale_id>": _avtalen(i_kraft),
    **{f"{AVTALE}/eksport.{form}": _avtalen(i_kraft) for form in ("pdf", "docx", "json")},
    "/avtaler/maler/<string:kode>": lambda v: {"kode": "epidemi"},
    **{
        rute: _avtalen(i_kraft)
        for rute in (
            *(AVTALE, f"{AVTALE}/fullstendighet", f"{AVTALE}/parter", f"{AVTALE}/godkjenning"),
            *(f"{AVTALE}/ny-versjon", f"{AVTALE}/sammenlign"),
        )
    },
    f"{AVTALE}/parter/inviter": _avtalen(nytt_utkast),
    f"{AVTALE}/parter/svar": _avtalen(til_forhandling_med),
    f"{AVTALE}/parter/trekk": _avtalen(til_forhandling_med),
    f"{AVTALE}/godkjenning/send": _med_hash,
    f"{AVTALE}/godkjenning/aapne": _avtalen(til_godkjenning),
    **rutene_avtaler_uenighet.FOERST,
    **rutene_avtaler_livet.FOERST,
    **rutene_avtaler_forhandling.FOERST,
}


def sett_opp(v: Verden, regel: str) -> Steder | None:
    """The places of one of these routes; None where it is no such route."""
    if "<uuid:godkjenning_id>" in regel:
        return kommunens_ledd(v)
    if "<uuid:noekkel>" in regel:
        return _med_klausul(v)
    return {"avtale_id": et_utkast(v)} if "<uuid:avtale_id>" in regel else None


# --- what is sent ----------------------------------------------------------------------------------------


def _klausul(v: Verden, person: str, steder: Steder) -> dict[str, Any]:
    return {"overskrift": f"Ny {next(_nummer)}", "tekst": "Ring først.", "art": "innleggelse", "faser": ["1"]}


INNHOLD: dict[str, Callable[[Verden, str, Steder], dict[str, Any]]] = {
    "/avtaler/ny": lambda v, p, s: {"type": "tjenesteavtale", "tittel": "Innleggelse"},
    "/avtaler/import": lambda v, p, s: {"tekst": "§ 1 Formål\nPasienten først."},
    "/avtaler/import/lagre": lambda v, p, s: {
        **{"type": "tjenesteavtale", "tittel": "Innleggelse", "maalform": "nb", "gjoer": "lag"},
        **{"k0-overskrift": f"Formål {next(_nummer)}", "k0-tekst": "Pasienten først."},
    },
    "/avtaler/forhaandsvis": lambda v, p, s: {"tekst": "**Ring** først."},
    "/avtaler/kjede": lambda v, p, s: {"navn_1": f"Styret {next(_nummer)}", "vedtak_1": "1"},
    f"{AVTALE}/opplysninger": lambda v, p, s: {
        "tittel": f"Innleggelse {next(_nummer)}",
        "medvirkning": "Brukerutvalget.",
    },
    f"{AVTALE}/bestemmelser/ny": _klausul,
    KLAUSUL: _klausul,
    f"{AVTALE}/parter/inviter": lambda v, p, s: {"organisasjoner": [str(v.kommune.id)]},
    f"{AVTALE}/parter/svar": lambda v, p, s: {"ja": "1"},
    f"{AVTALE}/parter/trekk": lambda v, p, s: {"organisasjon_id": str(v.kommune.id)},
    f"{AVTALE}/godkjenning/send": lambda v, p, s: {"lest_hash": str(s["hash"])},
    f"{GODKJENNING}/godkjenn": lambda v, p, s: {
        "innhold_hash": str(s["hash"]),
        "saksnummer": "26/114",
        "vedtaksdato": f"{i_dag()}",
    },
    f"{GODKJENNING}/avvis": lambda v, p, s: {"merknad": "Fristene er for korte."},
    **rutene_avtaler_uenighet.INNHOLD,
    **rutene_avtaler_livet.INNHOLD,
    **rutene_avtaler_forhandling.INNHOLD,
}
