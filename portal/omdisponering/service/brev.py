"""A person's assignment as a letter of one page, and as an entry of a calendar. Use cases: that they were fetched is
written down.

Both are made outside the transaction (`brevfil`, `kalenderfil`), from the plain data that is read here, in the language
of the person it is about, where that person has a user; else in the reader's.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from flask_babel import format_date, get_locale

from portal.avtaler.models import Bestemmelse
from portal.core.aktor import Aktor
from portal.core.clock import i_dag
from portal.core.db import db, transactional
from portal.core.errors import UgyldigOvergang
from portal.core.sprak import _, _l, klokkeslett, paa_spraak
from portal.core.telefon import lesbart
from portal.identitet.models import Enhet, Organisasjon, Person
from portal.omdisponering import access
from portal.omdisponering.forloep import LOVFELT, Kompetanse, Status
from portal.omdisponering.kalenderfil import Oppdrag
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje
from portal.omdisponering.ord import ETIKETTER
from portal.omdisponering.ressursmodeller import Ressursperson
from portal.omdisponering.tidslinjegrunnlag import slutt
from portal.revisjon.steps import logg


class Brev(NamedTuple):
    """What the file is called, without its ending, and what it says (`templates/omdisponering/oppdragsbrev.typ`)."""

    filnavn: str
    data: dict[str, Any]


@transactional
def hent_brev(aktor: Aktor, omdisponering_id: UUID, linje_id: UUID) -> Brev:
    """The letter, once both sides have agreed and as long as it holds: for both, and for the person itself.

    Raises IkkeFunnet, IkkeTilgang; UgyldigOvergang before they have agreed, and when it was taken back.
    """
    omd, linje = access.hent_oppdrag(aktor, omdisponering_id, linje_id)
    if omd.status == Status.TRUKKET:
        raise UgyldigOvergang(_l("Oppdraget er trukket, så brevet gjelder ikke lenger."))
    person = linje.ressursperson
    assert person is not None
    logg(aktor, "omdisponering.brev_hentet", "omdisponering", omd.id, linje=str(linje.id))
    with paa_spraak(_spraak(person)):
        return Brev(f"{_('oppdragsbrev')}-{omd.nummer}", _brev(omd, linje, person))


@transactional
def hent_kalender(aktor: Aktor, omdisponering_id: UUID, linje_id: UUID) -> Oppdrag:
    """The same assignment as an entry of a calendar, also when it was taken back: then it says so. It names nobody.

    Raises IkkeFunnet, IkkeTilgang; UgyldigOvergang before both sides have agreed.
    """
    omd, linje = access.hent_oppdrag(aktor, omdisponering_id, linje_id)
    person = linje.ressursperson
    assert person is not None
    logg(aktor, "omdisponering.kalender_hentet", "omdisponering", omd.id, linje=str(linje.id))
    with paa_spraak(_spraak(person)):
        return _oppdrag(omd, linje, person)


def _spraak(person: Ressursperson) -> str:
    return person.person.spraak if person.person is not None else str(get_locale() or "nb")


# --- the calendar ----------------------------------------------------------------------------------------


def _oppdrag(omd: Omdisponering, linje: Omdisponeringslinje, person: Ressursperson) -> Oppdrag:
    til = slutt(linje.til, omd.status, omd.avsluttet)
    # One that was ended before this line of it had begun is never worked.
    avlyst = omd.status == Status.TRUKKET or til <= linje.fra
    hva = _(
        "Oppdrag hos %(sted)s",
        sted=omd.mottaker_enhet.navn if omd.mottaker_enhet else omd.mottaker.kortnavn,
    )
    telefoner = [
        f"{sted}: {lesbart(nummer)}"
        for sted, nummer in (
            (_sted(omd.mottaker, omd.mottaker_enhet), _telefon(omd.mottaker, omd.mottaker_enhet)),
            (_sted(omd.avgiver, _hjemme(omd, person)), _telefon(omd.avgiver, _hjemme(omd, person))),
        )
        if nummer
    ]
    return Oppdrag(
        id=linje.id,
        sekvens=omd.versjon,
        endret=omd.avsluttet or omd.iverksatt or omd.godkjent_mottaker or omd.opprettet,
        fra=linje.fra,
        til=linje.til if avlyst else til,
        avlyst=avlyst,
        tittel=f"{_('Avlyst')}: {hva}" if avlyst else hva,
        sted=_sted(omd.mottaker, omd.mottaker_enhet),
        tekst="\n".join(
            [
                f"{ETIKETTER['stilling'][person.stilling]}, {linje.andel} %",
                _("Omdisponering %(nummer)s", nummer=omd.nummer),
                *telefoner,
            ]
        ),
        navn=_("Oppdraget mitt"),
    )


# --- the letter ------------------------------------------------------------------------------------------


def _brev(omd: Omdisponering, linje: Omdisponeringslinje, person: Ressursperson) -> dict[str, Any]:
    hjemme = _hjemme(omd, person)
    navn = person.navn or _("Slettet fra registeret")
    return {
        "spraak": str(get_locale() or "nb"),
        "dokumenttittel": _("Oppdragsbrev %(nummer)s", nummer=omd.nummer),
        "forfatter": omd.avgiver.navn,
        "over": _("Oppdragsbrev %(nummer)s", nummer=omd.nummer),
        "dato": _dato(i_dag()),
        "tittel": navn,
        "fakta": [
            [str(ord_), str(verdi)]
            for ord_, verdi in (
                (_("Stilling"), _stilling(person)),
                (_("Fra"), _linjevis(_sted(omd.avgiver, hjemme), _telefon(omd.avgiver, hjemme))),
                (
                    _("Til"),
                    _linjevis(
                        _sted(omd.mottaker, omd.mottaker_enhet), _telefon(omd.mottaker, omd.mottaker_enhet)
                    ),
                ),
                (_("Når"), _naar(omd, linje)),
                (_("Stillingsandel"), f"{linje.andel} %"),
                (_("Oppmøte"), _oppmoete(omd)),
                (_("Frivillig eller beordret"), _villig(omd, linje)),
            )
            if verdi
        ],
        "merknadsord": _("Merknad"),
        "merknad": omd.merknad.strip(),
        "vilkaarsord": _("Vilkår, etter helse- og omsorgstjenesteloven § 6-2 andre ledd"),
        "vilkaar": [[str(ETIKETTER["lovfelt"][felt]), getattr(omd, felt).strip()] for felt in LOVFELT],
        "grunnlagsord": _("Grunnlag"),
        "grunnlag": _grunnlag(omd),
        "godkjentord": _("Godkjent av begge sider"),
        "godkjent": [
            _godkjent(omd.avgiver, omd.godkjent_avgiver_av, omd.godkjent_avgiver),
            _godkjent(omd.mottaker, omd.godkjent_mottaker_av, omd.godkjent_mottaker),
        ],
        "hashord": _("Innholdet som er godkjent (SHA-256)"),
        "hash": omd.innhold_hash,
        "kuttet": _(
            "Teksten er forkortet her. Hele står i portalen, i omdisponering %(nummer)s.", nummer=omd.nummer
        ),
    }


def _hjemme(omd: Omdisponering, person: Ressursperson) -> Enhet | None:
    """The unit that the person comes from."""
    return person.enhet or omd.avgiver_enhet


def _sted(organisasjon: Organisasjon, enhet: Enhet | None) -> str:
    return f"{enhet.navn}, {organisasjon.navn}" if enhet else organisasjon.navn


def _telefon(organisasjon: Organisasjon, enhet: Enhet | None) -> str:
    """The unit's number, else the organisation's; empty where neither is in the portal."""
    return (enhet.telefon if enhet else "") or organisasjon.telefon


def _linjevis(sted: str, telefon: str) -> str:
    return f"{sted}\n{_('Telefon %(nummer)s', nummer=lesbart(telefon))}" if telefon else sted


def _dato(dag: date) -> str:
    """«24. november 2026», «24 November 2026»."""
    engelsk = str(get_locale()) == "en"
    return str(format_date(dag, "d MMMM y" if engelsk else "d. MMMM y", rebase=False))


def _tid(tid: datetime) -> str:
    return klokkeslett(tid, ukedag=True)


def _stilling(person: Ressursperson) -> str:
    deler = [str(ETIKETTER["stilling"][person.stilling])]
    deler += [str(ETIKETTER["kompetanse"][k]).lower() for k in Kompetanse if person.kompetanse & k]
    ut = ", ".join(deler)
    return f"{ut}\n{_('HPR-nummer %(nummer)s', nummer=person.hpr)}" if person.hpr else ut


def _naar(omd: Omdisponering, linje: Omdisponeringslinje) -> str:
    ut = _("%(fra)s til %(til)s", fra=_tid(linje.fra), til=_tid(linje.til))
    if omd.status == Status.AVSLUTTET and omd.avsluttet and omd.avsluttet < linje.til:
        ut += "\n" + _("Avsluttet før tiden, %(naar)s", naar=_tid(omd.avsluttet))
    return ut


def _oppmoete(omd: Omdisponering) -> str:
    """Where the work is: the unit, in the kommune that the need named."""
    sted = omd.mottaker_enhet.navn if omd.mottaker_enhet else omd.mottaker.navn
    by = omd.behov.sted.navn
    return sted if by in sted else f"{sted}, {by}"


def _villig(omd: Omdisponering, linje: Omdisponeringslinje) -> str:
    if linje.beordret and omd.vedtak is not None:
        return _(
            "Beordret etter %(hjemmel)s. Vedtak av %(hvem)s %(naar)s, sak %(referanse)s, gjelder til og med %(til)s.",
            hjemmel=omd.vedtak.hjemmel,
            hvem=omd.vedtak.besluttet_av,
            naar=_dato(omd.vedtak.vedtatt),
            referanse=omd.vedtak.referanse,
            til=_dato(omd.vedtak.til),
        )
    if linje.samtykket is None:
        return _("Frivillig")
    return _("Frivillig. Personen sa ja %(naar)s.", naar=_tid(linje.samtykket))


def _grunnlag(omd: Omdisponering) -> str:
    avtale = omd.avtale
    klausul = db.session.get(Bestemmelse, omd.bestemmelse_id) if omd.bestemmelse_id else None
    if avtale is None or klausul is None:
        return ""
    return _(
        "%(avtale)s, versjon %(versjon)s, bestemmelse %(bestemmelse)s",
        avtale=f"{avtale.nummer} {avtale.tittel}".strip(),
        versjon=omd.avtale_nummer,
        bestemmelse=f"«{f'{klausul.nummer} {klausul.overskrift}'.strip()}»",
    )


def _godkjent(organisasjon: Organisasjon, av: Person | None, naar: datetime | None) -> list[str]:
    return [
        organisasjon.navn,
        ", ".join(d for d in (av.navn if av else "", _tid(naar) if naar else "") if d),
    ]
