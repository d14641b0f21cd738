"""Dotted paths of field names, merged into one tree that is checked before anything is read.

A tree is a dict of field name to the tree below it; an empty one ends a path:
``["partner_id.name", "partner_id.country_id"]`` becomes ``{"partner_id": {"name": {}, "country_id": {}}}``.
"""

# What a field leads to when that depends on the record: the models are known once the values are read.
ANY_MODEL = object()


class PathError(ValueError):
    """A path that cannot be followed. ``path``, ``field`` and ``model`` say where it stops."""

    def __init__(self, path, field, model, why):
        super().__init__(f"Path {path!r}, field {field!r} of model {model!r}: {why}")
        self.path = path
        self.field = field
        self.model = model


def plan(paths, model, follow):
    """Merge ``paths`` from ``model`` into one tree; a path given twice is walked once.

    :param paths: dotted strings, such as ``"order_line.product_id.uom_id"``
    :param model: name of the model the paths begin at
    :param follow: ``follow(model, field)`` returns the name of the model a relational field leads to,
        :data:`ANY_MODEL` for a reference, ``None`` for any other field; raises :class:`KeyError` for a
        field that the model does not have
    :return: tree; below a reference it is unchecked
    :raises PathError: an unknown field, a path through a field that leads nowhere, or no path at all
    """
    tree = {}
    for path in paths:
        _add(tree, path, model, follow)
    return tree


def _add(tree, path, model, follow):
    steps = path.split(".") if isinstance(path, str) else [""]
    if not all(steps):
        raise PathError(path, "", model, "give field names joined by single dots, such as 'partner_id.name'.")
    last = len(steps) - 1
    for index, name in enumerate(steps):
        if model is not ANY_MODEL:
            try:
                target = follow(model, name)
            except KeyError:
                raise PathError(path, name, model, "there is no such field; check its spelling.") from None
            if target is None and index < last:
                raise PathError(
                    path,
                    name,
                    model,
                    "it is not relational; end the path with it.",
                )
            model = target
        tree = tree.setdefault(name, {})


def paths_of(tree):
    """Yield the dotted paths that ``tree`` was made of, the contained ones left out."""
    for name, branch in tree.items():
        if branch:
            yield from (f"{name}.{path}" for path in paths_of(branch))
        else:
            yield name
