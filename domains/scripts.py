"""Which letters may stand together in a name, by Unicode's rules against imitations (UTS 39). Pure."""

import regex

# Unicode's recommended scripts (UAX 31, table 5). A label stands in one of them, or in what is written together in
# Japan, Taiwan and Korea: that is the level "highly restrictive".
_ALONE = """
    Latin Greek Cyrillic Armenian Hebrew Arabic Thaana Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada
    Malayalam Sinhala Thai Lao Tibetan Myanmar Georgian Ethiopic Khmer
""".split()
_TOGETHER = ["Latin Han Hiragana Katakana", "Latin Han Bopomofo", "Latin Han Hangul"]
_ALLOWED = regex.compile(
    "|".join(
        "[" + "".join(rf"\p{{scx={script}}}" for script in ("Common", "Inherited", *group.split())) + "]+"
        for group in (*_ALONE, *_TOGETHER)
    )
)
# Letters of other alphabets that are drawn like Latin ones; the same that browsers refuse to show.
_DRAWN_LIKE_LATIN = frozenset("асԁеһіјӏорԛѕԝхуъьҽпгѵѡαικνορυω")


def is_highly_restrictive(label: str) -> bool:
    """Whether all letters of the label (as people read it) may stand together."""
    return _ALLOWED.fullmatch(label) is not None


def looks_latin(label: str) -> bool:
    """Whether the label is written in another alphabet, in letters that all look like Latin ones."""
    letters = [letter for letter in label if letter.isalpha()]
    return bool(letters) and not label.isascii() and all(letter in _DRAWN_LIKE_LATIN for letter in letters)
