"""The rollup engine: plain Python over a database cursor; knows the ORM's SQL wrapper and no model.

``declaration`` says what a rollup is, ``tree`` how its tables hang together, ``levels`` what days are
gathered in, ``objects`` writes their SQL, ``deploy`` puts it into the database, ``grace`` and ``fold`` keep
it fresh, ``question`` says what can be asked and which cut answers, ``planner`` how, ``verify`` doubts it.
"""
