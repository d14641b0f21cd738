from . import controllers, models
from .decorator import cached_method, invalidate_cache
from .engine.errors import Unrepresentable
from .hooks import stand_below_the_orm, uninstall_hook

# Not a post_load hook: whoever imports an addon's module before Odoo loads it (pytest) would go without.
stand_below_the_orm()
