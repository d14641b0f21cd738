import logging


class ConsoleRefusal(Exception):
    """Something asked for that will not be done.

    :param status: of HTTP
    :param message: what is wrong
    :param field, value: what it is about
    :param remedy: what to do instead
    :param allow: methods of HTTP that would be allowed, for 405
    """

    #: for Odoo's log: the client erred, not the server
    loglevel = logging.INFO

    def __init__(self, status, message, field=None, value=None, remedy=None, allow=None):
        super().__init__(message)
        self.status, self.message, self.allow = status, message, allow
        self.field, self.value, self.remedy = field, value, remedy

    def to_json(self):
        facts = {"error": self.message, "field": self.field, "value": self.value, "remedy": self.remedy}
        return {name: found for name, found in facts.items() if found is not None}
