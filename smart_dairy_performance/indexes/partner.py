"""Partners and users. Odoo's search box joins five columns by OR: one without an index spoils all."""

from odoo.addons.database_index import Index, Query, Value, trigram

EMAIL = Value("SELECT email FROM res_partner WHERE email IS NOT NULL ORDER BY id DESC LIMIT 1")
BOX = Query("res.partner", "name_search", (EMAIL,), (("limit", 8),))


def _part(column, what):
    return Index(
        name=f"res_partner_{column}_trgm",
        table="res_partner",
        keys=(trigram(column),),
        method="gin",
        extension="pg_trgm",
        purpose=f"Partners by a part of their {what}, in the search box",
        query=BOX,
    )


INDEXES = (
    _part("complete_name", "name"),
    _part("email", "e-mail address"),
    _part("ref", "reference"),
    _part("vat", "tax number"),
    _part("company_registry", "company registry number"),
    # asked for, and condemned
    Index(
        name="res_users_login_active_idx",
        table="res_users",
        keys=("login",),
        where="active = true",
        purpose="Login",
        rejected="Odoo's UNIQUE (login) serves it. The ORM asks for active IS TRUE, from which PostgreSQL"
        " cannot conclude active = true: no plan can use it.",
    ),
    Index(
        name="res_users_company_active_idx",
        table="res_users",
        keys=("company_id",),
        where="active IS TRUE",
        purpose="Users of a company",
        rejected="The source wanted the column name, which res_users has not (it is the partner's). Users"
        " are few: reading all of them takes two pages.",
    ),
    Index(
        name="res_partner_search_fts",
        table="res_partner",
        keys=("name", "email", "phone"),
        method="gin",
        purpose="Full text of name, e-mail address and phone",
        rejected="The source's column mobile does not exist, and the ORM sends ILIKE, never @@: with"
        " sequential scans switched off it still is not used. Trigrams serve ILIKE: 56 to 0.8 ms.",
    ),
)
