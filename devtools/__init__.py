"""The local set-up behind the Makefile: a private Odoo, PostgreSQL and Redis under `.local/`.

Standard library only, because it runs before anything is installed.
`python3 -m devtools help` lists the commands.
"""
