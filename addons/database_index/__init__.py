from . import models
from .engine.declaration import Index, Key, Query, Value, declare, trigram
from .hooks import uninstall_hook
