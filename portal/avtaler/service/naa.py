"""What happens next with an agreement: one sentence, whom it waits for, and by when. Read for the top of its pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from portal.avtaler import access, beskjeder, godkjenninger, plikter, steps
from portal.avtaler.access import Handling
from portal.avtaler.forloep import Forslagsstatus, Partstatus, Side, Status
from portal.avtaler.livsmodeller import Oppsigelse
from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon, Forslag, Godkjenning
from portal.avtaler.service import gjennomgang, oppsigelse
from portal.core.aktor import Aktor
from portal.core.clock import i_dag
from portal.core.db import db
from portal.core.sprak import _, _l, ngettext
from portal.oppgaver.models import Oppgave

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
    gjelder = steps.holder_for(aktor, avtale)
    if arbeid is not None and access.kan_se_versjon(aktor, avtale, arbeid):
        svar = _ARBEID[Status(arbeid.status)](aktor, avtale, arbeid)
        oppsagt = _oppsagt_under_arbeid(avtale, arbeid, gjelder)
        return replace(svar, neste=" ".join(d for d in (svar.neste, oppsagt) if d))
    return _gjelder(aktor, avtale, gjelder) if gjelder is not None else _slutt(aktor, avtale)


def _oppsagt_under_arbeid(avtale: Avtale, arbeid: Avtaleversjon, gjelder: Avtaleversjon | None) -> str:
    """That what holds has been given notice, for who looks at what is to come after it; empty: it has not."""
    if (
        gjelder is None
        or gjelder is arbeid
        or gjelder.i_kraft_til is None
        or gjelder.status != Status.OPPSAGT
    ):
        return ""
    siste = f"{gjelder.i_kraft_til - _LANG_TID:%d.%m.%Y}"
    dager = _igjen(gjelder.i_kraft_til)
    if arbeid.i_kraft_fra is not None:
        return _("Versjon %(nr)s er sagt opp, og gjelder til og med %(dag)s.", nr=gjelder.nummer, dag=siste)
    return _(
        "Versjon %(nr)s er sagt opp, og gjelder til og med %(dag)s (%(igjen)s): skal ingenting falle bort, må den nye "
        "være godkjent av alle før det.",
        nr=gjelder.nummer,
        dag=siste,
        igjen=dager,
    )


def _igjen(slutt: date) -> str:
    """How long it is to the first day without."""
    return ngettext("%(num)s dag igjen", "%(num)s dager igjen", (slutt - i_dag()).days)


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
        sa.select(Forslag)
        .where(
            Forslag.avtale_id == avtale.id,
            Forslag.nummer == versjon.nummer,
            Forslag.status == Forslagsstatus.AAPENT,
        )
        .options(selectinload(Forslag.svar))
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
            sti="/forhandling",
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
        sti="/godkjenning" if eier else "/forhandling",
        lenketekst=_("Send til godkjenning") if eier else _("Gå til forhandlingen"),
        **_oensket(versjon),
    )


def _godkjenning(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon) -> Naa:
    neste = _neste_ledd(versjon)
    alle = [g for g in versjon.godkjenninger if g.opphevet is None]
    gitt = sum(g.gitt is not None for g in alle)
    min_tur, hos_oss = _godkjenner(aktor, avtale, versjon, neste)
    hva = (
        _("Versjon %(nr)s er til godkjenning.", nr=versjon.nummer)
        + " "
        + _("%(gitt)s av %(alle)s ledd har godkjent.", gitt=gitt, alle=len(alle))
    )
    avviste = [g for g in alle if g.avvist is not None and g.gitt is None]
    if avviste:
        return _sendt_tilbake(aktor, avtale, hva, avviste, min_tur=min_tur)
    return Naa(
        hva,
        hos_oss or _("Når alle har godkjent, gjelder avtalen fra den ønskede dagen."),
        [f"{g.organisasjon.kortnavn} ({g.navn})" for g in neste],
        min_tur=min_tur,
        sti="/godkjenning",
        lenketekst=_("Godkjenn") if min_tur else _("Se godkjenningene"),
        **_oensket(versjon),
    )


def _godkjenner(
    aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon, neste: Sequence[Godkjenning]
) -> tuple[bool, str]:
    """Whether a link is the actor's own to give now; where it waits in the own organisation for somebody else, whom it
    waits for there, in words."""
    rad = next((g for g in neste if g.organisasjon_id == aktor.organisasjon_id), None)
    if rad is None or not access.kan(aktor, Handling.GODKJENNE, avtale):
        return False, ""
    hos = godkjenninger.kandidater({rad.organisasjon_id})[rad.organisasjon_id]
    mulige = godkjenninger.som_kan(rad.medlemskap, hos)
    borte = godkjenninger.forfattere(avtale, versjon) | godkjenninger.godkjent_for_andre(avtale, versjon, rad)
    frie = [k for k in mulige if k.mottaker.person_id not in borte]
    if any(k.medlemskap_id == aktor.medlemskap_id for k in frie):
        return True, ""
    if not frie:
        return False, _(
            "Leddet «%(ledd)s» venter hos dere, men ingen som kan godkjenne der, er uten del i teksten. Be "
            "administratoren gi en annen rollen.",
            ledd=rad.navn,
        )
    navn = list(dict.fromkeys(k.mottaker.navn for k in frie))[:_NEVNES]
    if any(k.medlemskap_id == aktor.medlemskap_id for k in mulige):
        return False, _(
            "En annen hos dere må godkjenne, for du har selv en del i den: %(navn)s.", navn=", ".join(navn)
        )
    return False, _("Leddet «%(ledd)s» godkjennes hos dere av %(navn)s.", ledd=rad.navn, navn=", ".join(navn))


#: Signs of a reason that stand at the top of a page; the whole of it is a click away.
_KORT_GRUNN = 160


def _sendt_tilbake(aktor: Aktor, avtale: Avtale, hva: str, avviste: Sequence[Any], *, min_tur: bool) -> Naa:
    """A link has sent it back: by whom, and why. It waits for its owner, or for the link to give it after all."""
    foerste, *flere = sorted(avviste, key=lambda g: g.avvist)
    navn = f"{foerste.organisasjon.kortnavn} ({foerste.navn})"
    grunn = foerste.merknad
    if len(grunn) > _KORT_GRUNN:
        grunn = grunn[:_KORT_GRUNN].rsplit(" ", 1)[0] + " …"
    hva += " " + _("Sendt tilbake av %(navn)s, fordi: «%(grunn)s»", navn=navn, grunn=grunn)
    if flere:
        hva += " " + ngettext(
            "%(num)s ledd til har sendt den tilbake.", "%(num)s ledd til har sendt den tilbake.", len(flere)
        )
    eier = access.kan(aktor, Handling.REDIGERE, avtale)
    return Naa(
        hva,
        _("Ta versjonen tilbake og endre den, eller bli enige om at den kan godkjennes som den er.")
        if eier
        else _(
            "Eieren tar versjonen tilbake og endrer den, eller dere blir enige om at den kan godkjennes som den er."
        ),
        [avtale.eier.kortnavn, *sorted({f"{g.organisasjon.kortnavn} ({g.navn})" for g in avviste})],
        min_tur=eier or min_tur,
        sti="/godkjenning",
        lenketekst=_("Se hvorfor, og ta den tilbake") if eier else _("Se godkjenningene"),
    )


def _neste_ledd(versjon: Avtaleversjon) -> list[Godkjenning]:
    """The first link of each party that has not approved."""
    foerste: dict[Any, Godkjenning] = {}
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
    inne = access.kan(aktor, Handling.SE_ARBEID, avtale)
    sende = access.kan(aktor, Handling.SENDE_INN, avtale)
    hva = _("Versjon %(nr)s gjelder.", nr=versjon.nummer)
    if sende and (oppgave := _skal_sendes(aktor, avtale)) is not None:
        kode, frist = oppgave
        return Naa(
            hva + (" " + _("Avtalen er sagt opp.") if kode == plikter.VARSLE else ""),
            _("Varsle Helsedirektoratet om oppsigelsen, og før det her.")
            if kode == plikter.VARSLE
            else _("Send avtalen til Helsedirektoratet, og før det her."),
            frist=frist,
            fristord=_("Frist"),
            min_tur=True,
            sti="/livet",
            lenketekst=_("Før innsendingen"),
        )
    oppsigelser = oppsigelse.loepende(avtale.id)
    if versjon.i_kraft_til is not None:
        return _slutter(aktor, avtale, versjon, oppsigelser)
    vaar = next((o for o in oppsigelser if o.organisasjon_id == aktor.organisasjon_id), None)
    if vaar is not None:
        return Naa(
            hva + " " + _("Dere har sagt opp for deres del: %(igjen)s.", igjen=_igjen(vaar.virkning)),
            _(
                "Vil dere bli, trekk oppsigelsen før den siste dagen. Avtal ellers hva som skal gjelde etterpå."
            )
            if access.kan(aktor, Handling.FOERE, avtale)
            else "",
            frist=vaar.virkning - _LANG_TID,
            fristord=_("Siste dag for dere"),
            sti="/livet",
            lenketekst=_("Livet videre"),
        )
    venter = _neste_ledd(versjon)
    inviterte = [p for p in avtale.parter if p.status == Partstatus.INVITERT]
    if inne and (venter or inviterte):
        egen = aktor.organisasjon_id
        skal_svare = any(p.organisasjon_id == egen for p in inviterte) and access.kan(
            aktor, Handling.FOERE, avtale
        )
        skal_godkjenne, hos_oss = _godkjenner(aktor, avtale, versjon, venter)
        return Naa(
            hva,
            hos_oss or _("Nye parter er på vei inn."),
            [*_navn(inviterte), *(f"{g.organisasjon.kortnavn} ({g.navn})" for g in venter)],
            min_tur=skal_svare or skal_godkjenne,
            sti="/godkjenning" if skal_godkjenne or hos_oss else "/parter",
            lenketekst=_("Godkjenn")
            if skal_godkjenne
            else _("Se godkjenningene")
            if hos_oss
            else _("Svar på invitasjonen")
            if skal_svare
            else _("Se partene"),
        )
    gaar_ut = [
        _("%(navn)s går ut %(dag)s.", navn=o.organisasjon.kortnavn, dag=f"{o.virkning:%d.%m.%Y}")
        for o in oppsigelser[:_NEVNES]
    ]
    if len(oppsigelser) > _NEVNES:
        gaar_ut.append(
            ngettext("%(num)s part til går ut.", "%(num)s parter til går ut.", len(oppsigelser) - _NEVNES)
        )
    neste = avtale.neste_gjennomgang
    aarlig = _("Partene går gjennom avtalen sammen hvert år.") if neste else ""
    naer = neste is not None and neste - i_dag() <= _GJENNOMGANG_NAER and gjennomgang.kan_foere(aktor, avtale)
    over = neste is not None and naer and neste < i_dag()
    if over:
        aarlig = _("Den årlige gjennomgangen er over fristen.")
    return Naa(
        hva,
        " ".join(d for d in (*gaar_ut, aarlig) if d),
        frist=neste,
        fristord=_("Gjennomgås innen") if neste else "",
        min_tur=over,
        sti="/gjennomgang" if naer else "/livet" if inne else "",
        lenketekst=_("Gå gjennom avtalen") if naer else _("Livet videre"),
    )


#: So long before its day the review is what one is led to.
_GJENNOMGANG_NAER = timedelta(days=30)


#: Parties on their way out that are named; the others are counted.
_NEVNES = 3


def _slutter(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon, oppsigelser: Sequence[Oppsigelse]) -> Naa:
    """What holds has a last day: by whose notice, how long it is to it, and what can be done before."""
    assert versjon.i_kraft_til is not None
    eiers = next((o for o in oppsigelser if o.organisasjon_id == avtale.eier_id), None)
    navn = (eiers.organisasjon if eiers is not None else avtale.eier).kortnavn
    inne = access.kan(aktor, Handling.SE_ARBEID, avtale)
    if access.kan(aktor, Handling.REDIGERE, avtale):
        neste = _(
            "Skal samarbeidet fortsette, begynn en ny versjon eller trekk oppsigelsen før den siste dagen."
        )
    elif inne:
        neste = _("Avtal med %(navn)s hva som skal gjelde etterpå.", navn=navn)
    else:
        neste = ""
    return Naa(
        _(
            "Versjon %(nr)s gjelder, men avtalen er sagt opp av %(navn)s: %(igjen)s.",
            nr=versjon.nummer,
            navn=navn,
            igjen=_igjen(versjon.i_kraft_til),
        )
        if versjon.status == Status.OPPSAGT
        else _("Versjon %(nr)s gjelder.", nr=versjon.nummer),
        neste if versjon.status == Status.OPPSAGT else "",
        frist=versjon.i_kraft_til - _LANG_TID,
        fristord=_("Siste dag"),
        sti="/livet",
        lenketekst=_("Livet videre"),
    )


def _skal_sendes(aktor: Aktor, avtale: Avtale) -> tuple[str, date] | None:
    """The kind and the day of the first open task of the actor's RHF to tell the state; None: there is none."""
    rad = db.session.execute(
        sa.select(Oppgave.kode, Oppgave.frist)
        .where(
            Oppgave.gjelder == beskjeder.gjelder(avtale.id),
            Oppgave.organisasjon_id == aktor.organisasjon_id,
            Oppgave.kode.in_([plikter.SENDT, plikter.VARSLE]),
            Oppgave.gjort.is_(None),
            Oppgave.avlyst.is_(None),
        )
        .order_by(Oppgave.frist, Oppgave.id)
        .limit(1)
    ).first()
    return (rad.kode, rad.frist) if rad else None


def _slutt(aktor: Aktor, avtale: Avtale) -> Naa:
    """Nothing holds, or what holds came after the actor's organisation had left."""
    if steps.holder(avtale) is not None:
        gikk = [p.til for p in avtale.parter if p.organisasjon_id == aktor.organisasjon_id and p.til]
        return Naa(
            _("Dere er ikke lenger part. Her står det som gjaldt for dere."),
            frist=max(gikk) - _LANG_TID if gikk else None,
            fristord=_("Siste dag"),
        )
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
