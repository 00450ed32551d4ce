"""An agreement is begun, described, sent to negotiation, dropped, and given its next version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.avtaler import access, beskjeder, innhold, livsloep, steps, vern
from portal.avtaler.access import Handling
from portal.avtaler.forloep import FORETAK, OVER, Avtaletype, Partstatus, Side, Status
from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon
from portal.avtaler.service.lesing import (
    TILSTANDER,
    Avtalerad,
    Avtaleside,
    Kan,
    Liste,
    hent_avtale,
    hva_kan,
    synlige_avtaler,
    vis,
)
from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now
from portal.core.db import db, meld, transactional
from portal.core.errors import UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.identitet.models import Organisasjon
from portal.revisjon.steps import logg

#: What is read stands in `lesing.py`, and is asked for here.
__all__ = [
    "TILSTANDER",
    "Avtalerad",
    "Avtaleside",
    "Kan",
    "Liste",
    "endre",
    "forkast",
    "hent_avtale",
    "hva_kan",
    "kopier",
    "lag",
    "ny_versjon",
    "send_til_forhandling",
    "synlige_avtaler",
]
#: Signs, by field.
LENGDE = {"tittel": 300, "nummer": 30, "medvirkning": 20_000, "notat": 5_000}
#: How far ahead an agreement can be wanted to begin.
LENGST_FRAM_AAR = 10
MAALFORMER = ("nb", "nn")
#: Who moves statuses along with their dates.
_SYSTEM = Aktor.system("arbeider")


# --- beginning -------------------------------------------------------------------------------------------


@transactional
def lag(
    aktor: Aktor,
    *,
    type: str,
    tittel: str,
    nummer: str = "",
    overordnet_id: UUID | None = None,
    maalform: str = "nb",
    bestemmelser: Sequence[dict[str, Any]] = (),
    ikke_fnr: bool | None = None,
) -> UUID:
    """Begins an agreement as a draft, owned by the actor's own trust or RHF; blank, or with clauses from a template.

    With `ikke_fnr` they come from a document of somebody's, and are searched for national identity numbers (`vern`);
    None: they are the portal's own.

    `bestemmelser`: contents of clauses in their order (`innhold.FELT`; what is left out is empty). Raises IkkeTilgang
    for who is no coordinator of a trust, and UgyldigData by field: a type that cannot hang on the chosen agreement, a
    bad title, clauses of a wrong shape («bestemmelser.<number from 1>.<field>»).
    """
    sluppet = 0 if ikke_fnr is None else vern.stopp_i_klausuler(bestemmelser, ikke_fnr=ikke_fnr)
    return _lag(aktor, type, tittel, nummer, overordnet_id, maalform, bestemmelser, sluppet=sluppet)


@transactional
def kopier(
    aktor: Aktor,
    avtale_id: UUID,
    *,
    type: str,
    tittel: str,
    nummer: str = "",
    overordnet_id: UUID | None = None,
    versjon: int | None = None,
) -> UUID:
    """Begins an agreement with the clauses of another one that the actor sees (`versjon`: of that version of it).

    Neither parties nor approvals come along. Raises as `lag`, and IkkeFunnet for an agreement that the actor sees not.
    """
    fra = access.hent(aktor, Handling.SE, avtale_id)
    kilde = access.hent_versjon(aktor, fra, versjon) if versjon is not None else vis(aktor, fra)
    klausuler = [innhold.som_data(b) for b in steps.bestemmelser(fra.id, kilde.nummer)]
    return _lag(
        aktor, type, tittel, nummer, overordnet_id, fra.maalform, klausuler, fra=f"{fra.id}:{kilde.nummer}"
    )


def _lag(
    aktor: Aktor,
    type_: str,
    tittel: str,
    nummer: str,
    overordnet_id: UUID | None,
    maalform: str,
    klausuler: Sequence[dict[str, Any]],
    fra: str = "",
    sluppet: int = 0,
) -> UUID:
    eier_id = access.krev_opprette(aktor)
    # The register ends an organisation before this, or after.
    eier = db.session.get(Organisasjon, eier_id, with_for_update={"key_share": True})
    if eier is None or eier.type not in FORETAK or eier.nedlagt is not None:
        raise UgyldigData(
            _l("Bare helseforetak og RHF som finnes i dag, kan eie avtaler. Bytt rolle øverst.")
        )
    felter: dict[str, list[Any]] = {}
    tekster = _tekster({"tittel": tittel, "nummer": nummer}, felter)
    if type_ not in list(Avtaletype):
        felter["type"] = [_l("Velg hva slags avtale det er.")]
    elif overordnet_id is not None and (mangel := _feil_overordnet(aktor, type_, overordnet_id)):
        felter["overordnet_id"] = [mangel]
    if maalform not in MAALFORMER:
        felter["maalform"] = [_l("Velg bokmål eller nynorsk.")]
    if felter:
        raise UgyldigData(felter=felter)
    avtale = Avtale(
        id=uuid4(),
        type=type_,
        overordnet_id=overordnet_id,
        eier_id=eier_id,
        maalform=maalform,
        siste_nummer=0,
        opprettet=now(),
        opprettet_av_id=aktor.person_id,
        **tekster,
    )
    db.session.add(avtale)
    db.session.add(
        Avtalepart(
            id=uuid4(),
            avtale_id=avtale.id,
            organisasjon_id=eier_id,
            side=Side.FORETAK,
            status=Partstatus.DELTAR,
            invitert=now(),
            invitert_av_id=aktor.person_id,
            svart=now(),
            svart_av_id=aktor.person_id,
        )
    )
    db.session.flush()
    versjon = steps.ny_versjon(aktor, avtale)
    steps.skriv_flere(aktor, versjon, klausuler)
    logg(
        aktor,
        "avtale.opprettet",
        "avtale",
        avtale.id,
        type=type_,
        tittel=avtale.tittel,
        bestemmelser=len(klausuler),
        kopi_av=fra,
        sluppet_tall=sluppet,
    )
    meld("avtale.endret", avtale_id=avtale.id)
    return avtale.id


def _feil_overordnet(aktor: Aktor, type_: str, overordnet_id: UUID) -> Any:
    """Why an agreement of that type cannot hang on that one; None: it can. One that the actor sees not is not found."""
    over = access.hent(aktor, Handling.SE, overordnet_id)
    if over.type not in OVER[type_]:
        return _l("Avtaler av denne typen kan ikke ligge under den du har valgt. Velg en annen, eller ingen.")
    if over.eier_id != aktor.organisasjon_id and over.eier_id != _rhf(aktor):
        return _l("Velg en avtale som foretaket selv eller dets RHF eier.")
    if steps.i_arbeid(over) is None and steps.holder(over) is None:
        return _l("Avtalen du har valgt, gjelder ikke lenger. Velg en som gjelder eller er under arbeid.")
    return None


def _rhf(aktor: Aktor) -> UUID | None:
    """The RHF above the actor's trust."""
    return db.session.scalar(
        sa.select(Organisasjon.overordnet_id).where(Organisasjon.id == aktor.organisasjon_id)
    )


def _tekster(verdier: Mapping[str, str], felter: dict[str, list[Any]]) -> dict[str, str]:
    """The texts as they are stored; what is wrong with one goes to `felter`."""
    ut = {}
    for felt, verdi in verdier.items():
        if innhold.ULOVLIGE.search(verdi):
            felter[felt] = [
                _l("Teksten har tegn som ikke kan lagres. Skriv den inn på nytt, uten å lime inn.")
            ]
            continue
        ut[felt] = innhold.ren(verdi)
        if felt in ("tittel", "nummer"):
            ut[felt] = " ".join(ut[felt].split())
        if len(ut[felt]) > LENGDE[felt]:
            felter[felt] = [_l("Teksten er for lang: høyst %(antall)s tegn.", antall=LENGDE[felt])]
    if ut.get("tittel") == "":
        felter["tittel"] = [_l("Skriv en tittel.")]
    return ut


# --- a draft's life --------------------------------------------------------------------------------------


@transactional
def endre(
    aktor: Aktor,
    avtale_id: UUID,
    *,
    tittel: str,
    nummer: str,
    medvirkning: str,
    oensket_fra: date | None,
    notat: str,
    lest: int | None,
) -> None:
    """Changes what is said about the version that is worked on: its title, how users took part, from when it is wanted.

    In negotiation the title stands: the parties have it before them. `lest` is the version's `versjon` as it was read;
    changed since → Utdatert with both (`detaljer`: `ditt`, `naa`, `lest`). Raises UgyldigData, UgyldigOvergang.
    """
    avtale = access.hent(aktor, Handling.REDIGERE, avtale_id, laas=True)
    versjon = steps.i_arbeid(avtale)
    if versjon is None:
        raise UgyldigOvergang(_l("Avtalen har ikke noe utkast nå. Begynn en ny versjon for å endre den."))
    felter: dict[str, list[Any]] = {}
    tekster = _tekster(
        {"tittel": tittel, "nummer": nummer, "medvirkning": medvirkning, "notat": notat}, felter
    )
    ditt = {**tekster, "oensket_fra": oensket_fra}
    if lest is not None and versjon.versjon != lest:
        raise Utdatert(
            ditt={k: v.isoformat() if isinstance(v, date) else v for k, v in ditt.items()},
            naa={
                **{k: getattr(versjon, k) for k in ("tittel", "medvirkning", "notat")},
                "nummer": avtale.nummer,
                "oensket_fra": versjon.oensket_fra.isoformat() if versjon.oensket_fra else None,
            },
            lest=versjon.versjon,
        )
    steps.krev_skrivbar(versjon)
    dag = i_dag()
    if oensket_fra is not None and oensket_fra != versjon.oensket_fra:
        if oensket_fra < dag:
            felter["oensket_fra"] = [_l("Velg i dag eller en dag som kommer.")]
        elif oensket_fra.year > dag.year + LENGST_FRAM_AAR:
            felter["oensket_fra"] = [_l("Dagen er for langt fram: høyst %(aar)s år.", aar=LENGST_FRAM_AAR)]
    if "tittel" not in felter and versjon.status != Status.UTKAST and tekster["tittel"] != versjon.tittel:
        felter["tittel"] = [
            _l("Tittelen kan bare endres i et utkast. Partene forhandler om avtalen slik den heter.")
        ]
    if felter:
        raise UgyldigData(felter=felter)
    foer = {k: getattr(versjon, k) for k in ditt if k != "nummer"} | {"nummer": avtale.nummer}
    endret = sorted(k for k, v in ditt.items() if foer[k] != v)
    if not endret:
        return
    avtale.nummer = tekster.pop("nummer")
    for felt, verdi in tekster.items():
        setattr(versjon, felt, verdi)
    versjon.oensket_fra = oensket_fra
    if not any(v.i_kraft_fra for v in avtale.versjoner):
        avtale.tittel = versjon.tittel
    logg(aktor, "avtale.opplysninger_endret", "avtale", avtale.id, nummer=versjon.nummer, felt=endret)
    meld("avtale.endret", avtale_id=avtale.id)


@transactional
def send_til_forhandling(aktor: Aktor, avtale_id: UUID) -> None:
    """Shows the draft to its parties, who comment and propose from now on; nobody edits it directly any more.

    Raises UgyldigData when there is nothing to negotiate or nobody to do it with, UgyldigOvergang when it is no draft.
    """
    avtale = access.hent(aktor, Handling.REDIGERE, avtale_id, laas=True)
    versjon = steps.i_arbeid(avtale)
    if versjon is None:
        raise UgyldigOvergang()
    kommuner = [p for p in avtale.parter if p.side == Side.KOMMUNE and p.status in access.MED]
    versjon.flytt_til(Status.TIL_FORHANDLING)
    if not steps.antall_bestemmelser(versjon):
        raise UgyldigData(
            _l("Skriv minst én bestemmelse før avtalen sendes til forhandling."), kode="tom_avtale"
        )
    if not kommuner:
        raise UgyldigData(
            _l("Inviter minst én kommune før avtalen sendes til forhandling."), kode="ingen_parter"
        )
    stumme = beskjeder.uten_koordinator([p.organisasjon_id for p in kommuner])
    if stumme:
        navn = sorted(p.organisasjon.visningsnavn for p in kommuner if p.organisasjon_id in stumme)
        raise UgyldigData(
            _l(
                "Ingen kan svare for %(navn)s: der har ingen rollen koordinator. Be administratoren der gi noen "
                "rollen, eller trekk invitasjonen.",
                navn=", ".join(navn),
            ),
            kode="part_uten_folk",
        )
    versjon.sendt_til_forhandling = now()
    logg(
        aktor,
        "avtale.sendt_til_forhandling",
        "avtale",
        avtale.id,
        nummer=versjon.nummer,
        parter=[str(p.organisasjon_id) for p in kommuner],
    )
    beskjeder.si(
        aktor,
        avtale,
        [p.organisasjon_id for p in kommuner],
        "avtale.til_forhandling",
        f"avtale.til_forhandling:{versjon.id}",
        _l("Avtale til forhandling: %(tittel)s", tittel=versjon.tittel),
        _l(
            "%(navn)s har sendt den ut. Les bestemmelsene, kommenter og foreslå endringer.",
            navn=avtale.eier.kortnavn,
        ),
        sti="/forhandling",
    )
    meld("avtale.endret", avtale_id=avtale.id)


@transactional
def forkast(aktor: Aktor, avtale_id: UUID) -> None:
    """Drops the version that is worked on. What holds goes on as if it had never been begun.

    A text that the parties have seen stays readable; its proposals and approvals fall. Raises UgyldigOvergang.
    """
    avtale = access.hent(aktor, Handling.REDIGERE, avtale_id, laas=True)
    versjon = steps.i_arbeid(avtale)
    if versjon is None:
        raise UgyldigOvergang()
    fra = versjon.status
    logg(aktor, "avtale.forkastet", "avtale", avtale.id, nummer=versjon.nummer, fra=fra)
    falt = livsloep.forkast(aktor, avtale, versjon)
    livsloep.avslutt_revisjon(avtale)
    if fra != Status.UTKAST:
        beskjeder.ti_om(avtale.id, ["avtale.til_forhandling", "avtale.invitert", "avtale.til_godkjenning"])
        beskjeder.si(
            aktor,
            avtale,
            [p.organisasjon_id for p in avtale.parter if p.status in access.MED],
            "avtale.forkastet",
            f"avtale.forkastet:{versjon.id}",
            _l("Avtale trukket: %(tittel)s", tittel=versjon.tittel),
            _l(
                "%(navn)s har trukket versjon %(nr)s. Det som gjaldt før, gjelder fortsatt, og forslag som ingen har "
                "svart på, er bortfalt.",
                **_hvem(avtale, versjon),
            )
            if falt
            else _l(
                "%(navn)s har trukket versjon %(nr)s. Det som gjaldt før, gjelder fortsatt.",
                **_hvem(avtale, versjon),
            ),
        )
    meld("avtale.endret", avtale_id=avtale.id)


def _hvem(avtale: Avtale, versjon: Avtaleversjon) -> dict[str, Any]:
    return {"navn": avtale.eier.kortnavn, "nr": versjon.nummer}


@transactional
def ny_versjon(aktor: Aktor, avtale_id: UUID) -> int:
    """Begins the next version as a draft, with the text that is in force; gives its number. What holds goes on holding.

    Where nothing has been in force, it begins from the newest text. Raises UgyldigOvergang while another is worked on,
    and when the agreement has ended.
    """
    avtale = access.hent(aktor, Handling.REDIGERE, avtale_id, laas=True)
    # What holds by its date is no longer worked on, however late the worker is.
    under_arbeid = steps.i_arbeid(avtale)
    if under_arbeid is not None and under_arbeid is steps.holder(avtale):
        from portal.avtaler import ikraft

        ikraft.foelg_datoene(_SYSTEM, avtale)
        under_arbeid = steps.i_arbeid(avtale)
    if under_arbeid is not None:
        raise UgyldigOvergang(
            _l(
                "Versjon %(nr)s er ikke ferdig. Gjør den ferdig eller trekk den før du begynner på en ny.",
                nr=under_arbeid.nummer,
            )
        )
    versjon = steps.ny_versjon(aktor, avtale, utgangspunkt=livsloep.utgangspunkt(avtale))
    livsloep.begynn_revisjon(avtale)
    logg(aktor, "avtale.ny_versjon", "avtale", avtale.id, nummer=versjon.nummer)
    meld("avtale.endret", avtale_id=avtale.id)
    return versjon.nummer
