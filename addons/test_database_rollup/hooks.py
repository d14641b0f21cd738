def post_init_hook(env):
    """Deploy at once: what a small addon may do; large tables are left to the scheduled job."""
    env["database.rollup"]._deploy_here()
