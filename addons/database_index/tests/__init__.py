from . import test_deploy
