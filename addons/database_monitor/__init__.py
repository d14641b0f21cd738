from . import models
from .cursor import stand_at_the_cursor
from .hooks import uninstall_hook

stand_at_the_cursor()
