from . import farm_animal, farm_animal_dashboard, product_product, sale_order
