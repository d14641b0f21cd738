from . import base, ir_config_parameter, method_cache, method_cache_page, res_config_settings
