"""The texts of a template are in the language of the moment, also where it changes within one request."""

from __future__ import annotations

from flask import Flask, render_template_string

from portal.core.sprak import paa_spraak

MAL = "{{ _('Språk') }}, {{ ngettext('%(num)s forslag venter', '%(num)s forslag venter', 2) }}"


def test_malen_skifter_spraak_midt_i_et_kall(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "nb"}):
        norsk = render_template_string(MAL)
        with paa_spraak("en"):
            engelsk = render_template_string(MAL)
        assert norsk.startswith("Språk, 2 forslag") and engelsk.startswith("Language, 2 ")
        assert engelsk != norsk == render_template_string(MAL)


def test_ogsaa_utenfor_et_kall(app: Flask) -> None:
    """The worker writes letters: it has a language for each of them, and no request."""
    with paa_spraak("en"):
        assert app.jinja_env.from_string("{{ _('Språk') }}").render() == "Language"
    assert app.jinja_env.from_string("{{ _('Språk') }}").render() == "Språk"
