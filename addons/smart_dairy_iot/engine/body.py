"""What a client posts, as an iterable of readings: JSON or one JSON object a line, compressed or not.

Nothing is unpacked further than :data:`MOST_BYTES`, so that a small body cannot become a large one.
"""

import json
import zlib

from .parse import ReadingError

#: of a request as it is sent, and as it is unpacked
MOST_SENT, MOST_BYTES = 16 << 20, 32 << 20
JSON, LINES = ("application/json",), ("application/x-ndjson", "application/ndjson", "application/jsonl")
CHUNK = 1 << 16


class BodyError(Exception):
    """The request cannot be taken: an HTTP status and a reason."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status, self.reason = status, reason


def readings(stream, content_type, encoding):
    """The readings of a request's body.

    :param stream: binary file with the body
    :raises BodyError: 413 too large, 415 of another kind, 422 not JSON, or not readings; some while iterating
    """
    if encoding not in ("", "identity", "gzip"):
        raise BodyError(415, f"Content-Encoding {encoding!r:.40} is neither gzip nor identity")
    if content_type not in JSON + LINES:
        raise BodyError(415, f"Content-Type {content_type!r:.80} is neither {JSON[0]} nor {LINES[0]}")
    chunks = _chunks(stream)
    if encoding == "gzip":
        chunks = _unpacked(chunks)
    chunks = _bounded(chunks, MOST_BYTES)
    return _array(chunks) if content_type in JSON else _lines(chunks)


def _chunks(stream):
    sent = 0
    while chunk := stream.read(CHUNK):
        sent += len(chunk)
        if sent > MOST_SENT:
            raise BodyError(413, f"the body has more than {MOST_SENT} bytes; send smaller batches")
        yield chunk


def _unpacked(chunks):
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        for chunk in chunks:
            while chunk:
                yield unpacker.decompress(chunk, CHUNK)
                chunk = unpacker.unconsumed_tail
    except zlib.error as error:
        raise BodyError(422, f"the body is not gzip: {error}") from error
    if not unpacker.eof:
        raise BodyError(422, "the compressed body ends too early")


def _bounded(chunks, most):
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > most:
            raise BodyError(413, f"the body unpacks to more than {most} bytes; send smaller batches")
        yield chunk


def _array(chunks):
    try:
        found = json.loads(b"".join(chunks))
    except (ValueError, RecursionError) as error:
        raise BodyError(422, f"the body is not JSON: {error}") from error
    if isinstance(found, dict):
        found = found.get("readings", [found])
    if not isinstance(found, list):
        raise BodyError(422, 'the body is neither a list of readings nor {"readings": […]} nor one reading')
    return found


def _lines(chunks):
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from map(_line, filter(bytes.strip, lines))
    if rest.strip():
        yield _line(rest)


def _line(text):
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        return ReadingError(f"the line is not JSON: {error}")
