"""The form of a reallocation: who and what is lent, when and how much, on which terms, and what it does to the beds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from marshmallow import ValidationError, fields

from portal.core.clock import oslo
from portal.core.errors import Konflikt, PortalError, UgyldigData, Utdatert
from portal.core.sprak import _, _l
from portal.core.web import aktor, feltfeil, les, skjema_med_lister
from portal.identitet.models import Enhet
from portal.omdisponering.felter import vilkaar_fra
from portal.omdisponering.flytskjemaer import OmdisponeringInn, OmdisponeringslinjeInn
from portal.omdisponering.forloep import LOVFELT, Side
from portal.omdisponering.models import Omdisponering
from portal.omdisponering.routes.felles import blp
from portal.omdisponering.routes.omdisponering import ID, vedtaksvalg
from portal.omdisponering.service import lesing, utkast

#: The boxes: which rows are in, who of them has said yes, who is ordered.
_LISTER = ("hva", "ja", "beordret")
_RADFELT = ("fra", "til", "andel")
_VALG = {"t": "tilbud_id", "p": "ressursperson_id", "l": "lokale_id"}


class Skrevet(NamedTuple):
    """The form as it was sent. `rader`: {row's key: {field: text}}."""

    verdier: dict[str, str]
    valgt: dict[str, list[str]]
    rader: dict[str, dict[str, str]]


def feltverdi(tid: datetime) -> str:
    """As `<input type="datetime-local">` wants it, by Oslo's clock."""
    return f"{oslo(tid):%Y-%m-%dT%H:%M}"


@blp.get(f"{ID}/endre")
def endre_omdisponering(omdisponering_id: UUID) -> str:
    """`lest` in the address: for an open form that asks by itself whether others have changed what it was made from."""
    e = lesing.hent_endring(aktor(), omdisponering_id)
    return _vis(e, _staar(e), lest=request.args.get("lest", ""))


@blp.post(f"{ID}/endre")
def lagre_omdisponering(omdisponering_id: UUID) -> Any:
    e = lesing.hent_endring(aktor(), omdisponering_id)
    skrevet = _sendt()
    gjoer = skrevet.verdier.pop("gjoer", "lagre")
    if gjoer == "hent":
        return _vis(e, _med_vilkaar(e, skrevet), hentet=True)
    nummer: list[str] = []
    try:
        inn = les(OmdisponeringInn, skrevet.verdier)
        if e.visning.side != Side.AVGIVER:
            # What is the lender's alone: its form has no such fields.
            inn.pop("vedtak_id")
            inn.pop("gulv_overstyrt")
        linjer, nummer = _linjer(e, skrevet)
        utkast.endre(aktor(), omdisponering_id, linjer, **inn)
    except (Konflikt, UgyldigData) as feil:
        if isinstance(feil, Utdatert):
            e = lesing.hent_endring(aktor(), omdisponering_id)
        return _vis(e, skrevet, feil, nummer=nummer), feil.status
    flash(_("Lagret."), "success")
    return redirect(url_for("omdisponering.vis_omdisponering", omdisponering_id=omdisponering_id), 303)


def _sendt() -> Skrevet:
    enkle, valgt = skjema_med_lister(*_LISTER)
    rader: dict[str, dict[str, str]] = {}
    for navn in list(enkle):
        felt, _skille, noekkel = navn.partition(".")
        if felt in _RADFELT and noekkel:
            rader.setdefault(noekkel, {})[felt] = enkle.pop(navn)
    enkle.pop("csrf_token", None)
    return Skrevet(enkle, valgt, rader)


def _verdier(omd: Omdisponering) -> dict[str, str]:
    """What is said beside the lines, as the form has it."""
    return {
        **{felt: getattr(omd, felt) for felt in (*LOVFELT, "gulv_overstyrt", "merknad")},
        **{
            felt: str(getattr(omd, felt) or "")
            for felt in ("bestemmelse_id", "avgiver_enhet_id", "mottaker_enhet_id", "vedtak_id")
        },
        "stenges": str(omd.stenges),
        "aapnes": str(omd.aapnes),
    }


def _rad(fra: datetime, til: datetime, andel: int) -> dict[str, str]:
    return {"fra": feltverdi(fra), "til": feltverdi(til), "andel": str(andel)}


def _staar(e: lesing.Endring) -> Skrevet:
    """The form as the reallocation stands now."""
    linjer = [li for li in e.visning.linjer if not li.stroeket_grunn]
    return Skrevet(
        {**_verdier(e.visning.omd), "lest": e.visning.omd.innhold_hash},
        {
            "hva": [li.noekkel for li in linjer],
            "ja": [li.noekkel for li in linjer if li.ja],
            "beordret": [li.noekkel for li in linjer if li.beordret],
        },
        {
            **{k.noekkel: _rad(k.fra, k.til, k.andel) for k in e.kandidater},
            **{li.noekkel: _rad(li.fra, li.til, li.andel) for li in linjer},
        },
    )


def _med_vilkaar(e: lesing.Endring, skrevet: Skrevet) -> Skrevet:
    """The legal fields that are empty are filled in from the chosen clause's measures; what was written stays."""
    valgt = next(
        (b for _a, rader in e.grunnlag for b in rader if str(b.id) == skrevet.verdier.get("bestemmelse_id")),
        None,
    )
    fra = vilkaar_fra(valgt) if valgt is not None else {}
    fylt = {felt: tekst for felt, tekst in fra.items() if tekst and not skrevet.verdier.get(felt, "").strip()}
    return skrevet._replace(verdier={**skrevet.verdier, **fylt})


def _linjer(e: lesing.Endring, skrevet: Skrevet) -> tuple[list[utkast.Ny], list[str]]:
    """The rows that are ticked, and their keys in the same order. Raises UgyldigData by «linje-<key>»."""
    felter: dict[str, Any] = {}
    ut, nummer = [], []
    for noekkel in dict.fromkeys(skrevet.valgt["hva"]):
        slag, _skille, id_ = noekkel.partition("-")
        try:
            if slag not in _VALG:
                raise ValidationError("")
            valgt: dict[str, Any] = {_VALG[slag]: fields.UUID().deserialize(id_)}
        except ValidationError:
            raise UgyldigData(felter={"linjer": [_l("Ugyldig valg. Velg fra lista.")]}) from None
        try:
            rad = les(OmdisponeringslinjeInn, skrevet.rader.get(noekkel, {}))
        except UgyldigData as feil:
            felter[f"linje-{noekkel}"] = [m for ms in feil.detaljer["felter"].values() for m in ms]
            continue
        _noeyaktig(e, noekkel, rad)
        nummer.append(noekkel)
        ut.append(
            utkast.Ny(
                **valgt,
                **rad,
                samtykket=noekkel in skrevet.valgt["ja"],
                beordret=noekkel in skrevet.valgt["beordret"],
            )
        )
    if felter:
        raise UgyldigData(felter=felter)
    return ut, nummer


def _noeyaktig(e: lesing.Endring, noekkel: str, rad: dict[str, Any]) -> None:
    """A form knows whole minutes: a moment that reads as before is the moment that it was."""
    behov = e.visning.omd.behov
    kjente = [(k.fra, k.til) for k in e.visning.linjer if k.noekkel == noekkel]
    kjente += [(k.fra, k.til) for k in e.kandidater if k.noekkel == noekkel] + [(behov.fra, behov.til)]
    for plass, felt in enumerate(("fra", "til")):
        sendt = rad[felt]
        if sendt is not None:
            rad[felt] = next((p[plass] for p in kjente if feltverdi(p[plass]) == feltverdi(sendt)), sendt)


def _vis(
    e: lesing.Endring,
    skrevet: Skrevet,
    feil: PortalError | None = None,
    *,
    nummer: Sequence[str] = (),
    lest: str = "",
    hentet: bool = False,
) -> str:
    """The form. `andres`: what stands now, where the form that came back says something else."""
    omd = e.visning.omd
    utdatert = isinstance(feil, Utdatert)
    naa = _staar(e)
    vist = {**skrevet.verdier}
    if utdatert:
        # Who has read what stands now may go on.
        vist["lest"] = omd.innhold_hash
    ut = feltfeil(feil)
    ut["feil"] = {_felt(k, nummer): m for k, m in ut["feil"].items()}
    return render_template(
        "omdisponering/omdisponering_endre.html",
        e=e,
        v=e.visning,
        lovfelt=LOVFELT,
        verdier=vist,
        valgt=skrevet.valgt,
        rader={**naa.rader, **skrevet.rader},
        andres=_andres(naa.verdier, vist) if utdatert else {},
        endret_av_andre=bool(lest) and lest != omd.innhold_hash,
        hentet=hentet,
        vilkaar={str(b.id): vilkaar_fra(b) for _a, bs in e.grunnlag for b in bs},
        vedtaksvalg=vedtaksvalg(e.visning),
        enhetsvalg=_enhetsvalg,
        fnr_treff=feil.detaljer.get("treff", {}) if feil else {},
        **ut,
    )


def _enhetsvalg(enheter: Sequence[Enhet], med_plasser: Collection[UUID]) -> list[tuple[str, str]]:
    """Units to choose from: those with ØHD beds say so, since of them alone beds are closed and opened."""
    return [
        (str(e.id), _("%(enhet)s (har ØHD-plasser)", enhet=e.navn) if e.id in med_plasser else e.navn)
        for e in enheter
    ]


def _felt(navn: str, nummer: Sequence[str]) -> str:
    """The use case counts the lines; the form knows them by their keys."""
    begynnelse, _skille, nr = navn.partition("-")
    if begynnelse == "linje" and nr.isdigit() and int(nr) < len(nummer):
        return f"linje-{nummer[int(nr)]}"
    return navn


def _andres(naa: Mapping[str, str], skrevet: Mapping[str, str]) -> dict[str, str]:
    return {
        felt: naa[felt]
        for felt in (*LOVFELT, "gulv_overstyrt", "merknad", "stenges", "aapnes")
        if skrevet.get(felt, "").strip() != naa[felt].strip()
    }
