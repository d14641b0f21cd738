"""Which animal a line of a file means."""

from .milk_file import tag_key


class AnimalFinder:
    """Finds the animal a line means: by the number it bears, present on that day if several bore it.

    :param animals: records with ear_tag, rfid_tag, management_number, status, entry_date and exit_date
    """

    FIELD_OF = {"ear_tag": "ear_tag", "rfid": "rfid_tag", "management_number": "management_number"}

    def __init__(self, animals):
        self.by_number = {kind: {} for kind in self.FIELD_OF}
        for animal in animals:
            for kind, fname in self.FIELD_OF.items():
                if animal[fname]:
                    numbers = self.by_number[kind]
                    numbers.setdefault(tag_key(animal[fname]), []).append(animal)

    def find(self, line):
        """Return (animal, None) or (None, code of the problem)."""
        kind, text = line.identifier
        key = tag_key(text)
        # a column headed "animal" may hold any of the numbers: the named kind first, then the others
        for each in (kind, *(other for other in self.FIELD_OF if other != kind)):
            found = self.by_number[each].get(key)
            if found:
                return self._choose(found, line.day)
        return None, "unknown"

    def _choose(self, found, day):
        if len(found) == 1:
            return found[0], None
        there = [
            animal
            for animal in found
            if day and animal.entry_date <= day and (not animal.exit_date or day <= animal.exit_date)
        ]
        if len(there) == 1:
            return there[0], None
        present = [animal for animal in there if animal.status == "active"]
        return (present[0], None) if len(present) == 1 else (None, "ambiguous")
