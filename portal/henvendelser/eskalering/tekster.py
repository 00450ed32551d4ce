"""What people are told while a case waits: the codes of the notices, and sentences without a clinical word."""

from __future__ import annotations

from typing import Any

from portal.core.sprak import _l
from portal.core.telefon import lesbart
from portal.henvendelser.eskalering.models import Eskalering, Slag
from portal.henvendelser.forloep import Hastegrad
from portal.henvendelser.models import Henvendelse
from portal.henvendelser.ord import ETIKETTER
from portal.identitet.fagomraader import ALLE_OMRAADER
from portal.vakt.models import Nivaa
from portal.vakt.steps import ANSVARLIG

#: To those on call: a case that nobody has taken.
NY = "henvendelse.ny"
#: To the vaktledere: nobody is on call, or nobody on call takes it.
IKKE_TATT = "henvendelse.ikke_tatt"
#: To whoever came on call while cases waited.
VENTER = "henvendelse.venter"
#: To the responsible, those above and the vaktledere: no advice, or no answer to a message.
SVAR_MANGLER = "henvendelse.svar_mangler"
MELDING_UBESVART = "henvendelse.melding_ubesvart"
#: To the requester: ring instead.
INGEN_PAA_VAKT = "henvendelse.ingen_paa_vakt"
INGEN_SVARER = "henvendelse.ingen_svarer"
#: To the requester: it is taken, it is answered. To the responsible: the requester needs more.
AKSEPTERT = "henvendelse.akseptert"
BESVART = "henvendelse.besvart"
TRENGER_MER = "henvendelse.trenger_mer"
#: To the requester, and to whoever held it: the emergency bed is gone.
PLASS_UTLOEPT = "henvendelse.plass_utloept"
PLASS_AVVIST = "henvendelse.plass_avvist"
PLASS_FRIGITT = "henvendelse.plass_frigitt"

#: The notices of each kind of escalation: they stop with it.
ALARMER: dict[str, tuple[str, ...]] = {
    Slag.AKSEPT: (NY, IKKE_TATT, VENTER, INGEN_PAA_VAKT, INGEN_SVARER),
    Slag.SVAR: (SVAR_MANGLER, INGEN_PAA_VAKT, INGEN_SVARER),
    Slag.MELDING: (MELDING_UBESVART, INGEN_PAA_VAKT, INGEN_SVARER),
}
#: What those on the ladder are told, and what the vaktledere are.
TIL_VAKT = {Slag.AKSEPT: NY, Slag.SVAR: SVAR_MANGLER, Slag.MELDING: MELDING_UBESVART}
TIL_LEDER = {Slag.AKSEPT: IKKE_TATT, Slag.SVAR: SVAR_MANGLER, Slag.MELDING: MELDING_UBESVART}


def fagord(fagomraade: str) -> Any:
    """The name of a fagområde, in the language of whoever reads it."""
    return ALLE_OMRAADER.get(fagomraade, fagomraade)


def til_vakt(
    esk: Eskalering, hvem: str, nivaa: str, *, foerste: bool, forlatt: bool = False
) -> tuple[Any, Any]:
    """Title and text for whoever a step tells. `foerste`: nobody has been told before. `forlatt`: who had the case,
    has left, and the deadline may not have passed."""
    ord_ = {"fag": fagord(esk.fagomraade), "hvem": hvem}
    leder = nivaa == Nivaa.VAKTLEDER
    if esk.slag == Slag.AKSEPT:
        if leder:
            # The role of the vaktleder takes no case.
            tittel = ny(esk.hastegrad, **ord_) if foerste else ikke_tatt(esk.hastegrad, **ord_)
            return tittel, _l("Ingen har tatt saken. Få noen til å ta den, eller send den videre.")
        if foerste:
            return ny(esk.hastegrad, **ord_), _l("Åpne saken i portalen og ta den.")
        return ikke_tatt(esk.hastegrad, **ord_), _l(
            "Ingen har tatt saken ennå. Åpne den i portalen og ta den."
        )
    if esk.slag == Slag.SVAR:
        if nivaa == ANSVARLIG:
            return (
                _l("Henvendelsen til %(fag)s fra %(hvem)s venter på rådet ditt", **ord_),
                _l("Svarfristen er ute. Gi råd, eller overlever saken til en annen."),
            )
        return (
            _l("Henvendelsen til %(fag)s fra %(hvem)s er tatt, men ikke besvart", **ord_),
            _forlatt()
            if forlatt
            else _l("Svarfristen er ute. Ta kontakt med den som har saken, eller overlever den til en annen.")
            if leder
            else _l("Svarfristen er ute. Ta kontakt med den som har saken, eller ta over."),
        )
    if nivaa == ANSVARLIG:
        return (
            _l("%(hvem)s venter på svar på en melding til %(fag)s", **ord_),
            _l("Meldingen har ventet lenger enn svarfristen. Åpne saken og svar."),
        )
    return (
        _l("En melding fra %(hvem)s til %(fag)s er ikke besvart", **ord_),
        _forlatt()
        if forlatt
        else _l(
            "Meldingen har ventet lenger enn svarfristen. Ta kontakt med den som har saken, eller svar selv."
        ),
    )


def _forlatt() -> Any:
    return _l(
        "Den som hadde saken, har ikke lenger tilgang til den. Les saken, og sørg for at noen tar over."
    )


def ny(hastegrad: str, **ord_: Any) -> Any:
    """«Ny akutt henvendelse til Geriatri fra Eigersund»."""
    if hastegrad == Hastegrad.AKUTT:
        return _l("Ny akutt henvendelse til %(fag)s fra %(hvem)s", **ord_)
    if hastegrad == Hastegrad.HASTER:
        return _l("Ny hastehenvendelse til %(fag)s fra %(hvem)s", **ord_)
    return _l("Ny henvendelse til %(fag)s fra %(hvem)s", **ord_)


def ikke_tatt(hastegrad: str, **ord_: Any) -> Any:
    """«Akutt henvendelse til Geriatri fra Eigersund er ikke tatt»."""
    if hastegrad == Hastegrad.AKUTT:
        return _l("Akutt henvendelse til %(fag)s fra %(hvem)s er ikke tatt", **ord_)
    if hastegrad == Hastegrad.HASTER:
        return _l("Hastehenvendelse til %(fag)s fra %(hvem)s er ikke tatt", **ord_)
    return _l("Henvendelse til %(fag)s fra %(hvem)s er ikke tatt", **ord_)


def til_leder(esk: Eskalering, hvem: str, *, bemannet: bool) -> tuple[Any, Any]:
    """Title and text for the vaktledere. `bemannet`: somebody on the ladder is there, but does not answer."""
    ord_ = {
        "hastegrad": ETIKETTER["hastegrad"][Hastegrad(esk.hastegrad)],
        "fag": fagord(esk.fagomraade),
        "hvem": hvem,
    }
    if esk.slag == Slag.MELDING:
        # The advice may be given: it is the message that nobody answers.
        tittel = _l("En melding fra %(hvem)s til %(fag)s er ikke besvart", fag=ord_["fag"], hvem=ord_["hvem"])
    elif esk.slag == Slag.SVAR:
        tittel = _l("%(hastegrad)s: henvendelsen til %(fag)s fra %(hvem)s er tatt, men ikke besvart", **ord_)
    elif bemannet:
        tittel = _l("%(hastegrad)s: ingen har tatt henvendelsen til %(fag)s fra %(hvem)s", **ord_)
    else:
        tittel = _l(
            "%(hastegrad)s: ingen står på vakt for %(fag)s, og henvendelsen fra %(hvem)s er ikke tatt", **ord_
        )
    return tittel, _l("Finn noen som kan svare nå. Saken ligger i portalen.")


def til_planansvarlig() -> Any:
    """To those who keep the rosters, who see no case: what they can do."""
    return _l("Ring den som har vakt, eller legg inn en som kan svare. Åpne for å se hvem og hvordan.")


def ingen_paa_vakt(sak: Henvendelse, telefon: str) -> tuple[Any, Any]:
    """Title and text for the requester, when nobody is there. `telefon` may be empty."""
    ord_ = {"fag": fagord(sak.fagomraade), "mottaker": sak.mottaker.kortnavn, "telefon": lesbart(telefon)}
    if telefon:
        tittel = _l("Ingen står på vakt for %(fag)s hos %(mottaker)s nå. Ring %(telefon)s.", **ord_)
    else:
        tittel = _l("Ingen står på vakt for %(fag)s hos %(mottaker)s nå. Ring sentralbordet der.", **ord_)
    return tittel, _ved_fare()


def ingen_svarer(sak: Henvendelse, telefon: str, *, innmelder: bool) -> tuple[Any, Any]:
    """Title and text for the requester, or for those of the requester's side, when the ladder is at its end.
    `telefon` may be empty."""
    ord_ = {"fag": fagord(sak.fagomraade), "mottaker": sak.mottaker.kortnavn, "telefon": lesbart(telefon)}
    if not innmelder:
        ord_["nummer"] = sak.saksnummer
        if telefon:
            tittel = _l("Ingen har svart i sak %(nummer)s til %(fag)s. Ring %(telefon)s.", **ord_)
        else:
            tittel = _l("Ingen har svart i sak %(nummer)s til %(fag)s. Ring %(mottaker)s.", **ord_)
    elif telefon:
        tittel = _l("Ingen har svart deg for %(fag)s hos %(mottaker)s. Ring %(telefon)s.", **ord_)
    else:
        tittel = _l("Ingen har svart deg for %(fag)s hos %(mottaker)s. Ring sentralbordet der.", **ord_)
    return tittel, _ved_fare()


def _ved_fare() -> Any:
    return _l("Vaktlederne er varslet, og saken ligger fortsatt hos mottakeren. Ved akutt fare: ring 113.")


def akseptert(sak: Henvendelse, navn: str) -> Any:
    return _l("%(navn)s har tatt sak %(nummer)s", navn=navn, nummer=sak.saksnummer)


def besvart(sak: Henvendelse) -> tuple[Any, Any]:
    """Title and text for the requester."""
    ord_ = {"fag": fagord(sak.fagomraade), "nummer": sak.saksnummer}
    return _l("Du har fått svar fra %(fag)s i sak %(nummer)s", **ord_), _l("Svaret ligger i portalen.")


def trenger_mer(sak: Henvendelse) -> tuple[Any, Any]:
    """Title and text for the responsible."""
    ord_ = {"hvem": sak.avsender.kortnavn, "nummer": sak.saksnummer}
    return (
        _l("%(hvem)s trenger mer fra deg i sak %(nummer)s", **ord_),
        _l("Spørsmålet ligger i saken, og svarfristen er begynt på nytt."),
    )


def venter(fagomraade: str, antall: int) -> tuple[Any, Any]:
    """Title and text for whoever comes on call while so many cases wait."""
    fag = fagord(fagomraade)
    if antall == 1:
        tittel = _l("Én henvendelse til %(fag)s venter på at noen tar den", fag=fag)
    else:
        tittel = _l("%(antall)s henvendelser til %(fag)s venter på at noen tar dem", antall=antall, fag=fag)
    return tittel, _l("Du er på vakt nå. Åpne køen i portalen.")


def plass_tapt(kode: str, sak: Henvendelse, enhet: str) -> tuple[Any, Any]:
    """Title and text for those who relied on a bed that is held no more, by the code of the notice."""
    if kode != PLASS_AVVIST:
        tittel = _l("Sak %(nummer)s: ØHD-plassen er utløpt", nummer=sak.saksnummer)
        if kode == PLASS_FRIGITT:
            tittel = _l("Sak %(nummer)s: ØHD-plassen er gitt fri", nummer=sak.saksnummer)
        return tittel, _l("%(enhet)s holder ikke plassen lenger. Åpne saken for å holde en ny.", enhet=enhet)
    return (
        _l("Sak %(nummer)s: enheten avviste ØHD-plassen", nummer=sak.saksnummer),
        _l("%(enhet)s kan ikke ta imot pasienten. Åpne saken for å holde en annen plass.", enhet=enhet),
    )
