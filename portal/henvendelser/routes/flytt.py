"""Messages and the moves of a case: one door each, all through `handling`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from portal.henvendelser.routes.felles import blp, handling
from portal.henvendelser.schemas import (
    BegrunnelseInn,
    BesvarInn,
    LukkInn,
    MeldingInn,
    TekstInn,
    TomtSkjema,
    TrengerMerInn,
    VideresendInn,
)
from portal.henvendelser.service import flyt, meldinger


@blp.post("/henvendelser/<uuid:henvendelse_id>/meldinger")
def ny_melding(henvendelse_id: UUID) -> Any:
    return handling(
        henvendelse_id,
        "meldinger",
        MeldingInn,
        lambda a, inn: _kast(meldinger.send_melding(a, henvendelse_id, **inn)),
    )


def _kast(_resultat: object) -> None:
    """The page shows the log itself: it needs no result."""


@blp.post("/henvendelser/<uuid:henvendelse_id>/aksepter")
def aksepter(henvendelse_id: UUID) -> Any:
    return handling(henvendelse_id, "aksepter", TomtSkjema, lambda a, inn: flyt.aksepter(a, henvendelse_id))


@blp.post("/henvendelser/<uuid:henvendelse_id>/gi-tilbake")
def gi_tilbake(henvendelse_id: UUID) -> Any:
    return handling(
        henvendelse_id, "gi_tilbake", BegrunnelseInn, lambda a, inn: flyt.gi_tilbake(a, henvendelse_id, **inn)
    )


@blp.post("/henvendelser/<uuid:henvendelse_id>/videresend")
def videresend(henvendelse_id: UUID) -> Any:
    return handling(
        henvendelse_id, "videresend", VideresendInn, lambda a, inn: flyt.videresend(a, henvendelse_id, **inn)
    )


@blp.post("/henvendelser/<uuid:henvendelse_id>/besvar")
def besvar(henvendelse_id: UUID) -> Any:
    return handling(henvendelse_id, "besvar", BesvarInn, lambda a, inn: flyt.besvar(a, henvendelse_id, **inn))


@blp.post("/henvendelser/<uuid:henvendelse_id>/trenger-mer")
def trenger_mer(henvendelse_id: UUID) -> Any:
    return handling(
        henvendelse_id, "trenger_mer", TrengerMerInn, lambda a, inn: flyt.be_om_mer(a, henvendelse_id, **inn)
    )


@blp.post("/henvendelser/<uuid:henvendelse_id>/lukk")
def lukk(henvendelse_id: UUID) -> Any:
    return handling(henvendelse_id, "lukk", LukkInn, lambda a, inn: flyt.lukk(a, henvendelse_id, **inn))


@blp.post("/henvendelser/<uuid:henvendelse_id>/tiden-er-ute")
def tiden_er_ute(henvendelse_id: UUID) -> Any:
    return handling(
        henvendelse_id, "tiden_er_ute", TekstInn, lambda a, inn: flyt.tiden_er_ute(a, henvendelse_id, **inn)
    )


@blp.post("/henvendelser/<uuid:henvendelse_id>/trekk")
def trekk(henvendelse_id: UUID) -> Any:
    return handling(henvendelse_id, "trekk", TekstInn, lambda a, inn: flyt.trekk(a, henvendelse_id, **inn))


@blp.post("/henvendelser/<uuid:henvendelse_id>/gjenaapne")
def gjenaapne(henvendelse_id: UUID) -> Any:
    return handling(
        henvendelse_id, "gjenaapne", TekstInn, lambda a, inn: flyt.gjenaapne(a, henvendelse_id, **inn)
    )
