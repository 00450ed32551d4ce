"""Proposals in a negotiation: a party wants a clause changed, new or struck, and the other side takes it or not.

What one party of the other side accepts, is the text from then on; what all of them have rejected, is rejected. Nobody
answers for both sides: neither one's own organisation's proposals nor one's own (four eyes). Two texts are never
merged in silence: a proposal is about the clause as it read, and falls when that has changed.
"""

from __future__ import annotations

import re
from typing import Any, Never
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.avtaler import access, beskjeder, innhold, livsloep, steps, vern
from portal.avtaler.access import Handling
from portal.avtaler.forloep import Forslagsstatus, Forslagstype, Partstatus, Status
from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon, Bestemmelse, Forslag, Forslagssvar
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, meld, transactional, uavhengig
from portal.core.errors import IkkeFunnet, IkkeTilgang, Opptatt, UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.revisjon.steps import logg

#: Signs.
LENGSTE_BEGRUNNELSE = 2_000
LENGSTE_MERKNAD = 1_000
#: Of one party, in one version: open ones, and all that it has sent. A page of them is what people can go through.
FLEST_AAPNE, FLEST_FORSLAG = 200, 1_000


# --- proposing -------------------------------------------------------------------------------------------


@transactional
def foreslaa(
    aktor: Aktor,
    avtale_id: UUID,
    noekkel: UUID | None,
    type: str,
    data: dict[str, Any] | None,
    begrunnelse: str = "",
    lest_hash: str = "",
    svar_paa_id: UUID | None = None,
    *,
    ikke_fnr: bool = False,
) -> UUID:
    """Proposes that a clause is changed («endre»), struck («stryk») or added («ny»); gives the proposal's id.

    `data` is the clause as it should read (`innhold.FELT`; what is left out stays). `lest_hash` is its `innhold_hash`
    as the proposer had read it; another text now → Utdatert with both (`steps.konflikt`). `svar_paa_id`: it is a
    counter-proposal to that open one of the other side, about the same clause. Raises IkkeFunnet for an unknown clause,
    UgyldigData by field, also for a national identity number, UgyldigOvergang when nothing is negotiated, or by who
    does not take part.
    """
    avtale = access.hent(aktor, Handling.FORHANDLE, avtale_id, laas=True)
    versjon = krev_forhandling(avtale)
    part = krev_deltar(avtale, aktor)
    paa = _motforslag_til(avtale, versjon, part, svar_paa_id, noekkel) if svar_paa_id else None
    if paa is not None:
        noekkel = paa.noekkel
    rad = steps.bestemmelse(avtale.id, versjon.nummer, noekkel) if noekkel else None
    if type not in list(Forslagstype) or (type == Forslagstype.NY) != (
        noekkel is None or (paa is not None and paa.type == Forslagstype.NY)
    ):
        raise UgyldigData(felter={"type": [_l("Velg om bestemmelsen skal endres, strykes eller være ny.")]})
    nytt = _krev_innhold(avtale, versjon, type, noekkel, rad, data, lest_hash)
    noekkel = noekkel or uuid4()
    begrunnelse = ren_tekst("begrunnelse", begrunnelse, LENGSTE_BEGRUNNELSE)
    sluppet = vern.stopp_identitet(
        {**vern.klausultekster(nytt, _grunnlag(rad)), "begrunnelse": begrunnelse}, ikke_fnr=ikke_fnr
    )
    _krev_ikke_sendt_alt(avtale, versjon, part, type, noekkel, rad, nytt)
    _krev_plass(versjon, part)
    forslag = Forslag(
        id=uuid4(),
        avtale_id=avtale.id,
        nummer=versjon.nummer,
        noekkel=noekkel,
        type=type,
        status=Forslagsstatus.AAPENT,
        grunnlag_hash=rad.innhold_hash if rad else "",
        innhold=nytt or {},
        begrunnelse=begrunnelse,
        svar_paa_id=svar_paa_id,
        opprettet=now(),
        person_id=aktor.person_id,
        organisasjon_id=part.organisasjon_id,
        side=part.side,
    )
    db.session.add(forslag)
    db.session.flush()
    logg(
        aktor,
        "avtale.foreslaatt",
        "avtale",
        avtale.id,
        nummer=versjon.nummer,
        bestemmelse=noekkel,
        forslag=forslag.id,
        type=type,
        svar_paa=svar_paa_id or "",
        sluppet_tall=sluppet,
    )
    beskjeder.si_samlet(
        aktor,
        avtale,
        motparter(avtale, part.side),
        beskjeder.FORSLAG,
        f"avtale.forslag:{forslag.id}",
        _l("Forslag til avtale: %(tittel)s", tittel=versjon.tittel),
        _l(
            "%(navn)s har foreslått endringer. Les dem, og godta eller avslå.",
            navn=part.organisasjon.visningsnavn,
        ),
    )
    meld("avtale.endret", avtale_id=avtale.id)
    return forslag.id


def krev_forhandling(avtale: Avtale) -> Avtaleversjon:
    """The version that is negotiated. Raises UgyldigOvergang when there is none."""
    versjon = steps.i_arbeid(avtale)
    if versjon is None or versjon.status != Status.TIL_FORHANDLING:
        raise UgyldigOvergang(
            _l("Avtalen er ikke til forhandling nå. Last siden på nytt og se hva som har skjedd."),
            kode="ikke_til_forhandling",
        )
    return versjon


def krev_deltar(avtale: Avtale, aktor: Aktor) -> Avtalepart:
    """The actor's own place in the agreement. Raises UgyldigOvergang for who is only invited."""
    part = access.part(avtale, aktor.organisasjon_id)
    if part is None or part.status != Partstatus.DELTAR:
        raise UgyldigOvergang(
            _l("Svar ja på invitasjonen først. Da kan dere kommentere, foreslå og svare på forslag."),
            kode="deltar_ikke",
        )
    return part


def motparter(avtale: Avtale, side: str) -> list[UUID]:
    """The organisations that take part on the other side of the table."""
    return [p.organisasjon_id for p in avtale.parter if p.side != side and p.status == Partstatus.DELTAR]


def ren_tekst(felt: str, tekst: str, lengste: int, *, paakrevd: Any = None) -> str:
    """A text as it is stored. Raises UgyldigData for signs that cannot be, for one too long, and for an empty one when
    `paakrevd` (the message) is given."""
    if innhold.ULOVLIGE.search(tekst):
        mangel = _l("Teksten har tegn som ikke kan lagres. Skriv den inn på nytt, uten å lime inn.")
    elif len(tekst := innhold.ren(tekst)) > lengste:
        mangel = _l("Teksten er for lang: høyst %(antall)s tegn.", antall=lengste)
    elif not tekst and paakrevd is not None:
        mangel = paakrevd
    else:
        return tekst
    raise UgyldigData(felter={felt: [mangel]})


def _motforslag_til(
    avtale: Avtale, versjon: Avtaleversjon, part: Avtalepart, svar_paa_id: UUID, noekkel: UUID | None
) -> Forslag:
    paa = access.hent_forslag_i(avtale, svar_paa_id)
    if noekkel not in (None, paa.noekkel):
        raise IkkeFunnet()
    krev_aapent(versjon, paa)
    if paa.side == part.side:
        raise UgyldigOvergang(
            _l("Forslaget er fra deres egen side. Trekk det og foreslå på nytt, eller foreslå noe i tillegg.")
        )
    return paa


def _krev_innhold(
    avtale: Avtale,
    versjon: Avtaleversjon,
    type_: str,
    noekkel: UUID | None,
    rad: Bestemmelse | None,
    data: dict[str, Any] | None,
    lest_hash: str,
) -> dict[str, Any] | None:
    """The clause as it should read; None: struck. Raises Utdatert, UgyldigData, IkkeFunnet."""
    nytt = None if type_ == Forslagstype.STRYK else innhold.rens({**_grunnlag(rad), **(data or {})})
    if (
        type_ != Forslagstype.NY
        and rad is None
        and (noekkel is None or not steps.har_vaert(avtale.id, noekkel))
    ):
        raise IkkeFunnet()
    if lest_hash != (rad.innhold_hash if rad else "") or (type_ != Forslagstype.NY and rad is None):
        melding = (
            _l("Denne bestemmelsen er strøket etter at du åpnet den. Forslaget er ikke sendt.")
            if rad is None
            else _l("Teksten er endret etter at du åpnet den. Se begge tekstene, og send forslaget på nytt.")
        )
        raise Utdatert(melding, **steps.konflikt(rad, nytt))
    if nytt is None:
        return None
    if mangler := innhold.feil(nytt):
        raise UgyldigData(felter=mangler)
    if rad is not None and nytt == innhold.som_data(rad):
        raise UgyldigData(
            _l("Forslaget er likt det som står. Endre noe, eller skriv en kommentar i stedet."),
            kode="ingen_endring",
        )
    return nytt


def _grunnlag(rad: Bestemmelse | None) -> dict[str, Any]:
    return innhold.som_data(rad) if rad else dict(steps.TOM)


def _krev_ikke_sendt_alt(
    avtale: Avtale,
    versjon: Avtaleversjon,
    part: Avtalepart,
    type_: str,
    noekkel: UUID,
    rad: Bestemmelse | None,
    nytt: dict[str, Any] | None,
) -> None:
    """Raises Opptatt when the same organisation has the very same proposal open: the button was pressed twice."""
    for annet in aapne(avtale.id, versjon.nummer):
        if (
            annet.organisasjon_id == part.organisasjon_id
            and annet.type == type_
            and (annet.noekkel == noekkel or (type_ == Forslagstype.NY and rad is None))
            and annet.innhold == (nytt or {})
        ):
            raise Opptatt(_l("Dere har alt sendt akkurat dette forslaget."), kode="sendt_alt")


def _krev_plass(versjon: Avtaleversjon, part: Avtalepart) -> None:
    """Raises UgyldigData when the party has as many proposals in the version as it may."""
    egne, aapne_ = db.session.execute(
        sa.select(
            sa.func.count(), sa.func.count(sa.case((Forslag.status == Forslagsstatus.AAPENT, 1)))
        ).where(
            Forslag.avtale_id == versjon.avtale_id,
            Forslag.nummer == versjon.nummer,
            Forslag.organisasjon_id == part.organisasjon_id,
        )
    ).one()
    if aapne_ >= FLEST_AAPNE:
        raise UgyldigData(
            _l(
                "Dere har %(antall)s forslag som venter på svar. Vent til noen av dem er besvart, eller trekk noen.",
                antall=FLEST_AAPNE,
            ),
            kode="for_mange_forslag",
        )
    if egne >= FLEST_FORSLAG:
        raise UgyldigData(
            _l(
                "Dere har sendt %(antall)s forslag til denne versjonen, og det er ikke plass til flere. Snakk med den "
                "andre siden om resten.",
                antall=FLEST_FORSLAG,
            ),
            kode="for_mange_forslag",
        )


def aapne(avtale_id: UUID, nummer: int) -> list[Forslag]:
    """The open proposals of a version, the oldest first."""
    return list(
        db.session.scalars(
            sa.select(Forslag)
            .where(
                Forslag.avtale_id == avtale_id,
                Forslag.nummer == nummer,
                Forslag.status == Forslagsstatus.AAPENT,
            )
            .order_by(Forslag.opprettet, Forslag.id)
        )
    )


def krev_aapent(versjon: Avtaleversjon, forslag: Forslag) -> None:
    """Raises unless the proposal waits for an answer in the version that is negotiated: Opptatt says who was first."""
    if forslag.status == Forslagsstatus.GODTATT:
        godtok = next((s for s in forslag.svar if s.godtatt), None)
        navn = godtok.organisasjon.visningsnavn if godtok else ""
        raise Opptatt(_l("%(navn)s har alt godtatt forslaget.", navn=navn), kode="avgjort")
    if forslag.status == Forslagsstatus.AVSLAATT:
        raise Opptatt(_l("Forslaget er alt avslått."), kode="avgjort")
    if forslag.status == Forslagsstatus.TRUKKET:
        raise Opptatt(_l("Forslaget er trukket."), kode="avgjort")
    if forslag.status != Forslagsstatus.AAPENT or forslag.nummer != versjon.nummer:
        raise UgyldigOvergang(
            _l("Forslaget er bortfalt: teksten det gjaldt, er endret, eller forhandlingen er over."),
            kode="bortfalt",
        )


# --- answering -------------------------------------------------------------------------------------------


@transactional
def svar(aktor: Aktor, forslag_id: UUID, godtatt: bool, merknad: str = "", *, ikke_fnr: bool = False) -> UUID:
    """The own party's answer to a proposal of the other side; gives the clause. Accepted by one, it is the text.

    Other open proposals about the clause fall then, and their parties are told. A party that has rejected may still
    accept while it is open. Raises IkkeTilgang for one's own side's and one's own, Opptatt when it has been settled,
    Utdatert when the clause reads otherwise than when it was proposed, UgyldigData for a national identity number in
    the remark: nothing is changed then.
    """
    avtale, _versjon, forslag = access.hent_forslag(aktor, Handling.SVARE, forslag_id, laas=True)
    versjon = krev_forhandling(avtale)
    part = krev_deltar(avtale, aktor)
    _krev_motpart(aktor, avtale, part, forslag)
    krev_aapent(versjon, forslag)
    merknad = ren_tekst("merknad", merknad, LENGSTE_MERKNAD)
    sluppet = vern.stopp_identitet({"merknad": merknad}, ikke_fnr=ikke_fnr)
    om = {**_om(versjon, forslag), "sluppet_tall": sluppet}
    _foer_svar(aktor, part, forslag, godtatt, merknad)
    if godtatt:
        falt = _ta_inn(aktor, avtale, versjon, forslag)
        logg(aktor, "avtale.forslag_godtatt", "avtale", avtale.id, **om)
        livsloep.loggfoer_bortfalt(aktor, avtale, versjon.nummer, falt)
        _si_godtatt(aktor, avtale, versjon, forslag, falt)
        livsloep.ti_om_forslag(avtale.id, versjon.nummer)
    else:
        logg(aktor, "avtale.forslag_avslaatt", "avtale", avtale.id, **om)
        livsloep.avgjoer_avslaatte(aktor, avtale)
    meld("avtale.endret", avtale_id=avtale.id)
    return forslag.noekkel


def _om(versjon: Avtaleversjon, forslag: Forslag) -> dict[str, Any]:
    return {"nummer": versjon.nummer, "bestemmelse": forslag.noekkel, "forslag": forslag.id}


def _krev_motpart(aktor: Aktor, avtale: Avtale, part: Avtalepart, forslag: Forslag) -> None:
    if part.side == forslag.side:
        _nekt(
            aktor, avtale, _l("Forslaget er fra deres egen side. Den andre siden svarer på det."), "egen_side"
        )
    if aktor.person_id is not None and aktor.person_id == forslag.person_id:
        _nekt(aktor, avtale, _l("Du har selv foreslått dette. En annen må svare på det."), "fire_oeyne")


def _nekt(aktor: Aktor, avtale: Avtale, melding: Any, kode: str) -> Never:
    uavhengig(
        lambda: logg(aktor, f"avtale.{Handling.SVARE}", "avtale", avtale.id, utfall="avslag", grunn=kode)
    )
    raise IkkeTilgang(melding, kode=kode)


def _foer_svar(aktor: Aktor, part: Avtalepart, forslag: Forslag, godtatt: bool, merknad: str) -> None:
    """Records the party's answer; a rejection can become an acceptance, and is not given twice."""
    foer = next((s for s in forslag.svar if s.organisasjon_id == part.organisasjon_id), None)
    if foer is not None and not godtatt:
        navn = foer.person.navn if foer.person else part.organisasjon.visningsnavn
        raise Opptatt(_l("%(navn)s har alt avslått det for dere.", navn=navn), kode="svart_alt")
    if foer is None:
        foer = Forslagssvar(id=uuid4(), forslag_id=forslag.id, organisasjon_id=part.organisasjon_id)
        db.session.add(foer)
    foer.godtatt, foer.merknad, foer.svart, foer.person_id = godtatt, merknad, now(), aktor.person_id
    db.session.flush()
    db.session.expire(forslag, ["svar"])


def _ta_inn(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon, forslag: Forslag) -> list[Forslag]:
    """The proposal is the text. Gives the other open ones about the clause, which fall."""
    stryk = forslag.type == Forslagstype.STRYK
    plass = _plass_av_nummer(versjon, forslag) if forslag.type == Forslagstype.NY else None
    try:
        steps.skriv(
            aktor,
            versjon,
            forslag.noekkel,
            None if stryk else dict(forslag.innhold),
            plass=plass,
            lest=forslag.grunnlag_hash,
            forslag_id=forslag.id,
        )
    except Utdatert as feil:
        raise Utdatert(
            _l(
                "Teksten er endret etter at forslaget ble sendt, så det kan ikke godtas som det står. Be om et nytt "
                "forslag, eller lag et motforslag."
            ),
            **feil.detaljer,
        ) from None
    forslag.status, forslag.avgjort = Forslagsstatus.GODTATT, now()
    db.session.flush()
    rad = steps.bestemmelse(avtale.id, versjon.nummer, forslag.noekkel)
    # Of a clause that is struck there is nothing left to change.
    falt = [
        f
        for f in aapne(avtale.id, versjon.nummer)
        if f.noekkel == forslag.noekkel and (rad is None or f.grunnlag_hash != rad.innhold_hash)
    ]
    for f in falt:
        f.status, f.avgjort = Forslagsstatus.BORTFALT, now()
    db.session.flush()
    return falt


_NUMMER = re.compile(r"\s*(?:§\s*)?(\d+(?:\.\d+)*)")


def _plass_av_nummer(versjon: Avtaleversjon, forslag: Forslag) -> int | None:
    """Where a new clause goes: before the first whose number comes after its own. None, as the last, without one."""
    eget = _tall(forslag.innhold.get("nummer", ""))
    if not eget:
        return None
    for b in steps.bestemmelser(versjon.avtale_id, versjon.nummer):
        if _tall(b.nummer) > eget:
            return steps.plass_foer(versjon, forslag.noekkel, b.noekkel)
    return None


def _tall(nummer: str) -> tuple[int, ...]:
    """«3.12» as numbers, so that 3.2 comes before it; () for what is no number."""
    m = _NUMMER.match(nummer)
    return tuple(int(n) for n in m[1].split(".")) if m else ()


def _si_godtatt(
    aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon, forslag: Forslag, falt: list[Forslag]
) -> None:
    """The text is another: all that take part are told, but who accepted; those whose own proposals fell, of that."""
    egen = aktor.organisasjon_id
    mistet = {f.organisasjon_id for f in falt} - {egen, forslag.organisasjon_id}
    andre = {p.organisasjon_id for p in avtale.parter if p.status == Partstatus.DELTAR} - mistet - {egen}
    navn = next(p.organisasjon.visningsnavn for p in avtale.parter if p.organisasjon_id == egen)
    beskjeder.si_samlet(
        aktor,
        avtale,
        andre,
        "avtale.forslag_godtatt",
        f"avtale.forslag_godtatt:{forslag.id}",
        _l("Forslag godtatt: %(tittel)s", tittel=versjon.tittel),
        _l("%(navn)s har godtatt et forslag, og teksten er endret.", navn=navn),
    )
    beskjeder.si_samlet(
        aktor,
        avtale,
        mistet,
        "avtale.forslag_bortfalt",
        f"avtale.forslag_bortfalt:{forslag.id}",
        _l("Forslag bortfalt: %(tittel)s", tittel=versjon.tittel),
        _l("Et annet forslag til den samme bestemmelsen er godtatt. Se om deres fortsatt trengs."),
    )


# --- taking back -----------------------------------------------------------------------------------------


@transactional
def trekk(aktor: Aktor, forslag_id: UUID) -> UUID:
    """The party takes its own proposal back while it is open; its words stay readable. Gives the clause.

    Raises IkkeTilgang for another's, Opptatt or UgyldigOvergang when it has been settled.
    """
    avtale, _versjon, forslag = access.hent_forslag(aktor, Handling.FORHANDLE, forslag_id, laas=True)
    versjon = krev_forhandling(avtale)
    part = krev_deltar(avtale, aktor)
    if forslag.organisasjon_id != part.organisasjon_id:
        access.nekt(aktor, Handling.FORHANDLE, avtale.id, finnes=True)
    krev_aapent(versjon, forslag)
    forslag.status, forslag.avgjort = Forslagsstatus.TRUKKET, now()
    db.session.flush()
    logg(aktor, "avtale.forslag_trukket", "avtale", avtale.id, **_om(versjon, forslag))
    livsloep.ti_om_forslag(avtale.id, versjon.nummer)
    meld("avtale.endret", avtale_id=avtale.id)
    return forslag.noekkel
