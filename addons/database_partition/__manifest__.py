{
    "name": "Database Partition",
    "summary": "Tables in partitions by time that look after themselves: nothing lost, nobody waits, never silent",
    "version": "19.0.1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Smart Dairy",
    "depends": ["base", "web"],
    "data": [],
    "installable": True,
}
