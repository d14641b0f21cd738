"""The partition engine: plain Python over its own database connection; knows the ORM's SQL wrapper and no
model.

``declaration`` says what a partition set is, ``bounds`` where its partitions begin, ``connection`` how to
lock without anybody waiting, ``catalogue`` what is there, ``create`` makes partitions ahead, ``drain``
empties the default partition, ``index`` builds indexes that are declared later, ``retention`` and ``archive``
take old partitions away and bring them back, ``findings`` says what is wrong, ``maintain`` does it all in
turn.
"""
