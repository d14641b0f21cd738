"""Labelled cases for the N+1 detector, on Odoo's own models.

``repeats`` says whether the case asks record by record, be it Odoo's own code that does. Labels came before
the detector; it then found three loops inside Odoo itself, which now have cases of their own.
"""

import itertools
import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from odoo import Command
from odoo.tools import SQL, split_every

SIZE = 8
CASES = []


@dataclass(frozen=True)
class Case:
    name: str
    repeats: bool
    run: object


def case(repeats):
    def add(run):
        CASES.append(Case(run.__name__, repeats, run))
        return run

    return add


positive, negative = case(True), case(False)


class World:
    """Records that the cases work on.

    :param env: of a user who may everything
    """

    def __init__(self, env):
        self.env = env
        self.partner = env["res.partner"]
        self.country = env["res.country"]
        self.category = env["res.partner.category"]
        self.fields = env["ir.model.fields"]
        self.cr = env.cr
        countries = self.country.search([], limit=SIZE)
        self.partners = self.partner.create(
            [
                {
                    "name": f"Farm {n}",
                    "ref": f"F{n}",
                    "country_id": countries[n].id,
                    "child_ids": [Command.create({"name": f"Person {n} {m}"}) for m in range(3)],
                    "category_id": [Command.create({"name": f"Tag {n}"})],
                }
                for n in range(SIZE)
            ]
        )
        self.ids = self.partners.ids
        self.countries = countries
        chain = self.partner
        for n in range(SIZE):
            chain = self.partner.create({"name": f"Level {n}", "parent_id": chain.id})
        self.leaf = chain.id
        self.names = self.partners.mapped("name")
        usd = env.ref("base.USD")
        self.usd = usd
        env["res.currency.rate"].create(
            [
                {"name": date(2024, 1, 1) + timedelta(days=n), "rate": 1 + n / 64, "currency_id": usd.id}
                for n in range(SIZE)
            ]
        )
        env.flush_all()

    def helper(self, id_):
        return self.partner.browse(id_).country_id.name

    def latest(self, partner):
        return self.partner.search([("parent_id", "=", partner.id)], order="id desc", limit=1)


# --- asked record by record


@positive
def browse_one_by_one(w):
    for id_ in w.ids:
        w.partner.browse(id_).mapped("name")


@positive
def browse_and_follow(w):
    for id_ in w.ids:
        w.partner.browse(id_).country_id.mapped("name")


@positive
def browse_children(w):
    for id_ in w.ids:
        w.partner.browse(id_).child_ids.mapped("name")


@positive
def read_one_by_one(w):
    for id_ in w.ids:
        w.partner.browse(id_).read(["name", "ref"])


@positive
def web_read_one_by_one(w):
    for id_ in w.ids:
        w.partner.browse(id_).web_read({"name": {}, "category_id": {}})


@positive
def display_name_one_by_one(w):
    return [w.partner.browse(id_).display_name for id_ in w.ids]


@positive
def search_in_a_loop(w):
    return {name: w.partner.search([("name", "=", name)]).id for name in w.names}


@positive
def search_by_two_columns(w):
    for partner in w.partners:
        w.partner.search([("parent_id", "=", partner.id), ("name", "ilike", "person")])


@positive
def search_count_in_a_loop(w):
    for partner in w.partners:
        w.partner.search_count([("parent_id", "=", partner.id)])


@positive
def search_read_in_a_loop(w):
    for partner in w.partners:
        w.partner.search_read([("parent_id", "=", partner.id)], ["name"])


@positive
def search_fetch_in_a_loop(w):
    for partner in w.partners:
        w.partner.search_fetch([("parent_id", "=", partner.id)], ["name"])


@positive
def web_search_read_in_a_loop(w):
    for partner in w.partners:
        w.partner.web_search_read([("parent_id", "=", partner.id)], {"name": {}})


@positive
def read_group_in_a_loop(w):
    for partner in w.partners:
        w.partner._read_group([("parent_id", "=", partner.id)], [], ["id:max"])


@positive
def name_search_in_a_loop(w):
    for name in w.names:
        w.partner.name_search(name, limit=2)


@positive
def latest_of_each(w):
    return [w.latest(partner).id for partner in w.partners]


@positive
def search_by_offset(w):
    for offset in range(SIZE):
        w.partner.search([("id", "in", w.ids)], order="id", offset=offset, limit=1)


@positive
def compute_that_searches(w):
    def compute(records):
        return [
            w.partner.search([("parent_id", "=", record.id), ("active", "=", False)]) for record in records
        ]

    compute(w.partners)


@positive
def filtered_with_a_search(w):
    w.partners.filtered(lambda p: w.partner.search([("parent_id", "=", p.id)], limit=1))


@positive
def mapped_with_a_search(w):
    w.partners.mapped(lambda p: w.partner.search_count([("parent_id", "=", p.id)]))


@positive
def sorted_by_a_count(w):
    w.partners.sorted(key=lambda p: w.partner.search_count([("commercial_partner_id", "=", p.id)]))


@positive
def helper_called_in_a_loop(w):
    for id_ in w.ids:
        w.helper(id_)


@positive
def helper_called_by_map(w):
    list(map(w.helper, w.ids))


@positive
def helper_called_by_partial(w):
    ask = partial(w.partner.search_count)
    for id_ in w.ids:
        ask([("parent_id", "=", id_)])


@positive
def generator_expression(w):
    return sum(w.partner.search_count([("parent_id", "=", id_)]) for id_ in w.ids)


@positive
def set_comprehension(w):
    return {w.partner.browse(id_).ref for id_ in w.ids}


@positive
def any_over_searches(w):
    return any(w.partner.search([("parent_id", "=", id_), ("name", "=", "nobody")], limit=1) for id_ in w.ids)


@positive
def while_loop(w):
    ids = list(w.ids)
    while ids:
        w.partner.browse(ids.pop()).mapped("name")


@positive
def nested_loops(w):
    for half in (w.ids[:4], w.ids[4:]):
        for id_ in half:
            w.partner.browse(id_).mapped("name")


@positive
def parallel_loops_of_two_questions(w):
    for partner in w.partners:
        w.partner.search_count([("parent_id", "=", partner.id)])
        w.category.search_count([("name", "=", partner.ref)])


@positive
def climbing_a_hierarchy(w):
    record = w.partner.browse(w.leaf)
    while record:
        record = record.parent_id


@positive
def climbing_by_recursion(w):
    def top(record):
        return top(w.partner.browse(record.parent_id.id)) if record.parent_id else record

    top(w.partner.browse(w.leaf))


@positive
def write_and_search_by_turns(w):
    for n, partner in enumerate(w.partners):
        partner.ref = f"G{n}"
        w.partner.search_count([("ref", "=", f"G{n}")])


@positive
def flush_in_a_loop(w):
    for n, partner in enumerate(w.partners):
        partner.ref = f"H{n}"
        w.env.flush_all()


@positive
def invalidate_in_a_loop(w):
    for partner in w.partners:
        partner.invalidate_recordset()
        partner.name  # noqa: B018


@positive
def create_in_a_loop(w):
    for n in range(SIZE):
        w.category.create({"name": f"One {n}"})


@positive
def copy_in_a_loop(w):
    for category in w.partners.category_id:
        category.copy()


@positive
def unlink_in_a_loop(w):
    for category in w.category.create([{"name": f"Gone {n}"} for n in range(SIZE)]):
        category.unlink()


@positive
def link_many2many_in_a_loop(w):
    tag = w.category.create({"name": "All"})
    for partner in w.partners:
        partner.category_id = [Command.link(tag.id)]


@positive
def exists_in_a_loop(w):
    return [id_ for id_ in w.ids if w.partner.browse(id_).exists()]


@positive
def ref_in_a_loop(w):
    return [partner.currency_id == w.env.ref("base.USD") for partner in w.partners]


@positive
def refs_of_a_list(w):
    return [w.env.ref(f"base.{code}").id for code in ("be", "bd", "fr", "de", "nl", "us", "uk", "in")]


@positive
def parameters_by_search(w):
    for n in range(SIZE):
        w.env["ir.config_parameter"].search([("key", "=", f"nothing.{n}")], limit=1).value  # noqa: B018


@positive
def attachments_of_each(w):
    for id_ in w.ids:
        w.env["ir.attachment"].search([("res_model", "=", "res.partner"), ("res_id", "=", id_)])


@positive
def convert_at_each_date(w):
    company = w.env.company
    for n in range(SIZE):
        w.usd._convert(100, w.env.ref("base.EUR"), company, date(2024, 1, 1) + timedelta(days=n))


@positive
def raw_sql_in_a_loop(w):
    for id_ in w.ids:
        w.cr.execute("SELECT name FROM res_partner WHERE id = %s", [id_])


@positive
def raw_sql_with_a_dictionary(w):
    for id_ in w.ids:
        w.cr.execute("SELECT name FROM res_partner WHERE parent_id = %(parent)s", {"parent": id_})


@positive
def sql_object_in_a_loop(w):
    for id_ in w.ids:
        w.env.execute_query(SQL("SELECT max(id) FROM res_partner WHERE parent_id = %s", id_))


@positive
def raw_update_in_a_loop(w):
    for id_ in w.ids:
        w.cr.execute("UPDATE res_partner SET ref = %s WHERE id = %s", [f"R{id_}", id_])


@positive
def execute_values_of_single_rows(w):
    for n in range(SIZE):
        w.cr.execute_values(
            "INSERT INTO res_partner_category (name) VALUES %s", [(json.dumps({"en_US": f"V{n}"}),)]
        )


@positive
def written_at_once_but_searched_by_odoo(w):
    """One write, and `res.partner` itself looks for the children of each."""
    w.partners.write({"ref": "same"})


@positive
def climbed_by_the_orm(w):
    """One search, for which the ORM climbs from record to record: partners keep no parent_path."""
    return w.partner.search([("id", "parent_of", w.leaf)])


@positive
def copied_at_once_but_translated_one_by_one(w):
    """One copy, and the ORM reads the translations of each."""
    w.partners.category_id.copy()


@positive
def chunks_of_one(w):
    for (id_,) in split_every(1, w.ids):
        w.partner.browse(id_).mapped("name")


@positive
def exactly_five(w):
    for id_ in w.ids[:5]:
        w.partner.search_count([("parent_id", "=", id_)])


@positive
def the_same_question_again(w):
    for partner in w.partners:
        partner.ref = str(w.country.search_count([("code", "=", "BD")]))


@positive
def children_in_lists_of_each(w):
    """A list of ids in each statement, of as many as each parent has."""
    for n, partner in enumerate(w.partners):
        children = partner.child_ids.ids[: n % 3 + 1]
        w.partner.search([("commercial_partner_id", "in", children), ("ref", "=", False)])


# --- what only looks like it


@negative
def recordset_loop(w):
    for partner in w.partner.browse(w.ids):
        partner.name  # noqa: B018


@negative
def recordset_followed(w):
    return [partner.country_id.name for partner in w.partner.browse(w.ids)]


@negative
def children_of_a_recordset(w):
    return [child.name for partner in w.partners for child in partner.child_ids]


@negative
def mapped_chain(w):
    return w.partners.mapped("child_ids.commercial_partner_id.category_id.name")


@negative
def filtered_and_sorted_by_fields(w):
    return w.partners.filtered("country_id").sorted(lambda p: (p.country_id.name, p.ref))


@negative
def one_search_then_grouped(w):
    return w.partner.search([("parent_id", "in", w.ids)]).grouped("parent_id")


@negative
def one_read_group(w):
    return w.partner._read_group([("parent_id", "in", w.ids)], ["parent_id"], ["__count"])


@negative
def display_names(w):
    return w.partners.mapped("display_name")


@negative
def create_many(w):
    return w.category.create([{"name": f"Many {n}"} for n in range(40)])


@negative
def unlink_many(w):
    w.category.create([{"name": f"Gone {n}"} for n in range(40)]).unlink()


@negative
def write_many(w):
    w.partners.category_id.write({"color": 3})
    w.env.flush_all()


@negative
def write_then_flush_once(w):
    for n, category in enumerate(w.partners.category_id):
        category.color = n
    w.env.flush_all()


@negative
def chunks_of_a_hundred(w):
    for ids in split_every(100, w.fields.search([], limit=900).ids):
        w.fields.browse(ids).mapped("name")
        w.env.invalidate_all()


@negative
def chunks_of_twenty(w):
    for ids in split_every(20, w.fields.search([], limit=190).ids):
        w.cr.execute("SELECT name FROM ir_model_fields WHERE id IN %s", [tuple(ids)])


@negative
def chunks_as_arrays(w):
    for ids in split_every(50, w.fields.search([], limit=480).ids):
        w.env.execute_query(SQL("SELECT name FROM ir_model_fields WHERE id = ANY(%s)", list(ids)))


@negative
def more_than_a_prefetch(w):
    """Thousands of records: the ORM reads a thousand at a time."""
    ids = w.fields.search([]).ids
    for record in w.fields.browse(ids * (6000 // len(ids) + 1)):
        record.name  # noqa: B018


@negative
def pages_by_offset(w):
    offset = 0
    while page := w.fields.search([], order="id", offset=offset, limit=50)[:50]:
        offset += len(page)
        if offset >= 500:
            break


@negative
def pages_by_key(w):
    last = 0
    for _page in range(9):
        w.cr.execute("SELECT id FROM ir_model_fields WHERE id > %s ORDER BY id LIMIT %s", [last, 40])
        last = w.cr.fetchall()[-1][0]


@negative
def queue_until_it_is_empty(w):
    w.cr.execute("CREATE TEMP TABLE queue AS SELECT generate_series(1, 170) AS id")
    while True:
        w.cr.execute("DELETE FROM queue WHERE id IN (SELECT id FROM queue LIMIT 25)")
        if w.cr.rowcount < 25:
            break
    w.cr.execute("DROP TABLE queue")


@negative
def four_times(w):
    for id_ in w.ids[:4]:
        w.partner.search_count([("parent_id", "=", id_)])


@negative
def three_contexts(w):
    for archived in (True, False, None):
        w.partners.with_context(active_test=archived).mapped("child_ids.name")
        w.env.invalidate_all()


@negative
def straight_line(w):
    w.partner.search_count([("ref", "=", "a")])
    w.partner.search_count([("ref", "=", "b")])
    w.partner.search_count([("ref", "=", "c")])
    w.partner.search_count([("ref", "=", "d")])
    w.partner.search_count([("ref", "=", "e")])
    w.partner.search_count([("ref", "=", "f")])


@negative
def another_table_each_time(w):
    for name in (
        "res.partner",
        "res.country",
        "res.users",
        "res.groups",
        "ir.ui.menu",
        "res.lang",
        "res.bank",
    ):
        w.env[name].search_count([])


@negative
def remembered_parameters(w):
    for _partner in w.partners:
        w.env["ir.config_parameter"].get_param("database.uuid")


@negative
def savepoints(w):
    for n in range(SIZE):
        with w.cr.savepoint(flush=False):
            w.names[n].upper()


@negative
def numbers_of_a_sequence(w):
    sequence = w.env["ir.sequence"].create({"name": "Tags", "code": "tag.number"})
    for _partner in w.partners:
        sequence.next_by_id()


@negative
def rows_locked_one_after_the_other(w):
    for id_ in w.ids:
        w.cr.execute("SELECT id FROM res_partner WHERE id = %s FOR UPDATE SKIP LOCKED", [id_])


@negative
def advisory_locks(w):
    for id_ in w.ids:
        w.cr.execute("SELECT pg_advisory_xact_lock(%s)", [id_])


@negative
def settings(w):
    for n in range(SIZE):
        w.cr.execute("SELECT set_config('smart.number', %s, true)", [str(n)])


@negative
def notifications(w):
    for n in range(SIZE):
        w.cr.execute("NOTIFY monitor_corpus, %s", [str(n)])


@negative
def temporary_tables(w):
    for _partner in w.partners:
        w.cr.execute("CREATE TEMP TABLE scratch (id int)")
        w.cr.execute("DROP TABLE scratch")


@negative
def exists_of_all(w):
    return w.partners.exists()


@negative
def name_search_once(w):
    return w.partner.name_search("Farm", limit=SIZE)


@negative
def hierarchy_in_one_search(w):
    return w.category.search([("id", "child_of", w.partners.category_id.ids)])


@negative
def link_many2many_at_once(w):
    w.category.create({"name": "All at once", "partner_ids": [Command.link(id_) for id_ in w.ids]})


@negative
def execute_values_once(w):
    rows = [(json.dumps({"en_US": f"W{n}"}),) for n in range(SIZE)]
    w.cr.execute_values("INSERT INTO res_partner_category (name) VALUES %s", rows)


@negative
def execute_values_in_pages(w):
    """Many rows in each statement: psycopg2 sends a hundred at a time."""
    w.cr.execute("CREATE TEMP TABLE rows_of_pages (id int)")
    w.cr.execute_values("INSERT INTO rows_of_pages (id) VALUES %s", [(n,) for n in range(900)], page_size=100)
    w.cr.execute("DROP TABLE rows_of_pages")


@negative
def batches_with_a_write_each(w):
    """A scheduled job: a hundred records a turn, and one statement that marks them."""
    for ids in split_every(100, w.fields.search([], limit=700).ids):
        w.cr.execute("UPDATE ir_model_fields SET write_date = write_date WHERE id = ANY(%s)", [list(ids)])


@negative
def every_field_of_one_record(w):
    partner = w.partner.browse(w.ids[0])
    for name in ("name", "ref", "country_id", "category_id", "child_ids", "user_ids", "bank_ids"):
        partner[name]


@negative
def several_models_several_times(w):
    for name, _turn in itertools.product(("res.country", "res.lang", "res.bank"), range(4)):
        w.env[name].search([("id", ">", 0)], limit=1)
