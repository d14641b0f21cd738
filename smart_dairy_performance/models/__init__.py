from . import (
    account_move_line,
    dairy_dashboard,
    farm_animal,
    farm_animal_dashboard,
    live,
    live_records,
    product_product,
    sale_order,
    stock_dashboard,
)
