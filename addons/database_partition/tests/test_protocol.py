from odoo.addons.database_partition.engine.protocol import RULES
from odoo.addons.database_partition.testing.scenarios import RULES_OF, play

from .common import LabCase


class TestProtocol(LabCase):
    def test_right_with_all_rules(self):
        for scenario in RULES_OF:
            self.assertEqual(play(self.lab, scenario, self.folder), "", scenario.__name__)

    def test_each_rule_is_needed(self):
        """The mutation check: with any one rule missing, an interleaving goes wrong."""
        self.assertEqual({rule for rules in RULES_OF.values() for rule in rules}, RULES)
        for scenario, rules in RULES_OF.items():
            for rule in rules:
                self.assertTrue(
                    play(self.lab, scenario, self.folder, rule), f"{scenario.__name__} without {rule}"
                )
