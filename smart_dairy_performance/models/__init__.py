from . import eager_loading_mixin  # isort: skip  (the others inherit it)
from . import (
    account_move_eager,
    farm_animal,
    farm_animal_dashboard,
    farm_animal_eager,
    method_cache,
    product_product,
    product_template,
    sale_order,
    sale_order_eager,
    stock_picking_eager,
)
