import re

import jsonschema
from odoo.addons.database_console.controllers.api import DatabaseApi
from odoo.addons.database_console.engine import openapi
from odoo.tests import HttpCase, tagged

from .common import key, users, work

#: what a scraper accepts of a line (Prometheus, text format 0.0.4)
LINE = re.compile(
    r'(# (HELP|TYPE) [a-z_0-9]+ .+|[a-z_0-9]+(\{[a-z_]+="([^"\\\n]|\\.)*"(,[a-z_]+="([^"\\\n]|\\.)*")*\})?'
    r" -?[0-9.]+(e[+-]?[0-9]+)?)"
)


@tagged("post_install", "-at_install")
class TestApi(HttpCase):
    @classmethod
    def setUpClass(cls):
        work(
            "CREATE TABLE console_visit (id serial PRIMARY KEY, farm int)",
            "CREATE INDEX console_visit_farm ON console_visit (farm)",
            "INSERT INTO database_monitor.shape (id, text) VALUES (77, 'SELECT console ?')",
            "INSERT INTO database_monitor.latency (hour, shape, calls, total, maximum, buckets)"
            " VALUES (date_trunc('hour', now()), 77, 4, 0.8, 0.3, '{\"16\": 4}')",
        )
        cls.addClassCleanup(
            work,
            "DROP TABLE console_visit",
            "DELETE FROM database_index.task WHERE name LIKE 'console_visit%'",
            "DELETE FROM database_monitor.latency WHERE shape = 77",
            "DELETE FROM database_monitor.shape WHERE id = 77",
        )
        super().setUpClass()
        cls.users = users(cls.env)
        cls.keys = {name: key(user) for name, user in cls.users.items()}

    def ask(self, path, who="administrator", method="GET", **headers):
        if who:
            headers["Authorization"] = f"Bearer {self.keys.get(who, who)}"
        return self.opener.request(
            method, f"{self.base_url()}{openapi.BASE}/{path}", headers=headers, timeout=60
        )

    def paths(self):
        return {
            path.replace("{name}", "console_visit_farm").replace("{number}", "1"): method.upper()
            for path, (method, _operation) in openapi.OPERATIONS.items()
        }

    def answers_as_described(self, path, answer):
        """The answer's body, which the description knows under this status."""
        _method, operation = openapi.OPERATIONS[path]
        schema = operation["responses"][str(answer.status_code)]["content"]["application/json"]["schema"]
        document = {**schema, "components": openapi.description()["components"]}
        jsonschema.Draft202012Validator(document).validate(answer.json())
        return answer.json()

    # ------------------------------------------------------------
    # RIGHTS
    # ------------------------------------------------------------

    def test_nobody_else_gets_anything(self):
        before = work("SELECT count(*) FROM database_index.task")
        for who, status in (("clerk", 403), ("portal", 403), (None, 401), ("0" * 40, 401), ("é", 401)):
            for path, method in {**self.paths(), "nothing": "GET"}.items():
                with self.subTest(who=who, path=path):
                    answer = self.ask(path, who and who.encode().decode("latin-1"), method)
                    self.assertEqual(answer.status_code, status)
                    self.assertEqual(answer.headers["Content-Type"], "application/json; charset=utf-8")
                    self.assertLessEqual(answer.json().keys(), {"error", "remedy"})
        self.assertEqual(work("SELECT count(*) FROM database_index.task"), before)

    def test_a_session_is_no_key(self):
        self.authenticate("admin", "admin")
        page = {"Dest": "document", "Mode": "navigate", "Site": "none", "User": "?1"}
        document = {f"Sec-Fetch-{name}": value for name, value in page.items()}
        self.assertEqual(self.ask("indexes", None, **document).status_code, 401)

    # ------------------------------------------------------------
    # ANSWERS
    # ------------------------------------------------------------

    def test_indexes(self):
        found = self.answers_as_described("indexes", self.ask("indexes?search=CONSOLE_visit&sort=name"))
        self.assertEqual(
            [one["name"] for one in found["items"]], ["console_visit_farm", "console_visit_pkey"]
        )
        self.assertEqual([one["state"] for one in found["items"]], ["unread", "guard"])
        self.assertEqual((found["total"], found["limit"], found["offset"]), (2, 50, 0))
        second = self.ask("indexes?table=console_visit&sort=name&limit=1&offset=1").json()
        self.assertEqual((second["total"], second["items"]), (2, found["items"][1:]))
        beyond = self.ask("indexes?table=console_visit&offset=9").json()
        self.assertEqual((beyond["total"], beyond["items"]), (2, []))
        largest = self.ask("indexes?limit=500").json()["items"]
        self.assertEqual(
            [one["bytes"] for one in largest], sorted((one["bytes"] for one in largest), reverse=True)
        )

    def test_a_percent_is_a_percent(self):
        self.assertEqual(self.ask("indexes?search=%25").json()["total"], 0)
        self.assertEqual(self.ask("indexes?search=console_visit_f").json()["total"], 1)
        self.assertEqual(self.ask("indexes?search=consoleXvisit").json()["total"], 0)

    def test_queries(self):
        found = self.answers_as_described(
            "queries", self.ask("queries?search=select%20CONSOLE&slower_than_ms=200")
        )
        self.assertEqual(
            [(one["id"], one["calls"], one["mean_ms"]) for one in found["items"]], [(77, 4, 200.0)]
        )
        self.assertIsNone(found["items"][0]["rows_a_call"], "what nobody measured is null, not 0")
        self.assertEqual(self.ask("queries?search=select%20CONSOLE&slower_than_ms=200.1").json()["total"], 0)

    def test_recommendations(self):
        work("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'console_visit_farm'::regclass")
        self.addCleanup(
            work, "UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'console_visit_farm'::regclass"
        )
        found = self.answers_as_described("recommendations", self.ask("recommendations?kind=invalid"))
        one = next(one for one in found["items"] if one["index"] == "console_visit_farm")
        self.assertEqual(
            (one["severity"], one["operation"], one["name"]), ("high", "drop", "console_visit_farm")
        )
        self.assertIn("DROP INDEX CONCURRENTLY", one["fix"])
        self.assertIn("CREATE INDEX CONCURRENTLY console_visit_farm", one["undo"])
        self.assertEqual(self.ask("recommendations?kind=invalid&severity=low").json()["items"], [])

    def test_metrics(self):
        answer = self.ask("metrics")
        self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        wrong = [line for line in answer.text.splitlines() if not LINE.fullmatch(line)]
        self.assertEqual(wrong, [])
        size = work("SELECT pg_database_size(current_database())")[0][0]
        told = float(re.search(r"^odoo_database_size_bytes (\S+)$", answer.text, re.M)[1])
        self.assertAlmostEqual(told / size, 1, delta=0.1)

    def test_reindex(self):
        answer = self.ask("reindex/console_visit_farm", method="POST")
        self.assertEqual(answer.status_code, 202)
        task = self.answers_as_described("reindex/{name}", answer)
        self.assertEqual(
            (task["operation"], task["name"], task["state"]), ("reindex", "console_visit_farm", "waiting")
        )
        self.assertEqual(self.answers_as_described("tasks/{number}", self.ask(f"tasks/{task['id']}")), task)
        self.assertEqual(
            work("SELECT login FROM database_index.task WHERE name = 'console_visit_farm'"),
            [("console_administrator",)],
        )

    # ------------------------------------------------------------
    # ERRORS
    # ------------------------------------------------------------

    def test_what_will_not_do_is_named(self):
        answer = self.ask("indexes?limit=none")
        self.assertEqual(answer.status_code, 422)
        found = self.answers_as_described("indexes", answer)
        self.assertEqual((found["field"], found["value"]), ("limit", "none"))
        self.assertIn("from 1 to 500", found["remedy"])

    def test_only_names_of_the_catalogue(self):
        for name in ("nothing_like_it", "console_visit", "x%22;DROP TABLE console_visit", "%00", "a%2Fb"):
            answer = self.ask(f"reindex/{name}", method="POST")
            self.assertEqual(answer.status_code, 404, name)
            self.answers_as_described("reindex/{name}", answer)
        self.assertEqual(self.ask("tasks/2147483647").status_code, 404)
        self.assertEqual(self.ask("tasks/99999999999").status_code, 422)

    def test_other_methods_and_paths(self):
        for path, method, allow in (
            ("indexes", "POST", "GET, HEAD"), ("metrics", "DELETE", "GET, HEAD"),
            ("reindex/console_visit_farm", "GET", "POST"), ("openapi.json", "OPTIONS", "GET, HEAD"),
        ):  # fmt: skip
            answer = self.ask(path, method=method)
            self.assertEqual((answer.status_code, answer.headers["Allow"]), (405, allow))
        answer = self.ask("tables")
        self.assertEqual((answer.status_code, answer.json()["error"]), (404, "there is no tables"))

    # ------------------------------------------------------------
    # DESCRIPTION
    # ------------------------------------------------------------

    def test_the_description_is_true(self):
        served = self.ask("openapi.json").json()
        self.assertEqual(served, openapi.description())
        routed = set()
        for name in dir(DatabaseApi):
            routing = getattr(getattr(DatabaseApi, name), "original_routing", {})
            for path in routing.get("routes", ()):
                for method in routing["methods"] or ():
                    routed.add((re.sub(r"<\w+:(\w+)>", r"{\1}", path), method.lower()))
        described = {(path, method) for path, found in served["paths"].items() for method in found}
        self.assertEqual(routed, described)
