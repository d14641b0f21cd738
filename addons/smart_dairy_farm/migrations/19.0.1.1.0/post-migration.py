def migrate(cr, version):
    """Milk and treatments take turns now: the job that mended milk afterwards is gone, with its method."""
    cr.execute(
        """
        DELETE FROM ir_cron c USING ir_model_data d
         WHERE d.module = 'smart_dairy_farm' AND d.name = 'ir_cron_withdrawal' AND d.res_id = c.id
           AND d.model = 'ir.cron'
     RETURNING c.ir_actions_server_id
        """
    )
    actions = [row[0] for row in cr.fetchall()]
    cr.execute("DELETE FROM ir_act_server WHERE id = ANY(%s)", [actions])
    cr.execute(
        "DELETE FROM ir_model_data WHERE module = 'smart_dairy_farm' AND name LIKE 'ir_cron_withdrawal%'"
    )
