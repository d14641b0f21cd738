"""What the engine says to people: English sentences that can be said in another language later.

``_lt`` is the name by which Odoo finds what is to be translated.
"""

from functools import partial

from odoo.tools.translate import get_translation


class Text(str):
    """A sentence in English that remembers its pattern and values.

    :param module: addon whose translations hold the pattern
    :param pattern: with ``%(name)s`` for each value
    """

    def __new__(cls, module, pattern, **values):
        self = super().__new__(cls, pattern % values if values else pattern)
        self.module, self.pattern, self.values = module, pattern, values
        return self


def translated(text, lang):
    """A :class:`Text`, or what is only a str, in a language (code, or None for English)."""
    if not isinstance(text, Text):
        return str(text)
    values = {
        name: translated(one, lang) if isinstance(one, Text) else one for name, one in text.values.items()
    }
    return get_translation(text.module, lang or "en_US", text.pattern, values)


_lt = partial(Text, "database_partition")
