"""Who takes part in an agreement: kommuner are invited by its owner, and each answers for itself.

A kommune joins an agreement in force without a new document for the others: it approves the version that holds in its
own chain. While a version is out for approval nobody comes or goes: the approvals asked for are those of its parties.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.avtaler import access, beskjeder, godkjenninger, livsloep, steps
from portal.avtaler.access import Handling
from portal.avtaler.forloep import Partstatus, Side, Status
from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, meld, transactional
from portal.core.errors import IkkeFunnet, UgyldigData, UgyldigOvergang
from portal.core.sprak import _l
from portal.identitet.models import Organisasjon, Organisasjonstype
from portal.revisjon.steps import logg

#: Every kommune of the country, and some.
FLEST = 500
_AAPEN = (Status.UTKAST, Status.TIL_FORHANDLING)


@transactional
def inviter(aktor: Aktor, avtale_id: UUID, organisasjoner: Sequence[UUID]) -> list[UUID]:
    """Invites kommuner to the agreement; those that take part or are invited already are passed over. Gives the new.

    They are told when they can see it: at once, or when the draft is sent to negotiation. Raises UgyldigData for what
    is no kommune, for one that has ended (it names the successor) and for one in which nobody could answer;
    UgyldigOvergang while a version is out for approval, and when the agreement is to end.
    """
    avtale = access.hent(aktor, Handling.REDIGERE, avtale_id, laas=True)
    _krev_aapen(avtale)
    gjelder = steps.holder(avtale)
    if steps.i_arbeid(avtale) is None and gjelder is not None and gjelder.status == Status.OPPSAGT:
        raise UgyldigOvergang(_l("Avtalen er sagt opp. Begynn en ny versjon før du inviterer flere."))
    ider = list(dict.fromkeys(organisasjoner))
    nye = _krev_kommuner([i for i in ider if access.part(avtale, i) is None])
    if not ider:
        raise UgyldigData(felter={"organisasjoner": [_l("Velg minst én kommune.")]})
    for o in nye:
        db.session.add(
            Avtalepart(
                id=uuid4(),
                avtale_id=avtale.id,
                organisasjon_id=o.id,
                side=Side.KOMMUNE,
                status=Partstatus.INVITERT,
                invitert=now(),
                invitert_av_id=aktor.person_id,
            )
        )
    if not nye:
        return []
    db.session.flush()
    db.session.expire(avtale, ["parter"])
    logg(aktor, "avtale.part_invitert", "avtale", avtale.id, parter=[str(o.id) for o in nye])
    if access.er_delt(avtale):
        _fortell_inviterte(aktor, avtale, [o.id for o in nye])
    meld("avtale.endret", avtale_id=avtale.id)
    return [o.id for o in nye]


def _fortell_inviterte(aktor: Aktor, avtale: Avtale, organisasjoner: Sequence[UUID]) -> None:
    """Tells the coordinators of invited kommuner; once for each time the kommune is invited."""
    for part in avtale.parter:
        if part.organisasjon_id in organisasjoner and part.status == Partstatus.INVITERT:
            beskjeder.si(
                aktor,
                avtale,
                [part.organisasjon_id],
                "avtale.invitert",
                f"avtale.invitert:{part.id}",
                _l("Invitasjon til avtale: %(tittel)s", tittel=avtale.tittel),
                _l("%(navn)s inviterer dere til å være part. Svar ja eller nei.", navn=avtale.eier.kortnavn),
            )


def _krev_kommuner(ider: Sequence[UUID]) -> list[Organisasjon]:
    """The organisations, each a kommune of today in which somebody can answer. Raises UgyldigData that names others."""
    if len(ider) > FLEST:
        raise UgyldigData(felter={"organisasjoner": [_l("Velg færre kommuner om gangen.")]})
    funnet = {
        o.id: o
        for o in db.session.scalars(
            sa.select(Organisasjon)
            .where(Organisasjon.id.in_(ider))
            .order_by(Organisasjon.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    }
    feil: list[Any] = []
    if len(funnet) < len(ider):
        feil.append(_l("Velg kommuner fra lista."))
    for o in funnet.values():
        if o.type != Organisasjonstype.KOMMUNE:
            feil.append(
                _l(
                    "%(navn)s er ikke en kommune. Avtalen har ett foretak, og ellers bare kommuner.",
                    navn=o.kortnavn,
                )
            )
        elif o.nedlagt is not None:
            feil.append(_nedlagt(o))
    brukbare = [o for o in funnet.values() if o.type == Organisasjonstype.KOMMUNE and o.nedlagt is None]
    stumme = beskjeder.uten_koordinator([o.id for o in brukbare])
    for o in sorted(brukbare, key=lambda o: o.kortnavn):
        if o.id in stumme:
            feil.append(
                _l(
                    "Ingen kan svare for %(navn)s: der har ingen rollen koordinator. Be administratoren der gi noen "
                    "rollen, og inviter på nytt.",
                    navn=o.visningsnavn,
                )
            )
    if feil:
        raise UgyldigData(felter={"organisasjoner": feil})
    return sorted(brukbare, key=lambda o: o.kortnavn)


def _nedlagt(o: Organisasjon) -> Any:
    etter = o.etterfolger
    while etter is not None and etter.nedlagt is not None and etter.etterfolger is not None:
        etter = etter.etterfolger
    if etter is None:
        return _l("%(navn)s er nedlagt. Velg en kommune som finnes i dag.", navn=o.kortnavn)
    return _l(
        "%(navn)s er nedlagt, og er nå en del av %(ny)s. Inviter %(ny)s.",
        navn=o.kortnavn,
        ny=etter.visningsnavn,
    )


@transactional
def svar(aktor: Aktor, avtale_id: UUID, ja: bool) -> None:
    """Answers the invitation for the actor's own kommune, or changes the answer while it is bound by nothing yet.

    Yes to an agreement in force asks the kommune's own chain to approve the version that holds. No takes its proposals
    and what was asked of its chain away. Raises UgyldigOvergang while a version is out for approval (a no to an
    invitation is always heard), and for who has nothing to answer.
    """
    avtale = access.hent(aktor, Handling.FOERE, avtale_id, laas=True)
    part = access.part(avtale, aktor.organisasjon_id)
    if part is None or part.side != Side.KOMMUNE or part.fra is not None:
        raise UgyldigOvergang(
            _l("Kommunen har ingen invitasjon å svare på. Vil dere ut av avtalen, si den opp.")
        )
    nytt = Partstatus.DELTAR if ja else Partstatus.TAKKET_NEI
    if part.status == nytt:
        return
    if ja or part.status == Partstatus.DELTAR:
        _krev_aapen(avtale)
    part.status, part.svart, part.svart_av_id = nytt, now(), aktor.person_id
    db.session.flush()
    if ja:
        gjelder = steps.holder(avtale)
        if gjelder is not None:
            rader = livsloep.be_om_godkjenning(gjelder, part)
            godkjenninger.varsle_tur(avtale, gjelder, rader[:1])
    logg(aktor, "avtale.part_svart", "avtale", avtale.id, ja=ja)
    if not ja:
        _ta_ut(
            aktor, avtale, part, _l("Dere har svart nei til avtalen, og det dere hadde foreslått, falt bort.")
        )
    navn = part.organisasjon.visningsnavn
    beskjeder.si(
        aktor,
        avtale,
        [avtale.eier_id],
        "avtale.part_svart",
        f"avtale.part_svart:{part.id}:{part.versjon}",
        _l("%(navn)s har svart ja: %(tittel)s", navn=navn, tittel=avtale.tittel)
        if ja
        else _l("%(navn)s har svart nei: %(tittel)s", navn=navn, tittel=avtale.tittel),
        sti="/parter",
    )
    meld("avtale.endret", avtale_id=avtale.id)


@transactional
def trekk_invitasjon(aktor: Aktor, avtale_id: UUID, organisasjon_id: UUID) -> None:
    """Takes a kommune out that is bound by nothing yet: invited, or in the negotiation without having approved.

    Its proposals fall away; what it has written stays readable. Who is bound leaves by notice (`oppsigelse`).
    Raises IkkeFunnet for who has no place in the agreement, UgyldigOvergang.
    """
    avtale = access.hent(aktor, Handling.REDIGERE, avtale_id, laas=True)
    part = access.part(avtale, organisasjon_id)
    if part is None:
        raise IkkeFunnet()
    if part.side != Side.KOMMUNE or part.fra is not None:
        raise UgyldigOvergang(_l("Parten er bundet av avtalen. Den går ut ved oppsigelse."))
    if part.status == Partstatus.DELTAR:
        _krev_aapen(avtale)
    var_delt = access.er_delt(avtale)
    db.session.delete(part)
    db.session.flush()
    db.session.expire(avtale, ["parter"])
    logg(aktor, "avtale.invitasjon_trukket", "avtale", avtale.id, part=organisasjon_id)
    _ta_ut(aktor, avtale, part, _l("Dere er tatt ut av avtalen, og det dere hadde foreslått, falt bort."))
    if var_delt:
        beskjeder.si(
            aktor,
            avtale,
            [organisasjon_id],
            "avtale.invitasjon_trukket",
            f"avtale.invitasjon_trukket:{part.id}",
            _l("Invitasjonen er trukket: %(tittel)s", tittel=avtale.tittel),
            _l("%(navn)s har tatt kommunen ut av avtalen.", navn=avtale.eier.kortnavn),
            sti=None,
        )
    meld("avtale.endret", avtale_id=avtale.id)


def _ta_ut(aktor: Aktor, avtale: Avtale, part: Avtalepart, tekst: Any) -> None:
    """What the party had in hand falls: its open proposals, of which it is told (`tekst`), and the approvals asked of
    it."""
    for versjon in avtale.versjoner:
        if versjon.status in _AAPEN:
            falt = livsloep.la_forslag_falle(aktor, avtale, versjon.nummer, part.organisasjon_id)
            livsloep.si_bortfalt(aktor, avtale, falt, tekst)
    livsloep.avgjoer_avslaatte(aktor, avtale)
    gjelder = steps.holder(avtale)
    if gjelder is not None:
        godkjenninger.ti_om_tur(avtale.id, godkjenninger.gyldige(gjelder, part.organisasjon_id))
        livsloep.opphev_godkjenninger(gjelder, part.organisasjon_id)


def _krev_aapen(avtale: Avtale) -> None:
    """Raises UgyldigOvergang unless a version is open to changes, or the one in force is the only one."""
    arbeid: Avtaleversjon | None = steps.i_arbeid(avtale)
    if arbeid is steps.holder(avtale):
        # Approved, and its day has come: it holds, whether the worker has been here or not.
        arbeid = None
    if arbeid is not None and arbeid.status not in _AAPEN:
        raise UgyldigOvergang(
            _l(
                "Versjon %(nr)s er til godkjenning hos partene. Vent til den gjelder, eller ta den tilbake, før noen "
                "kommer til eller går ut.",
                nr=arbeid.nummer,
            ),
            kode="til_godkjenning",
        )
    if arbeid is None and steps.holder(avtale) is None:
        raise UgyldigOvergang(
            _l("Avtalen er ikke under arbeid, og gjelder ikke. Begynn en ny versjon først.")
        )


# --- reading ---------------------------------------------------------------------------------------------


def kan_inviteres(aktor: Aktor, avtale_id: UUID) -> list[Organisasjon]:
    """The kommuner of today that could be invited, those of the owner's own area first, then by name."""
    avtale = access.hent(aktor, Handling.REDIGERE, avtale_id)
    med = [p.organisasjon_id for p in avtale.parter if p.status in access.MED]
    return list(
        db.session.scalars(
            sa.select(Organisasjon)
            .where(
                Organisasjon.type == Organisasjonstype.KOMMUNE,
                Organisasjon.nedlagt.is_(None),
                Organisasjon.id.not_in(med),
            )
            .order_by(
                sa.case((Organisasjon.helseforetak_id == avtale.eier_id, 0), else_=1), Organisasjon.kortnavn
            )
        )
    )
