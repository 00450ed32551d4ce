"""What happens next with an agreement: one sentence, whom it waits for, and by when. Read for the top of its pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from portal.avtaler import access, steps
from portal.avtaler.access import Handling
from portal.avtaler.forloep import Forslagsstatus, Partstatus, Side, Status
from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon, Forslag
from portal.core.aktor import Aktor
from portal.core.db import db
from portal.core.sprak import _, _l, ngettext

_LANG_TID = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Naa:
    """The state in words, for who reads. `frist` and `fristord`: a day, and what it is the day of."""

    hva: str
    neste: str = ""
    #: Whom it waits for, as they are named: «Bodø (Kommunestyret)».
    venter: Sequence[str] = ()
    frist: date | None = None
    fristord: str = ""
    #: It waits for the actor's own organisation.
    min_tur: bool = False
    #: Where on the agreement's pages it is done.
    sti: str = ""
    lenketekst: str = ""


def hva_skjer(aktor: Aktor, avtale: Avtale) -> Naa:
    """What the actor may know of what comes next; who sees only what holds is told of that alone."""
    arbeid = steps.i_arbeid(avtale)
    if arbeid is not None and access.kan_se_versjon(aktor, avtale, arbeid):
        return _ARBEID[Status(arbeid.status)](aktor, avtale, arbeid)
    gjelder = steps.holder(avtale)
    return _gjelder(aktor, avtale, gjelder) if gjelder is not None else _slutt(aktor, avtale)


# --- a version that is worked on -------------------------------------------------------------------------


def _oensket(versjon: Avtaleversjon) -> dict[str, Any]:
    return {"frist": versjon.oensket_fra, "fristord": _("Ønsket å gjelde fra")} if versjon.oensket_fra else {}


def _utkast(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon) -> Naa:
    min_tur = access.kan(aktor, Handling.REDIGERE, avtale)
    kommuner = [p for p in avtale.parter if p.side == Side.KOMMUNE and p.status in access.MED]
    if not steps.antall_bestemmelser(versjon):
        neste, sti, ord_ = _("Skriv bestemmelsene."), "/utkast", _l("Rediger utkastet")
    elif not kommuner:
        neste, sti, ord_ = _("Inviter kommunene som skal være parter."), "/parter", _l("Inviter kommuner")
    else:
        neste, sti, ord_ = (
            _("Gjør utkastet ferdig, og send det til forhandling."),
            "/utkast",
            _l("Rediger utkastet"),
        )
    return Naa(
        _(
            "Versjon %(nr)s er et utkast. Bare %(eier)s ser det.",
            nr=versjon.nummer,
            eier=avtale.eier.kortnavn,
        ),
        neste,
        [] if min_tur else [avtale.eier.kortnavn],
        min_tur=min_tur,
        sti=sti if min_tur else "",
        lenketekst=str(ord_) if min_tur else "",
        **_oensket(versjon),
    )


def _forhandling(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon) -> Naa:
    deltar = [p for p in avtale.parter if p.status == Partstatus.DELTAR]
    ubesvarte = [p for p in avtale.parter if p.status == Partstatus.INVITERT]
    forslag = db.session.scalars(
        sa.select(Forslag).where(
            Forslag.avtale_id == avtale.id,
            Forslag.nummer == versjon.nummer,
            Forslag.status == Forslagsstatus.AAPENT,
        )
    ).all()
    skylder: dict[Any, Avtalepart] = {}
    for f in forslag:
        svart = {s.organisasjon_id for s in f.svar}
        for p in deltar:
            if p.side != f.side and p.organisasjon_id not in svart:
                skylder[p.organisasjon_id] = p
    egen = aktor.organisasjon_id
    hva = _("Versjon %(nr)s er til forhandling.", nr=versjon.nummer)
    if forslag:
        hva += " " + ngettext("%(num)s forslag er åpent.", "%(num)s forslag er åpne.", len(forslag))
        svarer = egen in skylder and access.kan(aktor, Handling.SVARE, avtale)
        return Naa(
            hva,
            _("Den andre siden godtar forslagene eller avslår dem."),
            _navn(skylder.values()),
            min_tur=svarer,
            lenketekst=_("Svar på forslagene") if svarer else _("Se forslagene"),
            **_oensket(versjon),
        )
    invitert = any(p.organisasjon_id == egen for p in ubesvarte)
    if ubesvarte:
        svarer = invitert and access.kan(aktor, Handling.FOERE, avtale)
        return Naa(
            hva,
            _("De inviterte svarer om de vil delta."),
            _navn(ubesvarte),
            min_tur=svarer,
            sti="/parter",
            lenketekst=_("Svar på invitasjonen") if svarer else _("Se partene"),
            **_oensket(versjon),
        )
    eier = access.kan(aktor, Handling.REDIGERE, avtale)
    return Naa(
        hva + " " + _("Ingen forslag er åpne."),
        _("Partene kommenterer og foreslår. Er de enige, sendes avtalen til godkjenning."),
        [avtale.eier.kortnavn],
        min_tur=eier,
        sti="/godkjenning" if eier else "",
        lenketekst=_("Send til godkjenning") if eier else _("Gå til forhandlingen"),
        **_oensket(versjon),
    )


def _godkjenning(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon) -> Naa:
    neste = _neste_ledd(versjon)
    alle = [g for g in versjon.godkjenninger if g.opphevet is None]
    gitt = sum(g.gitt is not None for g in alle)
    min_tur = any(g.organisasjon_id == aktor.organisasjon_id for g in neste) and access.kan(
        aktor, Handling.GODKJENNE, avtale
    )
    return Naa(
        _("Versjon %(nr)s er til godkjenning.", nr=versjon.nummer)
        + " "
        + _("%(gitt)s av %(alle)s ledd har godkjent.", gitt=gitt, alle=len(alle)),
        _("Når alle har godkjent, gjelder avtalen fra den ønskede dagen."),
        [f"{g.organisasjon.kortnavn} ({g.navn})" for g in neste],
        min_tur=min_tur,
        sti="/godkjenning",
        lenketekst=_("Godkjenn") if min_tur else _("Se godkjenningene"),
        **_oensket(versjon),
    )


def _neste_ledd(versjon: Avtaleversjon) -> list[Any]:
    """The first link of each party that has not approved."""
    foerste: dict[Any, Any] = {}
    for g in sorted(versjon.godkjenninger, key=lambda g: g.plass):
        if g.opphevet is None and g.gitt is None:
            foerste.setdefault(g.organisasjon_id, g)
    return sorted(foerste.values(), key=lambda g: g.organisasjon.kortnavn)


def _godkjent(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon) -> Naa:
    return Naa(
        _("Alle partene har godkjent versjon %(nr)s.", nr=versjon.nummer),
        _("Den trer i kraft av seg selv."),
        frist=versjon.i_kraft_fra,
        fristord=_("Gjelder fra"),
    )


# --- what holds, and what has ended ----------------------------------------------------------------------


def _gjelder(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon) -> Naa:
    if versjon.i_kraft_til is not None:
        return Naa(
            _("Versjon %(nr)s gjelder, men avtalen er sagt opp.", nr=versjon.nummer)
            if versjon.status == Status.OPPSAGT
            else _("Versjon %(nr)s gjelder.", nr=versjon.nummer),
            frist=versjon.i_kraft_til - _LANG_TID,
            fristord=_("Siste dag"),
            lenketekst=_("Livet videre"),
        )
    venter = _neste_ledd(versjon)
    inviterte = [p for p in avtale.parter if p.status == Partstatus.INVITERT]
    inne = access.kan(aktor, Handling.SE_ARBEID, avtale)
    if inne and (venter or inviterte):
        egen = aktor.organisasjon_id
        skal_svare = any(p.organisasjon_id == egen for p in inviterte) and access.kan(
            aktor, Handling.FOERE, avtale
        )
        skal_godkjenne = any(g.organisasjon_id == egen for g in venter)
        return Naa(
            _("Versjon %(nr)s gjelder.", nr=versjon.nummer),
            _("Nye parter er på vei inn."),
            [*_navn(inviterte), *(f"{g.organisasjon.kortnavn} ({g.navn})" for g in venter)],
            min_tur=skal_svare or skal_godkjenne,
            sti="/godkjenning" if skal_godkjenne else "/parter",
            lenketekst=_("Godkjenn")
            if skal_godkjenne
            else _("Svar på invitasjonen")
            if skal_svare
            else _("Se partene"),
        )
    return Naa(
        _("Versjon %(nr)s gjelder.", nr=versjon.nummer),
        _("Partene går gjennom avtalen sammen hvert år.") if avtale.neste_gjennomgang else "",
        frist=avtale.neste_gjennomgang,
        fristord=_("Gjennomgås innen") if avtale.neste_gjennomgang else "",
        lenketekst=_("Livet videre"),
    )


def _slutt(aktor: Aktor, avtale: Avtale) -> Naa:
    siste = max((v.i_kraft_til for v in avtale.versjoner if v.i_kraft_til), default=None)
    if siste is not None:
        return Naa(_("Avtalen gjelder ikke lenger."), frist=siste - _LANG_TID, fristord=_("Siste dag"))
    kan_igjen = access.kan(aktor, Handling.REDIGERE, avtale)
    return Naa(
        _("Avtalen har aldri vært i kraft, og ingen versjon er under arbeid."),
        _("Begynn en ny versjon for å ta arbeidet opp igjen.") if kan_igjen else "",
    )


def _navn(parter: Any) -> list[str]:
    return sorted(p.organisasjon.kortnavn for p in parter)


_ARBEID = {
    Status.UTKAST: _utkast,
    Status.TIL_FORHANDLING: _forhandling,
    Status.TIL_GODKJENNING: _godkjenning,
    Status.GODKJENT: _godkjent,
}
