"""What must be true before a reallocation is proposed and approved, with an answer for each field that is not so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now, oslo
from portal.core.db import db
from portal.core.errors import Opptatt, UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.omdisponering import steps
from portal.omdisponering.beskjeder import si
from portal.omdisponering.forloep import (
    KAN_ENDRES,
    LOVFELT,
    Behovsstatus,
    Hendelsestype,
    Samtykke,
    Slag,
    Status,
    Strykgrunn,
)
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje
from portal.omdisponering.ord import ETIKETTER
from portal.omdisponering.regler import Periode, hoeyeste, mangler, mangler_lokale, overlapper, under_gulvet
from portal.omdisponering.ressursmodeller import Bemanningsgulv, Lokale, Ressursfravaer, Ressursperson
from portal.revisjon.steps import logg as revider

_LOVFELT_MANGLER = {
    "ansvarsforhold": _l("Skriv hvem som har ansvar for hva."),
    "arbeidsgiveransvar": _l("Skriv hvem som er arbeidsgiver i perioden."),
    "organisering": _l("Skriv hvordan arbeidet er organisert."),
    "finansiering": _l("Skriv hvem som betaler, og hvordan."),
}


def navn(linje: Omdisponeringslinje) -> str:
    """What a line is called towards who may know it: the person's name, the room's."""
    if linje.ressursperson is not None:
        return linje.ressursperson.navn
    return linje.lokale.navn if linje.lokale is not None else ""


def krev_framtid(omd: Omdisponering) -> None:
    """What is over, or needed no more, can be approved no more. Raises UgyldigOvergang."""
    if omd.behov.status == Behovsstatus.LUKKET:
        raise UgyldigOvergang(_l("Behovet er lukket. Trekk forslaget."))
    if omd.til <= now():
        raise UgyldigOvergang(_l("Perioden er over. Trekk forslaget, og lag et nytt."))


#: What an offer tells of a person, and the receiver therefore knows.
_APENT = frozenset({"stilling", "kompetanse"})


def komplett(omd: Omdisponering, *, godkjennes: bool = False, for_mottaker: bool = False) -> None:
    """The lines fit the need and the lender; when it is approved, everybody has said yes, and what the law wants is
    settled. Raises UgyldigData by field (`linje-<id>`, the legal ones, `bestemmelse_id`), UgyldigOvergang.

    `for_mottaker`: the answer is for the receiver, who must not learn from it who is vaccinated, exempt or has said
    no: it hears that the lender must look at the line. For training and vaccine the lender answers alone.
    """
    krev_framtid(omd)
    feil: dict[str, list[Any]] = {}
    linjer = [li for li in omd.linjer if li.gjelder]
    if not linjer:
        feil["linjer"] = [_l("Velg minst én person eller ett lokale.")]
    for li in linjer:
        if galt := _linje(omd, li, godkjennes=godkjennes, for_mottaker=for_mottaker):
            feil[f"linje-{li.id}"] = galt
    if godkjennes:
        for felt in LOVFELT:
            if not getattr(omd, felt).strip():
                feil[felt] = [_LOVFELT_MANGLER[felt]]
        gyldige = {b.id for _a, rader in steps.grunnlag(omd.avgiver_id, omd.mottaker_id) for b in rader}
        if omd.bestemmelse_id is None:
            feil["bestemmelse_id"] = [_l("Velg hvilken bestemmelse i avtalen dette bygger på.")]
        elif omd.bestemmelse_id not in gyldige:
            feil["bestemmelse_id"] = [
                _l("Bestemmelsen gjelder ikke lenger mellom dere. Velg en som gjelder nå.")
            ]
    if feil:
        raise UgyldigData(felter=feil)


def _linje(omd: Omdisponering, li: Omdisponeringslinje, *, godkjennes: bool, for_mottaker: bool) -> list[Any]:
    ut: list[Any] = []
    # What both have agreed on is not changed any more: it is said what is wrong, and not to change it.
    endres = omd.status in KAN_ENDRES
    if li.fra < omd.behov.fra or li.til > omd.behov.til:
        ut.append(
            _l("Perioden er utenfor behovet. Velg en periode innenfor den.")
            if endres
            else _l("Perioden er utenfor behovet.")
        )
    if li.lokale is not None:
        return ut + _lokale(omd, li.lokale)
    person = li.ressursperson
    assert person is not None
    if person.organisasjon_id != omd.avgiver_id or not person.kan_brukes:
        borte = (
            _l("Personen kan ikke avgis lenger. Ta bort linjen.")
            if endres
            else _l("Personen kan ikke avgis lenger.")
        )
        return [*ut, borte]
    savnes = mangler(steps.krav(omd.behov), steps.har(person))
    egne: list[Any] = []
    if li.andel > person.prosent:
        egne.append(_l("Personen kan avgis høyst %(prosent)s %%.", prosent=person.prosent))
    if li.beordret:
        egne += _beordring(omd, li, person)
    elif godkjennes and li.samtykket is None:
        egne.append(_l("Kryss av for at personen har sagt ja."))
    if for_mottaker:
        ut += [ETIKETTER["mangel"][m] for m in savnes if m in _APENT]
        return [*ut, AVGIVER_MAA_SE] if egne else ut
    return [*ut, *(ETIKETTER["mangel"][m] for m in savnes), *egne]


def galt_med(li: Omdisponeringslinje) -> list[Any]:
    """What keeps the lender from approving a line anew, as its person and the terms stand now."""
    return _linje(li.omdisponering, li, godkjennes=True, for_mottaker=False)


#: What the receiver hears instead of what is the lender's and the person's own.
AVGIVER_MAA_SE = _l("Avgiver må se på denne linjen før dere kan godkjenne.")


def _lokale(omd: Omdisponering, lokale: Lokale) -> list[Any]:
    if lokale.organisasjon_id != omd.avgiver_id or lokale.nedlagt is not None:
        return [_l("Lokalet kan ikke avgis lenger. Ta bort linjen.")]
    mangler_ = mangler_lokale(steps.romkrav(omd.behov), steps.rom(lokale))
    return [ETIKETTER["lokalmangel"][m] for m in mangler_]


def _beordring(omd: Omdisponering, li: Omdisponeringslinje, person: Ressursperson) -> list[Any]:
    """Ordered only by a decision that holds on all the days, and never who is exempt."""
    if person.fritatt:
        return [_l("Personen er fritatt for beordring. Bare frivillig avgivelse er mulig.")]
    if omd.vedtak is None:
        return [_l("Velg vedtaket etter helseberedskapsloven som personen beordres etter.")]
    if not (omd.vedtak.gjelder(oslo(li.fra).date()) and omd.vedtak.gjelder(oslo(li.til).date())):
        return [_l("Vedtaket om beordring gjelder ikke i hele perioden.")]
    if not omd.vedtak.gjelder(max(i_dag(), omd.vedtak.fra)):
        return [_l("Vedtaket om beordring er ikke i kraft lenger.")]
    return []


def krev_tatt(omd: Omdisponering) -> None:
    """What the lender has approved is kept from everybody else, every line of it. Raises Utdatert where it is not:
    the lender must approve anew."""
    if not all(li.opptar for li in omd.linjer if li.gjelder):
        raise Utdatert(_l("Avgiver må godkjenne på nytt."))


def kan_ikke_begynne(omd: Omdisponering) -> list[Omdisponeringslinje]:
    """The lines of people who can no longer be lent when it is to begin: withdrawn or erased, exempt, or ordered by a
    decision that holds no more. The decision is locked (`steps.laas_vedtak`)."""
    return [
        li
        for li in omd.linjer
        if li.gjelder
        and li.ressursperson is not None
        and (not li.ressursperson.kan_brukes or (li.beordret and bool(_beordring(omd, li, li.ressursperson))))
    ]


def hvorfor_ikke(li: Omdisponeringslinje) -> Strykgrunn:
    """Why a line of `kan_ikke_begynne` is struck. Only who is known to have taken back a yes has said no; whose yes has
    lapsed is asked anew; of who is erased, exempt, or ordered by a decision that holds no more, it is not told
    which."""
    person = li.ressursperson
    if person is None or person.slettet is not None:
        return Strykgrunn.IKKE_LENGER
    if person.samtykke == Samtykke.VENTER:
        return Strykgrunn.UTLOEPT
    return Strykgrunn.TRUKKET if person.samtykke == Samtykke.TRUKKET else Strykgrunn.IKKE_LENGER


def ledige(omd: Omdisponering) -> None:
    """Nobody is promised for more than the whole, no room twice, and nobody who is away. Its people and rooms are
    locked. Raises Opptatt that says who is taken, and until when."""
    linjer = [li for li in omd.linjer if li.gjelder]
    _borte(omd, linjer)
    personer = {li.ressursperson_id for li in linjer if li.ressursperson_id}
    if personer:
        tatt = steps.opptatt_av(
            Omdisponeringslinje.ressursperson_id, personer, omd.fra, omd.til, unntatt=omd.id
        )
        for person_id in personer:
            egne = [li for li in linjer if li.ressursperson_id == person_id]
            andres = [t for t in tatt if t.ressursperson_id == person_id]
            alle = [Periode(x.fra, x.til, x.andel) for x in (*egne, *andres)]
            person = egne[0].ressursperson
            assert person is not None
            if any(hoeyeste(alle, li.fra, li.til) > person.prosent for li in egne):
                raise Opptatt(
                    _l(
                        "%(navn)s er alt lovet bort i perioden, og kan ikke avgis for mer enn %(prosent)s %% til "
                        "sammen.",
                        navn=navn(egne[0]),
                        prosent=person.prosent,
                    ),
                    linjer=[str(li.id) for li in egne],
                )
    lokaler = {li.lokale_id for li in linjer if li.lokale_id}
    if not lokaler:
        return
    tatt = steps.opptatt_av(Omdisponeringslinje.lokale_id, lokaler, omd.fra, omd.til, unntatt=omd.id)
    for li in linjer:
        if any(
            a is not li and a.lokale_id == li.lokale_id and a.fra < li.til and li.fra < a.til
            for a in (*linjer, *tatt)
        ):
            raise Opptatt(_l("%(navn)s er alt i bruk i perioden.", navn=navn(li)), linjer=[str(li.id)])


def ta(omd: Omdisponering) -> None:
    """Its people and rooms are taken. Nobody comes here under their locks with a room that is in use; the constraint is
    there for whoever one day forgets them. Raises Opptatt."""
    steps.opptar(omd)
    rom = ", ".join(navn(li) for li in omd.linjer if li.gjelder and li.lokale_id is not None)
    try:
        db.session.flush()
    except IntegrityError as feil:
        if "ex_omdisponeringslinje_lokale" not in str(feil.orig):
            raise
        raise Opptatt(_l("%(navn)s er alt i bruk i perioden.", navn=rom)) from feil


def _borte(omd: Omdisponering, linjer: Sequence[Omdisponeringslinje]) -> None:
    """Asks once for the people, or the rooms: a reallocation is of one kind."""
    ider = [i for li in linjer if (i := li.ressursperson_id or li.lokale_id)]
    folk = omd.slag == Slag.PERSONELL
    kolonne = Ressursfravaer.ressursperson_id if folk else Ressursfravaer.lokale_id
    borte = steps.borte(kolonne, ider, omd.fra, omd.til)
    for li in linjer:
        id_ = li.ressursperson_id or li.lokale_id
        assert id_ is not None
        if any(overlapper(b, Periode(li.fra, li.til)) for b in borte.get(id_, ())):
            raise Opptatt(
                _l("%(navn)s er ikke tilgjengelig i hele perioden.", navn=navn(li)), linjer=[str(li.id)]
            )


def gulv(omd: Omdisponering, rader: Iterable[Bemanningsgulv]) -> None:
    """The lender's unit keeps as many as it must, or says why it goes below. The floors are locked. Raises UgyldigData
    (`gulv_overstyrt`)."""
    under = under_gulv(omd, rader)
    if under and not omd.gulv_overstyrt.strip():
        raise UgyldigData(
            felter={
                "gulv_overstyrt": [
                    _l(
                        "Enheten faller %(antall)s under minstebemanningen. Avgi færre, eller skriv hvorfor det "
                        "likevel er forsvarlig.",
                        antall=under,
                    )
                ]
            }
        )


def under_gulv(omd: Omdisponering, rader: Iterable[Bemanningsgulv]) -> int:
    """By how many people the lender's unit falls below the floor that it falls below most. 0: below none."""
    if omd.slag != Slag.PERSONELL:
        return 0
    verst = 0
    for rad in rader:
        nye = [
            Periode(li.fra, li.til, li.andel)
            for li in omd.linjer
            if li.gjelder
            and li.ressursperson is not None
            and li.ressursperson.stilling == rad.stilling
            and li.ressursperson.enhet_id == rad.enhet_id
        ]
        if nye:
            avgitt = steps.avgitt_fra(rad.enhet_id, rad.stilling, omd.fra, omd.til, unntatt=omd.id)
            verst = max(verst, under_gulvet(rad.antall, rad.gulv, avgitt, nye))
    return verst


def la_vike(aktor: Aktor, annen: Omdisponering, omd: Omdisponering) -> None:
    """What can no longer be had is taken out of another proposal, which falls when nothing is left; both its sides are
    told. Its people and rooms are locked."""
    viker = [li for li in annen.linjer if li.gjelder and _tatt(li, omd)]
    if not viker:
        return
    alle = sum(li.gjelder for li in annen.linjer)
    for li in viker:
        li.stroeket, li.stroeket_grunn = now(), Strykgrunn.OPPTATT
    steps.faerre_plasser(annen, alle)
    steps.tell_opp(annen)
    if any(li.gjelder for li in annen.linjer):
        steps.noter(aktor, annen, Hendelsestype.STROEKET, antall=len(viker))
        tittel = _l("Forslag %(nummer)s er blitt mindre: noen er lovet bort", nummer=annen.nummer)
        tekst: Any = _l("Se hva som er igjen, og svar på det.")
    else:
        steps.lukk(annen, Status.AVSLAATT)
        steps.noter(aktor, annen, Hendelsestype.AVSLAATT, antall=len(viker))
        tittel = _l("Forslag %(nummer)s er falt bort: de det gjaldt, er lovet bort", nummer=annen.nummer)
        tekst = _l("Behovet står fortsatt åpent.")
    revider(aktor, "omdisponering.stroeket", "omdisponering", annen.id, antall=len(viker), for_=str(omd.id))
    si(
        aktor,
        annen,
        [annen.avgiver_id, annen.mottaker_id],
        "omdisponering.stroeket",
        tittel,
        tekst,
        noekkel=str(omd.id),
    )


def _tatt(li: Omdisponeringslinje, omd: Omdisponering) -> bool:
    """Whether the line cannot be had any more, now that `omd` takes what it takes."""
    felles = [
        a
        for a in omd.linjer
        if a.opptar
        and a.fra < li.til
        and li.fra < a.til
        and (
            (li.lokale_id is not None and a.lokale_id == li.lokale_id)
            or (li.ressursperson_id is not None and a.ressursperson_id == li.ressursperson_id)
        )
    ]
    if not felles:
        return False
    if li.lokale_id is not None:
        return True
    assert li.ressursperson_id is not None and li.ressursperson is not None
    return _over(li, li.ressursperson_id, li.ressursperson.prosent)


def _over(li: Omdisponeringslinje, person_id: UUID, prosent: int) -> bool:
    tatt = steps.opptatt_av(Omdisponeringslinje.ressursperson_id, [person_id], li.fra, li.til)
    alle = [Periode(t.fra, t.til, t.andel) for t in tatt]
    return hoeyeste([*alle, Periode(li.fra, li.til, li.andel)], li.fra, li.til) > prosent
