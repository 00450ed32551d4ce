"""The demo's phases and its drill: an epidemic that has come further in one kommune than in the other."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from portal.beredskap.models import Beredskapsnivaa, Fase, Faseperiode
from portal.beredskap.service import faser, oevelser
from portal.core.aktor import Aktor
from portal.core.clock import now, som_om
from portal.core.config import innstillinger
from portal.core.db import db, transactional
from portal.core.errors import IkkeTilgang
from portal.identitet.demo import aktor, har_rollene
from portal.varsler.models import Varsel
from portal.varsler.steps import stopp_varsler

#: Days ago, who, phase, level, source and reason; each goes on until the next of the same organisation.
FASER: tuple[tuple[int, str, Fase, Beredskapsnivaa, str, str], ...] = (
    (
        *(40, "kommuneoverlege_kautokeino", Fase.KLYNGER, Beredskapsnivaa.GROENN),
        *("FHI ukerapport", "To familier er smittet etter en reise."),
    ),
    (
        *(24, "koordinator_hf", Fase.SPREDNING, Beredskapsnivaa.GUL),
        *("FHI ukerapport", "Sju innlagte på en uke, og flere sykemeldte på medisinsk avdeling."),
    ),
    (
        *(18, "kommuneoverlege_kautokeino", Fase.SPREDNING, Beredskapsnivaa.GUL),
        *("Kriseledelsen", "Utbrudd på skolen. Hjemmetjenesten mangler folk."),
    ),
    (
        *(11, "kommuneoverlege", Fase.SPREDNING, Beredskapsnivaa.GUL),
        *("FHI ukerapport", "Smitte på to sykehjem, under kontroll."),
    ),
    (
        *(4, "kommuneoverlege_kautokeino", Fase.TOPP, Beredskapsnivaa.ROED),
        *("Kriseledelsen", "Legevakta tar imot tre ganger så mange som vanlig."),
    ),
)

#: Whose organisations the trust takes into its drill.
_OEVER = ("koordinator", "koordinator_kautokeino")


def skal_saas() -> bool:
    """Whether the demo people that it takes are there, and not a single phase."""
    finnes = db.session.scalar(sa.select(sa.exists().where(Faseperiode.id.is_not(None))))
    return not finnes and har_rollene(*(rad[1] for rad in FASER), *_OEVER)


def saa_faser() -> None:
    """Sets the demo's phases as they came, and begins its drill; tells nobody. Raises IkkeTilgang outside the demo."""
    if not innstillinger().demo:
        raise IkkeTilgang()
    naa = now()
    for dager, hvem, fase, nivaa, kilde, begrunnelse in FASER:
        beslutter = aktor(hvem)
        assert beslutter.organisasjon_id is not None
        with som_om(naa - timedelta(days=dager)):
            faser.sett(
                beslutter,
                beslutter.organisasjon_id,
                fase=fase,
                nivaa=nivaa,
                kilde=kilde,
                begrunnelse=begrunnelse,
            )
    with som_om(naa - timedelta(hours=2)):
        _begynn_oevelse(aktor("koordinator_hf"))
    _ti_stille()


def _begynn_oevelse(leder: Aktor) -> None:
    andre = [aktor(hvem).organisasjon_id for hvem in _OEVER]
    oevelser.lag(
        leder,
        navn="Øvelse Nordavind",
        til=now() + timedelta(days=5),
        organisasjoner=[o for o in andre if o is not None],
        fase=Fase.TOPP,
        nivaa=Beredskapsnivaa.ROED,
    )


@transactional
def _ti_stille() -> None:
    stopp_varsler(Varsel.kode.startswith("beredskap."), Varsel.stoppet.is_(None))
