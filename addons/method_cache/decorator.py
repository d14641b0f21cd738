"""``@cached_method`` and ``invalidate_cache``: what other addons import."""

import functools
import inspect

from odoo import http

SCOPES = ("user", "groups", "company", "database")


class Spec:
    """What the decorator was told about one method."""

    def __init__(self, function, ttl, depends, scope, key_prefix, context_keys, wait, previous_ok, today):
        self.function = function
        self.signature = inspect.signature(function)
        self.name = function.__name__
        self.ttl = ttl
        self.depends = tuple(depends)
        self.scope = scope
        self.key_prefix = key_prefix or f"{function.__module__}.{function.__qualname__}"
        self.context_keys = tuple(context_keys)
        self.wait = wait
        self.previous_ok = previous_ok
        self.today = today
        self.checked = False


def cached_method(
    ttl=None,
    depends=(),
    scope="user",
    key_prefix=None,
    context_keys=(),
    wait=5.0,
    previous_ok=False,
    today=False,
):
    """Cache the results of a model method; never stale, never another's.

    :param ttl: seconds; for results that change with time alone (None: the default of the settings)
    :param depends: names of all models whose rows the result is computed from. Changes of access rights,
        groups, users and companies, and of models that these inherit from by delegation, are always included.
    :param scope: whose results are the same: ``"user"`` (each user their own; the default), ``"groups"``
        (users with the same groups; falls back to ``user`` where a record rule of a dependency looks at the
        user), ``"company"`` (everybody with the same companies) or ``"database"``. Companies, language, time
        zone and superuser mode always count.
    :param key_prefix: name in keys, instead of module and class
    :param context_keys: names of context keys that the method reads; it is called with no others than these,
        ``lang``, ``tz`` and ``allowed_company_ids``
    :param wait: most seconds to wait while another process computes the same value
    :param previous_ok: rather than wait, accept the value of a moment ago. A caller can say the same with the
        context key ``method_cache_previous_ok``.
    :param today: the result depends on which day it is, in any time zone. The key then changes every quarter
        of an hour, and so at every midnight: no zone's offset from UTC is finer than that.
    :raises Unrepresentable: when called with, or returning, something that is not plain data
    """
    if isinstance(depends, str):
        raise TypeError(f"depends={depends!r}: a tuple of model names is expected")
    if not depends:
        raise TypeError("depends: name the models that the result is computed from")
    if scope not in SCOPES:
        raise ValueError(f"scope={scope!r}: one of {', '.join(SCOPES)} is expected")
    if ttl is not None and ttl <= 0:
        raise ValueError(f"ttl={ttl!r}: a positive number of seconds is expected")

    def decorate(function):
        spec = Spec(function, ttl, depends, scope, key_prefix, context_keys, wait, previous_ok, today)

        @functools.wraps(function)
        def cached(self, *args, **kwargs):
            return self.env["method.cache"]._call(spec, self, args, kwargs)

        cached._cached_method = spec
        return cached

    return decorate


def invalidate_cache(model_name, method_name=None, env=None):
    """Declare that rows of a model change in this transaction by other means than the ORM (raw SQL).

    Everything computed from the model, and everything that its own methods cached, is not used any more once
    the transaction has committed; if it rolls back, nothing happens. With ``method_name``, only that method's
    values are concerned.

    :param env: the environment whose transaction writes; by default that of the current request
    :raises TypeError: without ``env`` outside a request
    """
    if env is None:
        if not http.request:
            raise TypeError("invalidate_cache(model, method, env=self.env): outside a request, env is needed")
        env = http.request.env
    env["method.cache"].invalidate_cache(model_name, method_name)
