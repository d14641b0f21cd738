from odoo.tests import BaseCase, tagged

from ..eager.plan import ANY_MODEL, PathError, paths_of, plan

FIELDS = {
    "order": {"name": None, "partner_id": "partner", "line_ids": "line", "source": ANY_MODEL},
    "partner": {"name": None, "country_id": "country"},
    "line": {"quantity": None, "order_id": "order"},
    "country": {"name": None},
}


def follow(model, name):
    return FIELDS[model][name]


@tagged("post_install", "-at_install")
class TestPlan(BaseCase):
    def plan(self, *paths):
        return plan(paths, "order", follow)

    def test_paths_are_merged_into_one_tree(self):
        self.assertEqual(
            self.plan("partner_id.name", "name", "partner_id.country_id.name", "partner_id.name"),
            {"partner_id": {"name": {}, "country_id": {"name": {}}}, "name": {}},
        )
        self.assertEqual(self.plan("line_ids", "line_ids.order_id.name", "line_ids"), {
            "line_ids": {"order_id": {"name": {}}}
        })  # fmt: skip
        self.assertEqual(self.plan(), {})

    def test_what_lies_below_a_reference_is_left_for_later(self):
        self.assertEqual(self.plan("source.anything.at_all"), {"source": {"anything": {"at_all": {}}}})

    def test_paths_of_a_tree_give_it_back(self):
        paths = ["partner_id.country_id.name", "partner_id.name", "name"]
        tree = self.plan(*paths)
        self.assertEqual(sorted(paths_of(tree)), sorted(paths))
        self.assertEqual(self.plan(*paths_of(tree)), tree)

    def test_errors_name_path_field_and_model(self):
        for path, field, model in (
            ("nome", "nome", "order"),
            ("partner_id.nome", "nome", "partner"),
            ("partner_id.country_id.nome.x", "nome", "country"),
            ("name.partner_id", "name", "order"),
            ("line_ids.quantity.name", "quantity", "line"),
        ):
            with self.assertRaises(PathError) as raised:
                self.plan("partner_id.name", path)
            self.assertEqual((raised.exception.path, raised.exception.field, raised.exception.model), (
                path, field, model
            ))  # fmt: skip
            for word in (path, field, model):
                self.assertIn(repr(word), str(raised.exception))

    def test_what_is_no_path(self):
        for path in ("", ".", "partner_id.", ".name", "partner_id..name", None, 3, ["name"]):
            with self.assertRaises(PathError, msg=repr(path)):
                self.plan(path)
