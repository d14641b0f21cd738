"""What docker-compose.yml and the local set-up both read is well-formed, complete, and keeps no secret."""

import configparser
import itertools
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml
from odoo.tools import config as odoo_config
from scratch_servers import POOL, ROOT, SECRETS

VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?:(:[?-])([^}]*))?\}")


# ---- docker-compose.yml and .env.example


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def compose_variables():
    """{name: [(operator, default or message)]} of all that docker-compose.yml takes from the environment."""
    found = {}
    for name, operator, rest in VARIABLE.findall((ROOT / "docker-compose.yml").read_text()):
        found.setdefault(name, []).append((operator, rest))
    return found


def example():
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_compose_follows_the_specification(compose):
    schema = json.loads((ROOT / "tests/compose_schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(compose)
    assert {"odoo", "postgres", "postgres-replica", "redis", "pgbouncer"} <= set(compose["services"])


def test_compose_is_read_by_docker(tmp_path):
    """Where the client knows Compose, it reads the file; without secrets it refuses."""
    client = shutil.which("docker")
    command = [client, "compose", "--file", str(ROOT / "docker-compose.yml"), "--profile", "*"]
    if not client or subprocess.run([client, "compose", "version"], capture_output=True).returncode:
        # Then at least: the schema above, and every variable is one that Compose can substitute.
        assert all(
            operator in ("", ":?", ":-") for uses in compose_variables().values() for operator, _ in uses
        )
        return
    secrets = tmp_path / "env"
    secrets.write_text("".join(f"{name}=secret\n" for name in SECRETS))
    done = subprocess.run([*command, "--env-file", secrets, "config", "-q"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    secrets.write_text("")
    assert subprocess.run([*command, "--env-file", secrets, "config", "-q"], capture_output=True).returncode


def test_compose_mounts_and_builds_what_exists(compose):
    volumes = set(compose["volumes"])
    for name, service in compose["services"].items():
        for mount in service.get("volumes", ()):
            source = mount.split(":")[0]
            exists = (ROOT / source).exists() if source.startswith(".") else source in volumes
            assert exists, f"{name} mounts {source}"
        build = service.get("build", {})
        build = {"context": build} if isinstance(build, str) else build
        if build:
            dockerfile = ROOT / build["context"] / build.get("dockerfile", "Dockerfile")
            assert dockerfile.is_file(), f"{name} builds {dockerfile}"
    for script in ROOT.glob("deploy/*/*.sh"):
        assert os.access(script, os.X_OK), f"{script} cannot be executed"
        subprocess.run(["sh", "-n", script], check=True)


def test_compose_services_are_watched_and_restarted(compose):
    services = compose["services"]
    for name, service in services.items():
        if name != "init":
            assert service["restart"] == "unless-stopped" and service["healthcheck"]["test"], name
        for other, condition in service.get("depends_on", {}).items():
            assert condition == {"condition": "service_healthy"} and "healthcheck" in services[other]
        assert set(service["networks"]) <= set(compose["networks"])


def test_odoo_serves_through_the_pool_and_installs_directly(compose):
    serve, install = (compose["services"][name]["environment"] for name in ("odoo", "init"))
    assert (serve["PGHOST"], serve["PGPORT"]) == ("pgbouncer", "6432")
    assert (install["PGHOST"], install["PGPORT"]) == ("postgres", "5432")
    known = {option.env_name for option in odoo_config.options_index.values() if option.env_name}
    assert {name for name in serve if name.startswith(("PG", "ODOO_"))} <= known


def test_odoo_keeps_results_in_the_redis_of_the_compose_network(compose):
    """By the variable that the method cache reads; several workers without it would not cache at all."""
    runtime = (ROOT / "addons/method_cache/runtime.py").read_text()
    variable = re.search(r'^URL_VARIABLE = "(\w+)"$', runtime, re.MULTILINE)[1]
    for name in ("odoo", "init"):
        address = VARIABLE.sub("secret", compose["services"][name]["environment"][variable])
        assert address == "redis://:secret@redis:6379/0"
    assert "redis" in compose["services"]


def test_no_secret_is_in_the_files():
    """Passwords come from .env only: no default in docker-compose.yml, none in .env.example or odoo.conf."""
    variables, lines = compose_variables(), example()
    assert set(variables) == set(lines)
    for name, uses in variables.items():
        if "PASSWORD" in name:
            assert all(operator == ":?" and message for operator, message in uses), name
            assert lines[name] == ""
        else:
            assert all(operator == ":-" and default in (lines[name], "None") for operator, default in uses), (
                name
            )
    assert set(SECRETS) == {name for name in variables if "PASSWORD" in name}
    assert not {"admin_passwd", "db_password", "smtp_password"} & set(odoo_options())
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "/.env" in ignored
    assert "**/.*" in (ROOT / ".dockerignore").read_text().splitlines()


# ---- odoo.conf


def odoo_options():
    parser = configparser.RawConfigParser()
    parser.read(ROOT / "odoo.conf")
    assert parser.sections() == ["options"]
    return dict(parser["options"])


@pytest.mark.parametrize("name", odoo_options())
def test_odoo_knows_the_option(name):
    option = odoo_config.options_index.get(name)
    assert option and option.file_loadable, f"Odoo 19 reads no option {name!r} from its file"
    if name != "addons_path":  # its folders are the container's
        odoo_config.parse(name, odoo_options()[name])


def test_every_odoo_option_says_why():
    lines = (ROOT / "odoo.conf").read_text().splitlines()
    bare = [
        line
        for above, line in itertools.pairwise(lines)
        if re.match(r"\w+ *=", line) and not above.startswith(";") and not re.match(r"\w+ *=", above)
    ]
    assert not bare


def test_odoo_fits_the_pool_and_the_mounts(compose):
    options = {name: odoo_options()[name] for name in odoo_options()}
    processes = int(options["workers"]) + int(options["max_cron_threads"])
    clients = processes * int(options["db_maxconn"]) + int(options["db_maxconn_gevent"])
    assert clients <= int(POOL["max_client_conn"])
    targets = [mount.split(":")[1] for mount in compose["services"]["odoo"]["volumes"]]
    assert "/etc/odoo/odoo.conf" in targets and options["data_dir"] in targets
    dockerfile = (ROOT / "deploy/odoo/Dockerfile").read_text()
    root = re.search(r"^COPY \. (\S+)$", dockerfile, re.MULTILINE)[1]
    assert options["addons_path"].split(",") == [str(Path(root).parent), root, f"{root}/addons"]
