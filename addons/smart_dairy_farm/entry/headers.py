"""Headings of milk-control files and the words for a session, in the languages of the files seen."""

import re
import unicodedata
from functools import lru_cache

#: what a column may mean → headings (compared without case, accents, spaces and punctuation)
SYNONYMS = {
    "ear_tag": (
        "ear tag, eartag, tag, animal, animal id, animal number, cow, cow id, cow number, cow no, id, "
        "official id, life number, identification, ear number, ohrmarke, ohrmarkennummer, "
        "lebensnummer, tier, stallnummer lom, boucle, numero boucle, numero national, n national, "
        "animal numero, vache, oormerk, levensnummer, crotal, কানের ট্যাগ, কান ট্যাগ, গরু"
    ),
    "rfid": (
        "rfid, rfid tag, rfid number, electronic id, eid, transponder, transponder number, iso "
        "number, numero electronique, puce, chip, chipnummer, আরএফআইডি"
    ),
    "management_number": (
        "management number, management no, herd number, barn number, stable number, visual id, "
        "collar, numero de travail, n travail, no travail, stallnummer, halsbandnummer, diernummer, "
        "ব্যবস্থাপনা নম্বর"
    ),
    "date": (
        "date, record date, test date, test day, milking date, control date, sample date, day, datum, "
        "kontrolldatum, date controle, date du controle, fecha, data, তারিখ"
    ),
    "session": (
        "session, milking, milking session, milking time, shift, am pm, time of day, traite, moment, "
        "melkzeit, gemelk, melking, turno, বেলা"
    ),
    "kg": (
        "kg, milk, milk kg, kg milk, yield, milk yield, milk yield kg, total yield, total, lait, lait "
        "kg, kg lait, production, quantite, milch, milch kg, milchmenge, melk, melk kg, leche, দুধ, "
        "দুধ কেজি"
    ),
    "litres": "l, litre, litres, liter, liters, milk l, milk litres, milk liters, lait l, milch l, লিটার",
    "kg_morning": "morning, morning kg, am, am kg, morning yield, matin, matin kg, morgens, früh, সকাল",
    "kg_evening": "evening, evening kg, pm, pm kg, evening yield, soir, soir kg, abends, সন্ধ্যা, বিকাল",
    "fat": (
        "fat, fat %, fat percentage, fat percent, butterfat, bf, tb, mg, taux butyreux, matiere "
        "grasse, fett, fett %, vet, vet %, grasa, ফ্যাট, চর্বি"
    ),
    "protein": (
        "protein, protein %, protein percentage, protein percent, tp, taux proteique, proteines, "
        "eiweiss, eiweiß, eiweiss %, eiwit, eiwit %, proteina, প্রোটিন"
    ),
    "scc": (
        "scc, somatic cell count, somatic cells, cells, cell count, cells ml, scc 1000 ml, scc 1000, "
        "scc x1000, scc 000, cellules, numeration cellulaire, zellzahl, zellen, celgetal, celulas, "
        "কোষ, এসসিসি"
    ),
}

SESSIONS = {
    "morning": "morning, am, a, m, matin, früh, morgen, morgens, mañana, ochtend, সকাল",
    "noon": "noon, midday, midi, mittag, mittags, mediodia, middag, দুপুর",
    "evening": "evening, pm, p, e, soir, abend, abends, tarde, avond, সন্ধ্যা, বিকাল",
    "night": "night, nuit, nacht, noche, রাত",
    "day": "day, whole day, test day, 24h, 24 h, total, daily, jour, journee, tag, dag, দিন, সারাদিন",
}


def normalise(text):
    """``' Fat-% '`` → ``'fat'``: lower case, no accents, only letters, digits and marks of any script."""
    text = unicodedata.normalize("NFKD", str(text or "").lower().replace("ß", "ss"))
    text = "".join(char for char in text if not "\u0300" <= char <= "\u036f")
    return re.sub(r"[\W_]+", "", text, flags=re.UNICODE) if text.isascii() else _letters(text)


def _letters(text):
    """Keep combining vowel signs: in Bangla they are part of the word, yet ``\\w`` leaves them out."""
    return "".join(char for char in text if unicodedata.category(char)[0] in "LNM")


def _index(words):
    return {normalise(word): key for key, line in words.items() for word in line.split(",")}


_HEADINGS = _index(SYNONYMS)
_SESSION_WORDS = _index(SESSIONS)


def meaning(heading):
    """Return the key of :data:`SYNONYMS` that ``heading`` stands for, or None."""
    return _HEADINGS.get(normalise(heading))


@lru_cache(maxsize=1024)  # a file says the same few words on every line
def session_of(text, three_times=False):
    """Return the session a cell names (a word, or 1, 2, 3), or None.

    :param three_times: the herd is milked three times a day, so that 2 is noon and 3 the evening
    """
    word = normalise(text)
    if three_times and word == "2":
        return "noon"
    if word in ("1", "2", "3"):
        return "morning" if word == "1" else "evening"
    return _SESSION_WORDS.get(word)
