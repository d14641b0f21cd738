from . import models
from .engine.declaration import PartitionSet, declare
from .hooks import uninstall_hook
