"""What a need must say before it is written, with an answer for each field that does not; and who hears of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.beredskap.brev import Naar
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.core.errors import UgyldigData
from portal.core.sprak import _l
from portal.identitet.access import medlemskap_gyldig
from portal.identitet.models import Enhet, Medlemskap, Organisasjon, Organisasjonstype, Person
from portal.identitet.mottakere import med_rolle, mottakerfelt
from portal.omdisponering.access import INNSIDE
from portal.omdisponering.forloep import FLEST, Slag
from portal.omdisponering.models import Behov
from portal.omdisponering.ord import ETIKETTER
from portal.varsler.steps import Mottaker, varsle_alle

#: The longest that a need or an offer can be for.
LENGST = timedelta(days=366)
#: Of a need for people, and of one for premises: what the other kind leaves empty.
FOR_PERSONELL: dict[str, Any] = {
    "stilling": None,
    "kompetanse": 0,
    "krever_autorisasjon": False,
    "krever_vaksine": False,
    "krever_smittevern": False,
    "andel": 100,
}
FOR_LOKALE: dict[str, Any] = {"lokaleslag": None, "plasser": None, "kvm": None, "lokalkrav": 0}
#: All that is said of a need. What it is about (`slag`) stays.
FELTER = (
    *("enhet_id", "antall", "minst", "fra", "til", "sted_id", "hvorfor"),
    *FOR_PERSONELL,
    *FOR_LOKALE,
)


def periode(fra: datetime | None, til: datetime | None) -> dict[str, list[Any]]:
    """What is wrong with [fra, til)."""
    feil: dict[str, list[Any]] = {}
    if fra is None:
        feil["fra"] = [_l("Skriv når det begynner.")]
    if til is None:
        feil["til"] = [_l("Skriv når det slutter.")]
    if fra is None or til is None:
        return feil
    if til <= fra:
        feil["til"] = [_l("Slutten må være etter begynnelsen.")]
    elif til <= now():
        feil["til"] = [_l("Perioden er over. Velg en som ikke er det.")]
    elif til - fra > LENGST:
        feil["til"] = [_l("Perioden kan være høyst et år.")]
    return feil


def kontroller(behov: Behov) -> None:
    """The need holds together, and is about its organisation's own. Raises UgyldigData with all that is wrong."""
    feil = periode(behov.fra, behov.til)
    if behov.slag == Slag.PERSONELL and behov.stilling is None:
        feil["stilling"] = [_l("Velg hvilken stilling dere trenger.")]
    if behov.slag == Slag.LOKALE and behov.lokaleslag is None:
        feil["lokaleslag"] = [_l("Velg hva slags lokale dere trenger.")]
    if not 1 <= behov.antall <= FLEST:
        feil["antall"] = [_l("Antallet må være fra 1 til %(flest)s.", flest=FLEST)]
    elif not 0 <= behov.minst <= behov.antall:
        feil["minst"] = [_l("Det dere minst må ha, kan ikke være mer enn det dere ber om.")]
    if not 1 <= behov.andel <= 100:
        feil["andel"] = [_l("Stillingsandelen må være fra 1 til 100 prosent.")]
    for felt, lavest, hoeyest in (("plasser", 1, 1000), ("kvm", 1, 100_000)):
        verdi = getattr(behov, felt)
        if verdi is not None and not lavest <= verdi <= hoeyest:
            feil[felt] = [_l("Skriv et tall fra %(lavest)s til %(hoeyest)s.", lavest=lavest, hoeyest=hoeyest)]
    if not behov.hvorfor.strip():
        feil["hvorfor"] = [_l("Skriv kort hvorfor. De som kan hjelpe, leser det.")]
    if behov.enhet_id is not None and not _finnes(
        Enhet.id == behov.enhet_id, Enhet.organisasjon_id == behov.organisasjon_id, Enhet.aktiv
    ):
        feil["enhet_id"] = [_l("Velg en enhet i organisasjonen.")]
    if behov.sted_id is None or not _finnes(
        Organisasjon.id == behov.sted_id,
        Organisasjon.type == Organisasjonstype.KOMMUNE,
        Organisasjon.nedlagt.is_(None),
    ):
        feil["sted_id"] = [_l("Velg kommunen der arbeidet er.")]
    if feil:
        raise UgyldigData(felter=feil)


def _finnes(*vilkaar: sa.ColumnExpressionArgument[bool]) -> bool:
    return bool(db.session.scalar(sa.select(sa.exists().where(*vilkaar))))


def sett(behov: Behov, felter: Mapping[str, Any]) -> None:
    """Writes the fields that were given; those of the other kind are as they are when nothing is said."""
    for felt in FELTER:
        if felt in felter:
            setattr(behov, felt, felter[felt])
    behov.hvorfor = (behov.hvorfor or "").strip()
    for felt, tomt in (FOR_LOKALE if behov.slag == Slag.PERSONELL else FOR_PERSONELL).items():
        setattr(behov, felt, tomt)


# --- who hears of it -------------------------------------------------------------------------------------


def hva(behov: Behov) -> Any:
    """What is needed in a word: «Sykepleier», «Sengepost»."""
    if behov.slag == Slag.PERSONELL:
        return ETIKETTER["stilling"][behov.stilling]
    return ETIKETTER["lokaleslag"][behov.lokaleslag]


def naboer(organisasjon: Organisasjon) -> sa.Select[UUID]:
    """Who is near enough to help first: the trust that the organisation belongs to, and the trust's kommuner."""
    if organisasjon.type == Organisasjonstype.RHF:
        foretak = sa.select(Organisasjon.id).where(Organisasjon.overordnet_id == organisasjon.id)
        return foretak.where(Organisasjon.nedlagt.is_(None))
    foretak_id = (
        organisasjon.helseforetak_id if organisasjon.type == Organisasjonstype.KOMMUNE else organisasjon.id
    )
    return sa.select(Organisasjon.id).where(
        sa.or_(Organisasjon.id == foretak_id, Organisasjon.helseforetak_id == foretak_id),
        Organisasjon.id != organisasjon.id,
        Organisasjon.nedlagt.is_(None),
        sa.literal(foretak_id is not None),
    )


def i_eget_omraade(behov: Behov) -> bool:
    """Whether the work is in the area of the trust that the organisation belongs to."""
    org = behov.organisasjon
    foretak_id = org.helseforetak_id if org.type == Organisasjonstype.KOMMUNE else org.id
    return foretak_id is not None and behov.sted.helseforetak_id == foretak_id


def mottakere(behov: Behov) -> list[Mottaker]:
    """Who works with reallocations at the trust and its kommuner, but for the organisation's own. One question."""
    rader = db.session.execute(
        sa.select(*mottakerfelt(), Medlemskap.organisasjon_id)
        .join(Medlemskap, Medlemskap.person_id == Person.id)
        .where(
            Medlemskap.organisasjon_id.in_(naboer(behov.organisasjon)),
            Medlemskap.rolle.in_(list(INNSIDE)),
            medlemskap_gyldig(now()),
            Person.aktiv,
        )
        .order_by(Person.navn, Person.id)
    )
    return [Mottaker(r.person_id, r.navn, r.epost, r.spraak, r.organisasjon_id) for r in rader]


def fortell_meldt(aktor: Aktor, behov: Behov) -> None:
    """Tells those who could help that a need is stated: once for a need, in the phases 3–5, or in the trust's area."""
    if behov.fase < 3 and not i_eget_omraade(behov):
        return
    varsle_alle(
        [m for m in mottakere(behov) if m.person_id != aktor.person_id],
        noekkel=f"behov.meldt:{behov.id}",
        kode="behov.meldt",
        tittel=_l(
            "%(sted)s trenger %(antall)s: %(hva)s",
            sted=behov.organisasjon.kortnavn,
            antall=behov.antall,
            hva=hva(behov),
        ),
        tekst=_l(
            "Fra %(fra)s til %(til)s i %(kommune)s. Fase %(fase)s. Se om dere kan avgi noen.",
            fra=Naar(behov.fra),
            til=Naar(behov.til),
            kommune=behov.sted.kortnavn,
            fase=behov.fase,
        ),
        lenke=f"/omdisponering/behov/{behov.id}",
        hastegrad="haster" if behov.fase >= 3 else "vanlig",
        gjelder=om(behov.id),
    )


def fortell(
    aktor: Aktor, behov: Behov, organisasjoner: Collection[UUID], kode: str, tittel: Any, noekkel: str
) -> None:
    """Tells who works with reallocations at the organisations something about a need."""
    for organisasjon_id in sorted(set(organisasjoner)):
        varsle_alle(
            [m for m in med_rolle(organisasjon_id, INNSIDE) if m.person_id != aktor.person_id],
            noekkel=f"{kode}:{behov.id}:{noekkel}",
            kode=kode,
            tittel=tittel,
            lenke=f"/omdisponering/behov/{behov.id}",
            hastegrad="haster",
            gjelder=om(behov.id),
        )


def om(behov_id: UUID) -> str:
    """What the notices of a need are about."""
    return f"behov:{behov_id}"
