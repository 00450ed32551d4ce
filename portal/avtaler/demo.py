"""The demo's agreements: in force, in negotiation and out for approval, through the same use cases as real ones.

Their days are counted back from today, so that what is due is due whenever the demo is made.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.avtaler import access, beskjeder, demotekster, godkjenninger, steps
from portal.avtaler.access import Handling
from portal.avtaler.models import Avtale, Avtaleversjon
from portal.avtaler.service import (
    avtaler,
    forpliktelser,
    forslag,
    godkjenning,
    ikrafttredelse,
    innsending,
    klausuler,
    kommentarer,
    parter,
    satser,
    uenighet,
)
from portal.avtaler.utskrivning import KJENTE_SATSER
from portal.core.aktor import Aktor
from portal.core.clock import OSLO, i_dag, som_om
from portal.core.config import innstillinger
from portal.core.db import db, transactional
from portal.core.errors import IkkeTilgang
from portal.identitet.demo import aktor, har_rollene
from portal.oppgaver import service as oppgaver
from portal.oppgaver.models import Oppgave
from portal.oppgaver.steps import AAPEN
from portal.varsler.models import Varsel
from portal.varsler.steps import stopp_varsler

_SYSTEM = Aktor.system("demo")
#: Who sits around the table: for the trust, for the kommuner, and the RHF.
_FOLK = (
    *("koordinator_hf", "administrator_hf", "koordinator", "kommuneoverlege", "administrator"),
    *("koordinator_kautokeino", "kommuneoverlege_kautokeino", "koordinator_rhf"),
)
_MEDVIRKNING = (
    "Brukerutvalget ved sykehuset, eldrerådene i kommunene og pårørendeforeningen leste utkastet og møtte partene to "
    "ganger. Erfaringene deres er tatt inn i kriteriene for utskrivning."
)


def skal_saas() -> bool:
    """Whether the demo people that it takes are there, and not a single agreement."""
    finnes = db.session.scalar(sa.select(sa.exists().where(Avtale.id.is_not(None))))
    return not finnes and har_rollene(*_FOLK)


class _Bord:
    """The people of the demo around the table."""

    def __init__(self) -> None:
        self.foretak, self.direktoer, self.alta, self.overlege, ordfoerer, self.kautokeino, lege, self.rhf = (
            aktor(noekkel) for noekkel in _FOLK
        )
        #: Who records the decision of each kommunestyre.
        self.vedtak = ordfoerer, lege


def saa_avtaler() -> None:
    """Makes the demo's agreements with what follows from them. Raises IkkeTilgang outside demo mode."""
    if not innstillinger().demo:
        raise IkkeTilgang()
    bord = _Bord()
    overordnet = _overordnet(bord)
    tjeneste = _tjeneste(bord, overordnet)
    _jordmor(bord, overordnet)
    _digitalt(bord, overordnet)
    _uenighet(bord, tjeneste)
    _satser(bord)
    forpliktelser.fyll_paa()
    _gjoer_ferdig(bord)
    _ti_stille([overordnet, tjeneste])


def _da(dager: int) -> AbstractContextManager[None]:
    """So many days ago."""
    return _paa(i_dag() - timedelta(days=dager))


def _paa(dag: date) -> AbstractContextManager[None]:
    """A morning in Oslo."""
    return som_om(datetime.combine(dag, time(9, 10), OSLO).astimezone(UTC))


def _hverdag(dag: date) -> date:
    """The day, or the Friday before: no kommunestyre meets in a weekend."""
    return dag - timedelta(days=max(0, dag.weekday() - 4))


def _begynn(
    bord: _Bord,
    type_: str,
    tittel: str,
    nummer: str,
    bestemmelser: Iterable[dict[str, Any]],
    overordnet: UUID | None,
) -> UUID:
    """A draft, sent to both kommuner, who take part."""
    avtale = avtaler.lag(
        bord.foretak,
        type=type_,
        tittel=tittel,
        nummer=nummer,
        overordnet_id=overordnet,
        bestemmelser=list(bestemmelser),
    )
    kommuner = [a.organisasjon_id for a in (bord.alta, bord.kautokeino) if a.organisasjon_id is not None]
    parter.inviter(bord.foretak, avtale, kommuner)
    avtaler.send_til_forhandling(bord.foretak, avtale)
    return avtale


def _delta(bord: _Bord, avtale: UUID) -> None:
    for kommune in (bord.alta, bord.kautokeino):
        parter.svar(kommune, avtale, True)


def _send(bord: _Bord, avtale_id: UUID, *, fra: date | None = None) -> None:
    """How users took part is written, and the version goes to the chains."""
    avtale, versjon = _i_arbeid(avtale_id)
    avtaler.endre(
        bord.foretak,
        avtale_id,
        tittel=versjon.tittel,
        nummer=avtale.nummer,
        medvirkning=_MEDVIRKNING,
        oensket_fra=fra,
        notat=versjon.notat,
        lest=None,
    )
    avtale, versjon = _i_arbeid(avtale_id)
    innhold = steps.hash_av(avtale, versjon)
    db.session.rollback()
    godkjenning.send(bord.foretak, avtale_id, innhold)


def _i_arbeid(avtale_id: UUID) -> tuple[Avtale, Avtaleversjon]:
    db.session.rollback()
    avtale = access.hent(_SYSTEM, Handling.SE, avtale_id)
    versjon = steps.i_arbeid(avtale)
    assert versjon is not None
    return avtale, versjon


def _godkjenn(avtale_id: UUID, hvem: Aktor) -> None:
    """The next link of the actor's own chain; with a case number and a date where it demands a decision."""
    _, versjon = _i_arbeid(avtale_id)
    (ledd,) = [g for g in godkjenninger.neste(versjon) if g.organisasjon_id == hvem.organisasjon_id]
    id_, innhold, vedtak = ledd.id, versjon.innhold_hash, ledd.krever_vedtak
    db.session.rollback()
    dag = _hverdag(i_dag() - timedelta(days=2))
    godkjenning.godkjenn(
        hvem,
        id_,
        innhold,
        saksnummer=f"{dag:%y}/{dag.timetuple().tm_yday}" if vedtak else "",
        vedtaksdato=dag if vedtak else None,
    )


def _godkjenn_alle(bord: _Bord, avtale_id: UUID) -> None:
    _godkjenn(avtale_id, bord.direktoer)
    for hvem in bord.vedtak:
        _godkjenn(avtale_id, hvem)


def _uenighet(bord: _Bord, avtale: UUID) -> None:
    """A disagreement, in dialogue."""
    with _da(43):
        sak = uenighet.opprett(
            bord.alta, avtale, tittel=demotekster.UENIGHET, tekst=demotekster.UENIGHET_ALTA
        )
    with _da(36):
        uenighet.foer(bord.foretak, avtale, sak, fra="dialog", tekst=demotekster.UENIGHET_SYKEHUSET)


def _satser(bord: _Bord) -> None:
    """The day rates of the years that the portal does not know. They are made up, and say so."""
    siste = max(KJENTE_SATSER)
    for aar in range(siste + 1, i_dag().year + 1):
        satser.foer(
            bord.foretak,
            aar,
            KJENTE_SATSER[siste] + 200 * (aar - siste),
            "Demotall, ikke den virkelige satsen",
        )


def _gjoer_ferdig(bord: _Bord) -> None:
    """What was due has been done, some days before; and somebody has taken on what comes next."""
    koordinatorer = {a.organisasjon_id: a for a in (bord.foretak, bord.alta, bord.kautokeino)}
    rader = db.session.execute(
        sa.select(Oppgave.id, Oppgave.organisasjon_id, Oppgave.frist)
        .where(AAPEN)
        .order_by(Oppgave.frist, Oppgave.id)
    ).all()
    db.session.rollback()
    for r in rader:
        if r.frist >= i_dag():
            continue
        with _paa(r.frist - timedelta(days=4)):
            oppgaver.gjoer(koordinatorer[r.organisasjon_id], r.id)
    neste = next(r for r in rader if r.frist >= i_dag() and r.organisasjon_id == bord.foretak.organisasjon_id)
    oppgaver.ta(bord.foretak, neste.id)


# --- the four agreements ---------------------------------------------------------------------------------


def _overordnet(bord: _Bord) -> UUID:
    """In force for nearly a year: the annual review is due in a month."""
    with _da(395):
        avtale = _begynn(
            bord,
            "overordnet",
            "Overordnet samarbeidsavtale for Vest-Finnmark",
            "1",
            demotekster.OVERORDNET,
            None,
        )
    with _da(385):
        _delta(bord, avtale)
    with _da(365):
        _send(bord, avtale, fra=i_dag() + timedelta(days=35))
    with _da(340):
        _godkjenn_alle(bord, avtale)
    with _da(330):
        ikrafttredelse.sett_i_kraft()
    with _da(312):
        _send_inn(bord, avtale, 1)
    return avtale


def _tjeneste(bord: _Bord, overordnet: UUID) -> UUID:
    """In force in its second version, which brought the practice at the peak of an epidemic."""
    with _da(240):
        avtale = _begynn(
            bord,
            "tjenesteavtale",
            "Innleggelse, utskrivning og øyeblikkelig hjelp døgnopphold",
            "3–5",
            demotekster.TJENESTE,
            overordnet,
        )
    with _da(230):
        _delta(bord, avtale)
    with _da(215):
        _send(bord, avtale)
    with _da(200):
        _godkjenn_alle(bord, avtale)
    with _da(185):
        _send_inn(bord, avtale, 1)
    with _da(75):
        avtaler.ny_versjon(bord.foretak, avtale)
        _skriv_toppen(bord, avtale)
    with _da(74):
        avtaler.send_til_forhandling(bord.foretak, avtale)
    with _da(50):
        _send(bord, avtale, fra=i_dag() + timedelta(days=30))
    with _da(32):
        _godkjenn_alle(bord, avtale)
    with _da(20):
        ikrafttredelse.sett_i_kraft()
    return avtale


def _send_inn(bord: _Bord, avtale_id: UUID, nummer: int) -> None:
    """The RHF has sent the version to Helsedirektoratet, today."""
    dag = i_dag()
    innsending.foer_avtale(
        bord.rhf, avtale_id, nummer, dag, f"Arkivsak {dag:%y}/{1000 + dag.timetuple().tm_yday}"
    )


def _skriv_toppen(bord: _Bord, avtale_id: UUID) -> None:
    """The second version: what holds at the peak, beside what gives way to it."""
    _, versjon = _i_arbeid(avtale_id)
    noekler = {b.overskrift: b.noekkel for b in steps.bestemmelser(avtale_id, versjon.nummer)}
    db.session.rollback()
    for overskrift in demotekster.VIKER_PAA_TOPPEN:
        data: dict[str, Any] = {"faser": demotekster.ELLERS}
        if overskrift == "Utskrivning":
            data["tekst"] = demotekster.NY_UTSKRIVNING
        klausuler.skriv(bord.foretak, avtale_id, noekler[overskrift], data)
    for bestemmelse in demotekster.TIL_TOPPEN:
        klausuler.skriv(bord.foretak, avtale_id, None, bestemmelse)
    _, versjon = _i_arbeid(avtale_id)
    avtaler.endre(
        bord.foretak,
        avtale_id,
        tittel=versjon.tittel,
        nummer=versjon.avtale.nummer,
        medvirkning=versjon.medvirkning,
        oensket_fra=None,
        notat="Praksis på epidemitoppen, og frist for kommunens svar ved utskrivning.",
        lest=None,
    )


def _jordmor(bord: _Bord, overordnet: UUID) -> UUID:
    """In negotiation: proposals that wait, one with a counter-proposal, one that was accepted, and comments."""
    with _da(12):
        avtale = _begynn(
            bord,
            "tjenesteavtale",
            "Jordmortjenester og følgetjeneste",
            "8",
            demotekster.JORDMOR,
            overordnet,
        )
    with _da(9):
        _delta(bord, avtale)
    with _da(8):
        helg = kommentarer.skriv(
            bord.alta, avtale, _klausul(avtale, demotekster.HJEM)[0], demotekster.JORDMOR_HELG
        )
        kommentarer.skriv(
            bord.kautokeino, avtale, _klausul(avtale, demotekster.FOELGE)[0], demotekster.JORDMOR_BETALING
        )
    with _da(7):
        godtatt = _foreslaa(bord.overlege, avtale, demotekster.HJEM, *demotekster.JORDMOR_GODTATT)
        reisen = _foreslaa(bord.alta, avtale, demotekster.FOELGE, *demotekster.JORDMOR_FORSLAG)
    with _da(5):
        forslag.svar(bord.foretak, godtatt, True)
        kommentarer.ordne(bord.foretak, helg)
        _foreslaa(
            bord.foretak, avtale, demotekster.FOELGE, *demotekster.JORDMOR_MOTFORSLAG, svar_paa_id=reisen
        )
    with _da(2):
        forslag.foreslaa(
            bord.kautokeino, avtale, None, "ny", demotekster.JORDMOR_NY, demotekster.JORDMOR_NY_FORDI
        )
        kommentarer.skriv(bord.kautokeino, avtale, None, demotekster.JORDMOR_MOETE)
    return avtale


def _klausul(avtale_id: UUID, overskrift: str) -> tuple[UUID, str]:
    """The clause with that heading, and its hash as it reads now."""
    _, versjon = _i_arbeid(avtale_id)
    alle = steps.bestemmelser(avtale_id, versjon.nummer)
    funnet = next((b.noekkel, b.innhold_hash) for b in alle if b.overskrift == overskrift)
    db.session.rollback()
    return funnet


def _foreslaa(
    hvem: Aktor, avtale_id: UUID, overskrift: str, tekst: str, fordi: str, svar_paa_id: UUID | None = None
) -> UUID:
    """Another text for the clause."""
    noekkel, lest = _klausul(avtale_id, overskrift)
    return forslag.foreslaa(hvem, avtale_id, noekkel, "endre", {"tekst": tekst}, fordi, lest, svar_paa_id)


def _digitalt(bord: _Bord, overordnet: UUID) -> UUID:
    """Out for approval: the trust and Alta have approved, Kautokeino has not."""
    with _da(30):
        avtale = _begynn(bord, "tjenesteavtale", "Digital samhandling", "9", demotekster.DIGITALT, overordnet)
    with _da(28):
        _delta(bord, avtale)
    with _da(8):
        _send(bord, avtale, fra=i_dag() + timedelta(days=40))
    with _da(3):
        _godkjenn(avtale, bord.direktoer)
        _godkjenn(avtale, bord.vedtak[0])
    return avtale


@transactional
def _ti_stille(ferdige: Iterable[UUID]) -> None:
    """Nobody is told of what came to its end long ago, nor of what was answered then."""
    om = Varsel.gjelder.in_([beskjeder.gjelder(a) for a in ferdige])
    stopp_varsler(sa.or_(om, Varsel.kode == "avtale.part_svart"), Varsel.stoppet.is_(None))
