"""``sale_order_partitioned``: what reporting reads of each order, in partitions by month; plain Python and
SQL.

``orders`` declares the table, ``keep`` has the triggers and the view, ``settle`` fills it and makes good what
is owed, ``verify`` compares it with the orders, ``access`` lets business intelligence tools read it.
The README says why no reader ever sees a wrong row.
"""
