"""Chat templates are other people's programs: run in a sandbox, with the same date every day, and their errors told."""

import pytest

from agents.writing.llama_worker import HEADER, LlamaError, _rendered

CHAT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": HEADER}]


def test_a_template_puts_the_messages_in_place():
    template = (
        "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
        "{% if add_generation_prompt %}<assistant>{% endif %}"
    )

    assert _rendered(template, CHAT) == f"<system>Be brief.<user>{HEADER}<assistant>"


def test_a_template_that_asks_for_the_date_is_told_the_same_every_day():
    assert _rendered("{{ strftime_now('%d %b %Y') }}", CHAT) == "2026-01-01"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ raise_exception('no system message, please') }}", "no system message, please"),
        ("{% for m in %}", "does not work"),
        ("{{ messages[7].content.upper() }}", "does not work"),
        ("{{ messages.__class__.__mro__[1].__subclasses__() }}", "does not work"),
    ],
)
def test_a_template_that_fails_or_reaches_out_is_an_error(template, said):
    with pytest.raises(LlamaError, match=said):
        _rendered(template, CHAT)
