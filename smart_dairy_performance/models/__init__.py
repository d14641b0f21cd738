from . import eager_loading_mixin, live  # isort: skip  (the others inherit their mixins)
from . import (
    account_move_eager,
    account_move_line,
    dairy_dashboard,
    database_index,
    farm_animal,
    farm_animal_dashboard,
    farm_animal_eager,
    live_records,
    method_cache,
    product_product,
    product_template,
    sale_order,
    sale_order_eager,
    stock_dashboard,
    stock_picking_eager,
    word_search,
)
