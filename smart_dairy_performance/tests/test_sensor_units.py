import re
from pathlib import Path

from odoo.addons.smart_dairy_farm.tests.test_ui_units import suite_id
from odoo.tests import HttpCase, tagged

TESTS = Path(__file__).parent.parent / "static/tests/unit"


@tagged("post_install", "-at_install")
class TestChartLogic(HttpCase):
    def test_hoot(self):
        """The tests of ``static/tests/unit`` in Chromium, every one of them."""
        written = sum(
            len(re.findall(r"^ *test\(", file.read_text(), re.MULTILINE)) for file in TESTS.glob("*.test.js")
        )
        suite = suite_id("@smart_dairy_performance")
        with self.assertLogs(self._logger, "INFO") as logs:
            self.browser_js(
                f"/web/tests?headless&loglevel=2&preset=desktop&timeout=15000&id={suite}",
                "",
                "",
                login="admin",
                timeout=300,
                success_signal="[HOOT] Test suite succeeded",
                error_checker=lambda message: "[HOOT]" not in message,
            )
        passed = re.search(r"Passed (\d+) tests", "\n".join(logs.output))
        self.assertEqual(int(passed[1]), written)
