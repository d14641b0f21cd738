class RollupError(Exception):
    """Anything the engine refuses; the message names what, and what to do."""


class DeclarationError(RollupError, ValueError):
    """A declaration that cannot be kept exactly."""


class QuestionError(RollupError, ValueError):
    """A question that names something the rollup does not have."""


class NotCoveredError(QuestionError):
    """No cut of the rollup can answer; the source tables can."""


class BusyError(RollupError):
    """Another process folds, deploys or verifies this rollup; nothing was done."""


class NotDeployedError(RollupError):
    """The rollup's objects in the database are missing or those of another declaration."""
