from . import models
from .cursor import stand_at_the_cursor
from .detect import NPlusOneError, detect_n_plus_one
from .hooks import uninstall_hook

stand_at_the_cursor()
