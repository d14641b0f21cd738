from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

#: records that are ranked; of more hits than that, any
CANDIDATES = 200
#: shorter words have too few trigrams to tell a slip of the pen from another word
TYPO_LENGTH = 4
#: share of a word's trigrams that a name must have, to be taken for it
LIKENESS = "0.45"


class WordSearchMixin(models.AbstractModel):
    """Search boxes that find words in any order and place, best first, and forgive slips of the pen.

    Everything goes through the ORM's own domains, so that access rights, companies and filters hold, and
    through trigram indexes, which this addon declares. Accents are ignored where PostgreSQL's ``unaccent`` is
    set up as Odoo wants it.

    A model says in ``_word_search_name`` where its name is: a field, or ``many2one.field``; and overrides
    ``_search_display_name`` and ``name_search`` as below.
    """

    _name = "word.search.mixin"
    _description = "Search by Words"

    _word_search_name = "name"
    #: fields that hold codes: a whole code comes before everything else
    _word_search_codes = ()

    @api.model
    def _word_search_domain(self, usual, operator, value):
        """Domain of display names that have each of the words, in any order.

        :param usual: the overridden ``_search_display_name``
        """
        words = value.split() if operator == "ilike" and isinstance(value, str) else ()
        if len(words) < 2:
            return usual(operator, value)
        return Domain(usual(operator, value)) | Domain.AND(usual(operator, word) for word in words)

    @api.model
    def _word_search(self, usual, name, domain, operator, limit):
        """What ``name_search`` answers: pairs, the best first.

        :param usual: the overridden ``name_search``, asked where this finds nothing
        """
        asked = " ".join((name or "").split())
        if operator != "ilike" or not asked or not limit:
            return usual(name, domain, operator, limit)
        filters = Domain(domain or Domain.TRUE)
        most = max(limit, CANDIDATES)
        found = self.search(Domain("display_name", "ilike", asked) & filters, limit=most, order="id")
        if self._word_search_codes and len(found) == most:
            whole = Domain.OR([(code, "=", asked)] for code in self._word_search_codes)
            found |= self.search(whole & filters, limit=limit)
        if not found and (typos := self._word_search_typos(asked)) is not None:
            found = self.search(typos & filters, limit=most, order="id")
        if not found:
            return usual(name, domain, operator, limit)
        best = self._word_search_rank(found, asked)[:limit]
        return [(record.id, record.display_name) for record in best.sudo()]

    @api.model
    def _word_search_typos(self, asked):
        """Domain of names in which each word is met nearly, or None where that cannot be asked."""
        words = [word for word in asked.split() if len(word) >= TYPO_LENGTH]
        if not words or not self.env.registry.has_trigram:
            return None

        def nearly(model, alias, query):
            text = _text(model.env, model._fields[field], alias)
            fold = model.env.registry.unaccent
            return SQL(
                "(%s)", SQL(" AND ").join(SQL("%s %%> %s", text, fold(SQL("%s", one))) for one in words)
            )

        self.env.cr.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [LIKENESS])
        *path, field = self._word_search_name.split(".")
        domain = Domain.custom(to_sql=nearly)
        return Domain(path[0], "any", domain) if path else domain

    @api.model
    def _word_search_rank(self, records, asked):
        """The records, best first: whole codes, names that begin so, then by likeness; equals by name."""
        fold = self.env.registry.unaccent_python
        wanted = fold(asked.lower())
        names = {record.id: fold(_name(record, self._word_search_name).lower()) for record in records}
        codes = {
            record.id: {str(record[code]).lower() for code in self._word_search_codes if record[code]}
            for record in records
        }

        def key(record):
            name = names[record.id]
            return (
                wanted not in codes[record.id],
                name != wanted,
                not name.startswith(wanted),
                f" {wanted}" not in name,
                -_likeness(wanted, name),
                name,
                record.id,
            )

        return records.sorted(key)


def _text(env, field, alias):
    column = SQL.identifier(alias, field.name)
    if field.translate:
        column = SQL("(jsonb_path_query_array(%s, '$.*')::text)", column)
    return env.registry.unaccent(column)


def _name(record, path):
    for fname in path.split("."):
        record = record[fname]
    return record or ""


def _likeness(one, other):
    """Share of the first text's trigrams that the second has, 0 to 1."""
    wanted = _trigrams(one)
    return len(wanted & _trigrams(other)) / len(wanted) if wanted else 0.0


def _trigrams(text):
    padded = [f"  {word} " for word in text.split()]
    return {word[at : at + 3] for word in padded for at in range(len(word) - 2)}


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "word.search.mixin"]

    _word_search_name = "complete_name"
    _word_search_codes = ("ref", "vat", "email")

    @api.model
    def _search_display_name(self, operator, value):
        return self._word_search_domain(super()._search_display_name, operator, value)

    @api.model
    @api.readonly
    def name_search(self, name="", domain=None, operator="ilike", limit=100):
        return self._word_search(super().name_search, name, domain, operator, limit)


class ProductTemplate(models.Model):
    _name = "product.template"
    _inherit = ["product.template", "word.search.mixin"]

    @api.model
    def _search_display_name(self, operator, value):
        return self._word_search_domain(super()._search_display_name, operator, value)

    @api.model
    @api.readonly
    def name_search(self, name="", domain=None, operator="ilike", limit=100):
        return self._word_search(super().name_search, name, domain, operator, limit)


class ProductProduct(models.Model):
    _name = "product.product"
    _inherit = ["product.product", "word.search.mixin"]

    _word_search_name = "product_tmpl_id.name"
    _word_search_codes = ("default_code", "barcode")

    @api.model
    def _search_display_name(self, operator, value):
        return self._word_search_domain(super()._search_display_name, operator, value)

    @api.model
    @api.readonly
    def name_search(self, name="", domain=None, operator="ilike", limit=100):
        return self._word_search(super().name_search, name, domain, operator, limit)


class FarmAnimal(models.Model):
    _name = "farm.animal"
    _inherit = ["farm.animal", "word.search.mixin"]

    _word_search_codes = ("ear_tag", "rfid_tag", "management_number")

    @api.model
    def _search_display_name(self, operator, value):
        return self._word_search_domain(super()._search_display_name, operator, value)

    @api.model
    @api.readonly
    def name_search(self, name="", domain=None, operator="ilike", limit=100):
        return self._word_search(super().name_search, name, domain, operator, limit)
