"""The company, its currency, chart of accounts and people (through the ORM)."""

from odoo.fields import Command

from .errors import DemoError


def set_up_company(ctx):
    """Make the main company a dairy in Bangladesh. Uses the Bangladeshi chart when `l10n_bd` is installed."""
    env, data = ctx.env, ctx.scenario["company"]
    company = env.company
    if company._existing_accounting():
        raise DemoError(
            f"company {company.name!r} already has journal entries; build the demo in a new database"
        )
    country = env.ref("base.bd")
    currency = env.ref("base.BDT")
    currency.active = True
    company.write(
        {
            "name": data["name"],
            "country_id": country.id,
            "street": data["street"],
            "city": data["city"],
            "zip": data["zip"],
            "phone": data["phone"],
            "email": data["email"],
            # the customers are invented: no text message may reach a real telephone
            "stock_text_confirmation": False,
        }
    )
    company.partner_id.tz = data["tz"]
    env.user.tz = data["tz"]
    env.ref("base.user_admin").tz = data["tz"]
    chart = "bd" if env["ir.module.module"]._get("l10n_bd").state == "installed" else "generic_coa"
    if company.chart_template != chart:
        env["account.chart.template"].try_loading(chart, company, install_demo=False)
    company.currency_id = currency
    env["product.pricelist"].search([("company_id", "in", (False, company.id))]).currency_id = currency
    # positions of another country would apply to customers at home
    positions = env["account.fiscal.position"].search([("company_id", "=", company.id)])
    if not positions.filtered(lambda position: position.country_id == country):
        positions.auto_apply = False
    env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1).name = "Savar plant"


def activate_languages(ctx):
    env = ctx.env
    for code in ctx.languages:
        lang = env["res.lang"].with_context(active_test=False).search([("code", "=", code)])
        if not lang:
            raise DemoError(f"language {code!r} is unknown to Odoo; Bangla is bn_IN, French fr_FR")
        env["base.language.install"].create(
            {"lang_ids": [Command.set(lang.ids)], "overwrite": False}
        ).lang_install()


def create_users(ctx):
    """People of the dairy; for a demo the password is the login. Returns users by login.

    Those whose login ends in a digit are there for the figures: they have no password, so cannot log in.
    """
    env = ctx.env
    groups = ctx.scenario["groups"]
    common = env.ref("base.group_user")
    users = {}
    for login, name, roles in ctx.scenario["users"]:
        role_groups = [env.ref(groups[role], raise_if_not_found=False) for role in roles]
        if None in role_groups:
            missing = groups[roles[role_groups.index(None)]]
            raise DemoError(f"group {missing} is missing: install smart_dairy_farm in this database first")
        users[login] = (
            env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "name": name,
                    "login": login,
                    **({} if login[-1].isdigit() else {"password": login}),
                    "tz": ctx.scenario["company"]["tz"],
                    "email": f"{login}@smartdairy.example",
                    "group_ids": [Command.set([common.id, *(group.id for group in role_groups)])],
                }
            )
        )
    roles = ["farm_manager", "sales_manager", "account_manager", "stock_manager", "purchase_manager"]
    env.ref("base.user_admin").group_ids = [Command.link(env.ref(groups[role]).id) for role in roles]
    return users
