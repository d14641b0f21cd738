from odoo.addons.database_index import evidence
from odoo.addons.database_index.engine.declaration import Query, Value, declared
from odoo.tests import TransactionCase, tagged

from . import index_world

ADDON = "smart_dairy_performance"


@tagged("post_install", "-at_install")
class TestIndexes(TransactionCase):
    """Every declared index is in the plan of the query that it serves, and makes it read less."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.indexes = [index for index, _addon in declared({ADDON}).values()]
        index_world.build(cls.env)

    def test_each_serves_its_query(self):
        for group in evidence.together(self.indexes):
            with self.subTest(query=str(group[0].query)):
                for found in evidence.prove(self.env, group):
                    self.assertTrue(found.used, f"no plan uses {found.name}: {found}")
                    before, after = found.pages
                    self.assertLess(after, before, found)

    def test_a_farms_milk_is_read_in_its_order(self):
        """smart_dairy_farm's index by farm and day gives the first page of a farm's list, without a sort."""
        domain = [("farm_id", "=", Value("SELECT max(farm_id) FROM farm_milk_record"))]
        query = Query("farm.milk.record", "search", (domain,), (("limit", 80),))
        (statement,) = evidence.statements_of(self.env, query)
        names, pages, _ms = evidence.explain(self.env.cr, [statement])
        self.assertEqual(names, {"farm_milk_record_farm_date_idx"})
        self.assertLess(pages, 100)

    def test_the_condemned_have_a_reason(self):
        for index in self.indexes:
            self.assertTrue(index.query or len(index.rejected) > 40, index.name)
