"""A document becomes a draft: it is read, its clauses are checked on a page, and only then is anything kept.

What was found travels in the form of that page, one group of fields a clause: nothing is stored in between, and
nothing is lost when something is wrong. The page does all it does without a script.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from flask import flash, redirect, render_template, request, url_for
from flask_babel import get_locale

from portal.avtaler import access, filinn, innhold, klausulfunn, ooxml
from portal.avtaler.forloep import Art
from portal.avtaler.klausulfunn import STRUKTUR, Funn
from portal.avtaler.punkter import PUNKTER
from portal.avtaler.routes.felles import bp, fnr_treff
from portal.avtaler.schemas import IkkeFnrInn, ImportInn, ImportklausulInn, LeggTilInn, NyAvtaleInn
from portal.avtaler.service import avtaler, inn, oversikt
from portal.core.errors import IkkeFunnet, Konflikt, Opptatt, PortalError, UgyldigData
from portal.core.opplasting import ForStor
from portal.core.skjema import Skjema
from portal.core.sprak import _, _l, ngettext
from portal.core.traader import FILER
from portal.core.web import (
    STORE_SKJEMAER,
    StortSkjema,
    aktor,
    aktor_eller_ingen,
    etikett,
    feltfeil,
    les,
    limiter,
    skjema_med_lister,
    slipp_fram,
)

#: Bytes of a form with all the text in it: each sign of `klausulfunn.LENGST` may take six, and the fields around it.
_FORM = 8 * klausulfunn.LENGST
_STED = ("avtaler.importer", "avtaler.lagre_import")
#: As much of it as is kept over the lock: the longest text, in 500 clauses, is a form of 1.4 MB in Norwegian.
STORE_SKJEMAER["/avtaler/import/lagre"] = StortSkjema(
    3 * klausulfunn.LENGST,
    _l(
        "Du ble logget ut før bestemmelsene var lagret, og de er borte. Logg inn, og hent dokumentet på nytt."
    ),
)
#: A field of a clause, as the services call it.
_KLAUSULFELT = re.compile(r"bestemmelser\.(\d+)\.(\w+)\Z")
_RAD = re.compile(r"k(\d{1,4})-([a-z]+)\Z")
#: What is said of the agreement that the clauses become.
_AVTALEFELT = ("type", "tittel", "nummer", "overordnet_id", "maalform")
_ALLE_FASER = innhold.fasebits(range(1, 6))
_FOR_STOR = _l("Det er for mye å ta inn på én gang: høyst 10 MB. Ta ut bildene, eller del dokumentet.")


@bp.url_value_preprocessor
def _slipp_fram_dokumentet(endepunkt: str | None, _verdier: Any) -> None:
    """The two pages that take a document or its text. Before the CSRF check, which reads the form; only for those who
    may begin agreements. One that says to be too large is refused before a byte of it is read."""
    if endepunkt not in _STED or request.method != "POST":
        return
    a = aktor_eller_ingen()
    if a is None or not access.kan_opprette(a):
        return
    stoerst = _FORM + (ooxml.STOERST if endepunkt == _STED[0] else 0)
    if (request.content_length or 0) > stoerst:
        raise ForStor(_FOR_STOR)
    slipp_fram(stoerst)
    request.max_form_memory_size = _FORM


# --- reading ---------------------------------------------------------------------------------------------


@bp.route("/import", methods=["GET", "POST"])
@limiter.limit("20 per minute", methods=["POST"])
def importer() -> Any:
    """A file or a pasted text, and then the page on which its clauses are checked."""
    utkast = inn.egne_utkast(aktor())
    if request.method == "GET":
        return _vis_import({"avtale_id": request.args.get("avtale", "")}, utkast)
    verdier, _lister = skjema_med_lister()
    try:
        valg = les(ImportInn, verdier)
        funn = _les_inn(valg["tekst"])
    except (UgyldigData, Opptatt) as feil:
        return _vis_import(verdier, utkast, feil), feil.status
    til = str(valg["avtale_id"] or "")
    return _vis_sjekk(
        [_til_rad(k) for k in funn.klausuler],
        {
            "type": funn.type or klausulfunn.gjett_type(funn.tittel),
            "tittel": funn.tittel,
            "nummer": funn.nummer,
            "maalform": funn.maalform,
            "avtale_id": til if til in {str(u.id) for u in utkast} else "",
        },
        utkast,
        merknader=[klausulfunn.MERKNADER[m] for m in funn.merknader],
    )


def _les_inn(tekst: str) -> Funn:
    fil = request.files.get("fil")
    data = b""
    if fil is not None:
        with fil.stream:
            data = fil.read()
    valgt = fil is not None and bool(fil.filename)
    if valgt and tekst.strip():
        raise UgyldigData(
            felter={"fil": [_("Velg enten en fil eller tekst, ikke begge. Velg filen på nytt.")]}
        )
    if not valgt and not tekst.strip():
        raise UgyldigData(felter={"fil": [_("Velg en fil, eller lim inn teksten.")]})
    funnet = (
        FILER.kjoer(_finn, partial(filinn.les, spraak=str(get_locale() or "nb")), data)
        if valgt
        else FILER.kjoer(_finn, klausulfunn.fra_tekst, tekst)
    )
    if isinstance(funnet, UgyldigData):
        raise funnet
    return funnet


def _finn(les_: Callable[[Any], Funn], kilde: Any) -> Funn | UgyldigData:
    """On a thread of its own, where an error that is raised is logged as a fault of ours: a bad file is none."""
    try:
        return les_(kilde)
    except UgyldigData as feil:
        return feil


def _vis_import(verdier: Mapping[str, str], utkast: Sequence[Any], feil: PortalError | None = None) -> str:
    til = next((u for u in utkast if str(u.id) == verdier.get("avtale_id")), None)
    return render_template(
        "avtaler/import.html", verdier=verdier, til=til, maks=ooxml.STOERST, **feltfeil(feil)
    )


# --- checking and keeping --------------------------------------------------------------------------------


@bp.post("/import/lagre")
@limiter.limit("60 per minute")
def lagre_import() -> Any:
    """The page of found clauses, again (`gjoer` oppdater), as a new draft (lag), or into one there is (leggtil)."""
    utkast = inn.egne_utkast(aktor())
    rader, verdier = _les_sjekk()
    gjoer = verdier.pop("gjoer", "oppdater")
    feil: PortalError | None = None
    try:
        rader = _slaa_sammen(rader)
        if gjoer == "lag":
            return _lag(rader, verdier)
        if gjoer == "leggtil":
            return _legg_til(rader, verdier)
    except (UgyldigData, Konflikt, IkkeFunnet) as e:
        feil = e
    return _vis_sjekk(rader, verdier, utkast, feil), feil.status if feil else 200


def _lag(rader: Sequence[dict[str, str]], verdier: Mapping[str, str]) -> Any:
    sendt = {k: verdier.get(k, "") or None for k in _AVTALEFELT}
    tekster = {"tittel": verdier.get("tittel", ""), "nummer": verdier.get("nummer", "")}
    valg, klausuler = _les_alt(NyAvtaleInn, {**sendt, **tekster}, rader)
    if not klausuler:
        raise UgyldigData(_l("Velg minst én bestemmelse som skal være med."), kode="ingen_bestemmelser")
    with _paa_siden(rader):
        avtale_id = avtaler.lag(
            aktor(),
            bestemmelser=klausuler,
            ikke_fnr=_ikke_fnr(verdier),
            **{k: valg[k] for k in _AVTALEFELT},
        )
    flash(_("Utkastet er laget. Bare dere ser det til dere sender det til forhandling."), "success")
    return redirect(url_for("avtaler.utkast", avtale_id=avtale_id), 303)


def _legg_til(rader: Sequence[dict[str, str]], verdier: Mapping[str, str]) -> Any:
    valg, klausuler = _les_alt(LeggTilInn, {"avtale_id": verdier.get("avtale_id", "")}, rader)
    avtale_id: UUID = valg["avtale_id"]
    with _paa_siden(rader):
        antall = inn.legg_til(aktor(), avtale_id, klausuler, ikke_fnr=_ikke_fnr(verdier))
    flash(
        ngettext(
            "%(num)s bestemmelse er lagt til i utkastet.",
            "%(num)s bestemmelser er lagt til i utkastet.",
            antall,
        ),
        "success",
    )
    return redirect(url_for("avtaler.utkast", avtale_id=avtale_id), 303)


def _ikke_fnr(verdier: Mapping[str, str]) -> bool:
    return bool(les(IkkeFnrInn, {k: v for k, v in verdier.items() if k == "ikke_fnr"})["ikke_fnr"])


@contextmanager
def _paa_siden(rader: Sequence[Mapping[str, str]]) -> Iterator[None]:
    """What is wrong with a clause («bestemmelser.2.tekst»), said at its place on the page («k4-tekst»): not all of
    them came along."""
    med = [n for n, rad in enumerate(rader) if rad["hva"] != "bort"]
    vist = ImportklausulInn().fields

    def sted(navn: str, ellers: str = "") -> str:
        m = _KLAUSULFELT.match(navn)
        return f"k{med[int(m[1]) - 1]}-{m[2] if m[2] in vist or not ellers else ellers}" if m else navn

    try:
        yield
    except UgyldigData as feil:
        felter: dict[str, list[Any]] = {}
        for navn, meldinger in feil.detaljer.get("felter", {}).items():
            # What is not shown as a field of its own stands at the heading.
            ved = felter.setdefault(sted(navn, "overskrift"), [])
            ved.extend(m for m in meldinger if m not in ved)
        treff = {sted(navn): steder for navn, steder in feil.detaljer.get("treff", {}).items()}
        feil.detaljer |= {k: v for k, v in (("felter", felter), ("treff", treff)) if v}
        raise


def _les_alt(
    skjema_: type[Skjema], sendt: Mapping[str, Any], rader: Sequence[dict[str, str]]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What is said of the agreement, and the clauses that come along. Raises UgyldigData with all that is wrong, each
    at its field of the page: what is not shown as a field of its own stands at the heading."""
    felter: dict[str, Any] = {}
    valg: dict[str, Any] = {}
    try:
        valg = les(skjema_, sendt)
    except UgyldigData as feil:
        felter |= feil.detaljer["felter"]
    klausuler = []
    form = ImportklausulInn()
    for n, rad in enumerate(rader):
        if rad["hva"] == "bort":
            continue
        klausuler.append(innhold.rens(_til_klausul(rad, form)))
        for felt, meldinger in innhold.feil(klausuler[-1]).items():
            sted = felt if felt in form.fields else "overskrift"
            felter.setdefault(f"k{n}-{sted}", []).extend(meldinger)
    if felter:
        raise UgyldigData(felter=felter)
    return valg, klausuler


def _vis_sjekk(
    rader: Sequence[dict[str, str]],
    verdier: Mapping[str, str],
    utkast: Sequence[Any],
    feil: PortalError | None = None,
    merknader: Sequence[Any] = (),
) -> str:
    return render_template(
        "avtaler/import_sjekk.html",
        rader=rader,
        mer=[_oppsummert(rad) for rad in rader],
        utdrag=klausulfunn.utdrag,
        arter=[(str(art), etikett("bestemmelsesart", art)) for art in Art],
        punkter=[(str(nr), f"{nr}. {navn}") for nr, (navn, _hva) in PUNKTER.items()],
        verdier=verdier,
        merknader=merknader,
        utkast=[(u.id, f"{u.nummer} {u.tittel}".strip()) for u in utkast],
        over=[
            (b.id, f"{etikett('avtaletype', b.type)}: {b.nummer} {b.tittel}".replace("  ", " "))
            for b in oversikt.kan_ligge_under(aktor())
        ],
        fnr_treff=fnr_treff(feil),
        **feltfeil(feil),
    )


# --- the clauses as the form holds them ------------------------------------------------------------------


def _les_sjekk() -> tuple[list[dict[str, str]], dict[str, str]]:
    """The clauses in the order of the page, and the other fields. Raises UgyldigData for a field that is not ours."""
    funnet: dict[int, dict[str, str]] = {}
    verdier: dict[str, str] = {}
    felter = ImportklausulInn().fields
    for navn, sendt in request.form.lists():
        if len(sendt) > 1:
            raise UgyldigData()
        m = _RAD.match(navn)
        if m is not None and m[2] in felter:
            funnet.setdefault(int(m[1]), {})[m[2]] = sendt[0]
        elif navn in (*_AVTALEFELT, "avtale_id", "gjoer", "ikke_fnr"):
            verdier[navn] = sendt[0]
        elif navn != "csrf_token":
            raise UgyldigData()
    if len(funnet) > klausulfunn.FLEST:
        raise UgyldigData()
    return [{**_tom_rad(), **funnet[n]} for n in sorted(funnet)], verdier


def _tom_rad() -> dict[str, str]:
    return {
        "nummer": "",
        "overskrift": "",
        "tekst": "",
        "art": "annet",
        "punkt": "",
        "hva": "behold",
        "mer": "",
    }


def _til_rad(klausul: Mapping[str, Any]) -> dict[str, str]:
    """A clause as fields of the form. Its lists, which are not edited here, travel as one."""
    mer = {k: klausul[k] for k in STRUKTUR if klausul[k] and (k, klausul[k]) != ("faser", _ALLE_FASER)}
    return {
        **{k: str(klausul[k] or "") for k in ("nummer", "overskrift", "tekst", "art", "punkt")},
        "hva": "behold",
        "mer": orjson.dumps(mer).decode() if mer else "",
    }


def _til_klausul(rad: Mapping[str, str], form: ImportklausulInn) -> dict[str, Any]:
    """The other way. What it must hold is judged where it is kept. Raises UgyldigData for what no page of ours sent.

    `form` is made once for all rows: making one takes a hundred times as long as reading a row.
    """
    lest = les(form, {**rad, "punkt": rad["punkt"] or None})
    try:
        mer = orjson.loads(lest["mer"]) if lest["mer"] else {}
    except orjson.JSONDecodeError:
        mer = None
    borte = _("Noe av innholdet ble borte på veien. Gå tilbake og hent dokumentet på nytt.")
    if not isinstance(mer, dict) or set(mer) - set(STRUKTUR):
        raise UgyldigData(borte)
    klausul = {
        **{k: klausulfunn.rydd(lest[k]) for k in ("nummer", "overskrift", "tekst")},
        **{k: lest[k] for k in ("art", "punkt")},
        **{k: [] for k in STRUKTUR},
        "faser": _ALLE_FASER,
        **mer,
    }
    if set(innhold.feil(klausul)) & set(STRUKTUR):
        raise UgyldigData(borte)
    return klausul


def _slaa_sammen(rader: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Puts each that is to be merged at the end of the nearest one above that is kept; the first of all stays.

    Raises UgyldigData, at the one above, where they are more than a clause may hold: then nothing is merged.
    """
    #: Each that stays, where it stood on the page, and those that come into it.
    grupper: list[tuple[int, dict[str, str], list[dict[str, str]]]] = []
    siste: list[dict[str, str]] | None = None
    for n, rad in enumerate(rader):
        if rad["hva"] == "slaa" and siste is not None:
            siste.append(rad)
            continue
        grupper.append((n, {**rad, "hva": "behold"} if rad["hva"] == "slaa" else rad, []))
        if rad["hva"] != "bort":
            siste = grupper[-1][2]
    lange = [
        n
        for n, rad, under in grupper
        # A browser sends each line break as two signs; it is kept as one.
        if under
        and sum(len(r["tekst"]) - r["tekst"].count("\r\n") for r in (rad, *under)) > innhold.LENGDE["tekst"]
    ]
    if lange:
        melding = _("Sammen blir disse for lange for én bestemmelse. La noen av dem stå for seg.")
        raise UgyldigData(felter={f"k{n}-tekst": [melding] for n in lange})
    form = ImportklausulInn()
    return [_samlet(rad, under, form) if under else rad for _n, rad, under in grupper]


def _samlet(
    rad: Mapping[str, str], under: Sequence[Mapping[str, str]], form: ImportklausulInn
) -> dict[str, str]:
    klausuler = [_til_klausul(r, form) for r in (rad, *under)]
    return {**rad, **_til_rad(klausulfunn.slaa_sammen(*klausuler))}


def _oppsummert(rad: Mapping[str, str]) -> list[str]:
    """What a clause of a file has besides its text: «3 kriterier», «2 forpliktelser»."""
    try:
        mer = orjson.loads(rad["mer"]) if rad["mer"] else {}
    except orjson.JSONDecodeError:
        return []
    antall = {
        k: len(mer[k]) if isinstance(mer, dict) and isinstance(mer.get(k), list) else 0
        for k in (*innhold.LISTER, "trinn")
    }
    ut = [
        ngettext("%(num)s kriterium", "%(num)s kriterier", antall["kriterier"])
        if antall["kriterier"]
        else "",
        ngettext("%(num)s rad om ansvar", "%(num)s rader om ansvar", antall["matrise"])
        if antall["matrise"]
        else "",
        ngettext("%(num)s forpliktelse", "%(num)s forpliktelser", antall["forpliktelser"])
        if antall["forpliktelser"]
        else "",
        ngettext("%(num)s samarbeidstiltak", "%(num)s samarbeidstiltak", antall["tiltak"])
        if antall["tiltak"]
        else "",
        ngettext("%(num)s trinn", "%(num)s trinn", antall["trinn"]) if antall["trinn"] else "",
    ]
    bits = mer.get("faser") if isinstance(mer, dict) else None
    if isinstance(bits, int) and not isinstance(bits, bool) and 0 < bits < 64:
        ut.append(_("fase %(numre)s", numre=", ".join(str(n) for n in innhold.faser(bits))))
    return [t for t in ut if t]
