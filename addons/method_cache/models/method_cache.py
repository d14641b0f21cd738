import logging
import time
from collections import defaultdict
from pathlib import Path

import psycopg2
from odoo import api, models, release
from odoo.modules import Manifest
from odoo.tools import SQL, config

from ..engine import schema
from ..engine.codec import encode
from ..engine.keys import canonical, code_digest, digest
from ..runtime import cache_of, load, transaction_of
from .base import ACCESS, ACCESS_MODELS

_logger = logging.getLogger(__name__)
QUARTER = 15 * 60  # seconds
# Odoo's own caches, which hold who may see what. A process hears that one was cleared only after the commit:
# until then it may compute by the old rights, and must keep such a value to those who have not heard either.
SIGNALED = ("default", "stable", "groups")


class MethodCache(models.AbstractModel):
    """Adapts the engine to the ORM: keys, dependencies, pending writes."""

    _name = "method.cache"
    _description = "Method Cache"

    def init(self):
        self.env.cr.execute(schema.CREATE)

    def _register_hook(self):
        """Take the store that the settings ask for into use; drop everything after an update."""
        super()._register_hook()
        cache = cache_of(self.env.cr.dbname)
        try:
            wanted = cache.claim()
            if self.pool.updated_modules:
                cache.new_generation()
        except psycopg2.Error as error:
            _logger.warning("the method cache stays off: %s", error)
            return
        settings = load(self.env.cr._cnx)
        if wanted == "off" and settings.enabled and config["workers"]:
            _logger.warning(
                "the method cache needs Redis because Odoo runs with %s workers: it stays off. "
                "Set its address in Settings, or run with --workers=0",
                config["workers"],
            )

    # For other addons

    @api.private
    def invalidate_cache(self, model_name, method_name=None):
        """See :func:`odoo.addons.method_cache.invalidate_cache`."""
        if model_name not in self.env:
            raise ValueError(f"invalidate_cache({model_name!r}): no such model")
        if method_name and not hasattr(self.env[model_name], method_name):
            raise ValueError(f"invalidate_cache({model_name!r}, {method_name!r}): no such method")
        if method_name:
            names = [f"@{model_name}.{method_name}"]
        else:
            names = [model_name, *(f"@{model_name}.{name}" for name in self._cached_methods(model_name))]
        self._method_cache_touch(*names)

    @api.private
    def watch_table(self, model_name, *others):
        """Note raw SQL on a model's table too, with a statement trigger.

        :param others: further models whose cached values are computed from this table
        """
        model = self.env[model_name]
        self.unwatch_table(model_name)
        names = {model_name, *others}
        if not ACCESS_MODELS.isdisjoint(names):
            names.add(ACCESS)
        self.env.cr.execute(
            SQL(
                "CREATE TRIGGER method_cache_touch AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s"
                " FOR EACH STATEMENT EXECUTE FUNCTION method_cache_touch_trigger(%s)",
                SQL.identifier(model._table),
                SQL(", ").join(SQL("%s", name) for name in sorted(names)),
            )
        )
        self._settings_changed()

    @api.private
    def unwatch_table(self, model_name):
        self.env.cr.execute(
            SQL(
                "DROP TRIGGER IF EXISTS method_cache_touch ON %s", SQL.identifier(self.env[model_name]._table)
            )
        )

    def _cached_methods(self, model_name):
        """Return the names of a model's cached methods."""
        cls = self.pool[model_name]
        return [name for name in dir(cls) if hasattr(getattr(cls, name, None), "_cached_method")]

    # The decorator's call

    @api.private
    def _call(self, spec, records, args, kwargs):
        """Return ``spec.function(records, *args, **kwargs)``, from the cache where that is the same."""
        env = records.env
        facts = self._facts(spec, records)
        clean = self._clean(spec, records)
        key = self._key(spec, facts, records, clean.env, args, kwargs)
        self._flush_pending(env)

        def compute():
            result = spec.function(clean, *args, **kwargs)
            if not spec.checked:
                encode(result, facts.label)
                spec.checked = True
            self._flush_pending(env)
            return result

        state = transaction_of(env.cr)
        return state.get(
            facts.label,
            key,
            facts.models,
            spec.ttl or state.cache.settings.default_ttl,
            compute,
            wait=spec.wait,
            previous=spec.previous_ok or bool(env.context.get("method_cache_previous_ok")),
        )

    def _flush_pending(self, env):
        """What is only in the ORM's memory is a write too: let it reach the tables, where it is noted."""
        pending = env.transaction
        if pending.field_dirty or pending.tocompute:
            env.flush_all()

    def _clean(self, spec, records):
        """Return the records in the environment that the key describes, and nothing else."""
        env = records.env
        context = {
            "lang": env.lang,
            "tz": env.tz.zone,
            "allowed_company_ids": env.companies.ids,
        }
        context.update((name, env.context[name]) for name in spec.context_keys if name in env.context)
        return records.with_env(env(context=context))

    def _key(self, spec, facts, records, env, args, kwargs):
        bound = spec.signature.bind(records, *args, **kwargs)
        bound.apply_defaults()
        values = {name: value for i, (name, value) in enumerate(bound.arguments.items()) if i}
        scope = self._effective_scope(spec, env, facts)
        who = (
            {"user": env.uid, "groups": sorted(env.user._get_group_ids())}.get(scope) if not env.su else None
        )
        return digest(
            facts.digest,
            scope,
            canonical(who),
            canonical(env.su),
            canonical(dict(env.context), f"{facts.label}, context"),
            canonical(list(records._ids), f"{facts.label}, records"),
            canonical(values, facts.label),
            canonical(int(time.time() // QUARTER) if spec.today else None),
            canonical([self.pool.cache_sequences.get(name) for name in SIGNALED]),
        )

    def _effective_scope(self, spec, env, facts):
        """Sharing between users of the same groups is refused where a rule looks at the user."""
        if spec.scope != "groups" or env.su:
            return spec.scope
        rules = env["ir.rule"].sudo(False)
        for name in facts.tables:
            for rule in rules._get_rules(name).sudo():
                if "user" in (rule.domain_force or ""):
                    return "user"
        return "groups"

    def _facts(self, spec, records):
        known = self.pool.__dict__.setdefault("_method_cache_facts", {})
        facts = known.get((records._name, spec))
        if facts is None:
            facts = known[records._name, spec] = Facts(spec, records)
        return facts

    @api.private
    def _reached_by_delete(self, model_name):
        """Return the models whose rows change when rows of ``model_name`` are deleted: the database cascades
        and sets null by itself."""
        known = self.pool.__dict__.setdefault("_method_cache_reached", {})
        if model_name not in known:
            known[model_name] = self._reach(model_name)
        return known[model_name]

    def _reach(self, model_name):
        into = self.pool.__dict__.get("_method_cache_references")
        if into is None:
            into = defaultdict(set)
            for name, model in self.pool.items():
                if model._abstract:
                    continue
                for field in model._fields.values():
                    if field.store and field.type == "many2one":
                        into[field.comodel_name].add((name, field.ondelete == "cascade"))
                    elif field.store and field.type == "many2many":
                        into[field.comodel_name].add((name, False))
                        into[name].add((field.comodel_name, False))
            self.pool.__dict__["_method_cache_references"] = into
        reached, todo = set(), [model_name]
        while todo:
            for name, cascades in into[todo.pop()]:
                if cascades and name not in reached and name != model_name:
                    todo.append(name)
                reached.add(name)
        return frozenset(reached)

    # Settings

    def _settings_changed(self):
        """Begin a new generation in this transaction: whoever still has the old settings is not believed."""
        cr = self.env.cr
        self.env.flush_all()
        cache = cache_of(cr.dbname)
        wanted = cache.wanted(load(cr._cnx))
        embedded = wanted.startswith("memory:")
        schema.next_generation(cr, "unclaimed" if embedded else wanted)
        if embedded:
            cr.postcommit.add(cache.claim)


class Facts:
    """What a method's keys and dependencies are made of, found out once per registry."""

    def __init__(self, spec, records):
        env = records.env
        self.label = f"{records._name}.{spec.name}"
        names = set(spec.depends)
        for name in spec.depends:
            if name not in env:
                raise ValueError(f"{self.label}: depends={name!r}: no such model")
            names.update(env[name]._inherits)
        self.tables = tuple(sorted(names))
        names.update((ACCESS, f"@{records._name}.{spec.name}"))
        self.models = tuple(sorted(names))
        functions, modules = [spec.function], {spec.function.__module__}
        for cls in type(records).mro():
            function = cls.__dict__.get(spec.name)
            while function is not None and hasattr(function, "__wrapped__"):
                function = function.__wrapped__
            if hasattr(function, "__code__"):
                functions.append(function)
                modules.add(function.__module__)
        addons = sorted({name.split(".")[2] for name in modules if name.startswith("odoo.addons.")})
        self.digest = digest(
            spec.key_prefix,
            records._name,
            release.version,
            ",".join(f"{addon} {addon_digest(addon)}" for addon in addons),
            code_digest(*functions),
            ",".join(self.models),
        )


def addon_digest(addon):
    """Return an addon's version and a digest of its Python files."""
    manifest = Manifest.for_addon(addon)
    if not manifest:
        return ""
    texts = [
        file.read_text("utf-8", "replace")
        for file in sorted(Path(manifest.path).rglob("*.py"))
        if "tests" not in file.parts
    ]
    return digest(manifest["version"], *texts)
